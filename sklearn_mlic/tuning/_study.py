"""The study of a search: opened or gone on with, and never mixed up with that of other data."""

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import optuna
from optuna import Study
from optuna.pruners import NopPruner
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState
from sklearn.base import BaseEstimator

from sklearn_mlic.tuning._records import fail_dead
from sklearn_mlic.tuning._sampler import SeededTPESampler
from sklearn_mlic.tuning._storage import open_storage

_DATA, _SETTINGS = "data", "settings"
# Parameters that say where and how loudly an estimator runs, not what it is.
_FREE = {"n_jobs", "verbose", "cache", "memory", "device", "distributed", "compile", "callbacks"}


@dataclass(frozen=True)
class Identity:
    """What a study is about.

    Parameters
    ----------
    data : str
        Hash of the data and the folds.
    settings : dict of str to str
        What else decides the scores, in words.
    """

    data: str
    settings: dict[str, str]


def describe_settings(estimator: Any, scoring: Any, tuned: set[str]) -> dict[str, str]:
    """Put the settings of an estimator in words, to compare in another process.

    Parameters
    ----------
    estimator : estimator
        The one searched over.
    scoring : object
        The parameter.
    tuned : set of str
        Parameters whose value does not matter.

    Returns
    -------
    dict of str to str
        By parameter.
    """
    params = {"estimator": estimator, **estimator.get_params(deep=True)}
    kept = {
        name: _words(value)
        for name, value in params.items()
        if name not in tuned and name.split("__")[-1] not in _FREE
    }
    return {**kept, "scoring": _words(scoring)}


def _words(value: Any) -> str:
    """The same in every process: no addresses, and sets in order."""
    if isinstance(value, BaseEstimator):
        return type(value).__name__
    ordered = sorted(map(repr, value)) if isinstance(value, (set, frozenset)) else value
    text = re.sub(r" at 0x\w+", "", repr(ordered))
    if len(text) <= 200:
        return text
    return f"{text[:150]}… ({blake2b(text.encode(), digest_size=6).hexdigest()})"


def open_study(
    study: str | Study | None,
    storage: Any,
    identity: Identity,
    *,
    n_objectives: int,
    sampler: BaseSampler | None,
    pruner: Any,
    seed: int,
) -> Study:
    """Make a study, or go on with one.

    Parameters
    ----------
    study : str, optuna.Study or None
        Its name in the storage, in which ``{data}`` stands for the hash of the data, or itself.
    storage : object
        The parameter of the search.
    identity : Identity
        What the study must be about.
    n_objectives : int
        How many scores it maximises.
    sampler, pruner : object or None
        Those of the search; None takes those of a study that is given, else the seeded TPE
        sampler and no pruning.
    seed : int
        Of the sampler.

    Returns
    -------
    optuna.Study
        Marked with the identity.

    Raises
    ------
    ValueError
        If the study is about other data, minimises, or has other scores.
    """
    if isinstance(study, Study):
        if storage is not None:
            raise ValueError(
                "study is a Study, which has a storage of its own, and storage is given too. Pass "
                "the name of the study beside storage, or the study alone."
            )
        opened = study
        opened.sampler = sampler or study.sampler
        opened.pruner = pruner or study.pruner
    else:
        opened = optuna.create_study(
            storage=open_storage(storage),
            study_name=(study or "sklearn_mlic").replace("{data}", identity.data),
            directions=["maximize"] * n_objectives,
            sampler=sampler or SeededTPESampler(seed),
            pruner=pruner or NopPruner(),
            load_if_exists=True,
        )
    _check_directions(opened, n_objectives)
    _check_identity(opened, identity)
    fail_dead(opened, storage_of(opened))
    return opened


def _check_directions(study: Study, n_objectives: int) -> None:
    directions = study.directions
    if any(direction != StudyDirection.MAXIMIZE for direction in directions):
        raise ValueError(
            f"The study {study.study_name!r} minimises, and scores are maximised: losses are "
            f"negated. Create it with optuna.create_study(direction='maximize')."
        )
    if len(directions) != n_objectives:
        raise ValueError(
            f"The study {study.study_name!r} has {len(directions)} objective(s), and the search "
            f"has {n_objectives}: one, or each of scoring where refit is a function or False. "
            f"Pass another study, or change refit."
        )


def _check_identity(study: Study, identity: Identity) -> None:
    known = study.user_attrs
    is_begun = any(t.state != TrialState.WAITING for t in study.get_trials(deepcopy=False))
    if known.get(_DATA, None if is_begun else identity.data) != identity.data:
        raise ValueError(
            f"The study {study.study_name!r} is of other data or other folds than these "
            f"({known.get(_DATA, 'unknown')}, not {identity.data}): its scores cannot be compared. "
            f"Pass another name, such as study='search-{{data}}', which gives each data set its "
            f"own; another storage; or the same rows and a cv that does not change."
        )
    settings = known.get(_SETTINGS, identity.settings)
    names = sorted(settings.keys() | identity.settings.keys())
    changed = [name for name in names if settings.get(name) != identity.settings.get(name)]
    if changed:
        raise ValueError(
            f"The study {study.study_name!r} is of an estimator with other settings: "
            + "; ".join(
                f"{name} was {settings.get(name, 'not there')} and is "
                f"{identity.settings.get(name, 'not there')}"
                for name in changed[:3]
            )
            + ". Pass another name as study=, another storage, or the settings of before."
        )
    if _DATA not in known:
        study.set_user_attr(_DATA, identity.data)
        study.set_user_attr(_SETTINGS, identity.settings)


def storage_of(study: Study) -> BaseStorage:
    """Return where a study is kept.

    Parameters
    ----------
    study : optuna.Study
        Any.

    Returns
    -------
    BaseStorage
        Optuna has no public name for it.
    """
    return study._storage


def in_memory(study: Study) -> Study:
    """Return a study that needs no storage: itself where it is in memory, else a copy.

    Parameters
    ----------
    study : optuna.Study
        With its trials.

    Returns
    -------
    optuna.Study
        It can be pickled and opened anywhere.
    """
    if isinstance(storage_of(study), InMemoryStorage):
        return study
    memory, name = InMemoryStorage(), study.study_name
    optuna.copy_study(
        from_study_name=name, from_storage=storage_of(study), to_storage=memory, to_study_name=name
    )
    return optuna.load_study(
        study_name=name, storage=memory, sampler=study.sampler, pruner=study.pruner
    )
