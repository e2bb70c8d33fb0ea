"""Metrics of 0/1 predictions: by label (C), overall (O), by sample."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.metrics._checks import check_pair


def cp_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Compute CP, the precision averaged over labels.

    Choose it where each label should count the same, however rare. The mean is over the labels
    with a positive in `y_true`; a label that is never predicted counts 0.

    Parameters
    ----------
    y_true, y_pred : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true and the predicted labels.

    Returns
    -------
    float
        The score, 0 where no label has a positive.

    Examples
    --------
    >>> cp_score([[1, 0], [0, 1], [0, 0]], [[1, 0], [1, 0], [0, 0]])
    0.25
    """
    return _macro_precision_recall(y_true, y_pred)[0]


def cr_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Compute CR, the recall averaged over the labels with a positive in `y_true`.

    The counterpart of `cp_score`: how much of each label is found.

    Parameters
    ----------
    y_true, y_pred : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true and the predicted labels.

    Returns
    -------
    float
        The score, 0 where no label has a positive.

    Examples
    --------
    >>> cr_score([[1, 0], [0, 1], [0, 0]], [[1, 0], [1, 0], [0, 0]])
    0.5
    """
    return _macro_precision_recall(y_true, y_pred)[1]


def cf1_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Compute CF1, the harmonic mean of CP and CR.

    The class-wise F1 of the multi-label image literature: 2 CP CR / (CP + CR). It is *not*
    ``sklearn.metrics.f1_score(average="macro")``, the mean of the labels' F1 scores.

    Parameters
    ----------
    y_true, y_pred : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true and the predicted labels.

    Returns
    -------
    float
        The score, 0 where CP and CR are 0.

    Examples
    --------
    >>> round(cf1_score([[1, 0], [0, 1], [0, 0]], [[1, 0], [1, 0], [0, 0]]), 3)
    0.333
    """
    return _harmonic_mean(*_macro_precision_recall(y_true, y_pred))


def op_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Compute OP, the overall (micro) precision: the part of all predicted labels that is true.

    Choose the overall scores where each decision should count the same; frequent labels then
    weigh most.

    Parameters
    ----------
    y_true, y_pred : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true and the predicted labels.

    Returns
    -------
    float
        The score, 0 where nothing is predicted.

    Examples
    --------
    >>> op_score([[1, 0], [0, 1]], [[1, 0], [1, 0]])
    0.5
    """
    return _micro_precision_recall(y_true, y_pred)[0]


def or_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Compute OR, the overall (micro) recall: the part of all true labels that is predicted.

    The counterpart of `op_score`.

    Parameters
    ----------
    y_true, y_pred : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true and the predicted labels.

    Returns
    -------
    float
        The score, 0 where no label has a positive.

    Examples
    --------
    >>> or_score([[1, 1], [0, 0]], [[1, 0], [0, 0]])
    0.5
    """
    return _micro_precision_recall(y_true, y_pred)[1]


def of1_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Compute OF1, the harmonic mean of OP and OR (micro F1).

    Choose it for one overall figure of thresholded predictions.

    Parameters
    ----------
    y_true, y_pred : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true and the predicted labels.

    Returns
    -------
    float
        The score, 0 where no prediction is true.

    Examples
    --------
    >>> round(of1_score([[1, 1], [0, 0]], [[1, 0], [0, 0]]), 3)
    0.667
    """
    return _harmonic_mean(*_micro_precision_recall(y_true, y_pred))


def sample_f1_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Compute the F1 between true and predicted labels of each row, averaged over rows.

    Choose it where each image should count the same; Kaggle calls it "mean F1-score". A row
    with no true and no predicted label is predicted rightly and counts 1, as with
    ``sklearn.metrics.f1_score(average="samples", zero_division=1.0)``.

    Parameters
    ----------
    y_true, y_pred : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true and the predicted labels.

    Returns
    -------
    float
        The mean over rows.

    Examples
    --------
    >>> round(sample_f1_score([[1, 1], [0, 0]], [[1, 0], [0, 0]]), 3)
    0.833
    """
    n_true_positive, n_predicted, n_true = count(y_true, y_pred, axis=1)
    n_either = n_predicted + n_true
    scores = np.ones(len(n_either))
    return float(np.divide(2 * n_true_positive, n_either, out=scores, where=n_either > 0).mean())


def f1_per_label(y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
    """Compute the F1 of each label.

    Parameters
    ----------
    y_true, y_pred : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true and the predicted labels.

    Returns
    -------
    ndarray of shape (n_labels,)
        The scores, 0 where nothing is true and nothing predicted.

    Examples
    --------
    >>> f1_per_label([[1, 0], [0, 1], [1, 0]], [[1, 0], [1, 0], [1, 0]])
    array([0.8, 0. ])
    """
    n_true_positive, n_predicted, n_true = count(y_true, y_pred)
    return divide(2 * n_true_positive, n_predicted + n_true)


def count(y_true: Any, y_pred: Any, axis: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count true positives, predicted and true, of each label (axis 0) or row (axis 1)."""
    y_true, y_pred = check_pair(y_true, y_pred, "y_pred")
    return (y_true & y_pred).sum(axis=axis), y_pred.sum(axis=axis), y_true.sum(axis=axis)


def divide(numerator: ArrayLike, denominator: ArrayLike) -> np.ndarray:
    """Divide, with 0 for 0/0."""
    denominator = np.asarray(denominator, dtype=np.float64)
    return np.divide(numerator, denominator, out=np.zeros_like(denominator), where=denominator != 0)


def _harmonic_mean(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0


def _macro_precision_recall(y_true: Any, y_pred: Any) -> tuple[float, float]:
    n_true_positive, n_predicted, n_true = count(y_true, y_pred)
    known = n_true > 0
    if not known.any():
        return 0.0, 0.0
    precision = divide(n_true_positive, n_predicted)[known].mean()
    return float(precision), float(divide(n_true_positive, n_true)[known].mean())


def _micro_precision_recall(y_true: Any, y_pred: Any) -> tuple[float, float]:
    n_true_positive, n_predicted, n_true = (n.sum() for n in count(y_true, y_pred))
    return float(divide(n_true_positive, n_predicted)), float(divide(n_true_positive, n_true))
