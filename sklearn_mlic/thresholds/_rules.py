"""Threshold rules that look at one label at a time.

A rule takes labels (n_samples, n_labels) of 0, 1 and NaN for unknown, scores of the same shape,
and settings by keyword. It returns (n_labels,) thresholds, NaN where there is nothing to learn.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from sklearn_mlic.thresholds._cuts import (
    DEFAULT_THRESHOLD,
    Counts,
    count_reaching,
    known_columns,
    label_cuts,
    nearest_to_half,
)
from sklearn_mlic.thresholds._scores import SCORES, Metric, measure

# Rounded, as sums of 0.05 drift off the decimals.
GRID = tuple(round(0.30 + 0.05 * k, 2) for k in range(9))


def fixed(
    labels: np.ndarray, scores: np.ndarray, *, threshold: float | Sequence = DEFAULT_THRESHOLD
) -> np.ndarray:
    """Return what was given."""
    n_labels = labels.shape[1]
    values = np.asarray(threshold, dtype=float)
    if values.shape not in ((), (n_labels,)):
        raise ValueError(
            f"method_params gives {values.size} thresholds for {n_labels} label(s); expected one "
            f"number, or one a label."
        )
    return np.broadcast_to(values, (n_labels,)).copy()


def grid(labels: np.ndarray, scores: np.ndarray, *, grid: Sequence[float] = GRID) -> np.ndarray:
    """Return the candidate of the best F1 a label."""
    return _per_label(partial(_best_of_grid, np.unique(grid)), labels, scores)


def best_cut(
    score: Callable[[Counts], np.ndarray],
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    midpoint: bool = True,
) -> np.ndarray:
    """Return the cut of the best score a label, over every cut between two distinct scores."""

    def rule(y: np.ndarray, p: np.ndarray) -> float:
        thresholds, counts = label_cuts(y, p, midpoint)
        return nearest_to_half(thresholds, score(counts))

    return _per_label(rule, labels, scores)


def best_metric(
    metric: Metric, labels: np.ndarray, scores: np.ndarray, *, n_cuts: int = 100
) -> np.ndarray:
    """Return the cut of the best metric a label, over at most `n_cuts` cuts."""

    def rule(y: np.ndarray, p: np.ndarray) -> float:
        thresholds, counts = label_cuts(y, p)
        tried = thresholds[_spread_cuts(counts, n_cuts)]
        values = np.array([measure(metric, y, p >= t) for t in tried])
        defined = ~np.isnan(values)
        return nearest_to_half(tried[defined], values[defined]) if defined.any() else np.nan

    return _per_label(rule, labels, scores)


def _per_label(
    rule: Callable[[np.ndarray, np.ndarray], float], labels: np.ndarray, scores: np.ndarray
) -> np.ndarray:
    """Apply `rule` to the known rows of each label.

    NaN without a positive that has a score above 0: nothing is learned from it, and a
    threshold of 0 would predict the label on every row.
    """
    return np.array(
        [rule(y, p) if p[y].any() else np.nan for y, p in known_columns(labels, scores)]
    )


def _best_of_grid(candidates: np.ndarray, y: np.ndarray, p: np.ndarray) -> float:
    n_hits, n_predicted = count_reaching(p[y], candidates), count_reaching(p, candidates)
    f1 = SCORES["f1"](Counts(n_hits, n_predicted, np.count_nonzero(y), len(y)))
    return nearest_to_half(candidates, f1)


def _spread_cuts(counts: Counts, n_cuts: int) -> np.ndarray:
    """Pick cuts: half of them evenly over the rows, half over the positive rows.

    The best cut of a rare label lies among its few highest scores, where rows alone would
    place hardly a cut.
    """
    if len(counts.n_predicted) <= n_cuts:
        return np.arange(len(counts.n_predicted))
    picks = [
        np.searchsorted(n, np.linspace(n[0], n[-1], size))
        for n, size in ((counts.n_predicted, n_cuts - n_cuts // 2), (counts.n_hits, n_cuts // 2))
    ]
    return np.unique(np.concatenate(picks))
