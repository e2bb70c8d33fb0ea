"""From a name to a backbone, and from its description to the same backbone again."""

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from numbers import Integral
from pathlib import Path
from typing import Any

import timm
import torch
from torch import nn

from sklearn_mlic.nn.backbones._backbone import Backbone, BackboneSpec
from sklearn_mlic.nn.backbones._probe import probe
from sklearn_mlic.nn.backbones._timm import (
    TimmBackbone,
    check_filled,
    check_recipe,
    find_unfilled,
    fit_size,
    make_trunk,
)
from sklearn_mlic.nn.backbones._weights import load_trunk, read_metadata
from sklearn_mlic.nn.backbones.advanced_cnn import AdvancedCNN
from sklearn_mlic.nn.backbones.deep_cnn import DeepCNN
from sklearn_mlic.nn.backbones.plain_cnn import PlainCNN
from sklearn_mlic.nn.backbones.simple_cnn import SimpleCNN

# Our own networks: one line a name. They halve an image up to five times.
BACKBONES = {
    "plain_cnn": PlainCNN,
    "simple_cnn": SimpleCNN,
    "deep_cnn": DeepCNN,
    "advanced_cnn": AdvancedCNN,
}
_SMALLEST = 32


# A network made in inference mode could never train, nor be asked what its tokens need.
@torch.inference_mode(False)
def make_backbone(
    name: str,
    *,
    pretrained: bool | str | Path = True,
    image_size: int | None = None,
    params: Mapping[str, Any] | None = None,
) -> Backbone:
    """Build a backbone by name and, where asked for, load its weights.

    Parameters
    ----------
    name : str
        One of ours in `BACKBONES`, or a timm name, see ``timm.list_models()``.
    pretrained : bool or path, default=True
        True takes timm's published weights (from its cache or the hub), False random ones,
        a path the weights of a safetensors or torch file. ``mean``, ``std`` and ``input_size``
        in a safetensors file's metadata count before the model's own configuration. No weights
        are published for our own networks: for them True is as False, and a file holds the
        state dict of ``Backbone.trunk``.
    image_size : int, optional
        Side of the square input in pixels. None takes the size of the weights; 224 for our own
        networks, which take any from 32.
    params : mapping, optional
        Further arguments for the network's class, or for ``timm.create_model``.

    Returns
    -------
    Backbone
        In evaluation mode, on the CPU.

    Raises
    ------
    ValueError
        If the name is unknown, the weights do not fit the network, or the network cannot take
        images of this size.
    FileNotFoundError
        If the weight file does not exist.
    RuntimeError
        If published weights cannot be had.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.backbones import make_backbone
    >>> backbone = make_backbone("simple_cnn", image_size=64)
    >>> backbone(torch.zeros(2, 3, 64, 64)).shape
    torch.Size([2, 64, 128])
    """
    params = dict(params or {})
    _check(name, params)
    if image_size is not None and not (isinstance(image_size, Integral) and image_size > 0):
        raise ValueError(f"image_size={image_size!r}; expected the side of a square in pixels.")
    overlay: dict[str, Any] = {}
    if not isinstance(pretrained, bool):
        overlay = read_metadata(Path(pretrained))
    if name in BACKBONES:
        return _make_own(name, overlay, params, image_size)
    spec, trunk = make_trunk(name, pretrained is not False, overlay, params, image_size)
    unfilled = find_unfilled(trunk, overlay, spec) if overlay else set()
    backbone = _assemble(spec, trunk)
    if unfilled:
        check_filled(backbone, unfilled, overlay["file"])
    return backbone


def _make_own(
    name: str, overlay: dict[str, Any], params: dict[str, Any], image_size: int | None
) -> Backbone:
    trunk = _own_trunk(name, params)
    if overlay:
        load_trunk(trunk, name, overlay["file"])
    size = int(image_size or overlay.get("input_size", [224])[-1])
    if size < _SMALLEST:
        raise ValueError(
            f"{name!r} cannot take images of {size} px: image_size must be {_SMALLEST} or more."
        )
    mean, std = overlay.get("mean", trunk.mean), overlay.get("std", trunk.std)
    return _assemble(BackboneSpec(name, params, size, mean, std), trunk)


@torch.inference_mode(False)
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
    _check(spec.name, spec.params)
    if spec.name in BACKBONES:
        return _assemble(spec, _own_trunk(spec.name, spec.params))
    trunk = timm.create_model(spec.name, pretrained=False, num_classes=0, **spec.params)
    return _assemble(spec, trunk)


def _assemble(spec: BackboneSpec, trunk: nn.Module) -> Backbone:
    """The backbone of `trunk`, without the parts that its tokens do not depend on."""
    kind = Backbone
    if spec.name not in BACKBONES:
        kind = TimmBackbone
        fit_size(spec, trunk)
    if not spec.n_features:
        n_features, unused = probe(kind(spec, trunk).eval())
        spec = replace(spec, n_features=n_features, unused=unused)
    for part in spec.unused:
        setattr(trunk, part, nn.Identity())
    return kind(spec, trunk).eval()


def _check(name: str, params: Mapping[str, Any]) -> None:
    if name in BACKBONES:
        return
    if not (isinstance(name, str) and timm.is_model(name)):
        close = get_close_matches(str(name), [*BACKBONES, *timm.list_models()], n=3)
        raise ValueError(
            f"Unknown backbone {name!r}. Near it: {close}. There are {', '.join(BACKBONES)} and "
            f"those of timm.list_models()."
        )
    check_recipe(name, params)


def _own_trunk(name: str, params: Mapping[str, Any]) -> nn.Module:
    try:
        return BACKBONES[name](**params)
    except TypeError as error:
        raise TypeError(f"{name!r} does not take backbone_params={params!r}: {error}") from error
