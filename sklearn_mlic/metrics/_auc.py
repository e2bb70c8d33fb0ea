"""Areas under the ROC curve: of each label, over labels, overall, and of each row."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.metrics._checks import check_pair
from sklearn_mlic.metrics._counts import mean_of
from sklearn_mlic.metrics._ranking import right_pairs
from sklearn_mlic.metrics._rows import mean_of_rows
from sklearn_mlic.metrics._sorting import (
    area_under_roc,
    operating_points,
    rank_entries,
    rank_labels,
    rank_rows,
)


def auc_per_label(y_true: ArrayLike, y_prob: ArrayLike) -> np.ndarray:
    """Compute the area under the ROC curve of each label.

    The chance that a row with the label scores above a row without it; a tie counts half.
    Unlike average precision it does not fall with the frequency of the label, and so flatters
    rare ones.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_prob : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        Predicted probabilities, or any scores.

    Returns
    -------
    ndarray of shape (n_labels,)
        The areas, NaN for a label without a known positive or without a known negative.

    Examples
    --------
    >>> auc_per_label([[1, 0], [0, 0], [1, 0]], [[0.9, 0.2], [0.6, 0.1], [0.3, 0.5]])
    array([0.5, nan])
    """
    pair = check_pair(y_true, y_prob, "y_prob")
    points = (operating_points(ranking, pair.once) for ranking in rank_labels(pair))
    return np.array([area_under_roc(*counts) for counts in points])


def macro_auc(y_true: ArrayLike, y_prob: ArrayLike) -> float:
    """Compute the macro AUC, the mean of the areas under the ROC curves of the labels.

    Choose it to judge how each label orders the rows, whatever its threshold. Labels without a
    known positive or without a known negative are left out of the mean.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_prob : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        Predicted probabilities, or any scores.

    Returns
    -------
    float
        The mean, NaN where no label has both a positive and a negative.

    Examples
    --------
    >>> macro_auc([[1, 0], [0, 0], [1, 0]], [[0.9, 0.2], [0.6, 0.1], [0.3, 0.5]])
    0.5
    """
    areas = auc_per_label(y_true, y_prob)
    return float(mean_of(areas, ~np.isnan(areas)))


def micro_auc(y_true: ArrayLike, y_prob: ArrayLike) -> float:
    """Compute the micro AUC, the area under one ROC curve of all known entries.

    It compares scores across labels, so that a model which knows no more than how frequent
    each label is does well: read it beside `macro_auc`.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_prob : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        Predicted probabilities, or any scores.

    Returns
    -------
    float
        The area, NaN where there is no positive or no negative.

    Examples
    --------
    >>> micro_auc([[1, 0], [0, 0], [1, 0]], [[0.9, 0.2], [0.6, 0.1], [0.3, 0.5]])
    0.75
    """
    pair = check_pair(y_true, y_prob, "y_prob")
    return float(area_under_roc(*operating_points(rank_entries(pair), pair.once)))


def sample_auc(y_true: ArrayLike, y_prob: ArrayLike) -> float:
    """Compute the sample (example) AUC, the mean of the areas under the ROC curves of the rows.

    The part of the pairs of a true and a false label that a row ranks rightly; a tie counts
    half. Without ties it is 1 less the `ranking_loss`.

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

    Examples
    --------
    >>> sample_auc([[1, 0, 0], [1, 1, 1]], [[0.5, 0.7, 0.2], [0.1, 0.2, 0.3]])
    0.5
    """
    return mean_of_rows(right_pairs(rank_rows(check_pair(y_true, y_prob, "y_prob"))))
