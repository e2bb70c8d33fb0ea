"""What a trial leaves in its study, and how many trials of a budget are taken."""

import os
import socket
import time
import warnings
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from optuna import Study
from optuna.exceptions import ExperimentalWarning, UpdateFinishedTrialError
from optuna.storages import fail_stale_trials
from optuna.trial import FrozenTrial, Trial, TrialState

from sklearn_mlic.tuning._storage import GRACE

_WORKER, _EPOCHS = "worker", "n_epochs"

# Trials that fail from the first on, after which a search ends.
_PATIENCE = 3


def start_record(trial: Trial) -> None:
    """Write who runs a trial.

    Parameters
    ----------
    trial : optuna.Trial
        Just begun.
    """
    trial.set_user_attr(_WORKER, f"{_host()}:{os.getpid()}")


def write_fold(trial: Trial, fold: int, outcome: dict[str, Any], n_epochs: int) -> None:
    """Write what a fold gave, and the epochs that the trial has spent so far.

    Parameters
    ----------
    trial : optuna.Trial
        The running one.
    fold : int
        The number of the fold.
    outcome : dict
        Plain values: scores, seconds, the error if there was one.
    n_epochs : int
        Of all networks of all folds so far.
    """
    trial.set_user_attr(f"fold{fold}", outcome)
    trial.set_user_attr(_EPOCHS, n_epochs)


def read_folds(trial: FrozenTrial, n_splits: int) -> list[dict[str, Any] | None]:
    """Return what each fold gave.

    Parameters
    ----------
    trial : optuna.trial.FrozenTrial
        A finished one.
    n_splits : int
        How many folds there are.

    Returns
    -------
    list of dict or None
        None for a fold that was not begun.
    """
    return [trial.user_attrs.get(f"fold{fold}") for fold in range(n_splits)]


def read_epochs(trial: FrozenTrial) -> int:
    """Return the epochs that a trial has spent.

    Parameters
    ----------
    trial : optuna.trial.FrozenTrial
        A finished one.

    Returns
    -------
    int
        0 where nothing was trained by epochs.
    """
    return trial.user_attrs.get(_EPOCHS, 0)


def is_recorded(trial: FrozenTrial, n_splits: int) -> bool:
    """Say whether a trial has come to its end, be it a bad one, and has a row in the results.

    Parameters
    ----------
    trial : optuna.trial.FrozenTrial
        Any.
    n_splits : int
        How many folds there are.

    Returns
    -------
    bool
        False for one that runs, or was cut short by Ctrl-C or the death of its worker.
    """
    if trial.state == TrialState.FAIL:
        return None not in read_folds(trial, n_splits)
    return trial.state in (TrialState.COMPLETE, TrialState.PRUNED)


def have_failed(trials: Iterable[FrozenTrial], n_splits: int) -> bool:
    """Say whether all folds of the first few trials have failed: the next would too.

    Parameters
    ----------
    trials : iterable of optuna.trial.FrozenTrial
        Of one run.
    n_splits : int
        How many folds there are.

    Returns
    -------
    bool
        False as long as there are fewer than three.
    """
    ended = [read_folds(trial, n_splits) for trial in trials if is_recorded(trial, n_splits)]
    first = [fold for folds in ended[:_PATIENCE] for fold in folds]
    return len(ended) >= _PATIENCE and all(fold and fold.get("fit_error") for fold in first)


def count_taken(trials: Iterable[FrozenTrial], n_splits: int) -> int:
    """Count the trials that have a row in the results or are on their way to one.

    Parameters
    ----------
    trials : iterable of optuna.trial.FrozenTrial
        Of one study.
    n_splits : int
        How many folds there are.

    Returns
    -------
    int
        What of a budget is taken.
    """
    return sum(_is_running(trial) or is_recorded(trial, n_splits) for trial in trials)


def _is_running(trial: FrozenTrial) -> bool:
    """A worker that has not said long after the start who it is will not come back."""
    if trial.state != TrialState.RUNNING:
        return False
    return _WORKER in trial.user_attrs or time.time() - trial.datetime_start.timestamp() < GRACE


def fail_lost(study: Study) -> None:
    """Mark the running trials of dead workers as failed.

    Those of processes of this host are known at once; on other hosts the time without a sign
    of life tells.

    Parameters
    ----------
    study : optuna.Study
        Looked through.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        fail_stale_trials(study)
    if os.name != "posix":
        return
    own = _host()
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        host, _, pid = trial.user_attrs.get(_WORKER, "").rpartition(":")
        if host == own and not _is_alive(int(pid)):
            with suppress(UpdateFinishedTrialError):  # another process has seen it too
                study._storage.set_trial_state_values(trial._trial_id, state=TrialState.FAIL)


def _host() -> str:
    """This machine since it was started, or this container: where a number means one process.

    Names are not enough: many machines are called localhost.
    """
    namespace, boot = Path("/proc/self/ns/pid"), Path("/proc/sys/kernel/random/boot_id")
    numbers = os.readlink(namespace) if namespace.is_symlink() else ""
    start = boot.read_text().strip() if boot.is_file() else ""
    return " ".join([socket.gethostname(), numbers, start]).strip()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
