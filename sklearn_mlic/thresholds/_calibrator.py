"""A meta-estimator that tunes the thresholds of any multi-label classifier."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import _safe_split, available_if
from sklearn.utils.validation import _estimator_has, check_is_fitted

from sklearn_mlic.base import MultilabelMixin
from sklearn_mlic.metrics import f1_per_label
from sklearn_mlic.model_selection import check_multilabel_cv
from sklearn_mlic.thresholds._rules import (
    DEFAULT_THRESHOLD,
    METHODS,
    check_scores,
    tune_checked,
    tune_part,
)
from sklearn_mlic.utils._choices import check_choice


def _label_probabilities(estimator: Any, X: Any) -> np.ndarray:
    """`predict_proba` as (n_samples, n_labels), from our form or scikit-learn's list of pairs."""
    y_prob = estimator.predict_proba(X)
    if isinstance(y_prob, list):
        narrow = [j for j, pair in enumerate(y_prob) if pair.shape[1] != 2]
        if narrow:
            raise ValueError(
                f"{type(estimator).__name__} saw one value only for label(s) {narrow} in a "
                f"training fold and gives no probability for them. Wrap a binary classifier in "
                f"BinaryRelevance, which predicts such labels as constant."
            )
        y_prob = np.column_stack([pair[:, 1] for pair in y_prob])
    return np.asarray(y_prob)


def _fit_predict(estimator: Any, X: Any, y: Any, train: np.ndarray, test: np.ndarray) -> tuple:
    """Fit a clone on one fold; return it with the probabilities of the rows left out."""
    model = clone(estimator)
    X_train, y_train = _safe_split(model, X, y, train)
    X_test, _ = _safe_split(model, X, y, test, train)
    model.fit(X_train, y_train)
    return model, _label_probabilities(model, X_test)


