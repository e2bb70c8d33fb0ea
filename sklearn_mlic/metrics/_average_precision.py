"""Average precision of each label, and its mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.metrics._checks import check_pair
from sklearn_mlic.metrics._counts import mean_of
from sklearn_mlic.metrics._sorting import average_precision, operating_points, rank_labels
from sklearn_mlic.utils._choices import check_choice


def average_precision_per_label(
    y_true: ArrayLike, y_prob: ArrayLike, interpolation: str = "step"
) -> np.ndarray:
    """Compute the average precision of each label.

    Choose it over `mean_average_precision` to see which labels are hard. Only the order of the
    scores within a column matters; rows with equal scores count as one operating point. Rows
    in which a label is unknown are left out for that label.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_prob : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        Predicted probabilities.
    interpolation : {"step", "envelope"}, default="step"
        ``"step"`` weighs the precision at each operating point by the gain in recall, as
        `sklearn.metrics.average_precision_score` does. ``"envelope"`` first raises each
        precision to the best one at that recall or higher, as the VOC devkit of 2010 and later
        does; it is never below ``"step"``. Say which one when you compare with a paper.

    Returns
    -------
    ndarray of shape (n_labels,)
        Average precisions, NaN for a label without a known positive.

    Raises
    ------
    ValueError
        If the shapes differ, `y_true` is not 0, 1 or NaN, `y_prob` holds NaN or `interpolation` is
        unknown.

    References
    ----------
    Everingham, M., Van Gool, L., Williams, C. K. I., Winn, J. and Zisserman, A. (2010).
    The Pascal Visual Object Classes (VOC) Challenge. International Journal of Computer
    Vision 88, 303-338.

    Examples
    --------
    >>> y_true = [[1, 0], [0, 0], [1, 0]]
    >>> y_prob = [[0.9, 0.2], [0.6, 0.1], [0.3, 0.5]]
    >>> average_precision_per_label(y_true, y_prob).round(3)
    array([0.833,   nan])
    """
    check_choice("interpolation", interpolation, ("step", "envelope"))
    pair = check_pair(y_true, y_prob, "y_prob")
    points = (operating_points(ranking, pair.once) for ranking in rank_labels(pair))
    return np.array([average_precision(*counts, interpolation) for counts in points])


def mean_average_precision(
    y_true: ArrayLike, y_prob: ArrayLike, interpolation: str = "step"
) -> float:
    """Compute mAP, the mean of the average precisions of the labels.

    The usual figure for a ranking of images by each label; it needs no thresholds. Labels
    without a positive in `y_true` are left out of the mean.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_prob : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        Predicted probabilities.
    interpolation : {"step", "envelope"}, default="step"
        See `average_precision_per_label`.

    Returns
    -------
    float
        The mean, NaN where no label has a positive: there is nothing to rank.

    Examples
    --------
    >>> y_true = [[1, 0], [0, 0], [1, 0]]
    >>> y_prob = [[0.9, 0.2], [0.6, 0.1], [0.3, 0.5]]
    >>> round(mean_average_precision(y_true, y_prob), 3)
    0.833
    """
    precisions = average_precision_per_label(y_true, y_prob, interpolation)
    return float(mean_of(precisions, ~np.isnan(precisions)))
