"""Threshold rules: pure functions of (y_true, y_prob)."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sklearn_mlic.utils._choices import check_choice
from sklearn_mlic.utils._labels import as_label_matrix

DEFAULT_THRESHOLD = 0.5


def _fixed(y_true: np.ndarray, y_prob: np.ndarray) -> float:
    return DEFAULT_THRESHOLD


def _best_f1(y_true: np.ndarray, y_prob: np.ndarray) -> float:
    """One label's best F1 over every cut between two distinct scores: one sort, no loop.

    NaN without a positive that has a score above 0: nothing is learned from it, and a
    threshold of 0 would predict the label on every row.
    """
    if not y_true[y_prob > 0].any():
        return np.nan
    n_positives = y_true.sum()
    order = np.argsort(-y_prob, kind="stable")
    scores = y_prob[order]
    # A cut can only fall behind the last of several equal scores.
    ends = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    true_positives = np.cumsum(y_true[order])[ends]
    f1 = 2 * true_positives / (ends + 1 + n_positives)
    # Halfway to the next lower score: an observed score as threshold overfits. Below the
    # lowest score lies 0.
    lower = np.append(scores[ends[1:]], 0.0)
    halfway = (scores[ends] + lower) / 2
    # The mean of two neighbouring floats may round down onto the lower one.
    cuts = np.where(halfway > lower, halfway, scores[ends])
    f1[cuts == 0] = 0
    best = np.flatnonzero(np.isclose(f1, f1.max(), rtol=1e-12, atol=0))
    return float(cuts[best[np.argmin(np.abs(cuts[best] - DEFAULT_THRESHOLD))]])


METHODS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {"fixed": _fixed, "f1": _best_f1}


def tune_thresholds(y_true: Any, y_prob: Any, method: str = "f1") -> np.ndarray:
    """Choose a decision threshold for each label; a label is predicted iff ``p >= threshold``.

    Parameters
    ----------
    y_true : array-like of shape (n_samples, n_labels)
        0/1 indicator matrix.
    y_prob : array-like of shape (n_samples, n_labels)
        Probabilities of rows that the model was not trained on.
    method : {"f1", "fixed"}, default="f1"
        ``"f1"`` takes the best F1 of each label over all operating points and places the
        threshold halfway between the chosen score and the next lower one (0 below the
        lowest); ties go to the threshold nearest to 0.5. ``"fixed"`` is 0.5 everywhere.

    Returns
    -------
    thresholds : ndarray of shape (n_labels,)
        In 0..1, never 0 from data. A label without a positive of a score above 0 keeps 0.5,
        with a warning.

    Raises
    ------
    ValueError
        If the shapes differ, `y_true` is not 0/1, or `y_prob` has entries that are NaN
        or outside 0..1.

    References
    ----------
    Lipton, Z., Elkan, C. and Naryanaswamy, B. (2014). Optimal thresholding of classifiers to
    maximize F1 measure. ECML PKDD.

    Examples
    --------
    >>> y_true = [[1, 0], [1, 1], [0, 0], [0, 1]]
    >>> y_prob = [[0.4, 0.1], [0.3, 0.9], [0.1, 0.2], [0.1, 0.8]]
    >>> tune_thresholds(y_true, y_prob)
    array([0.2, 0.5])
    """
    check_choice("threshold method", method, METHODS)
    labels, names = as_label_matrix(y_true, "y_true")
    scores = np.asarray(y_prob, dtype=np.float64)
    check_scores(labels, scores)
    if not np.all((scores >= 0) & (scores <= 1)):
        raise ValueError(
            "y_prob has entries outside 0..1. Pass probabilities; "
            "put logits through scipy.special.expit first."
        )
    return tune_checked(labels, scores, method, names)


def check_scores(labels: np.ndarray, scores: np.ndarray) -> None:
    """Raise where a label has no probability to tune on: another shape, or NaN."""
    if scores.shape != labels.shape:
        raise ValueError(
            f"y_prob has shape {scores.shape} and y_true {labels.shape}: expected the same shape, "
            f"one probability for each row and label. Wrap a binary classifier in BinaryRelevance."
        )
    n_unknown = np.isnan(scores).any(axis=1).sum()
    if n_unknown:
        raise ValueError(
            f"y_prob is NaN in {n_unknown} of {len(scores)} rows. Drop them if they are missing; "
            f"a network that predicts NaN has diverged in training: lower its learning rate."
        )


def tune_checked(
    labels: np.ndarray, scores: np.ndarray, method: str, names: Sequence
) -> np.ndarray:
    """Apply the rule to each label; warn of the labels that had nothing to tune on."""
    thresholds = tune_part(labels, scores, method)
    unknown = np.isnan(thresholds)
    if unknown.any():
        empty = [str(name) for name, bare in zip(names, unknown, strict=True) if bare]
        listing = ", ".join(empty[:10]) + (", …" if len(empty) > 10 else "")
        warnings.warn(
            f"No positive row of a score above 0 for {len(empty)} label(s) to tune on: {listing}. "
            f"Their threshold stays at {DEFAULT_THRESHOLD}.",
            UserWarning,
            stacklevel=3,
        )
    return np.where(unknown, DEFAULT_THRESHOLD, thresholds)


def tune_part(labels: np.ndarray, scores: np.ndarray, method: str) -> np.ndarray:
    """Apply the rule to each label; NaN where there is nothing to tune on. Shape (n_labels,)."""
    rule = METHODS[method]
    return np.array([rule(*pair) for pair in zip(labels.T, scores.T, strict=True)])