class ThresholdCalibrator(MultilabelMixin, MetaEstimatorMixin, BaseEstimator):
    """Tune one decision threshold a label on predictions for rows not trained on.

    scikit-learn's ``TunedThresholdClassifierCV`` for several labels. One set of out-of-fold
    probabilities serves all labels, so that the cost is ``cv + 1`` fits and not
    ``n_labels * (cv + 1)``. It validates y and never X: image paths pass through.
    ``predict_proba`` is the wrapped estimator's own; only ``predict`` changes.

    Parameters
    ----------
    estimator : estimator
        Any multi-label classifier with ``predict_proba``. A model that is already fitted goes
        in as ``sklearn.frozen.FrozenEstimator(model)``: nothing is fitted again, and the rows
        given to ``fit`` should be new to it. All of them are used, or with a float `cv` that
        part of them.
    method : {"f1", "fixed"}, default="f1"
        The rule, see :func:`tune_thresholds`.
    cv : int, float, splitter or iterable, default=5
        An int is a number of multi-label stratified folds; a float in (0, 1) one stratified
        hold-out of that fraction, whose model is kept and never fitted again; else a
        scikit-learn splitter or an iterable of index pairs.
    refit : bool, default=True
        Whether the estimator is fitted on all rows in the end. False keeps the model of the
        training part and needs a `cv` of one split.
    fallback : {None, "argmax", "prior"} or str, default=None
        What ``predict`` gives a row that reaches no threshold: nothing; the label of highest
        probability; the most frequent label in training; or the label of this name.
    n_jobs : int, optional
        Number of folds fitted at the same time.
    random_state : int, RandomState or None, default=None
        Shuffles the folds.
    store_cv_results : bool, default=False
        Whether to keep ``cv_results_``.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator behind ``predict_proba``.
    thresholds_ : ndarray of shape (n_labels,)
        A label is predicted iff its probability is at least this.
    threshold_std_ : ndarray of shape (n_labels,)
        Standard deviation of the thresholds that each fold alone would choose, over the folds
        with a positive; NaN with fewer than two of those.
    best_scores_ : ndarray of shape (n_labels,)
        F1 of each label at ``thresholds_`` on the rows that they were tuned on.
    cv_results_ : dict of ndarrays
        ``rows``, ``fold``, ``y_prob`` of the rows left out, and ``thresholds`` of each fold
        (NaN without a positive). Only with `store_cv_results`.
    fallback_ : None, "argmax" or int
        What an empty prediction falls back to; an int is the column of a label.
    classes_ : ndarray of shape (n_labels, 2)
        ``[0, 1]`` for each label.
    label_names_ : ndarray of object, shape (n_labels,)
        The columns of a DataFrame y, else ``label_0``, ``label_1``, …

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mlic import BinaryRelevance, ThresholdCalibrator
    >>> X, y = make_multilabel_classification(n_classes=3, random_state=0)
    >>> model = ThresholdCalibrator(BinaryRelevance(LogisticRegression()), random_state=0)
    >>> model.fit(X, y).thresholds_.shape
    (3,)
    """

    def __init__(
        self,
        estimator,
        *,
        method="f1",
        cv=5,
        refit=True,
        fallback=None,
        n_jobs=None,
        random_state=None,
        store_cv_results=False,
    ):
        self.estimator = estimator
        self.method = method
        self.cv = cv
        self.refit = refit
        self.fallback = fallback
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.store_cv_results = store_cv_results

    def fit(self, X: Any, y: Any) -> "ThresholdCalibrator":
        """Collect out-of-fold probabilities, tune the thresholds, fit on all rows.

        Parameters
        ----------
        X : array-like of n_samples rows
            Anything that `estimator` takes.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicator matrix.

        Returns
        -------
        self : ThresholdCalibrator
            The fitted estimator.

        Raises
        ------
        ValueError
            If `y` is not a 0/1 indicator matrix with a row for each row of `X`, a name is
            unknown, or ``refit=False`` meets a `cv` of several splits.
        """
        labels = self._check_labels(y, X)
        check_choice("threshold method", self.method, METHODS)
        self.fallback_ = self._find_fallback(labels)
        if self.method == "fixed":
            self._set_fixed(X, y)
            return self
        splitter = check_multilabel_cv(self.cv, labels, random_state=self.random_state)
        splits = list(splitter.split(np.zeros(len(labels)), labels))
        y_probs = self._predict_left_out(X, y, splits)
        self._set_tuned(labels, [test for _, test in splits], y_probs)
        return self

    def _set_fixed(self, X: Any, y: Any) -> None:
        """The rule that looks at no data needs no folds."""
        n_labels = len(self.label_names_)
        self.estimator_ = clone(self.estimator).fit(X, y)
        self.thresholds_ = np.full(n_labels, DEFAULT_THRESHOLD)
        self.threshold_std_ = np.zeros(n_labels)
        self.best_scores_ = np.full(n_labels, np.nan)

    def _predict_left_out(self, X: Any, y: Any, splits: list) -> list[np.ndarray]:
        """Set ``estimator_``; return the probabilities of the rows each split leaves out."""
        if isinstance(self.estimator, FrozenEstimator):
            self._check_frozen_labels(y)
            self.estimator_ = self.estimator
            y_prob = _label_probabilities(self.estimator_, X)
            return [y_prob[test] for _, test in splits]
        is_hold_out = isinstance(self.cv, Real) and not isinstance(self.cv, Integral)
        keep_first = is_hold_out or not self.refit
        if keep_first and len(splits) > 1:
            raise ValueError(
                f"refit=False needs a cv of one split to know which model to keep; this one has "
                f"{len(splits)}. Pass a float such as cv=0.2, or refit=True."
            )
        fitted = Parallel(n_jobs=self.n_jobs)(
            delayed(_fit_predict)(self.estimator, X, y, train, test) for train, test in splits
        )
        models, y_probs = zip(*fitted, strict=True)
        self.estimator_ = models[0] if keep_first else clone(self.estimator).fit(X, y)
        return list(y_probs)

    def _check_frozen_labels(self, y: Any) -> None:
        """A fitted model's columns are in its own order, whatever that of y is."""
        known = getattr(self.estimator, "label_names_", None)
        if known is not None and hasattr(y, "columns") and list(known) != list(self.label_names_):
            raise ValueError(
                f"The fitted model predicts the labels {list(known)} and y has the columns "
                f"{list(self.label_names_)}. Put them in the model's order: y[model.label_names_]."
            )

    def _set_tuned(self, labels: np.ndarray, rows: list, y_probs: list) -> None:
        """Tune on all rows left out together, and on each part alone for the spread."""
        y_true, y_prob = labels[np.concatenate(rows)], np.concatenate(y_probs)
        check_scores(y_true, y_prob)
        self.thresholds_ = tune_checked(y_true, y_prob, self.method, self.label_names_)
        parts = np.array(
            [tune_part(labels[r], p, self.method) for r, p in zip(rows, y_probs, strict=True)]
        )
        self.threshold_std_ = np.full(labels.shape[1], np.nan)
        several = np.count_nonzero(~np.isnan(parts), axis=0) >= 2
        self.threshold_std_[several] = np.nanstd(parts[:, several], axis=0)
        self.best_scores_ = f1_per_label(y_true, y_prob >= self.thresholds_)
        if self.store_cv_results:
            self.cv_results_ = {
                "rows": np.concatenate(rows),
                "fold": np.repeat(np.arange(len(rows)), [len(r) for r in rows]),
                "y_prob": y_prob,
                "thresholds": parts,
            }

    def _find_fallback(self, labels: np.ndarray) -> Any:
        """None, "argmax", or the column that an empty prediction falls back to."""
        if self.fallback is None or self.fallback == "argmax":
            return self.fallback
        if self.fallback == "prior":
            return int(labels.sum(axis=0).argmax())
        names = list(self.label_names_)
        check_choice("fallback", self.fallback, ["argmax", "prior", *names])
        return names.index(self.fallback)

    def apply_thresholds(self, y_prob: np.ndarray) -> np.ndarray:
        """Turn probabilities into labels by the tuned thresholds, then the fallback.

        Parameters
        ----------
        y_prob : ndarray of shape (n_samples, n_labels)
            What `predict_proba` returned.

        Returns
        -------
        y_pred : ndarray of int, shape (n_samples, n_labels)
            As `predict` returns it.
        """
        check_is_fitted(self, "thresholds_")
        y_pred = (y_prob >= self.thresholds_).astype(int)
        if self.fallback_ is not None:
            empty = np.flatnonzero(~y_pred.any(axis=1))
            is_argmax = self.fallback_ == "argmax"
            y_pred[empty, y_prob[empty].argmax(axis=1) if is_argmax else self.fallback_] = 1
        return y_pred

    @available_if(_estimator_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the wrapped estimator's probabilities, shape (n_samples, n_labels).

        Parameters
        ----------
        X : array-like of n_samples rows
            In the form that ``fit`` took.

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_labels)
            Untouched by thresholds and fallback.
        """
        check_is_fitted(self, "estimator_")
        return _label_probabilities(self.estimator_, X)

    @available_if(_estimator_has("decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:
        """Return the wrapped estimator's decision values, shape (n_samples, n_labels).

        Parameters
        ----------
        X : array-like of n_samples rows
            In the form that ``fit`` took.

        Returns
        -------
        scores : ndarray of shape (n_samples, n_labels)
            Untouched by thresholds and fallback.
        """
        check_is_fitted(self, "estimator_")
        return self.estimator_.decision_function(X)

    @property
    def n_features_in_(self) -> int:
        return self.estimator_.n_features_in_

    @property
    def feature_names_in_(self) -> np.ndarray:
        return self.estimator_.feature_names_in_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags
