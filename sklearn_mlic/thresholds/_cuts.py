"""Every cut of a ranking: one sort, and what each threshold counts."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

DEFAULT_THRESHOLD = 0.5


class Counts(NamedTuple):
    """What one or many thresholds make of one label, as integers that broadcast."""

    n_hits: np.ndarray  # rows that are predicted and true
    n_predicted: np.ndarray
    n_true: int
    n_rows: int


def known_columns(labels: np.ndarray, scores: np.ndarray) -> Iterator[tuple]:
    """Yield each label as (is_true, scores) of the rows where it is known."""
    # A column of a matrix lies scattered in memory: gathered once, it is quick to rank.
    is_true = np.ascontiguousarray((labels == 1).T)
    if labels.dtype.kind == "f":
        is_known = np.ascontiguousarray(~np.isnan(labels).T)
        for y, p, known in zip(is_true, scores.T, is_known, strict=True):
            yield y[known], p[known]
    else:
        for y, p in zip(is_true, scores.T, strict=True):
            yield y, np.ascontiguousarray(p)


def fill_unknown(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (is_true, scores) with unknown entries as negatives of score 0.

    No threshold above 0 predicts them, so that they are in no count of true or predicted labels.
    """
    return labels == 1, np.where(np.isnan(labels), 0.0, scores)


def cut_points(ranked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds between which a threshold changes nothing, and what it then predicts.

    Parameters
    ----------
    ranked : ndarray of shape (n,)
        Scores from high to low.

    Returns
    -------
    bounds : ndarray of shape (n_cuts + 1,)
        From 1 to 0, falling. Thresholds in ``bounds[i + 1] < t <= bounds[i]`` are one cut.
        The first predicts nothing, unless a score is 1. A threshold of 0 is none of them.
    n_predicted : ndarray of int, shape (n_cuts,)
        Number of scores that reach such a threshold.
    """
    # A cut can only fall behind the last of several equal scores.
    ends = np.flatnonzero(ranked[1:] != ranked[:-1])
    ends = np.append(ends, len(ranked) - 1) if len(ranked) else ends
    uppers = ranked[ends]
    above_0 = np.count_nonzero(uppers > 0)
    nothing = [] if above_0 and uppers[0] >= 1 else [1]
    bounds = np.concatenate([nothing, uppers[:above_0], [0.0]])
    return bounds, np.concatenate([np.zeros(len(nothing), int), ends[:above_0] + 1])


def between(uppers: np.ndarray, lowers: np.ndarray) -> np.ndarray:
    """Return thresholds halfway from the chosen scores to the next lower ones."""
    halfway = (uppers + lowers) / 2
    # The mean of two neighbouring floats may round down onto the lower one.
    return np.where(halfway > lowers, halfway, uppers)


def label_cuts(y: np.ndarray, p: np.ndarray, midpoint: bool = True) -> tuple[np.ndarray, Counts]:
    """Return the threshold and the counts of each cut of one label, fewest predicted first."""
    order = np.argsort(p)[::-1]
    bounds, n_predicted = cut_points(p[order])
    n_hits = np.concatenate([[0], np.cumsum(y[order])])
    thresholds = between(bounds[:-1], bounds[1:]) if midpoint else bounds[:-1]
    return thresholds, Counts(n_hits[n_predicted], n_predicted, n_hits[-1], len(y))


def count_reaching(p: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Count the scores that reach each of the rising thresholds in `grid`."""
    n_reached = np.bincount(np.searchsorted(grid, p, side="right"), minlength=len(grid) + 1)
    return np.cumsum(n_reached[::-1])[::-1][1:]


def nearest_to_half(thresholds: np.ndarray, values: np.ndarray, rtol: float = 1e-14) -> float:
    """Return the threshold of the highest value; of equal values the one nearest to 0.5."""
    highest = values.max()
    best = thresholds[values >= highest - rtol * max(1.0, abs(highest))]
    return float(best[np.argmin(np.abs(best - DEFAULT_THRESHOLD))])
