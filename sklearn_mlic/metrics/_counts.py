"""Hits, predictions and positives of 0/1 predictions, and how many cases are undefined."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.metrics._checks import Pair, check_pair, check_true


class Counts(NamedTuple):
    """Counts of known entries, of each label, of each row, or of each entry (0 or 1)."""

    hits: np.ndarray
    predicted: np.ndarray
    true: np.ndarray
    known: np.ndarray

    @property
    def wrong(self) -> np.ndarray:
        return self.predicted + self.true - 2 * self.hits

    def sum(self, axis: int) -> Counts:
        return Counts(*(n.sum(axis=axis) for n in self))


def count_entries(pair: Pair) -> Counts:
    """Return what each known entry adds to the counts, as bool."""
    return Counts(pair.positive & pair.other, pair.known & pair.other, pair.positive, pair.known)


def count(y_true: Any, y_pred: Any, axis: int = 0) -> Counts:
    """Count the known entries of each label (axis 0) or row (axis 1)."""
    return count_entries(check_pair(y_true, y_pred, "y_pred")).sum(axis)


def divide(numerator: ArrayLike, denominator: ArrayLike, undefined: float = 0.0) -> np.ndarray:
    """Divide, with `undefined` where the denominator is 0."""
    numerator, denominator = np.broadcast_arrays(numerator, denominator)
    quotient = np.full(denominator.shape, undefined, dtype=np.float64)
    return np.divide(numerator, denominator, out=quotient, where=denominator != 0)


def mean_of(values: np.ndarray, where: np.ndarray, undefined: float = np.nan) -> np.ndarray:
    """Average over the last axis, where `where` holds; `undefined` where it holds nowhere."""
    return divide(np.where(where, values, 0).sum(axis=-1), where.sum(axis=-1), undefined)


def count_undefined(y_true: ArrayLike) -> dict[str, int]:
    """Count the labels and rows that some metrics leave out of their means.

    Look at it beside any score: a mean over 3 of 80 labels is another thing than one over 80.
    Average precision and the macro scores leave out labels without a positive, the macro AUC
    those without a negative too. Ranking loss, coverage, one-error, label-ranking average
    precision and the sample AUC leave out rows without a positive, the first and the last also
    rows without a negative.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.

    Returns
    -------
    dict of str to int
        ``n_labels_without_positives``, ``n_labels_without_negatives``,
        ``n_rows_without_positives``, ``n_rows_without_negatives``, all among the known entries,
        and ``n_unknown``, the entries that are not known.

    Examples
    --------
    >>> count_undefined([[1, 0], [1, float("nan")], [0, 0]])["n_rows_without_positives"]
    1
    """
    positive, known = check_true(y_true)
    negative = known & ~positive
    return {
        f"n_{what}_without_{name}": int((~entries.any(axis=axis)).sum())
        for what, axis in (("labels", 0), ("rows", 1))
        for name, entries in (("positives", positive), ("negatives", negative))
    } | {"n_unknown": int((~known).sum())}
