"""Where the trials of a study are kept, and who notices that a worker has died."""

import os
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from optuna.exceptions import ExperimentalWarning, UpdateFinishedTrialError
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
        with suppress(UpdateFinishedTrialError):  # others took it for dead: the worker will see
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
    TypeError, ValueError
        If it is something else, or cannot be opened.
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
        folder = os.path.dirname(os.path.abspath(place))
        if not os.path.isdir(folder):
            raise ValueError(f"storage={place!r}: there is no folder {folder!r}. Make it first.")
        return HeartbeatJournal(place)
    return _open_database(place)


def _open_database(url: str) -> RDBStorage:
    """Connect to a database, in words of ours where that fails."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    place = url.partition("://")[0] + "://…"  # there may be a password in it
    try:
        place = str(make_url(url))
        return _connect(url)
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise ValueError(
            f"storage={place!r} cannot be opened: {str(error).splitlines()[0]}. Expected the "
            f"URL of a database that is there, whose driver is installed, such as "
            f"'sqlite:///search.db' in a folder that exists, or the path of a journal file."
        ) from error


def _connect(url: str) -> RDBStorage:
    """Open a database, and make its tables where there are none."""
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
