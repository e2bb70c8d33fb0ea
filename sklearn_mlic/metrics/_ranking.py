"""Metrics of the order of the labels in each row, averaged over rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.metrics._checks import check_pair
from sklearn_mlic.metrics._counts import divide
from sklearn_mlic.metrics._rows import mean_of_rows
from sklearn_mlic.metrics._sorting import RowRanks, rank_rows


def ranking_loss(y_true: ArrayLike, y_prob: ArrayLike) -> float:
    """Compute the part of the pairs of a true and a false label that a row ranks wrongly.

    Lower is better, 0 if every true label is above every false one. A tie counts as wrong, as
    in ``sklearn.metrics.label_ranking_loss``; `sample_auc` counts it as half wrong.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_prob : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        Predicted probabilities, or any scores.

    Returns
    -------
    float
        The mean over the rows with both a true and a false label, NaN where there is none.

    References
    ----------
    Schapire, R. E. and Singer, Y. (2000). BoosTexter: a boosting-based system for text
    categorization. Machine Learning 39, 135-168.

    Examples
    --------
    >>> ranking_loss([[1, 0, 0], [1, 1, 1]], [[0.5, 0.7, 0.2], [0.1, 0.2, 0.3]])
    0.5
    """
    return mean_of_rows(wrong_pairs(_rank(y_true, y_prob)))


def coverage_error(y_true: ArrayLike, y_prob: ArrayLike) -> float:
    """Compute how many labels must be taken from the top to have all true ones.

    Lower is better; the best is the number of true labels a row. It counts from 1, as
    ``sklearn.metrics.coverage_error`` does. The papers on ML-kNN and its kin count from 0: for
    their figure use `coverage_minus_one`.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_prob : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        Predicted probabilities, or any scores.

    Returns
    -------
    float
        The mean over the rows with a true label, NaN where there is none.

    Examples
    --------
    >>> coverage_error([[1, 0, 0], [0, 0, 0]], [[0.5, 0.7, 0.2], [0.1, 0.2, 0.3]])
    2.0
    """
    return mean_of_rows(depth(_rank(y_true, y_prob)))


def coverage_minus_one(y_true: ArrayLike, y_prob: ArrayLike) -> float:
    """Compute `coverage_error` less one, the coverage of the ML-kNN literature.

    The steps that one goes down from the top label to have all true ones; lower is better.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_prob : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        Predicted probabilities, or any scores.

    Returns
    -------
    float
        The mean over the rows with a true label, NaN where there is none.

    References
    ----------
    Zhang, M.-L. and Zhou, Z.-H. (2007). ML-KNN: a lazy learning approach to multi-label
    learning. Pattern Recognition 40, 2038-2048.

    Examples
    --------
    >>> coverage_minus_one([[1, 0, 0], [0, 0, 0]], [[0.5, 0.7, 0.2], [0.1, 0.2, 0.3]])
    1.0
    """
    return coverage_error(y_true, y_prob) - 1


def one_error(y_true: ArrayLike, y_prob: ArrayLike) -> float:
    """Compute the part of the rows whose top label is not true.

    Lower is better. Where several labels share the highest score, the part of them that is not
    true counts: what breaking the tie at random gives on average, and the same in whatever
    order the labels stand.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_prob : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        Predicted probabilities, or any scores.

    Returns
    -------
    float
        The mean over the rows with a true label, NaN where there is none.

    Examples
    --------
    >>> one_error([[1, 0], [0, 1], [0, 1], [0, 0]], [[0.9, 0], [0.1, 0], [0, 0.3], [0, 0]])
    0.3333333333333333
    """
    return mean_of_rows(top_is_wrong(_rank(y_true, y_prob)))


def label_ranking_average_precision(y_true: ArrayLike, y_prob: ArrayLike) -> float:
    """Compute LRAP, the average precision of the labels of each row.

    For each true label, the part of the labels at its score or above that is true; then the
    mean over the true labels of a row and over rows. Choose it where each image should count
    the same, `mean_average_precision` where each label should.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_prob : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        Predicted probabilities, or any scores.

    Returns
    -------
    float
        The mean over the rows with a true label, NaN where there is none. scikit-learn's
        counts rows without a true label as 1.

    Examples
    --------
    >>> label_ranking_average_precision([[1, 0, 0], [0, 0, 0]], [[0.5, 0.7, 0.2], [0, 0, 0]])
    0.5
    """
    return mean_of_rows(row_precision(_rank(y_true, y_prob)))


def _rank(y_true: ArrayLike, y_prob: ArrayLike) -> RowRanks:
    return rank_rows(check_pair(y_true, y_prob, "y_prob"))


# What follows gives one value a row, NaN where it has none.


def wrong_pairs(ranks: RowRanks) -> np.ndarray:
    n_wrong = (ranks.positive * ranks.misses).sum(axis=1)
    return divide(n_wrong, ranks.n_pairs, undefined=np.nan)


def depth(ranks: RowRanks) -> np.ndarray:
    places = (ranks.positive * (ranks.hits + ranks.misses)).max(axis=1)
    return np.where(ranks.n_positives > 0, places, np.nan)


def depth_minus_one(ranks: RowRanks) -> np.ndarray:
    return depth(ranks) - 1


def top_is_wrong(ranks: RowRanks) -> np.ndarray:
    n_wrong = ranks.misses[:, 0]
    n_top = np.where(ranks.n_positives > 0, n_wrong + ranks.hits[:, 0], 0)
    return divide(n_wrong, n_top, undefined=np.nan)


def row_precision(ranks: RowRanks) -> np.ndarray:
    precision = divide(ranks.positive * ranks.hits, ranks.hits + ranks.misses)
    return divide(precision.sum(axis=1), ranks.n_positives, undefined=np.nan)


def right_pairs(ranks: RowRanks) -> np.ndarray:
    n_wrong = (ranks.positive * (ranks.misses + ranks.misses_above)).sum(axis=1) / 2
    return divide(ranks.n_pairs - n_wrong, ranks.n_pairs, undefined=np.nan)


RANKED_ROWS = {
    "sample_AUC": right_pairs,
    "ranking_loss": wrong_pairs,
    "coverage_error": depth,
    "coverage_minus_one": depth_minus_one,
    "one_error": top_is_wrong,
    "LRAP": row_precision,
}
