"""A timm model as a backbone: it carries its own preprocessing and yields tokens."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from numbers import Integral
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn


@dataclass(frozen=True)
class BackboneSpec:
    """All it takes to build a backbone again without its weight file.

    Parameters
    ----------
    name : str
        The timm name.
    params : dict
        Arguments for ``timm.create_model``.
    image_size : int
        Side of the square input, in pixels.
    mean, std : tuple of 3 floats
        Normalisation of RGB values in 0..1.
    """

    name: str
    params: dict[str, Any] = field(default_factory=dict)
    image_size: int = 224
    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    std: tuple[float, ...] = (0.5, 0.5, 0.5)


class Backbone(nn.Module):
    """A timm network without its classifier, from pixels to tokens.

    Parameters
    ----------
    spec : BackboneSpec
        What the network is and how its input is prepared.
    trunk : nn.Module
        The timm model.

    Attributes
    ----------
    n_features : int
        Width D of a token.
    image_size : int
        Side of the square input, in pixels.
    """

    def __init__(self, spec: BackboneSpec, trunk: nn.Module):
        super().__init__()
        self.spec = spec
        self.trunk = trunk
        self.n_features: int = trunk.num_features
        self.image_size = spec.image_size
        # (image - mean) / std as image * gain + shift, for values in 0..1.
        mean, std = torch.tensor(spec.mean).view(3, 1, 1), torch.tensor(spec.std).view(3, 1, 1)
        self.register_buffer("gain", 1 / std, persistent=False)
        self.register_buffer("shift", -mean / std, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Return the tokens of a batch; class and register tokens are left out.

        Parameters
        ----------
        image : Tensor of shape (B, 3, H, W)
            RGB, uint8 in 0..255 or float in 0..1.

        Returns
        -------
        Tensor of shape (B, N, D)
            One token a position of the feature map.
        """
        if image.dtype == torch.uint8:
            image = image.float().mul_(self.gain / 255).add_(self.shift)
        else:
            image = image * self.gain + self.shift
        features = self.trunk.forward_features(image)
        if features.ndim == 3:  # (B, prefix + N, D)
            return features[:, getattr(self.trunk, "num_prefix_tokens", 0) :]
        if str(getattr(self.trunk, "output_fmt", "NCHW")).endswith("NHWC"):
            return features.flatten(1, 2)  # (B, H, W, D) -> (B, N, D)
        return features.flatten(2).transpose(1, 2)  # (B, D, H, W) -> (B, N, D)


def make_backbone(
    name: str,
    *,
    pretrained: bool | str | Path = True,
    image_size: int | None = None,
    params: Mapping[str, Any] | None = None,
) -> Backbone:
    """Build a backbone from a timm name and, where asked for, load its weights.

    Parameters
    ----------
    name : str
        A timm name, see ``timm.list_models()``.
    pretrained : bool or path, default=True
        True takes timm's published weights (from its cache or the hub), False random ones,
        a path the weights of a safetensors or torch file. ``mean``, ``std`` and ``input_size``
        in a safetensors file's metadata count before the model's own configuration.
    image_size : int, optional
        Side of the square input in pixels. None takes the size of the weights.
    params : mapping, optional
        Further arguments for ``timm.create_model``.

    Returns
    -------
    Backbone
        In evaluation mode, on the CPU.

    Raises
    ------
    ValueError
        If the name is unknown or the weights do not fit the network.
    FileNotFoundError
        If the weight file does not exist.
    RuntimeError
        If published weights cannot be had.
    """
    params = dict(params or {})
    _check_recipe(name, params)
    if image_size is not None and not (isinstance(image_size, Integral) and image_size > 0):
        raise ValueError(f"image_size={image_size!r}; expected the side of a square in pixels.")
    overlay: dict[str, Any] = {}
    if not isinstance(pretrained, bool):
        overlay = _read_metadata(Path(pretrained))
    trunk = _create(name, pretrained, overlay, params)
    if overlay:
        with torch.random.fork_rng(devices=[]):
            _check_filled(trunk, _create(name, pretrained, overlay, params), name, overlay["file"])
    config = timm.data.resolve_model_data_config(trunk)
    size = int(image_size or overlay.get("input_size", config["input_size"])[-1])
    spec = BackboneSpec(name, params, size, tuple(config["mean"]), tuple(config["std"]))
    return _fit_size(spec, trunk)


