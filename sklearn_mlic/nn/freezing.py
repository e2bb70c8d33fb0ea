"""Leave parts of a backbone as they are while the rest trains."""

from collections.abc import Iterator
from numbers import Integral
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from sklearn_mlic.nn.backbones import Backbone


def freeze(backbone: Backbone, what: str | int) -> None:
    """Stop parts of a backbone from training.

    Their parameters take no gradient, and they stay in evaluation mode whatever ``train`` is
    told later: frozen batch norm keeps its running statistics, frozen stages drop nothing, and a
    wholly frozen backbone gives each image the same tokens in every epoch.

    Parameters
    ----------
    backbone : Backbone
        Changed in place. What is frozen already stays so.
    what : {"backbone", "bn"} or int
        Everything; all batch norm, which suits batches too small for its statistics; or the
        first so many of ``backbone.stages()``, from the stem on.

    Raises
    ------
    ValueError
        If `what` is none of these, or there are fewer stages.

    Examples
    --------
    >>> from sklearn_mlic.nn.backbones import make_backbone
    >>> from sklearn_mlic.nn.freezing import freeze
    >>> backbone = make_backbone("simple_cnn")
    >>> freeze(backbone, 2)
    >>> [name for name, weight in backbone.named_parameters() if weight.requires_grad]
    ['trunk.2.0.weight', 'trunk.2.0.bias']
    """
    n_stages = len(backbone.stages())
    if what == "backbone":
        frozen: list[nn.Module] = [backbone.trunk]
    elif what == "bn":
        frozen = [module for module in backbone.modules() if isinstance(module, _BatchNorm)]
    elif isinstance(what, Integral) and not isinstance(what, bool) and 0 <= what <= n_stages:
        frozen = _freeze_stages(backbone, what)
    else:
        raise ValueError(
            f"freeze={what!r}; expected 'backbone', 'bn' or a number of stages from 0 to "
            f"{n_stages}: {backbone.spec.name!r} has {n_stages}."
        )
    for module in frozen:
        module.requires_grad_(False)
    backbone.keep_still(frozen)


def freeze_parts(model: nn.Module, what: Any) -> None:
    """Freeze what an estimator's parameter `freeze` names.

    Parameters
    ----------
    model : nn.Module
        With a backbone, or ``backbone=None`` where there is none to freeze.
    what : None, str, int, or tuple of them
        As `freeze` takes it; several add up.
    """
    if what is None or model.backbone is None:
        return
    for part in what if isinstance(what, (tuple, list)) else (what,):
        freeze(model.backbone, part)


def _freeze_stages(backbone: Backbone, n_stages: int) -> list[nn.Module]:
    """Freeze the parameters of the first stages; return the modules that hold no other."""
    names = {name for stage in backbone.stages()[:n_stages] for name in stage}
    for name, parameter in backbone.named_parameters():
        if name in names:
            parameter.requires_grad_(False)
    return list(_wholly_frozen(backbone.trunk))


def _wholly_frozen(module: nn.Module) -> Iterator[nn.Module]:
    """The largest modules with parameters all of which are frozen."""
    trains = [parameter.requires_grad for parameter in module.parameters()]
    if trains and not any(trains):
        yield module
    elif trains:
        for child in module.children():
            yield from _wholly_frozen(child)
