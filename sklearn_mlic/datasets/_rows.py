"""Rows to predict, in chunks that are read one after another."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from sklearn_mlic.datasets._problems import Problem

if TYPE_CHECKING:
    import pandas as pd

CHUNK_SIZE = 1024


class Chunk(NamedTuple):
    """Some rows that follow each other."""

    X: "pd.DataFrame"
    ids: list
    images: list[str | None]
    problems: list[Problem]  # rows counted from 0 in the chunk


@dataclass(frozen=True)
class RowStream:
    """Rows that are read chunk by chunk, as often as need be, from any chunk on.

    Made by `stream_csv` and `stream_images`, for `stream_predictions`.

    Parameters
    ----------
    read : callable
        ``read(start)`` yields the chunks from row `start` on, which begins a chunk.
    digest : str
        Tells these rows from others; the content of image files does not count.
    n_rows : int
        How many there are.
    chunk_size : int
        Rows a chunk, the last one apart.
    on_error : {"raise", "skip"}
        What is done about images that cannot be read and rows that have problems.
    """

    read: Callable[[int], Iterator[Chunk]]
    digest: str
    n_rows: int
    chunk_size: int
    on_error: str

    def map(self, change: "Callable[[pd.DataFrame], pd.DataFrame]") -> "RowStream":
        """Return the same rows with another X.

        Parameters
        ----------
        change : callable
            Takes the X of a chunk and returns one of as many rows.

        Returns
        -------
        RowStream
            Reads as this one does.
        """

        def read(start: int) -> Iterator[Chunk]:
            for chunk in self.read(start):
                yield chunk._replace(X=change(chunk.X))

        return replace(self, read=read)
