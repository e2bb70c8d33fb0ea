"""timm's networks as backbones: names, weights, sizes, and the map in whatever they return."""

from collections.abc import Mapping
from typing import Any

import timm
import torch
from timm.models import group_parameters
from torch import Tensor, nn

from sklearn_mlic.nn.backbones._backbone import Backbone, BackboneSpec

# Arguments of timm.create_model that read files or reach the network, or that we set.
_RESERVED = ("pretrained", "checkpoint", "cache_dir", "num_classes", "features_only", "in_chans")


class TimmBackbone(Backbone):
    """A timm network without its classifier, from pixels to tokens.

    Parameters
    ----------
    spec : BackboneSpec
        What the network is and how its input is prepared.
    trunk : nn.Module
        The timm model.
    """

    def _map(self, image: Tensor) -> Tensor:
        features = self.trunk.forward_features(image)
        if not isinstance(features, Tensor) or features.ndim not in (3, 4):
            raise ValueError(
                f"{self.spec.name!r} cannot be a backbone: it gives no single map of features "
                f"but {type(features).__name__}."
            )
        if features.ndim == 4:
            is_nhwc = str(getattr(self.trunk, "output_fmt", "NCHW")).endswith("NHWC")
            return features.permute(0, 3, 1, 2) if is_nhwc else features  # (B, D, h, w)
        tokens = features[:, getattr(self.trunk, "num_prefix_tokens", 0) :]  # (B, N, D)
        h, w = self._grid(tokens.shape[1], image.shape[2:])
        # VOLO and CoaT do not count the class token that they put in front.
        tokens = tokens[:, tokens.shape[1] - h * w :]
        return tokens.transpose(1, 2).unflatten(2, (h, w))  # (B, D, h, w)

    def _grid(self, n_tokens: int, size: tuple[int, int]) -> tuple[int, int]:
        """Rows and columns of the tokens of an image of `size`."""
        embed = getattr(self.trunk, "patch_embed", None)
        if hasattr(embed, "dynamic_feat_size"):
            h, w = embed.dynamic_feat_size(tuple(size))
            if h * w == n_tokens:
                return h, w
        # Networks in stages merge patches and keep no grid: theirs has the image's shape.
        h = round((n_tokens * size[0] / size[1]) ** 0.5)
        w = round(h * size[1] / size[0])
        if n_tokens - h * w not in (0, 1):
            raise ValueError(
                f"{self.spec.name!r} cannot be a backbone: its {n_tokens} tokens form no grid."
            )
        return h, w

    def stages(self) -> list[list[str]]:
        """Name the parameters stage by stage, as timm groups them.

        Returns
        -------
        list of lists of str
            Each name of ``named_parameters()`` once, the stem first.
        """
        try:
            matcher = self.trunk.group_matcher(coarse=True)
        except (AttributeError, AssertionError):  # PoolFormer and a few more
            return self._stages_by(r"\w+(\.\d+)?")
        groups = group_parameters(self.trunk, matcher)
        return [[f"trunk.{name}" for name in groups[key]] for key in sorted(groups)]


def check_recipe(name: str, params: Mapping[str, Any]) -> None:
    """Refuse settings that choose weights: what is no name may come from a stranger's file.

    Parameters
    ----------
    name : str
        A name that timm knows.
    params : mapping
        Arguments for ``timm.create_model``.

    Raises
    ------
    ValueError
        If `params` holds a setting that is ours to make.
    """
    reserved = [key for key in params if str(key).startswith(_RESERVED)]
    if reserved:
        raise ValueError(
            f"backbone_params holds {reserved[0]!r}, which is not to be set there ({name!r}). "
            f"Weights are chosen with pretrained=True, False or a path."
        )


def make_trunk(
    name: str,
    pretrained: bool,
    overlay: dict[str, Any],
    params: dict[str, Any],
    image_size: int | None,
) -> tuple[BackboneSpec, nn.Module]:
    """Build a timm network with its weights, at the size that it comes in.

    Parameters
    ----------
    name : str
        A name that timm knows.
    pretrained : bool
        Whether to load weights: the published ones, or those of the file in `overlay`.
    overlay : dict
        What goes before timm's configuration, as `read_metadata` returns it.
    params : dict
        Arguments for ``timm.create_model``.
    image_size : int or None
        Side of the square input; None takes that of the weights.

    Returns
    -------
    spec : BackboneSpec
        Its description, with the size that is asked for.
    trunk : nn.Module
        The network.
    """
    trunk = _create(name, pretrained, overlay, params)
    config = timm.data.resolve_model_data_config(trunk)
    size = int(image_size or overlay.get("input_size", config["input_size"])[-1])
    spec = BackboneSpec(name, params, size, tuple(config["mean"]), tuple(config["std"]))
    return spec, trunk


def fit_size(spec: BackboneSpec, trunk: nn.Module) -> None:
    """Set a network with positions or windows to the size in `spec`.

    Parameters
    ----------
    spec : BackboneSpec
        What the network is.
    trunk : nn.Module
        The timm model; position embeddings are interpolated.
    """
    native = trunk.pretrained_cfg.get("input_size", (3, 0, 0))[-1]
    current = getattr(getattr(trunk, "patch_embed", None), "img_size", None) or (native, native)
    if tuple(current) != (spec.image_size,) * 2 and hasattr(trunk, "set_input_size"):
        try:
            trunk.set_input_size(img_size=(spec.image_size, spec.image_size))
        except (AssertionError, RuntimeError, ValueError) as error:
            raise ValueError(
                f"{spec.name!r} cannot take images of {spec.image_size} px: {error}"
            ) from error


def _create(name: str, load: bool, overlay: dict, params: dict) -> nn.Module:
    """``timm.create_model`` with errors that say what to do."""
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


def find_unfilled(trunk: nn.Module, overlay: dict[str, Any], spec: BackboneSpec) -> set[str]:
    """Find what a weight file left random: it differs from one build to the next.

    timm asks only that the shapes fit, so that weights of another network load as nothing. It
    renames what older files hold, so the names in the file do not tell.

    Parameters
    ----------
    trunk : nn.Module
        The network, as `make_trunk` built it.
    overlay : dict
        As `make_trunk` took it, with a file.
    spec : BackboneSpec
        The network's description.

    Returns
    -------
    set of str
        Names in the trunk's state dict.
    """
    with torch.random.fork_rng(devices=[]):
        again = _create(spec.name, True, overlay, spec.params).state_dict()
    return {
        key for key, tensor in trunk.state_dict().items() if not torch.equal(tensor, again[key])
    }


def check_filled(backbone: Backbone, unfilled: set[str], file: str) -> None:
    """Raise where a part that the tokens depend on has no weights.

    Parameters
    ----------
    backbone : Backbone
        Without the parts that go unused: a file need not hold those.
    unfilled : set of str
        What `find_unfilled` found.
    file : str
        The weight file.

    Raises
    ------
    ValueError
        If a tensor of the trunk is unfilled.
    """
    names = list(backbone.trunk.state_dict())
    lacking = [name for name in names if name in unfilled]
    if lacking:
        raise ValueError(
            f"The weights in {file} do not fit the backbone {backbone.spec.name!r}: "
            f"{len(lacking)} of its {len(names)} tensors are not in the file, such as "
            f"{lacking[0]!r}. Pass the name of the network that the weights were made with."
        )
