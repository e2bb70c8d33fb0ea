"""The part that is held out of training, and its score on accumulated predictions."""

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.metrics import get_scorer

from sklearn_mlic.base import MultilabelMixin
from sklearn_mlic.metrics import SCORERS
from sklearn_mlic.model_selection import check_multilabel_cv


def hold_out(validation: Any, y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw the rows that train and those that score.

    Parameters
    ----------
    validation : float, int, splitter or iterable
        As `check_multilabel_cv` takes it; the first of its splits is used.
    y : ndarray of shape (n_samples, n_labels)
        The labels.
    seed : int
        Draws the part where `validation` is a number.

    Returns
    -------
    train, valid : ndarray of int
        Row numbers.

    Raises
    ------
    ValueError
        If `validation` is none of these, or leaves no row for one of the two.
    """
    is_number = isinstance(validation, Real)
    if is_number and not (0 < validation < 1 or validation >= 2):
        raise ValueError(
            f"validation={validation!r}; expected a part in (0, 1), a number of folds of which "
            f"the first is held out, or a splitter."
        )
    try:
        splitter = check_multilabel_cv(validation, y, random_state=seed)
        train, valid = next(iter(splitter.split(np.zeros(len(y)), y)))
    except ValueError as error:
        raise ValueError(
            f"validation={validation!r} holds nothing out of {len(y)} rows: {error}"
        ) from error
    if max(np.max(train), np.max(valid)) >= len(y):
        raise ValueError(f"validation={validation!r:.80} names rows that X lacks: it has {len(y)}.")
    if np.intersect1d(train, valid).size:
        raise ValueError(f"validation={validation!r:.80} has rows that train and score.")
    return train, valid


def find_scorer(scoring: Any) -> tuple[str, Callable | None]:
    """Return a scorer and its name.

    Parameters
    ----------
    scoring : str or callable
        ``"loss"``, a key of `sklearn_mlic.metrics.SCORERS`, one of scikit-learn's, or
        ``scorer(estimator, X, y)``.

    Returns
    -------
    name : str
        As in the column ``valid_<name>`` of the history.
    scorer : callable or None
        ``scorer(estimator, X, y) -> float``, greater is better; None for the loss, which is in
        the history anyway.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if scoring == "loss":
        return scoring, None
    if callable(scoring):
        return getattr(scoring, "__name__", "score"), scoring
    if scoring in SCORERS:
        return scoring, SCORERS[scoring]
    try:
        return scoring, get_scorer(scoring)
    except ValueError as error:
        raise ValueError(
            f"Unknown scoring {scoring!r}; expected 'loss', one of {', '.join(SCORERS)}, a name of "
            f"scikit-learn's, or a scorer."
        ) from error


class Predicted(MultilabelMixin, BaseEstimator):
    """Stands in for the network where a scorer wants an estimator: its predictions are made.

    Parameters
    ----------
    logits : ndarray of shape (n_samples, n_labels)
        What the network said of all rows of the part held out.
    """

    def __init__(self, logits: np.ndarray):
        self.logits = logits
        self.classes_ = np.array([[0, 1]] * logits.shape[1])

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the logits, whatever X is."""
        return self.logits

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities, whatever X is."""
        return expit(self.logits)


def score_logits(name: str, scorer: Callable, logits: np.ndarray, y: np.ndarray) -> float:
    """Score all rows of the part held out at once, never batch by batch.

    Parameters
    ----------
    name : str
        Of the score, for the message.
    scorer : callable
        ``scorer(estimator, X, y) -> float``.
    logits : ndarray of float64, shape (n_samples, n_labels)
        What the network said.
    y : ndarray of shape (n_samples, n_labels)
        The labels.

    Returns
    -------
    float
        Greater is better.
    """
    predicted = Predicted(logits)
    try:
        return float(scorer(predicted, np.zeros((len(y), 1)), y))
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"scoring={name!r} fails on a validation part of {len(y)} rows and {y.shape[1]} "
            f"labels: {error}. Take a multi-label score, such as 'mAP' or 'f1_macro'."
        ) from error
