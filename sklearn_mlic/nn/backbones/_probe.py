"""One blank image through a fresh backbone: its width, and the parts it does not need."""

import torch
from torch import Tensor

from sklearn_mlic.nn.backbones._backbone import Backbone


def probe(backbone: Backbone) -> tuple[int, tuple[str, ...]]:
    """Run a backbone once, to learn what its configuration does not tell.

    Parts that only the classifier of a network uses stay behind when it is cut off: the two
    large linear layers of VGG, the last convolution of MobileNetV3, ConvNeXt's last norm. They
    would fill memory and files, and no gradient reaches them.

    Parameters
    ----------
    backbone : Backbone
        In evaluation mode.

    Returns
    -------
    n_features : int
        Width D of a token.
    unused : tuple of str
        The parts of its trunk none of whose parameters the tokens depend on.

    Raises
    ------
    ValueError
        If the network cannot take images of this size, or gives no map.
    """
    size = backbone.image_size
    try:
        with torch.enable_grad():
            features = backbone.feature_map(torch.zeros(1, 3, size, size))  # (1, D, h, w)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"{backbone.spec.name!r} cannot take images of {size} px. Choose another image_size. "
            f"({error!s:.300})"
        ) from error
    needed = _parameters_behind(features)
    return features.shape[1], tuple(
        name
        for name, part in backbone.trunk.named_children()
        if next(part.parameters(), None) is not None and needed.isdisjoint(part.parameters())
    )


def _parameters_behind(output: Tensor) -> set[Tensor]:
    """The parameters that `output` was computed from: the leaves of its autograd graph."""
    found, seen, ahead = set(), set(), [output.grad_fn]
    while ahead:
        step = ahead.pop()
        if step is None or step in seen:
            continue
        seen.add(step)
        if hasattr(step, "variable"):
            found.add(step.variable)
        ahead += [previous for previous, _ in step.next_functions]
    return found
