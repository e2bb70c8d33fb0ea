"""The mean of several classifiers' log-odds."""

from collections.abc import Sequence

import numpy as np
from scipy.special import expit, logit


def log_odds(y_prob: np.ndarray) -> np.ndarray:
    """Return finite log-odds, in double precision.

    Certainty is worth the last step below 1 that the number's own type knows, on both sides: a
    float32 has none between 17 and infinity, and would outweigh a member in double precision.

    Parameters
    ----------
    y_prob : ndarray
        Probabilities.

    Returns
    -------
    ndarray of float64
        Of the same shape.
    """
    floats = y_prob if y_prob.dtype.kind == "f" else y_prob.astype(np.float64)
    step = float(np.finfo(floats.dtype).epsneg)
    return logit(np.clip(floats.astype(np.float64), step, 1 - step))


def mean_log_odds(y_probs: Sequence[np.ndarray], weights: Sequence | None = None) -> np.ndarray:
    """Return the weighted mean of log-odds.

    Parameters
    ----------
    y_probs : sequence of ndarray (n_samples, n_labels)
        Probabilities, one array a classifier.
    weights : sequence of float, optional
        How much each counts. None means all alike.

    Returns
    -------
    ndarray of float64, shape (n_samples, n_labels)
        Finite.
    """
    return np.average([log_odds(p) for p in y_probs], axis=0, weights=weights)


def pool(y_probs: Sequence[np.ndarray], weights: Sequence | None = None) -> np.ndarray:
    """Return the probabilities that have the mean log-odds, 0 or 1 where all are.

    Parameters
    ----------
    y_probs, weights : object
        As for `mean_log_odds`.

    Returns
    -------
    ndarray of float64, shape (n_samples, n_labels)
        In 0..1.
    """
    y_prob = expit(mean_log_odds(y_probs, weights))
    for certain in (0.0, 1.0):
        y_prob[np.all([p == certain for p in y_probs], axis=0)] = certain
    return y_prob
