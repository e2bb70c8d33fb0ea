"""RAkEL: label powersets on random small sets of labels."""

from math import ceil, comb
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import _estimator_has, _num_samples, check_is_fitted

from sklearn_mlic.base import MultilabelMixin, WrapperMixin, require_probabilities
from sklearn_mlic.transformation._label_powerset import LabelPowerset
from sklearn_mlic.utils._calls import SentOnce
from sklearn_mlic.utils._numbers import check_count
from sklearn_mlic.utils._parallel import run_parallel
from sklearn_mlic.utils._random import as_generator, seed_clone


class RAkEL(MultilabelMixin, WrapperMixin, BaseEstimator):
    """Fit a `LabelPowerset` on each of many random labelsets of a few labels (RAndom k-labELsets).

    Choose it where labels depend on each other but whole label sets are too many and too rare
    for one `LabelPowerset`: few labels at a time keep the combinations frequent. A label's
    probability is the mean of the marginals of the models that hold it, where the paper counts
    their votes. It validates y and never X.

    Parameters
    ----------
    estimator : estimator
        A scikit-learn classifier for several classes, with ``predict_proba``.
    labelset_size : int, default=3
        Number of labels of each model. With as many labels or fewer there is one model, a
        `LabelPowerset`.
    n_estimators : int, optional
        Number of models with ``overlapping=True``, at most that of the distinct labelsets. None
        takes twice the number of labels. There must be enough to hold each label once.
    overlapping : bool, default=True
        True draws distinct labelsets that share labels. The first of them are a random partition
        whose last part is filled up, so that each label is held at least once; the rest are drawn
        one by one. False takes the partition alone, its last part smaller where need be: fewer,
        cheaper models and no averaging.
    n_jobs : int, optional
        Number of models fitted at the same time. None means 1 unless in a
        ``joblib.parallel_config`` context, -1 all processors.
    random_state : int, RandomState or None, default=None
        Draws the labelsets, by the place of a label in y (reordering the columns of y draws
        others), and the seeds of copies of `estimator` that have none.
    verbose : int, default=0
        1 shows a progress bar over the models.

    Attributes
    ----------
    estimators_ : list of LabelPowerset
        The fitted models.
    labelsets_ : list of ndarray of int
        For each model the columns of y that it learns, in ascending order.
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
    Tsoumakas, G. and Vlahavas, I. (2007). Random k-labelsets: an ensemble method for multilabel
    classification. European Conference on Machine Learning.

    Tsoumakas, G., Katakis, I. and Vlahavas, I. (2011). Random k-labelsets for multilabel
    classification. IEEE Transactions on Knowledge and Data Engineering 23(7).

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mlic import RAkEL
    >>> X, y = make_multilabel_classification(n_classes=5, random_state=0)
    >>> logistic = LogisticRegression(max_iter=1000)
    >>> model = RAkEL(logistic, n_estimators=4, random_state=0).fit(X, y)
    >>> len(model.labelsets_), model.labelsets_[0].shape
    (4, (3,))
    >>> model.predict_proba(X).shape
    (100, 5)
    """

    def __init__(
        self,
        estimator,
        *,
        labelset_size=3,
        n_estimators=None,
        overlapping=True,
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.estimator = estimator
        self.labelset_size = labelset_size
        self.n_estimators = n_estimators
        self.overlapping = overlapping
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any, **params: Any) -> "RAkEL":
        """Draw the labelsets and fit a label powerset on each.

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
        self : RAkEL
            The fitted estimator.

        Raises
        ------
        ValueError
            If `y` is not a 0/1 indicator matrix with a row for each row of `X`, or a setting is
            out of range or leaves labels out.
        TypeError
            If `estimator` has no ``predict_proba``.
        """
        require_probabilities(self)
        labels = self._check_labels(y, X, keep_sparse=True)
        params = self._route_fit(params)
        rng = as_generator(self.random_state)
        self.labelsets_ = self._draw_labelsets(labels.shape[1], rng)
        fits = (
            delayed(_fit_labelset)(
                seed_clone(self.estimator, rng),
                X,
                labels[:, columns],
                self.label_names_[columns],
                params,
            )
            for columns in self.labelsets_
        )
        once = SentOnce(X, params)
        self.estimators_ = run_parallel(
            fits, len(self.labelsets_), self.n_jobs, "Fitting labelsets", self.verbose, once
        )
        return self

    def _draw_labelsets(self, n_labels: int, rng: np.random.RandomState) -> list[np.ndarray]:
        check_count("labelset_size", self.labelset_size)
        size = min(self.labelset_size, n_labels)
        order = rng.permutation(n_labels)
        parts = [order[start : start + size] for start in range(0, n_labels, size)]
        if self.overlapping:
            parts = self._draw_overlapping(parts, n_labels, size, rng)
        elif self.n_estimators is not None:
            raise ValueError(
                f"n_estimators={self.n_estimators!r} given with overlapping=False, where the "
                f"partition of {n_labels} labels makes {len(parts)} models. Leave n_estimators at "
                f"None, or set overlapping=True."
            )
        return [np.sort(part) for part in parts]

    def _draw_overlapping(
        self, parts: list[np.ndarray], n_labels: int, size: int, rng: np.random.RandomState
    ) -> list[np.ndarray]:
        """Fill up the partition and add distinct labelsets to it, up to `n_estimators`."""
        wanted = 2 * n_labels if self.n_estimators is None else self.n_estimators
        check_count("n_estimators", wanted)
        if wanted < len(parts):
            raise ValueError(
                f"n_estimators={wanted} labelsets of {size} labels leave some of {n_labels} labels "
                f"out; expected at least {ceil(n_labels / size)}. Raise n_estimators or "
                f"labelset_size."
            )
        others = np.setdiff1d(np.arange(n_labels), parts[-1])
        filling = rng.choice(others, size - len(parts[-1]), replace=False)
        parts = [*parts[:-1], np.append(parts[-1], filling)]
        drawn = dict.fromkeys(tuple(np.sort(part)) for part in parts)  # a set that keeps its order
        while len(drawn) < min(wanted, comb(n_labels, size)):
            drawn[tuple(np.sort(rng.choice(n_labels, size, replace=False)))] = None
        return [np.array(labelset) for labelset in drawn]

    @available_if(_estimator_has("predict_proba", delegates=("estimator",)))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the probability of each label: the mean over the models that hold it.

        Parameters
        ----------
        X : array-like of n_samples rows
            In the form that ``fit`` took.

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_labels)
            Rows do not sum to 1.
        """
        check_is_fitted(self, "estimators_")
        n_models = np.bincount(np.concatenate(self.labelsets_))
        total = np.zeros((_num_samples(X), len(n_models)))
        for model, columns in zip(self.estimators_, self.labelsets_, strict=True):
            total[:, columns] += model.predict_proba(X)
        return total / n_models


def _fit_labelset(
    estimator: Any, X: Any, labels: Any, names: np.ndarray, params: dict[str, Any]
) -> LabelPowerset:
    """Fit one model; `labels` are checked and `params` routed, once for all."""
    model = LabelPowerset(estimator)
    checked = model._check_labels(labels, X, keep_sparse=True)
    model.label_names_ = names
    return model._fit_sets(X, checked, params)
