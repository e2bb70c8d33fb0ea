"""Metrics of the order of the scores: average precision, and the k best labels."""

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.metrics._checks import as_scores, as_thresholds, check_pair
from sklearn_mlic.utils._choices import check_choice


def average_precision_per_label(
    y_true: ArrayLike, y_prob: ArrayLike, interpolation: str = "step"
) -> np.ndarray:
    """Compute the average precision of each label.

    Choose it over `mean_average_precision` to see which labels are hard. Only the order of the
    scores within a column matters; rows with equal scores count as one operating point.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels.
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
        Average precisions, NaN for a label without a positive in `y_true`.

    Raises
    ------
    ValueError
        If the shapes differ, `y_true` is not 0/1, `y_prob` holds NaN or `interpolation` is
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
    y_true, y_prob = check_pair(y_true, y_prob, "y_prob")
    columns = zip(y_true.T, y_prob.T, strict=True)
    return np.array([_average_precision(*column, interpolation) for column in columns])


def mean_average_precision(
    y_true: ArrayLike, y_prob: ArrayLike, interpolation: str = "step"
) -> float:
    """Compute mAP, the mean of the average precisions of the labels.

    The usual figure for a ranking of images by each label; it needs no thresholds. Labels
    without a positive in `y_true` are left out of the mean.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels.
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
    known = precisions[~np.isnan(precisions)]
    return float(known.mean()) if known.size else float("nan")


def top_k_labels(
    y_prob: ArrayLike, k: int, threshold: float | ArrayLike | None = None
) -> np.ndarray:
    """Predict the k labels with the highest scores in each row.

    Choose it for the "top-3" figures of the literature, or where each image is known to have
    about k labels. Of equal scores the label in the lower column wins.

    Parameters
    ----------
    y_prob : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        Predicted probabilities.
    k : int
        Labels a row, at least 1. All labels are taken where there are fewer than k.
    threshold : float or array-like of shape (n_labels,), optional
        If given, a label must also have ``y_prob >= threshold``, so that a row may get fewer.

    Returns
    -------
    ndarray of int, shape (n_samples, n_labels)
        0/1 predictions.

    Examples
    --------
    >>> top_k_labels([[0.2, 0.9, 0.9], [0.1, 0.3, 0.2]], k=2)
    array([[0, 1, 1],
           [0, 1, 1]])
    >>> top_k_labels([[0.2, 0.9, 0.9], [0.1, 0.3, 0.2]], k=2, threshold=0.3)
    array([[0, 1, 1],
           [0, 1, 0]])
    """
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise ValueError(f"k={k!r} given; expected an int of at least 1.")
    y_prob = as_scores(y_prob, "y_prob")
    # A stable sort keeps equal scores in column order.
    best = np.argsort(-y_prob, axis=1, kind="stable")[:, :k]
    y_pred = np.zeros(y_prob.shape, dtype=int)
    np.put_along_axis(y_pred, best, 1, axis=1)
    if threshold is not None:
        y_pred[y_prob < as_thresholds(threshold, y_prob.shape[1])] = 0
    return y_pred


def _average_precision(y_true: np.ndarray, y_prob: np.ndarray, interpolation: str) -> float:
    """Compute the average precision of one label."""
    y_true, y_prob = np.ascontiguousarray(y_true), np.ascontiguousarray(y_prob)
    if not y_true.any():
        return np.nan
    order = np.argsort(-y_prob)
    ranked = y_prob[order]
    # A threshold cannot part equal scores: only the last row of each run of ties is a point.
    points = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
    n_hits = np.cumsum(y_true[order])[points]
    precision = n_hits / (points + 1)
    if interpolation == "envelope":
        precision = np.maximum.accumulate(precision[::-1])[::-1]
    return np.diff(n_hits, prepend=0) @ precision / n_hits[-1]
