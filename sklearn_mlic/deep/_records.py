"""Rows on their way into a net: columns, labels and weights that are cut together."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_mlic.images import find_unreadable


@dataclass(frozen=True)
class Records:
    """Columns, labels and weights of the same rows.

    Parameters
    ----------
    columns : dict of str to sequence
        As :func:`sklearn_mlic.images.as_columns` returns them; text as its vectors, which may be
        a sparse matrix.
    y : ndarray of float32, shape (n_samples, n_labels), optional
        1, 0, and NaN for unknown.
    sample_weight : ndarray of float32, shape (n_samples,), optional
        Of mean 1.
    rows : ndarray of int, optional
        The rows of the columns that are meant, which are not copied; all by default.
    """

    columns: dict[str, Any]
    y: np.ndarray | None = None
    sample_weight: np.ndarray | None = None
    rows: np.ndarray | None = None

    def __len__(self) -> int:
        if self.rows is not None:
            return len(self.rows)
        first = next(iter(self.columns.values()))
        return first.shape[0] if hasattr(first, "shape") else len(first)  # sparse ones have no len

    def take(self, rows: np.ndarray) -> "Records":
        """Return some of the rows.

        Parameters
        ----------
        rows : ndarray of int
            Their numbers.

        Returns
        -------
        Records
            In the order of `rows`.
        """
        weight = None if self.sample_weight is None else self.sample_weight[rows]
        meant = rows if self.rows is None else self.rows[rows]
        return Records(self.columns, self.y[rows], weight, meant)


def drop_unreadable(records: Records, n_jobs: int | None) -> Records:
    """Leave out the rows whose image cannot be read, with a warning that lists them.

    Parameters
    ----------
    records : Records
        With a column ``image``.
    n_jobs : int, optional
        Threads that try the images.

    Returns
    -------
    Records
        The rows that are left.

    Raises
    ------
    ValueError
        If there is none.
    """
    broken = find_unreadable(records.columns["image"], n_jobs)
    if not broken:
        return records
    kept = np.setdiff1d(np.arange(len(records)), list(broken))
    listing = "\n".join(f"  {error}" for error in broken.values())
    if not len(kept):
        raise ValueError(f"None of the {len(records)} images can be read:\n{listing}")
    warnings.warn(
        f"Left out {len(broken)} of {len(records)} rows whose image cannot be read:\n{listing}",
        UserWarning,
        stacklevel=4,
    )
    return records.take(kept)
