"""Where the trials of a study are kept, and who notices that a worker has died."""

import os
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

from optuna.exceptions import ExperimentalWarning
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages._heartbeat import BaseHeartbeat
from optuna.storages.journal import (
    JournalFileBackend,
    JournalFileOpenLock,
    JournalFileSymlinkLock,
)
from optuna.trial import TrialState

# Seconds between two signs of life, and without one until a trial counts as lost.
INTERVAL, GRACE = 60, 180
_SIGN = "alive"


class HeartbeatJournal(JournalStorage, BaseHeartbeat):
    """A journal file whose running trials give signs of life, as Optuna's databases have them.

    Parameters
    ----------
    path : str
        The file; made where there is none.
    interval : int, default=60
        Seconds between two signs.
    grace : int, default=180
        Seconds without one after which the trial counts as failed.
    """

    def __init__(self, path: str, interval: int = INTERVAL, grace: int = GRACE):
        lock = JournalFileOpenLock if os.name == "nt" else JournalFileSymlinkLock
        super().__init__(JournalFileBackend(path, lock_obj=lock(path)))
        self.interval, self.grace = interval, grace

    def record_heartbeat(self, trial_id: int) -> None:
        """Write that the trial's worker is alive."""
        self.set_trial_user_attr(trial_id, _SIGN, time.time())

    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        now, running = time.time(), (TrialState.RUNNING,)
        trials = self.get_all_trials(study_id, deepcopy=False, states=running)
        signs = {
            trial._trial_id: trial.user_attrs.get(_SIGN, trial.datetime_start.timestamp())
            for trial in trials
        }
        return [number for number, sign in signs.items() if now - sign > self.grace]

    def get_heartbeat_interval(self) -> int:
        """Return the seconds between two signs of life."""
        return self.interval

    def get_heartbeat_stale_trial_callback(self) -> Callable | None:
        """Return None: a lost trial is made up for by another."""
        return None

    def get_failed_trial_callback(self) -> Callable | None:
        """Return None, as Optuna before 4.9 asks for it."""
        return None


def open_storage(storage: Any) -> BaseStorage:
    """Return the storage that a parameter stands for.

    Parameters
    ----------
    storage : None, str, path or BaseStorage
        Memory, a database's URL, a journal file, or the storage itself.

    Returns
    -------
    BaseStorage
        With signs of life, unless it is memory or was given.

    Raises
    ------
    TypeError
        If it is something else.
    """
    if storage is None:
        return InMemoryStorage()
    if isinstance(storage, BaseStorage):
        return storage
    if not isinstance(storage, (str, os.PathLike)):
        raise TypeError(
            f"storage={storage!r}; expected a URL such as 'sqlite:///search.db', the path of a "
            f"journal file, a storage of Optuna, or None for memory."
        )
    place = os.fspath(storage)
    if "://" not in place:
        return HeartbeatJournal(place)
    return _open_database(place)


def _open_database(url: str) -> RDBStorage:
    """Connect to a database, and make its tables where there are none."""
    from sqlalchemy.exc import DatabaseError

    # Others may be writing: wait longer than SQLite's 5 seconds.
    waiting = {"connect_args": {"timeout": 60}} if url.startswith("sqlite") else {}
    connect = partial(
        RDBStorage, url, engine_kwargs=waiting, heartbeat_interval=INTERVAL, grace_period=GRACE
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # heartbeat_interval
        for pause in (0.1, 0.4, 1.6):
            try:
                return connect()
            except DatabaseError:
                time.sleep(pause)  # another process may be making the tables at this moment
        return connect()
