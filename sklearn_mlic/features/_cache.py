"""Arrays kept by what they were computed from: on disk, or in the memory of this process."""

import json
import os
import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

# Bytes that all memory caches of a process hold together.
MEMORY_LIMIT = 2 * 2**30


class ArrayCache:
    """A folder that remembers arrays over folds, trials, processes and runs.

    One SQLite file: an array is either there whole or not at all, also after a kill.

    Parameters
    ----------
    folder : str or Path
        Created when missing.
    setup : str
        Names everything but the content that decides an array: model, weights, preprocessing.
    """

    # SQLite allows 999 variables a query in its older builds.
    _CHUNK = 900

    def __init__(self, folder: str | Path, setup: str):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "arrays.sqlite"
        self.setup = setup
        with self._connection() as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS arrays (setup TEXT, content BLOB, dtype TEXT, "
                "shape TEXT, data BLOB, PRIMARY KEY (setup, content))"
            )

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction; a file that is no cache can show at any point.

        No connection outlives its use, so that a forked process never shares one.
        """
        try:
            with closing(sqlite3.connect(self.path, timeout=60)) as connection, connection:
                yield connection
        except sqlite3.DatabaseError as error:
            raise ValueError(
                f"The cache file {str(self.path)!r} cannot be used: {error}. "
                f"Delete it, or pass another folder as cache=."
            ) from error

    def get(self, contents: Iterable[bytes]) -> dict[bytes, np.ndarray]:
        """Return the arrays that are there, by content digest.

        Parameters
        ----------
        contents : iterable of bytes
            Digests of the contents asked for.

        Returns
        -------
        dict of bytes to ndarray
            Only those found; they are not writeable.
        """
        found: dict[bytes, np.ndarray] = {}
        contents = iter(contents)
        with self._connection() as connection:
            while chunk := list(islice(contents, self._CHUNK)):
                marks = ",".join("?" * len(chunk))
                query = (
                    "SELECT content, dtype, shape, data FROM arrays "
                    f"WHERE setup=? AND content IN ({marks})"
                )
                for content, dtype, shape, data in connection.execute(query, [self.setup, *chunk]):
                    found[content] = np.frombuffer(data, dtype).reshape(json.loads(shape))
        return found

    def put(self, contents: Sequence[bytes], arrays: Iterable[np.ndarray]) -> None:
        """Keep arrays in one transaction; one that is there already stays.

        Parameters
        ----------
        contents : sequence of bytes
            Digests, one an array.
        arrays : iterable of ndarray
            What was computed: numbers of any dtype and shape, or an array with a row a content.
        """
        rows = [
            (self.setup, key, array.dtype.str, json.dumps(array.shape), array.tobytes())
            for key, array in zip(contents, arrays, strict=True)
        ]
        with self._connection() as connection:
            connection.executemany("INSERT OR IGNORE INTO arrays VALUES (?, ?, ?, ?, ?)", rows)


class MemoryCache:
    """The same in memory, for as long as the process lives; the next process starts anew.

    All caches of a process share one store, from which the arrays that were not asked for
    longest go when it is full.

    Parameters
    ----------
    setup : str
        Names everything but the content that decides an array. Caches of the same setup hold
        the same arrays.
    """

    def __init__(self, setup: str):
        self.setup = setup

    def get(self, contents: Iterable[bytes]) -> dict[bytes, np.ndarray]:
        """Return the arrays that are there, by content digest.

        Parameters
        ----------
        contents : iterable of bytes
            Digests of the contents asked for.

        Returns
        -------
        dict of bytes to ndarray
            Only those found; they are not writeable.
        """
        found = ((content, _STORE.get((self.setup, content))) for content in contents)
        return {content: array for content, array in found if array is not None}

    def put(self, contents: Sequence[bytes], arrays: Iterable[np.ndarray]) -> None:
        """Keep copies of arrays; one that is there already stays.

        Parameters
        ----------
        contents : sequence of bytes
            Digests, one an array.
        arrays : iterable of ndarray
            What was computed.
        """
        for content, array in zip(contents, arrays, strict=True):
            _STORE.put((self.setup, content), array)


class _Store:
    """Arrays by key up to MEMORY_LIMIT bytes, the least recently used first to go."""

    def __init__(self):
        self.arrays: OrderedDict[tuple[str, bytes], np.ndarray] = OrderedDict()
        self.n_bytes = 0
        self.lock = Lock()

    def get(self, key: tuple[str, bytes]) -> np.ndarray | None:
        with self.lock:
            if key in self.arrays:
                self.arrays.move_to_end(key)
            return self.arrays.get(key)

    def put(self, key: tuple[str, bytes], array: np.ndarray) -> None:
        kept = np.array(array)  # a row of a batch would keep the whole batch alive
        kept.flags.writeable = False
        with self.lock:
            if key not in self.arrays:
                self.arrays[key] = kept
                self.n_bytes += kept.nbytes
            while self.n_bytes > MEMORY_LIMIT:
                self.n_bytes -= self.arrays.popitem(last=False)[1].nbytes


_STORE = _Store()


def open_cache(cache: Any, setup: str) -> ArrayCache | MemoryCache | None:
    """Return what an estimator's parameter `cache` stands for.

    Parameters
    ----------
    cache : None, "ram" or path
        No cache, one in the memory of this process, or one in a folder.
    setup : str
        Names everything but the content that decides an array.

    Returns
    -------
    ArrayCache, MemoryCache or None
        Where arrays are kept.

    Raises
    ------
    ValueError
        If `cache` is something else.

    Examples
    --------
    >>> import numpy as np
    >>> open_cache("ram", "squares").put([b"3"], [np.array([9])])
    >>> open_cache("ram", "squares").get([b"3", b"4"])
    {b'3': array([9])}
    """
    if cache is None:
        return None
    if not isinstance(cache, (str, os.PathLike)):
        raise ValueError(f'cache={cache!r}; expected a folder, "ram" or None.')
    if isinstance(cache, str) and cache != "ram" and get_close_matches(cache, ["ram"], cutoff=0.8):
        raise ValueError(
            f'cache={cache!r}; did you mean "ram"? A folder of that name is ./{cache}.'
        )
    return MemoryCache(setup) if cache == "ram" else ArrayCache(cache, setup)
