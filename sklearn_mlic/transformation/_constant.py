"""The one way a single target is fitted, and what stands in for one that never varies."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import _safe_indexing, get_tags
from sklearn.utils.validation import _check_method_params, _num_samples

from sklearn_mlic.base import CONSTANT_LOGIT
from sklearn_mlic.utils._parallel import one_blas_thread


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


def fit_target(estimator: Any, X: Any, target: np.ndarray, params: dict[str, Any]) -> Any:
    """Fit a clone of `estimator` on one target, or a ConstantLabel where there is one value only.

    Parameters
    ----------
    estimator : estimator
        A classifier; it is cloned.
    X : array-like of n_samples rows
        Anything that `estimator` takes.
    target : ndarray of shape (n_samples,)
        Values to predict; rows where it is NaN are left out.
    params : dict
        Goes to ``estimator.fit``; what has a value for each row loses those rows as well.

    Returns
    -------
    estimator
        The fitted clone or stand-in.
    """
    unknown = np.isnan(target)
    if unknown.any():
        if get_tags(estimator).input_tags.pairwise:
            raise ValueError(
                f"{type(estimator).__name__} takes distances or kernels between all rows, of which "
                f"none can be left out: unknown labels (NaN) and pruned label sets need features."
            )
        known = np.flatnonzero(~unknown)
        params = _check_method_params(X, params, indices=known)
        X, target = _safe_indexing(X, known), target[known].astype(int)
    if np.all(target == target[0]):
        return ConstantLabel(value=int(target[0])).fit(X, target)
    with one_blas_thread():
        return clone(estimator).fit(X, target, **params)
