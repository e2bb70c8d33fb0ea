"""Binary relevance: one independent classifier a label."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import indexable
from sklearn.utils.metaestimators import available_if
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import _estimator_has, check_is_fitted

from sklearn_mlic.base import MultilabelMixin, WrapperMixin, require_probabilities
from sklearn_mlic.transformation._constant import fit_target
from sklearn_mlic.utils._calls import SentOnce
from sklearn_mlic.utils._labels import label_column
from sklearn_mlic.utils._parallel import check_parameters_once, run_parallel


class BinaryRelevance(MultilabelMixin, WrapperMixin, BaseEstimator):
    """Fit one copy of a binary classifier for each label.

    The first thing to try, and often hard to beat on good features. It validates y and never
    X, so X may be whatever `estimator` takes: numbers, image paths for a pipeline, text.
    A label that takes one value only in training is predicted as that value; one that is unknown
    (NaN) in some rows is trained on the others.

    Parameters
    ----------
    estimator : estimator
        A scikit-learn classifier with ``predict_proba``. For one that has none, such as
        ``LinearSVC``, wrap it in ``sklearn.calibration.CalibratedClassifierCV``.
    n_jobs : int, optional
        Number of labels fitted at the same time. None means 1 unless in a
        ``joblib.parallel_config`` context, -1 all processors.
    verbose : int, default=0
        1 shows a progress bar over the labels.

    Attributes
    ----------
    estimators_ : list of estimators
        The fitted classifier of each label.
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

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mlic import BinaryRelevance
    >>> X, y = make_multilabel_classification(n_classes=3, random_state=0)
    >>> model = BinaryRelevance(LogisticRegression()).fit(X, y)
    >>> model.predict_proba(X).shape
    (100, 3)
    """

    def __init__(self, estimator, n_jobs=None, verbose=0):
        self.estimator = estimator
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(self, X: Any, y: Any, **params: Any) -> "BinaryRelevance":
        """Fit one classifier a label.

        Parameters
        ----------
        X : array-like of n_samples rows
            Anything that `estimator` takes.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicator matrix. NaN is an unknown label: each label is trained on the rows
            where it is known.
        **params : dict
            Goes to ``estimator.fit``, as ``sample_weight`` does.

        Returns
        -------
        self : BinaryRelevance
            The fitted estimator.

        Raises
        ------
        ValueError
            If `y` is not a 0/1 indicator matrix with a row for each row of `X`, or a label is
            unknown in every row.
        TypeError
            If `estimator` has no ``predict_proba``.
        """
        require_probabilities(self)
        labels = self._check_labels(y, X, allow_unknown=True, keep_sparse=True)
        self._check_known(labels)
        params = self._route_fit(params)
        (X,) = indexable(X)
        fits = (
            delayed(fit_target)(self.estimator, X, label_column(labels, j), params)
            for j in range(labels.shape[1])
        )
        with check_parameters_once(self.estimator):
            once = SentOnce(X, params)
            self.estimators_ = run_parallel(
                fits, labels.shape[1], self.n_jobs, "Fitting labels", self.verbose, once
            )
        return self

    @available_if(_estimator_has("predict_proba", delegates=("estimator",)))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the probability of each label.

        Parameters
        ----------
        X : array-like of n_samples rows
            In the form that ``fit`` took.

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_labels)
            Each column on its own: rows do not sum to 1.
        """
        check_is_fitted(self, "estimators_")
        return np.column_stack([fitted.predict_proba(X)[:, 1] for fitted in self.estimators_])

    @available_if(_estimator_has("decision_function", delegates=("estimator",)))
    def decision_function(self, X: Any) -> np.ndarray:
        """Return the decision value of each label, shape (n_samples, n_labels).

        Parameters
        ----------
        X : array-like of n_samples rows
            In the form that ``fit`` took.

        Returns
        -------
        scores : ndarray of shape (n_samples, n_labels)
            Positive where the label's own classifier says yes.
        """
        check_is_fitted(self, "estimators_")
        return np.column_stack([fitted.decision_function(X) for fitted in self.estimators_])
