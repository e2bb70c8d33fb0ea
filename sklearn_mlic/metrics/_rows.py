"""Metrics of the 0/1 predictions of each row, averaged over rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.metrics._counts import Counts, count, divide, mean_of


def sample_f1_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Compute the F1 between true and predicted labels of each row, averaged over rows.

    Choose it where each image should count the same; Kaggle calls it "mean F1-score". A row
    with no true and no predicted label is predicted rightly and counts 1, as with
    ``sklearn.metrics.f1_score(average="samples", zero_division=1.0)``.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_pred : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the predicted labels.

    Returns
    -------
    float
        The mean over the rows with a known label, NaN where there is none.

    Examples
    --------
    >>> round(sample_f1_score([[1, 1], [0, 0]], [[1, 0], [0, 0]]), 3)
    0.833
    """
    return mean_of_rows(row_f1(count(y_true, y_pred, axis=1)))


def subset_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Compute the part of the rows in which every known label is predicted rightly.

    The strictest of the metrics: one wrong label spoils the row. Choose it where a row is of
    use only as a whole.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_pred : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the predicted labels.

    Returns
    -------
    float
        The mean over the rows with a known label, NaN where there is none.

    Examples
    --------
    >>> subset_accuracy([[1, 1], [0, 1]], [[1, 0], [0, 1]])
    0.5
    """
    return mean_of_rows(row_accuracy(count(y_true, y_pred, axis=1)))


def mean_of_rows(values: np.ndarray) -> float:
    """Average over the rows in which the metric is defined."""
    return float(mean_of(values, ~np.isnan(values)))


# What follows takes counts of each row and gives one value a row, NaN where it has none.


def row_f1(n: Counts) -> np.ndarray:
    scores = divide(2 * n.hits, n.predicted + n.true, undefined=1.0)
    return np.where(n.known > 0, scores, np.nan)


def row_accuracy(n: Counts) -> np.ndarray:
    return np.where(n.known > 0, n.wrong == 0, np.nan)


COUNTED_ROWS = {"sample_F1": row_f1, "subset_accuracy": row_accuracy}
