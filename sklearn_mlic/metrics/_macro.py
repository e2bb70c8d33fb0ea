"""Metrics of 0/1 predictions that are averaged over labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.metrics._counts import Counts, count, divide, mean_of


def cp_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Compute CP, the precision averaged over labels.

    Choose it where each label should count the same, however rare. The mean is over the labels
    with a positive in `y_true`; a label that is never predicted counts 0.

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
    >>> cp_score([[1, 0], [0, 1], [0, 0]], [[1, 0], [1, 0], [0, 0]])
    0.25
    """
    return float(class_precision(count(y_true, y_pred)))


def cr_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Compute CR, the recall averaged over the labels with a positive in `y_true`.

    The counterpart of `cp_score`: how much of each label is found.

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
    >>> cr_score([[1, 0], [0, 1], [0, 0]], [[1, 0], [1, 0], [0, 0]])
    0.5
    """
    return float(class_recall(count(y_true, y_pred)))


def cf1_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Compute CF1, the harmonic mean of CP and CR.

    The class-wise F1 of the multi-label image literature: 2 CP CR / (CP + CR). It is *not*
    `macro_f1_score`, the mean of the labels' F1 scores.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_pred : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the predicted labels.

    Returns
    -------
    float
        The score, 0 where CP and CR are 0.

    Examples
    --------
    >>> round(cf1_score([[1, 0], [0, 1], [0, 0]], [[1, 0], [1, 0], [0, 0]]), 3)
    0.333
    """
    return float(class_f1(count(y_true, y_pred)))


def macro_f1_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Compute the macro F1, the mean of the F1 scores of the labels.

    Choose it over `cf1_score` to compare with classical multi-label work. The mean is over the
    labels with a positive in `y_true`, those for which an F1 above 0 can be had; on such labels
    it is ``sklearn.metrics.f1_score(average="macro")``.

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
    >>> macro_f1_score([[1, 0], [0, 1], [1, 0]], [[1, 0], [1, 0], [1, 0]])
    0.4
    """
    return float(macro_f1(count(y_true, y_pred)))


def f1_per_label(y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
    """Compute the F1 of each label.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_pred : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the predicted labels.

    Returns
    -------
    ndarray of shape (n_labels,)
        The scores, 0 where nothing is true and nothing predicted.

    Examples
    --------
    >>> f1_per_label([[1, 0], [0, 1], [1, 0]], [[1, 0], [1, 0], [1, 0]])
    array([0.8, 0. ])
    """
    return label_f1(count(y_true, y_pred))


# What follows takes counts of each label, (..., n_labels), and gives one figure a set of them.


def label_f1(n: Counts, undefined: float = 0.0) -> np.ndarray:
    return divide(2 * n.hits, n.predicted + n.true, undefined)


def class_precision(n: Counts) -> np.ndarray:
    return mean_of(divide(n.hits, n.predicted), n.true > 0, undefined=0.0)


def class_recall(n: Counts) -> np.ndarray:
    return mean_of(divide(n.hits, n.true), n.true > 0, undefined=0.0)


def class_f1(n: Counts) -> np.ndarray:
    precision, recall = class_precision(n), class_recall(n)
    return divide(2 * precision * recall, precision + recall)


def macro_f1(n: Counts) -> np.ndarray:
    return mean_of(label_f1(n), n.true > 0, undefined=0.0)


LABEL_MEANS = {
    "CP": class_precision,
    "CR": class_recall,
    "CF1": class_f1,
    "macro_F1": macro_f1,
}
