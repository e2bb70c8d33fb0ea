"""From the parameters of an estimator to a net that trains, or one that predicts."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from numbers import Integral
from typing import Any

import torch
from joblib import effective_n_jobs

from sklearn_mlic.deep._callbacks import BestEpoch, ProgressReport
from sklearn_mlic.deep._net import TrainingNet
from sklearn_mlic.deep._optimization import Optimization
from sklearn_mlic.deep._plan import TrainingPlan
from sklearn_mlic.deep._records import Records
from sklearn_mlic.deep._transforms import make_augmentation
from sklearn_mlic.deep._validation import find_scorer
from sklearn_mlic.nn.losses import LOSSES
from sklearn_mlic.utils._choices import check_choice, make_choice
from sklearn_mlic.utils._numbers import check_count

_SAMPLINGS = ("uniform", "balanced")
# Settings of skorch that the batches, the split and the data set leave no room for.
_OURS = (
    *("module", "dataset", "train_split", "plan", "n_workers"),
    *(
        f"iterator_{part}__{name}"
        for part in ("train", "valid")
        for name in ("batch_size", "batch_sampler", "sampler", "shuffle", "drop_last")
    ),
)
_OPTIMIZATION = tuple(Optimization.__dataclass_fields__)


def check_settings(estimator: Any) -> None:
    """Refuse settings that no training can follow, before any data is read.

    Parameters
    ----------
    estimator : BaseDeepClassifier
        Its parameters are looked at.

    Raises
    ------
    ValueError
        If one is wrong; the message says what is expected.
    """
    check_choice("on_error", estimator.on_error, ["raise", "skip"])
    check_choice("sampling", estimator.sampling, _SAMPLINGS)
    if estimator.distributed is not None:
        check_choice("distributed", estimator.distributed, ["accelerate"])
    for name in ("max_epochs", "batch_size", "n_iter_no_change"):
        check_count(name, getattr(estimator, name))
    _check_kinds(estimator)
    find_scorer(estimator.scoring)
    make_optimization(estimator)
    if estimator.resume and estimator.checkpoint is None:
        raise ValueError(
            "resume=True needs checkpoint=folder: the folder of the fit to go on with."
        )


def _check_kinds(estimator: Any) -> None:
    callbacks, net_params = estimator.callbacks or [], estimator.net_params or {}
    pairs = (
        [c if isinstance(c, tuple) else ("", c) for c in callbacks] if _is_list(callbacks) else []
    )
    if not _is_list(callbacks) or not all(hasattr(c, "on_epoch_end") for _, c in pairs):
        raise TypeError(
            f"callbacks={callbacks!r}; expected a list of skorch callbacks, or of pairs of a name "
            f"and one."
        )
    if not isinstance(net_params, Mapping):
        raise TypeError(f"net_params={net_params!r}; expected a dict of arguments for skorch.")
    n_jobs = estimator.n_jobs
    if n_jobs is not None and (not isinstance(n_jobs, Integral) or n_jobs == 0):
        raise ValueError(f"n_jobs={n_jobs!r}; expected None, a number of processes, or -1 for all.")
    if estimator.warmup_epochs > estimator.max_epochs:
        raise ValueError(
            f"warmup_epochs={estimator.warmup_epochs} of max_epochs={estimator.max_epochs}: the "
            f"rate would never reach lr. Expected fewer."
        )


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def make_optimization(estimator: Any) -> Optimization:
    """Return the checked settings of optimiser, schedule, clipping, accumulation and average.

    Parameters
    ----------
    estimator : BaseDeepClassifier
        Its parameters are read.

    Returns
    -------
    Optimization
        Those settings.
    """
    return Optimization(**{name: getattr(estimator, name) for name in _OPTIMIZATION})


def count_workers(n_jobs: int | None) -> int:
    """Return the number of worker processes that fetch batches: none for None and 1.

    Parameters
    ----------
    n_jobs : int or None
        As joblib reads it.

    Returns
    -------
    int
        0 where batches are fetched in this process.
    """
    return 0 if n_jobs in (None, 1) else effective_n_jobs(n_jobs)


def make_prediction_net(
    estimator: Any, model: torch.nn.Module, device: torch.device
) -> TrainingNet:
    """Return a net that predicts. Nothing that trains is built: a model file decides no more.

    Parameters
    ----------
    estimator : BaseDeepClassifier
        Its parameters are read.
    model : nn.Module
        The network.
    device : torch.device
        Where it runs.

    Returns
    -------
    TrainingNet
        Initialised.
    """
    return TrainingNet(model, **_common(estimator, device)).initialize()


def make_training_net(
    estimator: Any,
    model: torch.nn.Module,
    device: torch.device,
    seed: int,
    train: Records,
    *,
    scorer: tuple[str, Callable | None] | None = None,
    open_end: bool = False,
) -> TrainingNet:
    """Return a net that trains; `net_params` has the last word.

    Parameters
    ----------
    estimator : BaseDeepClassifier
        Its parameters are read.
    model : nn.Module
        The network.
    device : torch.device
        Where it runs.
    seed : int
        Of all that is drawn.
    train : Records
        The rows to train on.
    scorer : (str, callable), optional
        What `find_scorer` returns, where there is a validation part.
    open_end : bool, default=False
        Whether epochs are added one by one: the rate is constant then, and nothing averaged.

    Returns
    -------
    TrainingNet
        Initialised.
    """
    size = model.backbone.image_size if "image" in train.columns else 0
    given = dict(estimator.net_params or {})
    _check_net_params(estimator, given)
    own = {name: given[name] for name in ("lr", "optimizer") if name in given}
    optimization = replace(make_optimization(estimator), **own)
    if open_end:
        optimization = replace(optimization, schedule="none", ema_decay=None)
    plan = TrainingPlan(
        seed,
        optimization,
        make_augmentation(estimator.augmentation, size),
        sampling=estimator.sampling,
        scorer=scorer,
        open_end=open_end,
    )
    settings = {
        **_common(estimator, device),
        "plan": plan,
        "criterion": _make_loss(estimator),
        "lr": estimator.lr,
        "max_epochs": estimator.max_epochs,
        **given,
        "callbacks": [*_callbacks(estimator, scorer), *deepcopy(list(given.get("callbacks", ())))],
    }
    if open_end:
        settings["max_epochs"] = 1
    if estimator.compile:
        model.compile()
    return TrainingNet(model, **settings).initialize()


def _make_loss(estimator: Any) -> torch.nn.Module:
    loss = make_choice("loss", estimator.loss, LOSSES, estimator.loss_params)
    if not isinstance(loss, torch.nn.Module):
        raise TypeError(
            f"loss={estimator.loss!r}; expected one of {', '.join(LOSSES)}, or a torch.nn.Module "
            f"from logits and y to a number."
        )
    return deepcopy(loss)  # training may change it, and a parameter stays as it is


def _check_net_params(estimator: Any, given: dict[str, Any]) -> None:
    """Refuse what is not skorch's to decide here."""
    taken = [name for name in given if name.startswith(_OURS)]
    if taken:
        raise ValueError(
            f"net_params sets {taken[0]!r}, which {type(estimator).__name__} decides by its own "
            f"parameters (batch_size, n_jobs, validation, sampling, …). Set those."
        )


def _common(estimator: Any, device: torch.device) -> dict[str, Any]:
    return {
        "criterion": torch.nn.Identity,
        "batch_size": estimator.batch_size,
        "n_workers": count_workers(estimator.n_jobs),
        "train_split": None,
        "callbacks__print_log": None,
        "callbacks__train_loss": None,
        "callbacks__valid_loss": None,
        "predict_nonlinearity": torch.sigmoid,
        "device": device,
        "verbose": 0,
    }


def _callbacks(estimator: Any, scorer: tuple[str, Callable | None] | None) -> list:
    """Ours before the user's, which may end the training and find all of an epoch's numbers."""
    callbacks: list = []
    if scorer is not None and estimator.early_stopping:
        callbacks.append(("best", BestEpoch(f"valid_{scorer[0]}", estimator.n_iter_no_change)))
    if estimator.verbose:
        callbacks.append(("progress", ProgressReport()))
    return callbacks + deepcopy(list(estimator.callbacks or []))
