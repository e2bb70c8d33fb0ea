"""What a threshold of one label is judged by: scores of counts, and metrics of predictions."""

import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import get_scorer

from sklearn_mlic.metrics._counts import divide
from sklearn_mlic.thresholds._cuts import Counts, known_columns

Metric = Callable[[np.ndarray, np.ndarray], float]


def _f_beta(beta: float, counts: Counts) -> np.ndarray:
    weight = beta**2
    return divide(
        (1 + weight) * counts.n_hits, weight * np.asarray(counts.n_true) + counts.n_predicted
    )


def _n_true_negatives(counts: Counts) -> np.ndarray:
    return counts.n_rows - counts.n_true - counts.n_predicted + counts.n_hits


def _accuracy(counts: Counts) -> np.ndarray:
    return divide(counts.n_hits + _n_true_negatives(counts), counts.n_rows)


def _balanced_accuracy(counts: Counts) -> np.ndarray:
    """The mean recall of the values that occur, as scikit-learn has it."""
    n_false = counts.n_rows - counts.n_true
    recalls = divide(counts.n_hits, counts.n_true) + divide(_n_true_negatives(counts), n_false)
    return divide(recalls, (np.asarray(counts.n_true) > 0).astype(int) + (n_false > 0))


def _jaccard(counts: Counts) -> np.ndarray:
    return divide(counts.n_hits, counts.n_true + counts.n_predicted - counts.n_hits)


def _matthews(counts: Counts) -> np.ndarray:
    n_hits, n_predicted, n_true, n_rows = (np.asarray(n, dtype=float) for n in counts)
    spread = n_predicted * (n_rows - n_predicted) * n_true * (n_rows - n_true)
    return divide(n_hits * n_rows - n_predicted * n_true, np.sqrt(spread))


def _youden(counts: Counts) -> np.ndarray:
    n_false_positives = counts.n_predicted - counts.n_hits
    hit_rate = divide(counts.n_hits, counts.n_true)
    return hit_rate - divide(n_false_positives, counts.n_rows - counts.n_true)


# Scores of all cuts at once. The names are scikit-learn's where it has the score.
SCORES: dict[str, Callable[[Counts], np.ndarray]] = {
    "f1": partial(_f_beta, 1),
    "f2": partial(_f_beta, 2),
    "f05": partial(_f_beta, 0.5),
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "jaccard": _jaccard,
    "precision": lambda counts: divide(counts.n_hits, counts.n_predicted),
    "recall": lambda counts: divide(counts.n_hits, counts.n_true),
    "matthews_corrcoef": _matthews,
    "youden": _youden,
}


class _Echo(ClassifierMixin, BaseEstimator):
    """The classifier that a scorer asks for when the predictions are there already."""

    classes_ = np.array([0, 1])

    def predict(self, X: np.ndarray) -> np.ndarray:
        return X


def metric_of_scorer(name: str) -> Metric:
    """Return scikit-learn's scorer of this name as a function of one label's predictions."""
    scorer = get_scorer(name)

    def metric(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        return scorer(_Echo(), y_pred, y_true)

    try:
        measure(metric, np.array([0, 1]), np.array([0, 1]))
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            f"The scorer {name!r} does not score 0/1 predictions of one label, as a threshold rule "
            f"must. Choose one that does, such as 'balanced_accuracy', or pass a callable "
            f"metric(y_true, y_pred)."
        ) from error
    return metric


def measure(metric: Metric, y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Score 0/1 predictions of one label; a cut that predicts nothing is no reason to warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        return float(metric(y_true.astype(int), y_pred.astype(int)))


def scores_of_counts(
    score: Callable[[Counts], np.ndarray],
    labels: np.ndarray,
    scores: np.ndarray,
    thresholds: np.ndarray,
) -> np.ndarray:
    """Return the score of each label at its threshold, shape (n_labels,)."""
    counts = []
    for (y, p), threshold in zip(known_columns(labels, scores), thresholds, strict=True):
        predicted = p >= threshold
        counts.append([np.count_nonzero(n) for n in (y & predicted, predicted, y)] + [len(y)])
    return score(Counts(*np.array(counts).T))


def scores_of_metric(
    metric: Metric, labels: np.ndarray, scores: np.ndarray, thresholds: np.ndarray
) -> np.ndarray:
    """Return the metric of each label at its threshold; NaN without a positive."""
    pairs = zip(known_columns(labels, scores), thresholds, strict=True)
    return np.array([measure(metric, y, p >= t) if y.any() else np.nan for (y, p), t in pairs])
