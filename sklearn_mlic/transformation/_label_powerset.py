"""Label powerset: one multi-class classifier over the label sets seen in training."""

import warnings
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _estimator_has, check_is_fitted

from sklearn_mlic.base import MultilabelMixin, WrapperMixin, require_probabilities
from sklearn_mlic.transformation._constant import fit_target
from sklearn_mlic.transformation._label_sets import find_label_sets, find_stand_ins
from sklearn_mlic.utils._numbers import check_count


class LabelPowerset(MultilabelMixin, WrapperMixin, BaseEstimator):
    """Fit one multi-class classifier whose classes are the label sets seen in training.

    Choose it where whole label sets count and few of them occur: it learns which labels go
    together, and `predict_label_set` gives the set that is most likely right as a whole, one
    that training showed; `predict` decides each label by its marginal, as everywhere in the
    package. It needs several rows of each set: with many rare ones, prune them with `min_count`,
    or take `RAkEL`. It validates y and never X.

    Parameters
    ----------
    estimator : estimator
        A scikit-learn classifier for several classes, with ``predict_proba``.
    min_count : int, default=1
        Label sets seen in fewer rows are pruned. Such a row is trained on with the largest kept
        set within its own (of several, the most frequent), and left out where there is none.
        The empty set does not count as one within another. 1 keeps all.

    Attributes
    ----------
    estimator_ : estimator
        The fitted classifier; its class k is row k of `label_sets_`. A stand-in where all rows
        have one label set.
    label_sets_ : ndarray of int, shape (n_sets, n_labels)
        The label sets trained on, the most frequent of y first.
    label_set_counts_ : ndarray of int, shape (n_sets,)
        The number of rows trained on with each.
    classes_ : ndarray of shape (n_labels, 2)
        ``[0, 1]`` for each label.
    label_names_ : ndarray of object, shape (n_labels,)
        The columns of a DataFrame y, else ``label_0``, ``label_1``, …
    n_features_in_ : int
        Number of features seen in fit, where the wrapped estimator counts them.
    feature_names_in_ : ndarray of str
        Names of the features seen in fit, where the wrapped estimator keeps them.

    References
    ----------
    Tsoumakas, G. and Katakis, I. (2007). Multi-label classification: an overview.
    International Journal of Data Warehousing and Mining, 3(3).

    Read, J., Pfahringer, B. and Holmes, G. (2008). Multi-label classification using ensembles
    of pruned sets. IEEE International Conference on Data Mining.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mlic import LabelPowerset
    >>> X, y = make_multilabel_classification(n_classes=3, random_state=0)
    >>> model = LabelPowerset(LogisticRegression(max_iter=1000), min_count=5).fit(X, y)
    >>> model.label_sets_[0]
    array([1, 1, 1])
    >>> model.label_set_counts_
    array([26, 18, 13, 11, 10,  9,  7,  6])
    >>> model.predict_proba(X).shape
    (100, 3)
    """

    def __init__(self, estimator, *, min_count=1):
        self.estimator = estimator
        self.min_count = min_count

    def fit(self, X: Any, y: Any, **params: Any) -> "LabelPowerset":
        """Find the label sets and fit the classifier over them.

        Parameters
        ----------
        X : array-like of n_samples rows
            Anything that `estimator` takes.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicator matrix.
        **params : dict
            Goes to ``estimator.fit``, as ``sample_weight`` does.

        Returns
        -------
        self : LabelPowerset
            The fitted estimator.

        Raises
        ------
        ValueError
            If `y` is not a 0/1 indicator matrix with a row for each row of `X`, or no label set
            is seen in `min_count` rows.
        TypeError
            If `estimator` has no ``predict_proba``.
        """
        require_probabilities(self)
        labels = self._check_labels(y, X, keep_sparse=True)
        check_count("min_count", self.min_count)
        return self._fit_sets(X, labels, self._route_fit(params))

    def _fit_sets(self, X: Any, labels: Any, params: dict[str, Any]) -> "LabelPowerset":
        """Fit on checked labels and on metadata that has found its way."""
        sets, row_set = find_label_sets(labels)
        counts = np.bincount(row_set)
        n_kept = int((counts >= self.min_count).sum())
        if n_kept == 0:
            raise ValueError(
                f"No label set is seen in min_count={self.min_count} rows: the most frequent of "
                f"{len(counts)} is in {counts[0]} of {len(row_set)}. Lower min_count, or use "
                f"RAkEL, whose sets of few labels repeat more often."
            )
        stand_in = find_stand_ins(sets, n_kept)[row_set]
        in_use = stand_in >= 0
        # NaN tells fit_target to leave the row out, of X and of the metadata.
        target = stand_in if in_use.all() else np.where(in_use, stand_in, np.nan)
        kept = sets[:n_kept]
        self.label_sets_ = kept.toarray() if sparse.issparse(kept) else kept
        self.label_set_counts_ = np.bincount(stand_in[in_use])
        with warnings.catch_warnings():
            # Many sets of few rows each are no sign of a regression target.
            warnings.filterwarnings("ignore", message="The number of unique classes is greater")
            self.estimator_ = fit_target(self.estimator, X, target, params)
        return self

    def _predict_sets(self, X: Any) -> np.ndarray:
        """Return the probability of each label set, shape (n_samples, n_sets)."""
        check_is_fitted(self, "estimator_")
        # The stand-in for a single set has two columns, the second of probability 0.
        return self.estimator_.predict_proba(X)[:, : len(self.label_sets_)]

    @available_if(_estimator_has("predict_proba", delegates=("estimator",)))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the probability of each label: that of the label sets which hold it.

        Parameters
        ----------
        X : array-like of n_samples rows
            In the form that ``fit`` took.

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_labels)
            The marginals; rows do not sum to 1.
        """
        return np.clip(self._predict_sets(X) @ self.label_sets_, 0.0, 1.0)

    @available_if(_estimator_has("predict_proba", delegates=("estimator",)))
    def predict_label_set(self, X: Any) -> np.ndarray:
        """Predict the most probable whole label set, always one that was seen in training.

        It maximises the expected subset accuracy, where `predict`, which decides each label on
        its own, minimises the expected Hamming loss.

        Parameters
        ----------
        X : array-like of n_samples rows
            In the form that ``fit`` took.

        Returns
        -------
        y_pred : ndarray of int, shape (n_samples, n_labels)
            1 where the label is in the set.
        """
        return self.label_sets_[self._predict_sets(X).argmax(axis=1)]
