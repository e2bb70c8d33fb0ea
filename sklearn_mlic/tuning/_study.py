"""The study of a search: opened or gone on with, and never mixed up with that of other data."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import optuna
from optuna import Study
from optuna.pruners import NopPruner
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.study import StudyDirection

from sklearn_mlic.tuning._identity import Identity, check_identity
from sklearn_mlic.tuning._records import fail_lost
from sklearn_mlic.tuning._sampler import SeededTPESampler
from sklearn_mlic.tuning._storage import open_storage


def open_study(
    study: str | Study | None,
    storage: Any,
    identity: Identity | None,
    *,
    n_objectives: int,
    seed: int,
) -> Study:
    """Make a study, or go on with one.

    Parameters
    ----------
    study : str, optuna.Study or None
        Its name in the storage, in which ``{data}`` stands for the hash of the data, or itself.
    storage : object
        The parameter of the search.
    identity : Identity or None
        What the study must be about; None where it is new and of this process alone.
    n_objectives : int
        How many scores it maximises.
    seed : int
        Of the TPE sampler that a study gets unless it is given.

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
    else:
        name = study or "sklearn_mlic"
        opened = optuna.create_study(
            storage=open_storage(storage),
            study_name=name if identity is None else name.replace("{data}", identity.data),
            directions=["maximize"] * n_objectives,
            sampler=SeededTPESampler(seed),
            pruner=NopPruner(),
            load_if_exists=True,
        )
    _check_directions(opened, n_objectives)
    if identity is not None:
        check_identity(opened, identity)
    fail_lost(opened)
    return opened


@contextmanager
def equipped(study: Study, sampler: BaseSampler | None, pruner: Any) -> Iterator[None]:
    """Give a study the sampler and the pruner of a search for its time: it may be the user's.

    Parameters
    ----------
    study : optuna.Study
        Has its own again afterwards.
    sampler, pruner : object or None
        Those of the search; None leaves those of the study.

    Yields
    ------
    None
        For the time of the trials.
    """
    before = study.sampler, study.pruner
    study.sampler, study.pruner = sampler or study.sampler, pruner or study.pruner
    try:
        yield
    finally:
        study.sampler, study.pruner = before


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
