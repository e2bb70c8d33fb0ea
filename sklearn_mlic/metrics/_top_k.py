"""The k best labels of each row."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.metrics._checks import as_scores, as_thresholds
from sklearn_mlic.utils._numbers import check_count


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
    check_count("k", k)
    y_prob = as_scores(y_prob, "y_prob")
    # A stable sort keeps equal scores in column order.
    best = np.argsort(-y_prob, axis=1, kind="stable")[:, :k]
    y_pred = np.zeros(y_prob.shape, dtype=int)
    np.put_along_axis(y_pred, best, 1, axis=1)
    if threshold is not None:
        y_pred[y_prob < as_thresholds(threshold, y_prob.shape[1])] = 0
    return y_pred
