"""Threshold rules that look at all labels together.

The form is that of the per-label rules. `cardinality`, `label_cardinality` and `top_k` need no
more than how often each label occurs: their halves that match a set of scores to known
frequencies also serve rows without labels. There NaN marks a score to leave out.
"""

import numpy as np

from sklearn_mlic.thresholds._cuts import (
    DEFAULT_THRESHOLD,
    between,
    count_reaching,
    cut_points,
    fill_unknown,
    known_columns,
    label_cuts,
    nearest_to_half,
)
from sklearn_mlic.utils._numbers import check_count


def label_frequencies(labels: np.ndarray) -> np.ndarray:
    """Return the part of known rows that have each label, 0 where no row is known."""
    n_known = np.count_nonzero(~np.isnan(labels), axis=0)
    return np.nansum(labels, axis=0) / np.maximum(n_known, 1)


def default_k(frequencies: np.ndarray) -> int:
    """Return the rounded number of labels a row, at least 1."""
    return max(1, int(np.floor(frequencies.sum() + 0.5)))


def cardinality(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """One threshold that predicts as many labels a row as there are."""
    return match_cardinality(label_frequencies(labels), _hide_unknown(labels, scores))


def label_cardinality(
    labels: np.ndarray,
    scores: np.ndarray,
    *,
    lambda1: float = 0.5,
    lambda2: float = 0.5,
    normalize: bool = False,
    step: float = 0.01,
) -> np.ndarray:
    """A threshold a label that weighs the cardinality of all against its own frequency."""
    return match_frequencies(
        label_frequencies(labels),
        _hide_unknown(labels, scores),
        lambda1=lambda1,
        lambda2=lambda2,
        normalize=normalize,
        step=step,
    )


def top_k(labels: np.ndarray, scores: np.ndarray, *, k: int | None = None) -> np.ndarray:
    """One threshold that k labels a row pass on average."""
    return match_k(label_frequencies(labels), _hide_unknown(labels, scores), k=k)


def match_cardinality(frequencies: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Match the number of predicted labels to what the frequencies promise."""
    if not frequencies.any():
        return np.full(len(frequencies), np.nan)
    known = ~np.isnan(scores)
    target = frequencies @ np.count_nonzero(known, axis=0)
    return np.full(len(frequencies), _threshold_passed_by(scores[known], target))


def match_k(frequencies: np.ndarray, scores: np.ndarray, *, k: int | None = None) -> np.ndarray:
    """Match the number of predicted labels to k a row."""
    k = default_k(frequencies) if k is None else k
    check_count("k", k, high=len(frequencies))
    known = ~np.isnan(scores)
    target = k * np.count_nonzero(known) / len(frequencies)
    return np.full(len(frequencies), _threshold_passed_by(scores[known], target))


def match_frequencies(
    frequencies: np.ndarray,
    scores: np.ndarray,
    *,
    lambda1: float = 0.5,
    lambda2: float = 0.5,
    normalize: bool = False,
    step: float = 0.01,
) -> np.ndarray:
    """Match cardinality and frequency; a label that never occurs has none to match."""
    candidates = np.round(np.arange(int(1 / step + 1e-9) + 1) * step, 10)
    columns = [p[~np.isnan(p)] for p in scores.T]
    predicted = np.array([count_reaching(p, candidates) / max(1, len(p)) for p in columns])
    gap = np.abs(frequencies.sum() - predicted.sum(axis=0))
    gap = gap / len(frequencies) if normalize else gap
    costs = lambda1 * gap + lambda2 * np.abs(frequencies[:, None] - predicted)
    thresholds = np.array([_middle_of_lowest(candidates, cost) for cost in costs])
    return np.where(frequencies > 0, thresholds, np.nan)


def sample_f1(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """One threshold of the best mean F1 of the rows, over every cut.

    As a falling threshold lets in a row's labels one by one, its F1 makes known steps. All
    steps of all rows, added up in the order of their scores, give the mean of every cut.
    """
    y, p = fill_unknown(labels, scores)
    if not p[y].any():
        return np.full(labels.shape[1], np.nan)
    order = np.argsort(p, axis=1)[:, ::-1]
    p, hits = np.take_along_axis(p, order, axis=1), np.take_along_axis(y, order, axis=1)
    n_true = np.count_nonzero(y, axis=1)[:, None]
    f1 = 2 * np.cumsum(hits, axis=1) / (n_true + np.arange(1, p.shape[1] + 1))
    # Before any label is let in, a row without labels is right and any other has 0.
    at_start = (n_true == 0).astype(float)
    steps = np.diff(f1, axis=1, prepend=at_start).ravel()
    order = np.argsort(p, axis=None)[::-1]
    totals = np.cumsum(np.append(at_start.sum(), steps[order]))
    bounds, n_predicted = cut_points(p.ravel()[order])
    thresholds = between(bounds[:-1], bounds[1:])
    # The running sum carries the rounding of each step: what is closer than that is equal.
    best = nearest_to_half(thresholds, totals[n_predicted], rtol=1e-12)
    return np.full(labels.shape[1], best)


def micro_f1(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """A threshold a label, which together have the best micro F1 there is.

    Micro F1 is a ratio of sums over labels. For a ratio r, the thresholds of the highest
    numerator - r * denominator are found label by label; their own ratio is the next r, until
    it rises no more (Dinkelbach 1967). In integers throughout, so that ties are exact.
    """
    y, p = fill_unknown(labels, scores)
    if not p[y].any():
        return np.full(labels.shape[1], np.nan)
    cuts = [_useful_cuts(*column) for column in known_columns(y.astype(int), p)]
    n_true = np.count_nonzero(y)
    numerator, denominator = 0, 1
    while True:
        picks = [_best_gain(*cut, numerator, denominator) for cut in cuts]
        n_hits = sum(int(cut[1][pick]) for cut, pick in zip(cuts, picks, strict=True))
        n_predicted = sum(int(cut[2][pick]) for cut, pick in zip(cuts, picks, strict=True))
        if 2 * n_hits * denominator <= numerator * (n_predicted + n_true):
            return np.array([cut[0][pick] for cut, pick in zip(cuts, picks, strict=True)])
        numerator, denominator = 2 * n_hits, n_predicted + n_true


def _useful_cuts(y: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (thresholds, n_hits, n_predicted) without the cuts that only add false positives."""
    thresholds, counts = label_cuts(y, p)
    useful = np.append(True, counts.n_hits[1:] > counts.n_hits[:-1])
    return thresholds[useful], counts.n_hits[useful], counts.n_predicted[useful]


def _best_gain(
    thresholds: np.ndarray,
    n_hits: np.ndarray,
    n_predicted: np.ndarray,
    numerator: int,
    denominator: int,
) -> int:
    """Return the cut that adds most to 2 * hits - ratio * predicted; of equals nearest to 0.5."""
    gains = 2 * n_hits * denominator - numerator * n_predicted
    best = np.flatnonzero(gains == gains.max())
    return best[np.argmin(np.abs(thresholds[best] - DEFAULT_THRESHOLD))]


def _hide_unknown(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(labels), np.nan, scores)


def _threshold_passed_by(scores: np.ndarray, target: float) -> float:
    """Return the middle of the thresholds that about `target` of the scores reach."""
    bounds, n_predicted = cut_points(np.sort(scores)[::-1])
    distance = np.abs(n_predicted - target)
    # One cut, or two neighbours on both sides of the target.
    best = np.flatnonzero(distance <= distance.min() + 1e-6)
    return float(between(bounds[best[0]], bounds[best[-1] + 1]))


def _middle_of_lowest(candidates: np.ndarray, costs: np.ndarray) -> float:
    """Return the middle of a run of lowest costs; of several runs the one nearest to 0.5."""
    lowest = np.flatnonzero(costs <= costs.min() + 1e-12)
    runs = np.split(lowest, np.flatnonzero(np.diff(lowest) > 1) + 1)
    middles = np.array([(candidates[run[0]] + candidates[run[-1]]) / 2 for run in runs])
    return nearest_to_half(middles, np.zeros(len(middles)))
