"""Probabilities of rows that a model was not trained on: what both calibrators learn from."""

from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import indexable
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import _check_method_params

from sklearn_mlic.base import WrapperMixin
from sklearn_mlic.fitted import label_probabilities
from sklearn_mlic.model_selection import check_multilabel_cv
from sklearn_mlic.utils._calls import SentOnce, stream


def _fit(model: Any, X: Any, y: Any, params: dict) -> Any:
    """Fit; say in our words that a classifier takes one label only."""
    try:
        return model.fit(X, y, **params)
    except ValueError as error:
        if "should be a 1d array" not in str(error):
            raise
        raise ValueError(
            f"{type(model).__name__} learns one label at a time, and y has {y.shape[1]} columns. "
            f"Wrap it: BinaryRelevance({type(model).__name__}(...))."
        ) from error


class LeftOut(NamedTuple):
    """The rows that each split leaves out, and their probabilities."""

    parts: list[np.ndarray]
    y_probs: list[np.ndarray]

    @property
    def rows(self) -> np.ndarray:
        return np.concatenate(self.parts)

    @property
    def y_prob(self) -> np.ndarray:
        return np.concatenate(self.y_probs)


def _fit_predict(
    estimator: Any, X: Any, y: Any, split: tuple[np.ndarray, np.ndarray], params: dict
) -> tuple[Any, np.ndarray]:
    """Fit a clone on one fold; return it with the probabilities of the rows left out."""
    train, test = split
    model = clone(estimator)
    X_train, y_train = _safe_split(model, X, y, train)
    X_test, _ = _safe_split(model, X, y, test, train)
    _fit(model, X_train, y_train, _check_method_params(X, params, indices=train))
    # In double precision a threshold finds room between neighbouring scores of a network.
    return model, label_probabilities(model, X_test).astype(np.float64)


class OutOfFoldMixin(WrapperMixin):
    """A wrapper that learns from out-of-fold probabilities of its ``estimator``.

    Expects the parameters ``estimator``, ``cv``, ``n_jobs`` and ``random_state``.
    """

    def _fit_left_out(
        self, X: Any, y: Any, labels: np.ndarray, params: dict, refit: bool = True
    ) -> LeftOut:
        """Set ``estimator_``; return the probabilities of the rows each split leaves out."""
        X, y = indexable(X, y)
        fit_params = self._route_fit(params)
        splits = self._split(labels, self._route_split(params))
        parts = [test for _, test in splits]
        if isinstance(self.estimator, FrozenEstimator):
            self.estimator_ = self._fit_on_all(X, y, fit_params)
            y_prob = label_probabilities(self.estimator_, X).astype(np.float64)
            return LeftOut(parts, [y_prob[test] for test in parts])
        is_hold_out = isinstance(self.cv, Real) and not isinstance(self.cv, Integral)
        keep_first = is_hold_out or not refit
        if keep_first and len(splits) > 1:
            raise ValueError(
                f"refit=False needs a cv of one split to know which model to keep; this one has "
                f"{len(splits)}. Pass a float such as cv=0.2, or refit=True."
            )
        calls = (delayed(_fit_predict)(self.estimator, X, y, split, fit_params) for split in splits)
        fitted = stream(calls, self.n_jobs, SentOnce(X, y, fit_params))
        models, y_probs = zip(*fitted, strict=True)
        self.estimator_ = models[0] if keep_first else self._fit_on_all(X, y, fit_params)
        return LeftOut(parts, list(y_probs))

    def _fit_on_all(self, X: Any, y: Any, fit_params: dict) -> Any:
        if isinstance(self.estimator, FrozenEstimator):
            self._check_frozen_labels(y)
            return self.estimator
        return _fit(clone(self.estimator), X, y, fit_params)

    def _split(self, labels: np.ndarray, split_params: dict) -> list:
        # For sharing out the rows, an unknown label is one that the row has not.
        filled = np.nan_to_num(labels).astype(int)
        splitter = check_multilabel_cv(self.cv, filled, random_state=self.random_state)
        return list(splitter.split(np.zeros(len(filled)), filled, **split_params))

    def _check_frozen_labels(self, y: Any) -> None:
        """A fitted model's columns are in its own order, whatever that of y is."""
        known = getattr(self.estimator, "label_names_", None)
        if known is not None and hasattr(y, "columns") and list(known) != list(self.label_names_):
            raise ValueError(
                f"The fitted model predicts the labels {list(known)} and y has the columns "
                f"{list(self.label_names_)}. Put them in the model's order: y[model.label_names_]."
            )
