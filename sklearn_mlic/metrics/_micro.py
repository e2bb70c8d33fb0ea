"""Metrics of 0/1 predictions over all known entries, whatever their label or row."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.metrics._counts import Counts, count, divide


def op_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Compute OP, the overall (micro) precision: the part of all predicted labels that is true.

    Choose the overall scores where each decision should count the same; frequent labels then
    weigh most.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_pred : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the predicted labels.

    Returns
    -------
    float
        The score, 0 where nothing is predicted.

    Examples
    --------
    >>> op_score([[1, 0], [0, 1]], [[1, 0], [1, 0]])
    0.5
    """
    return float(overall_precision(count(y_true, y_pred)))


def or_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Compute OR, the overall (micro) recall: the part of all true labels that is predicted.

    The counterpart of `op_score`.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_pred : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the predicted labels.

    Returns
    -------
    float
        The score, 0 where no label has a positive.

    Examples
    --------
    >>> or_score([[1, 1], [0, 0]], [[1, 0], [0, 0]])
    0.5
    """
    return float(overall_recall(count(y_true, y_pred)))


def of1_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Compute OF1, the harmonic mean of OP and OR (micro F1).

    Choose it for one overall figure of thresholded predictions.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_pred : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the predicted labels.

    Returns
    -------
    float
        The score, 0 where no prediction is true.

    Examples
    --------
    >>> round(of1_score([[1, 1], [0, 0]], [[1, 0], [0, 0]]), 3)
    0.667
    """
    return float(overall_f1(count(y_true, y_pred)))


def hamming_loss(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Compute the Hamming loss, the part of all known entries that is predicted wrongly.

    Lower is better. With few labels a row it is small for any model, and for predicting
    nothing at all: read it beside an F1.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_pred : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the predicted labels.

    Returns
    -------
    float
        The loss from 0 to 1, NaN where nothing is known.

    Examples
    --------
    >>> hamming_loss([[1, 0], [0, 1]], [[1, 0], [0, 0]])
    0.25
    """
    return float(wrong_part(count(y_true, y_pred)))


# What follows takes counts of each label, (..., n_labels), and gives one figure a set of them.


def overall_precision(n: Counts) -> np.ndarray:
    return divide(n.hits.sum(axis=-1), n.predicted.sum(axis=-1))


def overall_recall(n: Counts) -> np.ndarray:
    return divide(n.hits.sum(axis=-1), n.true.sum(axis=-1))


def overall_f1(n: Counts) -> np.ndarray:
    return divide(2 * n.hits.sum(axis=-1), (n.predicted + n.true).sum(axis=-1))


def wrong_part(n: Counts) -> np.ndarray:
    return divide(n.wrong.sum(axis=-1), n.known.sum(axis=-1), undefined=np.nan)


ENTRY_MEANS = {
    "OP": overall_precision,
    "OR": overall_recall,
    "OF1": overall_f1,
    "hamming_loss": wrong_part,
}
