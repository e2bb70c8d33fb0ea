"""Multi-label k nearest neighbours: Bayes' rule on how many neighbours carry a label."""

from numbers import Real
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.neighbors import NearestNeighbors
from sklearn.utils.validation import check_is_fitted

from sklearn_mlic.base import MultilabelMixin
from sklearn_mlic.utils._features import check_features


class MLkNN(MultilabelMixin, BaseEstimator):
    """Predict each label from the number of nearest neighbours that carry it.

    Choose it for features whose distances mean something, such as those of `ImageEmbedder`,
    and labels that change little from neighbour to neighbour. Where a plain neighbour vote takes
    the share of neighbours for the probability, this learns for each label what a number of
    neighbours is evidence of: two of ten may be much for a rare label. X must be numbers.

    Parameters
    ----------
    n_neighbors : int, default=10
        Number of neighbours that are asked; fewer than the rows of training, whose own row is
        not among them.
    s : float, default=1.0
        What is added to each count, above 0; 1 is Laplace's rule. Larger values draw the
        probabilities of rare counts towards 0.5.
    metric : str or callable, default="minkowski"
        Any that ``sklearn.neighbors.NearestNeighbors`` knows: ``"cosine"`` suits embeddings and
        text. With ``"precomputed"`` X is a matrix of distances: square in training, to the
        training rows in prediction.
    p : float, default=2
        The power of the Minkowski metric; 2 is Euclidean.
    metric_params : dict, optional
        Further arguments of the metric.
    algorithm : {"auto", "ball_tree", "kd_tree", "brute"}, default="auto"
        How neighbours are found.
    n_jobs : int, optional
        Number of parallel searches. None means 1 unless in a ``joblib.parallel_config`` context,
        -1 all processors.

    Attributes
    ----------
    posterior_ : ndarray of shape (n_labels, n_neighbors + 1)
        The probability of each label where 0, 1, 2, … of the neighbours carry it.
    neighbors_ : NearestNeighbors
        The fitted search.
    y_ : csr_array of int, shape (n_samples, n_labels)
        The labels of the training rows.
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
    Zhang, M.-L. and Zhou, Z.-H. (2007). ML-KNN: a lazy learning approach to multi-label learning.
    Pattern Recognition 40(7), 2038-2048.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn_mlic import MLkNN
    >>> X, y = make_multilabel_classification(n_classes=3, random_state=0)
    >>> model = MLkNN(n_neighbors=4, metric="cosine").fit(X, y)
    >>> model.posterior_[0].round(2)
    array([0.11, 0.37, 0.5 , 0.61, 0.95])
    >>> model.predict_proba(X).shape
    (100, 3)
    """

    def __init__(
        self,
        n_neighbors=10,
        *,
        s=1.0,
        metric="minkowski",
        p=2,
        metric_params=None,
        algorithm="auto",
        n_jobs=None,
    ):
        self.n_neighbors = n_neighbors
        self.s = s
        self.metric = metric
        self.p = p
        self.metric_params = metric_params
        self.algorithm = algorithm
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any) -> "MLkNN":
        """Count, over the training rows, how many neighbours of each carry each label.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            Numbers; distances of shape (n_samples, n_samples) with ``metric="precomputed"``.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicator matrix.

        Returns
        -------
        self : MLkNN
            The fitted estimator.

        Raises
        ------
        ValueError
            If X is not numbers in two dimensions, `y` is not a 0/1 indicator matrix with a row
            for each row of `X`, or a setting is out of range.
        """
        labels = self._check_labels(y, X, keep_sparse=True)
        if not isinstance(self.s, Real) or not self.s > 0:
            raise ValueError(f"s={self.s!r}; expected a number above 0. 1 is Laplace's rule.")
        X = check_features(self, X, reset=True)
        neighbors = NearestNeighbors(
            n_neighbors=self.n_neighbors,
            metric=self.metric,
            p=self.p,
            metric_params=self.metric_params,
            algorithm=self.algorithm,
            n_jobs=self.n_jobs,
        ).fit(X)
        if self.n_neighbors >= X.shape[0]:
            raise ValueError(
                f"n_neighbors={self.n_neighbors} given for n_samples={X.shape[0]}: each row needs "
                f"as many neighbours beside itself. Lower n_neighbors or give more rows."
            )
        self.neighbors_ = neighbors
        self.y_ = sparse.csr_array(labels)
        self.posterior_ = self._find_posterior(self._count_neighbors(None))
        return self

    def _count_neighbors(self, X: Any) -> sparse.csr_array:
        """Count, for each row and label, the neighbours that carry it; None: in training."""
        nearest = self.neighbors_.kneighbors(X, return_distance=False)
        n_rows, k = nearest.shape
        ones, starts = np.ones(nearest.size, dtype=np.int64), np.arange(0, nearest.size + 1, k)
        shape = (n_rows, self.y_.shape[0])
        return sparse.csr_array((ones, nearest.ravel(), starts), shape=shape) @ self.y_

    def _find_posterior(self, counts: sparse.csr_array) -> np.ndarray:
        """Apply Bayes' rule to the counts of the training rows."""
        n_rows, s = counts.shape[0], self.s
        n_positive = np.asarray(self.y_.sum(axis=0))
        of_all = self._histogram(counts, n_rows)
        of_positive = self._histogram(counts * self.y_, n_positive)
        prior = (s + n_positive) / (2 * s + n_rows)
        bins = self.n_neighbors + 1
        yes = prior[:, None] * (s + of_positive) / (s * bins + n_positive)[:, None]
        n_negative = (n_rows - n_positive)[:, None]
        no = (1 - prior)[:, None] * (s + of_all - of_positive) / (s * bins + n_negative)
        return yes / (yes + no)

    def _histogram(self, counts: sparse.csr_array, n_rows: Any) -> np.ndarray:
        """Count, for each label, its `n_rows` rows by the number of neighbours that carry it."""
        n_labels, bins = counts.shape[1], self.n_neighbors + 1
        places = counts.indices.astype(np.int64) * bins + counts.data
        histogram = np.bincount(places, minlength=n_labels * bins).reshape(n_labels, bins)
        histogram[:, 0] = n_rows - histogram[:, 1:].sum(axis=1)  # a 0 is not stored
        return histogram

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the probability of each label.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            Numbers; distances to the training rows with ``metric="precomputed"``.

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_labels)
            Each column on its own: rows do not sum to 1.
        """
        check_is_fitted(self, "posterior_")
        counts = self._count_neighbors(check_features(self, X, reset=False)).toarray()
        return self.posterior_[np.arange(counts.shape[1]), counts]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.pairwise = self.metric == "precomputed"
        tags.input_tags.allow_nan = self.metric == "nan_euclidean"
        return tags
