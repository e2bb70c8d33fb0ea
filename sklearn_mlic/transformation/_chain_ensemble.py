"""An ensemble of classifier chains, each in a random order on a part of the rows."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import _estimator_has, check_is_fitted

from sklearn_mlic.base import MultilabelMixin, RoutingMixin, require_probabilities
from sklearn_mlic.transformation._links import fit_links, respond
from sklearn_mlic.utils._calls import SentOnce
from sklearn_mlic.utils._features import check_features
from sklearn_mlic.utils._numbers import check_count
from sklearn_mlic.utils._parallel import run_parallel
from sklearn_mlic.utils._random import as_generator, seed_clone


class ClassifierChainEnsemble(MultilabelMixin, RoutingMixin, BaseEstimator):
    """Average classifier chains of random orders, each trained on a random part of the rows.

    Choose it over a single `ClassifierChain` where no order of the labels is the natural one: a
    chain passes its mistakes on, and an average over orders evens them out. The cost is that of
    `n_estimators` chains on fewer rows. X must be numbers, as for a chain. It differs from the
    paper in two ways: rows are drawn without replacement, and probabilities are averaged where
    the paper counts the chains' votes.

    Parameters
    ----------
    estimator : estimator
        A scikit-learn classifier with ``predict_proba``; each link of each chain is a copy.
    n_estimators : int, default=10
        Number of chains.
    max_samples : float or int, default=0.67
        The rows of each chain, drawn without replacement: a part in (0, 1], or a number.
    n_jobs : int, optional
        Number of chains fitted at the same time. X is shared between processes, not copied:
        each holds beside it the rows that its chain is being fitted on.
    random_state : int, RandomState or None, default=None
        Draws the orders, the rows, and the seeds of copies of `estimator` that have none.
    verbose : int, default=0
        1 shows a progress bar over the chains.

    Attributes
    ----------
    estimators_ : list of list of estimators
        The fitted classifiers of each chain, in its order.
    orders_ : ndarray of int, shape (n_estimators, n_labels)
        The columns of y in the order of each chain.
    classes_ : ndarray of shape (n_labels, 2)
        ``[0, 1]`` for each label.
    label_names_ : ndarray of object, shape (n_labels,)
        The columns of a DataFrame y, else ``label_0``, ``label_1``, …
    n_features_in_ : int
        Number of features seen in fit.
    feature_names_in_ : ndarray of str
        Names of the features seen in fit, where X has them.

    References
    ----------
    Read, J., Pfahringer, B., Holmes, G. and Frank, E. (2011). Classifier chains for multi-label
    classification. Machine Learning 85, 333-359.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mlic import ClassifierChainEnsemble
    >>> X, y = make_multilabel_classification(n_classes=3, random_state=0)
    >>> model = ClassifierChainEnsemble(LogisticRegression(), random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (100, 3)
    """

    def __init__(
        self,
        estimator,
        n_estimators=10,
        *,
        max_samples=0.67,
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any, **params: Any) -> "ClassifierChainEnsemble":
        """Fit the chains.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            Numbers.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicator matrix.
        **params : dict
            Goes to ``estimator.fit``, as ``sample_weight`` does.

        Returns
        -------
        self : ClassifierChainEnsemble
            The fitted estimator.

        Raises
        ------
        ValueError
            If X is not numbers in two dimensions, `y` is not a 0/1 indicator matrix with a row
            for each row of `X`, or a setting is out of range.
        TypeError
            If `estimator` has no ``predict_proba``.
        """
        require_probabilities(self)
        labels = self._check_labels(y, X, keep_sparse=True)
        n_drawn = self._count_drawn(labels.shape[0])
        X = check_features(self, X, reset=True)
        params = self._route_fit(params)
        rng = as_generator(self.random_state)
        self.orders_ = np.array(
            [rng.permutation(labels.shape[1]) for _ in range(self.n_estimators)]
        )
        parts = [np.sort(rng.choice(labels.shape[0], n_drawn, replace=False)) for _ in self.orders_]
        fits = (
            delayed(_fit_chain)(seed_clone(self.estimator, rng), X, labels, params, order, rows)
            for order, rows in zip(self.orders_, parts, strict=True)
        )
        once = SentOnce(X, labels, params)
        self.estimators_ = run_parallel(
            fits, len(parts), self.n_jobs, "Fitting chains", self.verbose, once
        )
        return self

    def _count_drawn(self, n_rows: int) -> int:
        """Check the two counts; return the number of rows of each chain."""
        check_count("n_estimators", self.n_estimators)
        size = self.max_samples
        if isinstance(size, Integral) and 1 <= size <= n_rows:
            return int(size)
        if isinstance(size, Real) and not isinstance(size, Integral) and 0 < size <= 1:
            return max(1, round(size * n_rows))
        raise ValueError(
            f"max_samples={size!r} given; expected a part in (0, 1] or a number of rows up to "
            f"{n_rows}."
        )

    @available_if(_estimator_has("predict_proba", delegates=("estimator",)))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the probability of each label, averaged over the chains.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            Numbers.

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_labels)
            In the order of the columns of y.
        """
        check_is_fitted(self, "estimators_")
        X = check_features(self, X, reset=False)
        total = np.zeros((X.shape[0], self.orders_.shape[1]))
        for links, order in zip(self.estimators_, self.orders_, strict=True):
            total[:, order] += respond(links, X, is_hard=True, method="predict_proba")
        return total / len(self.estimators_)


def _fit_chain(
    estimator: Any, X: Any, labels: Any, params: dict, order: np.ndarray, rows: np.ndarray
) -> list:
    return fit_links(estimator, X, labels[:, order], params, rows)
