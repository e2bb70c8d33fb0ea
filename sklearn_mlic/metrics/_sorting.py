"""Entries by falling score, equal scores together: the ground of AP, AUC and row ranks."""

from typing import NamedTuple

import numpy as np

from sklearn_mlic.metrics._checks import Pair
from sklearn_mlic.metrics._counts import divide


class Ranking(NamedTuple):
    """The known entries of one label, or of all, by falling score."""

    rows: np.ndarray  # the row that each comes from
    positive: np.ndarray
    ends: np.ndarray  # the last place of each run of equal scores


def rank_labels(pair: Pair) -> list[Ranking]:
    """Sort the known rows of each label."""
    return [_rank(*column) for column in zip(*(matrix.T for matrix in pair), strict=True)]


def rank_entries(pair: Pair) -> Ranking:
    """Sort all known entries into one ranking."""
    return _rank(*pair)


def _rank(positive: np.ndarray, scores: np.ndarray, known: np.ndarray) -> Ranking:
    rows, scores = np.nonzero(known)[0], scores[known]
    order = np.argsort(-scores)
    ranked = scores[order]
    is_end = np.ones(len(ranked), dtype=bool)
    is_end[:-1] = ranked[1:] != ranked[:-1]
    return Ranking(rows[order], positive[known][order], np.flatnonzero(is_end))


def operating_points(ranking: Ranking, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count hits and misses above each threshold, first the one that nothing reaches.

    A threshold cannot part equal scores: only the last of each run of ties is a point. Rows
    count as often as `weights` (..., n_samples) says; the counts have shape (..., n_points).
    """
    weights = weights[..., ranking.rows]
    counts = []
    for added in (weights * ranking.positive, weights * ~ranking.positive):
        points = np.zeros((*weights.shape[:-1], len(ranking.ends) + 1))
        points[..., 1:] = np.cumsum(added, axis=-1)[..., ranking.ends]
        counts.append(points)
    return counts[0], counts[1]


def average_precision(
    hits: np.ndarray, misses: np.ndarray, interpolation: str = "step"
) -> np.ndarray:
    """Weigh the precision at each operating point by the gain in recall."""
    precision = divide(hits, hits + misses)
    if interpolation == "envelope":
        precision = np.maximum.accumulate(precision[..., ::-1], axis=-1)[..., ::-1]
    area = (np.diff(hits) * precision[..., 1:]).sum(axis=-1)
    return divide(area, hits[..., -1], undefined=np.nan)


def area_under_roc(hits: np.ndarray, misses: np.ndarray) -> np.ndarray:
    """Compute the part of the pairs in the right order; a tie is half right."""
    right = np.diff(misses) * (hits[..., 1:] + hits[..., :-1]) / 2
    n_pairs = hits[..., -1] * misses[..., -1]
    return divide(right.sum(axis=-1), n_pairs, undefined=np.nan)


class RowRanks(NamedTuple):
    """The labels of each row by falling score, equal scores together; (n_samples, n_labels)."""

    positive: np.ndarray
    hits: np.ndarray  # true labels of this score or a higher one
    misses: np.ndarray  # false labels of this score or a higher one
    misses_above: np.ndarray  # false labels of a higher score

    @property
    def n_positives(self) -> np.ndarray:
        return self.hits[:, -1]

    @property
    def n_pairs(self) -> np.ndarray:
        return self.hits[:, -1] * self.misses[:, -1]


def rank_rows(pair: Pair) -> RowRanks:
    """Sort the labels of each row."""
    # Unknown labels come last and count as neither true nor false.
    falling = np.where(pair.known, -pair.other, np.inf)
    order = np.argsort(falling, axis=1)
    falling = np.take_along_axis(falling, order, axis=1)
    positive = np.take_along_axis(pair.positive, order, axis=1)
    negative = np.take_along_axis(pair.known, order, axis=1) & ~positive

    n_samples, n_labels = falling.shape
    parts = np.ones((n_samples, n_labels + 1), dtype=bool)  # between a place and the one before
    parts[:, 1:-1] = falling[:, 1:] != falling[:, :-1]
    places = np.arange(n_labels + 1)
    before = np.maximum.accumulate(np.where(parts, places, 0)[:, :-1], axis=1)
    through = np.minimum.accumulate(np.where(parts, places, n_labels)[:, :0:-1], axis=1)[:, ::-1]
    return RowRanks(
        positive,
        np.take_along_axis(_cumulate(positive), through, axis=1),
        np.take_along_axis(_cumulate(negative), through, axis=1),
        np.take_along_axis(_cumulate(negative), before, axis=1),
    )


def _cumulate(entries: np.ndarray) -> np.ndarray:
    """Count along each row, from 0."""
    counts = np.zeros((len(entries), entries.shape[1] + 1), dtype=np.int64)
    np.cumsum(entries, axis=1, out=counts[:, 1:])
    return counts
