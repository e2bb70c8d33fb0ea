"""Vectors on disk, keyed by what they were computed from; safe for several processes."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

import numpy as np


class VectorCache:
    """A folder that remembers vectors over folds, trials, processes and runs.

    One SQLite file: a vector is either there whole or not at all, also after a kill.

    Parameters
    ----------
    folder : str or Path
        Created when missing.
    setup : str
        Names everything but the content that decides a vector: model, weights, preprocessing.
    """

    # SQLite allows 999 variables a query in its older builds.
    _CHUNK = 900

    def __init__(self, folder: str | Path, setup: str):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "vectors.sqlite"
        self.setup = setup
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors (setup TEXT, content BLOB, vector BLOB, "
                "PRIMARY KEY (setup, content)) WITHOUT ROWID"
            )

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction; a file that is no cache can show at any point."""
        try:
            with closing(sqlite3.connect(self.path, timeout=60)) as connection, connection:
                yield connection
        except sqlite3.DatabaseError as error:
            raise ValueError(
                f"The cache file {str(self.path)!r} cannot be used: {error}. "
                f"Delete it, or pass another folder as cache=."
            ) from error

    def get(self, contents: Iterable[bytes]) -> dict[bytes, np.ndarray]:
        """Return the vectors that are there, by content digest.

        Parameters
        ----------
        contents : iterable of bytes
            Digests of the contents asked for.

        Returns
        -------
        dict of bytes to ndarray of float32
            Only those found.
        """
        found: dict[bytes, np.ndarray] = {}
        contents = iter(contents)
        with self._connection() as connection:
            while chunk := list(islice(contents, self._CHUNK)):
                marks = ",".join("?" * len(chunk))
                query = (
                    f"SELECT content, vector FROM vectors WHERE setup=? AND content IN ({marks})"
                )
                for content, vector in connection.execute(query, [self.setup, *chunk]):
                    found[content] = np.frombuffer(vector, dtype=np.float32)
        return found

    def put(self, contents: Sequence[bytes], vectors: np.ndarray) -> None:
        """Keep vectors in one transaction; one that is there already stays.

        Parameters
        ----------
        contents : sequence of bytes
            Digests, one a row of `vectors`.
        vectors : ndarray of float32, shape (n_contents, n_features)
            What was computed.
        """
        rows = [
            (self.setup, key, row.tobytes()) for key, row in zip(contents, vectors, strict=True)
        ]
        with self._connection() as connection:
            connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)", rows)
