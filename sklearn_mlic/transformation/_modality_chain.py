"""A chain over labels and modalities that stops reading where it is sure."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sklearn_mlic.base import MultilabelMixin, RoutingMixin, require_probabilities
from sklearn_mlic.transformation._chain_order import find_order
from sklearn_mlic.transformation._classifier_chain import CHAIN_METHODS
from sklearn_mlic.transformation._links import augment, fit_links
from sklearn_mlic.utils._blocks import resolve_blocks, resolve_costs
from sklearn_mlic.utils._choices import check_choice
from sklearn_mlic.utils._features import check_features
from sklearn_mlic.utils._numbers import check_confidence


class ModalityChain(MultilabelMixin, RoutingMixin, BaseEstimator):
    """Go along a chain of labels, and read for each row only as many modalities as it takes.

    Choose it where features cost something at prediction (an extractor that is slow, a test that
    is paid for) and most rows are clear from the cheap ones. The labels are predicted one after
    the other. For a row, the first label is predicted from the cheapest modality; while the
    prediction is not sure enough, the next one is read. What was read stays at hand for the
    labels that follow, which also see the labels before them, as in a `ClassifierChain`. It fits
    one binary classifier for each label and number of modalities.

    Parameters
    ----------
    estimator : estimator
        A scikit-learn classifier with ``predict_proba``.
    blocks : mapping of str to slice or sequence, optional
        The columns of each modality. None reads them from the names of a DataFrame's columns, as
        `BlockUnion` gives them; an X without such names is one modality, with a
        warning.
    costs : mapping of str to float, optional
        What reading each modality costs, in any unit, 0 or more. The cheapest comes first, in
        the fit, to which they belong; None is 1 each, and the order of the blocks.
    stop_confidence : float or None, default=0.9
        The probability of the likelier answer, 0.5 to 1, from which on a label is settled and no
        further modality is read for it. None reads all: the result is a `ClassifierChain`'s. It may
        be changed after the fit.
    order : {None, "random", "frequency"} or sequence of int, default=None
        The order of the labels, as in `ClassifierChain`.
    chain_method : {"predict", "predict_proba"}, default="predict"
        What is handed on along the chain: 0 and 1, or probabilities.
    n_jobs : int, optional
        Number of labels fitted at the same time. None means 1 unless in a
        ``joblib.parallel_config`` context, -1 all processors.
    random_state : int, RandomState or None, default=None
        Draws a random order.
    verbose : int, default=0
        1 shows a progress bar over the labels.

    Attributes
    ----------
    estimators_ : list of list of estimators
        For each number of modalities, from 1 on, the fitted classifiers in the order of the
        chain.
    blocks_ : dict of str to ndarray of int
        The columns of each modality, in the order in which they are read.
    costs_ : ndarray of shape (n_modalities,)
        Their costs, in that order.
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

    Notes
    -----
    This is our reading of the method below, of which we know the idea: modalities are acquired
    one by one for each row, along a chain of labels, at a cost, until the prediction is sure.
    The order of the modalities is the same for all rows here, and what was read for one label
    is free for the next.

    References
    ----------
    Zhang, Y., Zeng, C., Cheng, H., Wang, C. and Zhang, L. (2019). Many could be better than all:
    a novel instance-oriented algorithm for multi-modal multi-label problem. ICME.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mlic import ModalityChain
    >>> X, y = make_multilabel_classification(n_classes=3, random_state=0)
    >>> blocks = {"dear": slice(0, 12), "cheap": slice(12, 20)}
    >>> model = ModalityChain(LogisticRegression(), blocks, costs={"dear": 5, "cheap": 1})
    >>> list(model.fit(X, y).blocks_)
    ['cheap', 'dear']
    >>> bool(1 <= model.reading_costs(X).mean() < 6)
    True
    """

    def __init__(
        self,
        estimator,
        blocks=None,
        *,
        costs=None,
        stop_confidence=0.9,
        order=None,
        chain_method="predict",
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.estimator = estimator
        self.blocks = blocks
        self.costs = costs
        self.stop_confidence = stop_confidence
        self.order = order
        self.chain_method = chain_method
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any, **params: Any) -> "ModalityChain":
        """Fit a chain for each number of modalities.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            Numbers: the modalities side by side.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicator matrix.
        **params : dict
            Goes to ``estimator.fit``, as ``sample_weight`` does.

        Returns
        -------
        self : ModalityChain
            The fitted estimator.

        Raises
        ------
        ValueError
            If X is not numbers in two dimensions, `y` is not a 0/1 indicator matrix with a row
            for each row of `X`, or the blocks, their costs or a setting are not as described.
        TypeError
            If `estimator` has no ``predict_proba``, or `blocks` or `costs` is no mapping.
        """
        require_probabilities(self)
        labels = self._check_labels(y, X, keep_sparse=True)
        self._check_settings()
        features = check_features(self, X, reset=True)
        blocks = resolve_blocks(self.blocks, X, features.shape[1])
        costs = resolve_costs(self.costs, list(blocks))
        self.order_ = find_order(self.order, labels, self.label_names_, self.random_state)
        cheapest_first = sorted(blocks, key=costs.__getitem__)  # stable: ties stay in order
        self.blocks_ = {name: blocks[name] for name in cheapest_first}
        self.costs_ = np.array([float(costs[name]) for name in cheapest_first])
        routed = self._route_fit(params)
        chained = labels[:, self.order_]
        settings = {"n_jobs": self.n_jobs, "verbose": self.verbose}
        self.estimators_ = [
            fit_links(self.estimator, features[:, columns], chained, routed, **settings)
            for columns in self._columns_read()
        ]
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the probability of each label, from the modalities that its row takes.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            Numbers.

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_labels)
            In the order of the columns of y.
        """
        return self._go_along(X)[0]

    def count_modalities(self, X: Any) -> np.ndarray:
        """Count the modalities that are read for each row.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            Numbers.

        Returns
        -------
        n_read : ndarray of int, shape (n_samples,)
            From 1 on: the first so many of ``blocks_``.
        """
        return self._go_along(X)[1]

    def reading_costs(self, X: Any) -> np.ndarray:
        """Sum the costs of the modalities that are read for each row.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            Numbers.

        Returns
        -------
        costs : ndarray of shape (n_samples,)
            Their mean is the average cost of a prediction.
        """
        n_read = self.count_modalities(X)
        return np.cumsum(self.costs_)[n_read - 1]

    def _columns_read(self) -> list[np.ndarray]:
        """Return the columns of the first modality, of the first two, and so on."""
        columns = list(self.blocks_.values())
        return [np.concatenate(columns[: k + 1]) for k in range(len(columns))]

    def _go_along(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the probabilities and how many modalities they took."""
        check_is_fitted(self, "estimators_")
        check_confidence("stop_confidence", self.stop_confidence)
        X = check_features(self, X, reset=False)
        n_samples, n_labels, n_modalities = X.shape[0], len(self.order_), len(self.blocks_)
        handed_on, y_prob = np.empty((n_samples, n_labels)), np.empty((n_samples, n_labels))
        n_read = np.full(n_samples, n_modalities if self.stop_confidence is None else 1)
        steps = list(zip(self._columns_read(), self.estimators_, strict=True))
        for j, label in enumerate(self.order_):
            for k, (columns, links) in enumerate(steps, start=1):
                rows = np.flatnonzero(n_read == k)  # those that go on as well
                if len(rows) == 0:
                    continue
                seen = augment(X[rows][:, columns], handed_on[rows, :j])
                found = links[j].predict_proba(seen)[:, 1]
                y_prob[rows, label] = found
                if k < n_modalities:
                    unsure = np.maximum(found, 1 - found) < self.stop_confidence
                    n_read[rows[unsure]] += 1
            is_hard = self.chain_method == "predict"
            handed_on[:, j] = y_prob[:, label] >= 0.5 if is_hard else y_prob[:, label]
        return y_prob, n_read

    def _check_settings(self) -> None:
        check_choice("chain_method", self.chain_method, CHAIN_METHODS)
        check_confidence("stop_confidence", self.stop_confidence)
