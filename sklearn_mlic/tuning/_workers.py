"""The trials, in this process or in several that share the study."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import gethostname
from tempfile import TemporaryDirectory
from typing import Any

import optuna
from joblib import effective_n_jobs
from optuna import Study, Trial
from optuna.exceptions import UpdateFinishedTrialError
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.trial import FrozenTrial
from sklearn.utils.parallel import delayed

from sklearn_mlic.tuning._progress import quiet, show_progress
from sklearn_mlic.tuning._records import fail_lost, have_failed
from sklearn_mlic.tuning._storage import open_storage
from sklearn_mlic.tuning._study import storage_of
from sklearn_mlic.tuning._trial import Evaluation, SurplusTrial
from sklearn_mlic.utils._calls import SentOnce, stream


@dataclass(frozen=True)
class Limits:
    """When a search ends, beside its budget of trials.

    Parameters
    ----------
    deadline : float or None
        Seconds since the epoch after which no trial begins.
    callbacks : sequence of callable
        ``callback(study, trial)`` after each trial.
    verbose : int
        0 keeps Optuna quiet.
    """

    deadline: float | None
    callbacks: Sequence[Callable[[Study, FrozenTrial], None]]
    verbose: int


def run_trials(
    evaluation: Evaluation, study: Study, limits: Limits, n_jobs: int | None
) -> KeyboardInterrupt | None:
    """Run trials until the budget, the time or the sampler ends them, or Ctrl-C does.

    Parameters
    ----------
    evaluation : Evaluation
        The objective.
    study : optuna.Study
        Gets the trials.
    limits : Limits
        Time, callbacks, loudness.
    n_jobs : int or None
        Worker processes, as joblib reads it.

    Returns
    -------
    KeyboardInterrupt or None
        Ctrl-C, if it came.

    Raises
    ------
    ValueError
        If the study has trials of another search space.
    """
    evaluation.space.check(study)
    n_workers = min(effective_n_jobs(n_jobs), evaluation.n_trials or math.inf)
    with show_progress(study, evaluation, limits.verbose):
        try:
            if n_workers == 1:
                _work(evaluation, study, limits)
            else:
                shared = (storage_of(study), study.study_name, study.sampler, study.pruner, limits)
                calls = (delayed(_join)(evaluation, *shared) for _ in range(n_workers))
                list(stream(calls, n_workers, SentOnce(evaluation)))
        except KeyboardInterrupt as interruption:
            return interruption
    return None


def _join(
    evaluation: Evaluation,
    storage: BaseStorage,
    name: str,
    sampler: BaseSampler,
    pruner: Any,
    limits: Limits,
) -> None:
    """Take part in a study from another process."""
    sampler.reseed_rng()  # a copy that went on from the same state would draw the same
    with quiet(limits.verbose):
        try:
            study = optuna.load_study(
                study_name=name, storage=storage, sampler=sampler, pruner=pruner
            )
        except FileNotFoundError as error:
            raise ValueError(
                f"The worker on {gethostname()} does not see the study's journal: {error}. Workers "
                f"on other machines need a storage that all of them reach: pass the URL of a "
                f"database server, or the path of a journal on a disk that they share."
            ) from error
        _work(evaluation, study, limits)


def _work(evaluation: Evaluation, study: Study, limits: Limits) -> None:
    lost: list[int] = []

    n_earlier = len(study.get_trials(deepcopy=False))

    def is_complete() -> bool:
        fail_lost(study)
        trials = study.get_trials(deepcopy=False)
        is_hopeless = have_failed(trials[n_earlier:], len(evaluation.splits))
        return is_hopeless or evaluation.is_complete(trials)

    def stop_at_budget(study: Study, _: FrozenTrial) -> None:
        if is_complete():
            study.stop()

    def objective(trial: Trial) -> tuple[float, ...]:
        try:
            return evaluation(trial)
        except UpdateFinishedTrialError:  # others took this process for dead
            lost.append(trial.number)
            raise

    while not is_complete():
        n_lost = len(lost)
        left = None if limits.deadline is None else max(0.0, limits.deadline - time.time())
        try:
            study.optimize(
                objective,
                n_trials=None,
                timeout=left,
                callbacks=[stop_at_budget, *limits.callbacks],
                catch=(SurplusTrial,),
            )
            return
        except (ValueError, UpdateFinishedTrialError):
            # Optuna cannot close the trial. It is made up for by another.
            if len(lost) == n_lost:
                raise


@contextmanager
def shareable_storage(storage: Any, study: Any, n_jobs: int | None) -> Iterator[Any]:
    """Give a storage that workers can share: a journal for the time being, where there is none.

    Parameters
    ----------
    storage, study : object
        The parameters of the search.
    n_jobs : int or None
        Worker processes, as joblib reads it.

    Yields
    ------
    object
        For `open_study`.

    Raises
    ------
    ValueError
        If a study in memory was given, which no other process can see, or there are no workers.
    """
    if n_jobs == 0:
        raise ValueError(
            "n_jobs=0 leaves no process to run trials; expected a number from 1 on, -1 for one "
            "a core, or None for this process."
        )
    if effective_n_jobs(n_jobs) == 1:
        yield storage
    elif storage is None and not isinstance(study, Study):
        with TemporaryDirectory(prefix="sklearn_mlic-") as folder:
            yield open_storage(Path(folder) / "study.journal")
    elif isinstance(storage_of(study) if storage is None else storage, InMemoryStorage):
        raise ValueError(
            f"n_jobs={n_jobs} needs a study that other processes can open, and this one is in "
            f"memory. Pass storage='search.journal' and the study's name, or n_jobs=None."
        )
    else:
        yield storage