def rebuild_backbone(spec: BackboneSpec) -> Backbone:
    """Build the backbone of `spec` with random weights, for a state dict to fill.

    Parameters
    ----------
    spec : BackboneSpec
        As kept in ``Backbone.spec``.

    Returns
    -------
    Backbone
        In evaluation mode, on the CPU.
    """
    _check_recipe(spec.name, spec.params)
    trunk = timm.create_model(spec.name, pretrained=False, num_classes=0, **spec.params)
    return _fit_size(spec, trunk)


# Arguments of timm.create_model that read files or reach the network, or that we set.
_RESERVED = ("pretrained", "checkpoint", "cache_dir", "num_classes", "features_only", "in_chans")


def _check_recipe(name: str, params: Mapping[str, Any]) -> None:
    """Refuse what is not a network by name with plain settings: it may come from a file."""
    reserved = [key for key in params if str(key).startswith(_RESERVED)]
    if reserved:
        raise ValueError(
            f"backbone_params holds {reserved[0]!r}, which is not to be set there. Weights are "
            f"chosen with pretrained=True, False or a path."
        )
    if not timm.is_model(name):
        close = get_close_matches(str(name), timm.list_models(), n=3)
        raise ValueError(f"Unknown backbone {name!r}. Near it: {close}. See timm.list_models().")


def _fit_size(spec: BackboneSpec, trunk: nn.Module) -> Backbone:
    native = trunk.pretrained_cfg.get("input_size", (3, 0, 0))[-1]
    if spec.image_size != native and hasattr(trunk, "set_input_size"):
        try:
            trunk.set_input_size(img_size=(spec.image_size, spec.image_size))  # ViT positions
        except AssertionError as error:
            raise ValueError(
                f"{spec.name!r} cannot take images of {spec.image_size} px: {error}"
            ) from error
    return Backbone(spec, trunk).eval()


def _create(name: str, pretrained: Any, overlay: dict, params: dict) -> nn.Module:
    """``timm.create_model`` with errors that say what to do."""
    load = pretrained is not False
    try:
        return timm.create_model(
            name, pretrained=load, num_classes=0, pretrained_cfg_overlay=overlay, **params
        )
    except TypeError as error:
        raise TypeError(
            f"timm.create_model({name!r}) does not take backbone_params={params!r}: {error}"
        ) from error
    except (RuntimeError, OSError, KeyError) as error:
        if not load:
            raise
        if overlay:
            raise ValueError(
                f"The weights in {overlay['file']} do not fit the backbone {name!r}: {error!s:.300}"
            ) from error
        raise RuntimeError(
            f"No published weights for {name!r} could be loaded "
            f"({type(error).__name__}: {error!s:.300}). "
            f"Pass pretrained='path/to/weights.safetensors' for weights on disk, or "
            f"pretrained=False to start from random ones."
        ) from error


def _check_filled(trunk: nn.Module, again: nn.Module, name: str, file: str) -> None:
    """Raise where a weight file leaves random weights: they differ from one build to the next.

    timm asks only that the shapes fit, so that weights of another network load as nothing. It
    renames what older files hold, so the names in the file do not tell.
    """
    first, second = trunk.state_dict(), again.state_dict()
    lacking = [key for key, tensor in first.items() if not torch.equal(tensor, second[key])]
    if lacking:
        raise ValueError(
            f"The weights in {file} do not fit the backbone {name!r}: {len(lacking)} of its "
            f"{len(first)} tensors are not in the file, such as {lacking[0]!r}. Pass the name of "
            f"the network that the weights were made with."
        )


def _read_metadata(path: Path) -> dict[str, Any]:
    """What timm needs to know of a weight file: where it is and how its input is prepared."""
    if not path.is_file():
        raise FileNotFoundError(
            f"The weight file {str(path)!r} does not exist. Pass the path of a safetensors or "
            f"torch file, True for published weights, or False for random ones."
        )
    overlay: dict[str, Any] = {"file": str(path)}
    if path.suffix != ".safetensors":
        return overlay
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(f"{str(path)!r} is not a safetensors file: {error}") from error
    for key in ("mean", "std"):
        if key in metadata:
            overlay[key] = tuple(_numbers(metadata[key]))
            if len(overlay[key]) != 3:
                raise ValueError(
                    f"{str(path)!r} gives {key}={metadata[key]!r} in its metadata; expected three "
                    f"numbers, one a colour."
                )
    size = _numbers(metadata.get("input_size") or metadata.get("input", ""))
    if size:
        overlay["input_size"] = (3, int(max(size)), int(max(size)))
    return overlay


def _numbers(text: str) -> list[float]:
    """The numbers in a metadata string: ``"0.5 0.5 0.5"``, ``"[3, 224, 224]"``."""
    return [float(number) for number in re.findall(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", text)]
