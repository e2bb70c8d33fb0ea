"""What stands in for a classifier when a label takes one value only in training."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import _num_samples

from sklearn_mlic.base import CONSTANT_LOGIT


class ConstantLabel(ClassifierMixin, BaseEstimator):
    """Predict one value for every row, with certainty.

    A fold can lose every positive (or negative) of a rare label. The label is then predicted
    as it was seen, so that no fit fails and no column goes missing.

    Parameters
    ----------
    value : int
        The only value the label took: 0 or 1.
    """

    def __init__(self, value: int = 0):
        self.value = value

    def fit(self, X: Any, y: Any) -> "ConstantLabel":
        """Do nothing but set ``classes_``."""
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the constant as a pair of probabilities, shape (n_samples, 2)."""
        return np.tile([1.0 - self.value, float(self.value)], (_num_samples(X), 1))

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the constant as a logit, shape (n_samples,)."""
        return np.full(_num_samples(X), CONSTANT_LOGIT if self.value else -CONSTANT_LOGIT)


def is_constant(y: np.ndarray) -> bool:
    """Tell whether a label's column takes one value only."""
    return bool(np.all(y == y[0]))
