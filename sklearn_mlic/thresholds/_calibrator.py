"""A meta-estimator that tunes the thresholds of any multi-label classifier."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _estimator_has, check_is_fitted

from sklearn_mlic.base import MultilabelMixin
from sklearn_mlic.fitted import label_probabilities
from sklearn_mlic.metrics import top_k_labels
from sklearn_mlic.thresholds._fallback import fill_empty, find_fallback
from sklearn_mlic.thresholds._joint import default_k, label_frequencies
from sklearn_mlic.thresholds._methods import UNLABELLED, check_unlabelled, make_rule, score_labels
from sklearn_mlic.thresholds._out_of_fold import LeftOut, OutOfFoldMixin
from sklearn_mlic.thresholds._tune import check_scores, or_default, warn_untuned


class ThresholdCalibrator(MultilabelMixin, OutOfFoldMixin, BaseEstimator):
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
    method : str or callable, default="f1"
        The rule, see :func:`tune_thresholds`. Two of them also change ``predict``: after
        ``"at_least_one"`` a row that reaches no threshold gets its most probable label, and after
        ``"top_k"`` each row gets its k most probable labels, whatever the thresholds.
    method_params : dict, optional
        Settings of the rule, as :func:`tune_thresholds` names them.
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
        Shuffles the folds; None takes the same ones in every fit.
    store_cv_results : bool, default=False
        Whether to keep ``cv_results_``.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator behind ``predict_proba``.
    thresholds_ : ndarray of shape (n_labels,)
        A label is predicted iff its probability is at least this. A label with fewer than two
        known positives cannot be learned from one fold and tuned on another: where it has no
        positive of a score above 0 it keeps 0.5 without a warning.
    threshold_std_ : ndarray of shape (n_labels,)
        Standard deviation of the thresholds that each fold alone would choose, over the folds
        with a positive; NaN with fewer than two of those.
    best_scores_ : ndarray of shape (n_labels,)
        What the rule maximised of each label, at ``thresholds_`` and on the rows that they were
        tuned on; F1 after a rule for all labels together, NaN after ``"fixed"`` and
        ``calibrate``.
    cv_results_ : dict of ndarrays
        ``rows``, ``fold``, ``y_prob`` of the rows left out, and ``thresholds`` of each fold
        (NaN without a positive). Only with `store_cv_results`, and not after ``"fixed"``.
    label_frequencies_ : ndarray of shape (n_labels,)
        The part of the known rows of y that have each label.
    top_k_ : int or None
        Labels that ``predict`` gives each row; None for other methods than ``"top_k"``.
    fallback_ : None, "argmax" or int
        What an empty prediction falls back to; an int is the column of a label.
    classes_ : ndarray of shape (n_labels, 2)
        ``[0, 1]`` for each label.
    label_names_ : ndarray of object, shape (n_labels,)
        The columns of a DataFrame y, else ``label_0``, ``label_1``, …
    n_features_in_ : int
        Number of features seen in fit, where the wrapped estimator counts them.
    feature_names_in_ : ndarray of str
        Names of the features seen in fit, where the wrapped estimator keeps them.

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
        method_params=None,
        cv=5,
        refit=True,
        fallback=None,
        n_jobs=None,
        random_state=None,
        store_cv_results=False,
    ):
        self.estimator = estimator
        self.method = method
        self.method_params = method_params
        self.cv = cv
        self.refit = refit
        self.fallback = fallback
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.store_cv_results = store_cv_results

    def fit(self, X: Any, y: Any, **params: Any) -> "ThresholdCalibrator":
        """Collect out-of-fold probabilities, tune the thresholds, fit on all rows.

        Parameters
        ----------
        X : array-like of n_samples rows
            Anything that `estimator` takes.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicator matrix. NaN is an unknown label, if `estimator` takes it: thresholds
            are tuned on known entries.
        **params : dict
            Goes to ``estimator.fit``, as ``sample_weight`` does, row by row for each fold; and
            ``groups`` to the splitter. With scikit-learn's metadata routing switched on, each
            gets what it asks for. Thresholds are tuned on all rows alike, whatever their weight.

        Returns
        -------
        self : ThresholdCalibrator
            The fitted estimator.

        Raises
        ------
        ValueError
            If `y` is not a 0/1 indicator matrix with a row for each row of `X`, a name or a
            setting is unknown, or ``refit=False`` meets a `cv` of several splits.
        """
        labels = self._check_labels(y, X, allow_unknown=True)
        self.label_frequencies_ = label_frequencies(labels)
        self.fallback_ = find_fallback(
            self.fallback, self.method, list(self.label_names_), self.label_frequencies_
        )
        rule = make_rule(self.method, self._find_settings())
        if self.method == "fixed":
            # The rule that looks at no data needs no folds.
            self.thresholds_ = rule(labels, labels)
            self.threshold_std_ = np.zeros(labels.shape[1])
            self.best_scores_ = np.full(labels.shape[1], np.nan)
            self.estimator_ = self._fit_on_all(X, y, self._route_fit(params))
            return self
        left_out = self._fit_left_out(X, y, labels, params, self.refit)
        self._set_tuned(rule, labels, left_out)
        return self

    def _set_tuned(self, rule: Any, labels: np.ndarray, left_out: LeftOut) -> None:
        """Tune on all rows left out together, and on each part alone for the spread."""
        y_true, y_prob = labels[left_out.rows], left_out.y_prob
        check_scores(y_true, y_prob)
        thresholds = rule(y_true, y_prob)
        # A single positive is either trained on or tuned on, never both: no warning can help.
        is_frozen = isinstance(self.estimator, FrozenEstimator)
        expected = is_frozen | (np.nansum(labels, axis=0) >= 2)
        warn_untuned(self.label_names_[np.isnan(thresholds) & expected])
        self.thresholds_ = or_default(thresholds)
        self.best_scores_ = score_labels(self.method, y_true, y_prob, self.thresholds_)
        pairs = zip(left_out.parts, left_out.y_probs, strict=True)
        parts = np.array([rule(labels[rows], p) for rows, p in pairs])
        self.threshold_std_ = np.full(labels.shape[1], np.nan)
        several = np.count_nonzero(~np.isnan(parts), axis=0) >= 2
        self.threshold_std_[several] = np.nanstd(parts[:, several], axis=0)
        if self.store_cv_results:
            sizes = [len(rows) for rows in left_out.parts]
            self.cv_results_ = {
                "rows": left_out.rows,
                "fold": np.repeat(np.arange(len(sizes)), sizes),
                "y_prob": y_prob,
                "thresholds": parts,
            }

    def _find_settings(self) -> dict:
        """Settle the settings of the rule that follow from y as a whole: k, and ``top_k_``."""
        settings = dict(self.method_params or {})
        self.top_k_ = None
        if self.method == "top_k":
            if settings.get("k") is None:
                settings["k"] = default_k(self.label_frequencies_)
            self.top_k_ = settings["k"]
        return settings

    def calibrate(self, X: Any) -> "ThresholdCalibrator":
        """Set the thresholds from rows without labels, those to predict most of all.

        Choose it where probabilities are off on new rows, but labels are about as frequent
        there as in ``fit``. It predicts `X` and takes the thresholds that match the frequencies
        of ``fit``; these stay as they are. For the methods ``"cardinality"``,
        ``"label_cardinality"`` and ``"top_k"``.

        Parameters
        ----------
        X : array-like of n_samples rows
            In the form that ``fit`` took.

        Returns
        -------
        self : ThresholdCalibrator
            With new ``thresholds_``; ``threshold_std_`` and ``best_scores_`` are NaN.

        Raises
        ------
        ValueError
            If the method needs labels.
        """
        check_is_fitted(self, "thresholds_")
        check_unlabelled(self.method)
        rule = make_rule(self.method, self._find_settings(), UNLABELLED)
        n_labels = len(self.label_frequencies_)
        y_prob = self.predict_proba(X).astype(np.float64)
        check_scores(np.zeros((len(y_prob), n_labels)), y_prob)
        self.thresholds_ = or_default(rule(self.label_frequencies_, y_prob))
        self.threshold_std_ = np.full(n_labels, np.nan)
        self.best_scores_ = np.full(n_labels, np.nan)
        return self

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
        if self.top_k_ is not None:
            return top_k_labels(y_prob, self.top_k_)
        y_pred = (y_prob >= self.thresholds_).astype(int)
        fill_empty(y_pred, y_prob, self.fallback_)
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
        return label_probabilities(self.estimator_, X)

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
