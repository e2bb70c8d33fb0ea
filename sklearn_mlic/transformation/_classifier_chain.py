"""A classifier chain: each label's classifier also sees the labels before it."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import _estimator_has, check_is_fitted

from sklearn_mlic.base import MultilabelMixin, RoutingMixin, require_probabilities
from sklearn_mlic.transformation._chain_order import find_order
from sklearn_mlic.transformation._links import augment, fit_link, fit_links, respond
from sklearn_mlic.transformation._whole_splits import split_whole
from sklearn_mlic.utils._calls import SentOnce
from sklearn_mlic.utils._choices import check_choice
from sklearn_mlic.utils._features import check_features
from sklearn_mlic.utils._labels import label_column
from sklearn_mlic.utils._parallel import run_parallel
from sklearn_mlic.utils._progress import track

CHAIN_METHODS = ("predict", "predict_proba")


class ClassifierChain(MultilabelMixin, RoutingMixin, BaseEstimator):
    """Fit one classifier a label, each on the features and the labels before it in the chain.

    Choose it over `BinaryRelevance` where labels depend on each other and whole label sets
    count: it usually gains in subset accuracy. scikit-learn's class of this name gives the same
    predictions where it works and no probability is exactly 0.5, which hands on a 1 here and a
    0 there; this one also predicts a label that is constant in training, stays in the one form
    of ``predict_proba``, leaves X in single precision where it is, and fits its labels at the
    same time. X must be numbers, as the labels are put beside them: for images put an
    `ImageEmbedder` before it.

    Parameters
    ----------
    estimator : estimator
        A scikit-learn classifier with ``predict_proba``.
    order : {None, "random", "frequency"} or sequence of int, default=None
        The order of the labels in the chain: that of the columns of y, a random one, the most
        frequent label first, or all labels by column number or by name.
    cv : int, float, splitter, iterable or None, default=None
        What stands for the earlier labels in training. None takes the true labels; anything else
        takes predictions for rows left out, as the chain will see them in prediction. It costs
        a fit for each fold and label. An int is a number of multi-label stratified folds. A split
        that leaves rows out of every test part (a hold-out) is refused.
    chain_method : {"predict", "predict_proba"}, default="predict"
        What is handed on along the chain: 0 and 1, or probabilities.
    n_jobs : int, optional
        Number of fits at the same time: of labels with ``cv=None``, else of folds.
    random_state : int, RandomState or None, default=None
        Draws the random order and the folds.
    verbose : int, default=0
        1 shows a progress bar over the labels.

    Attributes
    ----------
    estimators_ : list of estimators
        The fitted classifiers, in the order of the chain.
    order_ : ndarray of int, shape (n_labels,)
        The columns of y in the order of the chain.
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
    >>> from sklearn_mlic import ClassifierChain
    >>> X, y = make_multilabel_classification(n_classes=3, random_state=0)
    >>> model = ClassifierChain(LogisticRegression(), order="frequency").fit(X, y)
    >>> model.predict_proba(X).shape
    (100, 3)
    >>> y.sum(axis=0)[model.order_]
    array([68, 53, 52])
    """

    def __init__(
        self,
        estimator,
        *,
        order=None,
        cv=None,
        chain_method="predict",
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.estimator = estimator
        self.order = order
        self.cv = cv
        self.chain_method = chain_method
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any, **params: Any) -> "ClassifierChain":
        """Fit the chain.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            Numbers.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicator matrix.
        **params : dict
            Goes to ``estimator.fit``, as ``sample_weight`` does, and ``groups`` to the splitter.

        Returns
        -------
        self : ClassifierChain
            The fitted estimator.

        Raises
        ------
        ValueError
            If X is not numbers in two dimensions, `y` is not a 0/1 indicator matrix with a row
            for each row of `X`, or a setting is unknown.
        TypeError
            If `estimator` has no ``predict_proba``.
        """
        require_probabilities(self)
        labels = self._check_labels(y, X, keep_sparse=True)
        check_choice("chain_method", self.chain_method, CHAIN_METHODS)
        X = check_features(self, X, reset=True)
        self.order_ = find_order(self.order, labels, self.label_names_, self.random_state)
        fit_params = self._route_fit(params)
        chained = labels[:, self.order_]
        if self.cv is None:
            self.estimators_ = fit_links(
                self.estimator, X, chained, fit_params, n_jobs=self.n_jobs, verbose=self.verbose
            )
        else:
            routed = self._route_split(params)
            splits = split_whole(self.cv, chained, self.random_state, routed, "a chain")
            self._fit_on_predictions(X, chained, splits, fit_params)
        return self

    def _fit_on_predictions(self, X: Any, labels: Any, splits: list, params: dict) -> None:
        """Fit label by label on out-of-fold predictions of the labels before."""
        chained = np.empty(labels.shape)
        self.estimators_ = []
        n_labels, once = labels.shape[1], SentOnce(X, params)
        for j in track(range(n_labels), n_labels, "Fitting labels", self.verbose):
            target = label_column(labels, j)
            parts = [*(train for train, _ in splits), None]
            fits = (
                delayed(fit_link)(self.estimator, X, chained, target, j, params, rows)
                for rows in parts
            )
            *by_fold, link = run_parallel(fits, len(parts), self.n_jobs, "Fitting folds", once=once)
            self.estimators_.append(link)
            for model, (_, test) in zip(by_fold, splits, strict=True):
                y_prob = model.predict_proba(augment(X, chained[:, :j], test))[:, 1]
                chained[test, j] = y_prob >= 0.5 if self._is_hard() else y_prob

    def _is_hard(self) -> bool:
        return self.chain_method == "predict"

    def _respond(self, X: Any, method: str) -> np.ndarray:
        check_is_fitted(self, "estimators_")
        X = check_features(self, X, reset=False)
        responses = np.empty((X.shape[0], len(self.order_)))
        responses[:, self.order_] = respond(self.estimators_, X, self._is_hard(), method)
        return responses

    @available_if(_estimator_has("predict_proba", delegates=("estimator",)))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the probability of each label, given those predicted before it.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            Numbers.

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_labels)
            In the order of the columns of y.
        """
        return self._respond(X, "predict_proba")

    @available_if(_estimator_has("decision_function", delegates=("estimator",)))
    def decision_function(self, X: Any) -> np.ndarray:
        """Return the decision value of each label, shape (n_samples, n_labels).

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            Numbers.

        Returns
        -------
        scores : ndarray of shape (n_samples, n_labels)
            In the order of the columns of y.
        """
        return self._respond(X, "decision_function")
