"""Late fusion of modalities: a classifier a block, averaged or stacked."""

from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.utils import Bunch, _safe_indexing
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import _check_method_params, check_is_fitted

from sklearn_mlic.base import MultilabelMixin, RoutingMixin, require_probabilities
from sklearn_mlic.fitted import label_probabilities
from sklearn_mlic.transformation._pooling import log_odds, pool
from sklearn_mlic.transformation._whole_splits import split_whole
from sklearn_mlic.utils._blocks import resolve_blocks
from sklearn_mlic.utils._calls import SentOnce
from sklearn_mlic.utils._features import check_features
from sklearn_mlic.utils._parallel import run_parallel


class BlockFusion(MultilabelMixin, RoutingMixin, BaseEstimator):
    """Fit one copy of a multi-label classifier for each block of columns, and join their answers.

    Choose it as the first rival of whatever reads all modalities together: no block can drown
    another by its width, and each classifier is small. The answers are averaged as log-odds, or
    stacked: a second classifier learns from them, which block to believe for which label. For a
    classifier of its own kind for each block use `LateFusion` over pipelines.

    Parameters
    ----------
    estimator : estimator
        A multi-label classifier with ``predict_proba``.
    blocks : mapping of str to slice or sequence, optional
        The columns of each block. None reads them from the names of a DataFrame's columns, as
        `BlockUnion` gives them; an X without such names is one block, with a
        warning.
    final_estimator : estimator, optional
        A multi-label classifier that learns from the log-odds of all labels by all blocks, as
        they come out for rows left out in fitting. None averages.
    cv : int, float, splitter or iterable, default=5
        The folds for `final_estimator`; an int is a number of multi-label stratified folds. They
        must leave each row out once.
    n_jobs : int, optional
        Number of fits at the same time. None means 1 unless in a ``joblib.parallel_config``
        context, -1 all processors.
    random_state : int, RandomState or None, default=None
        Draws the folds.
    verbose : int, default=0
        1 shows a progress bar over the fits.

    Attributes
    ----------
    estimators_ : list of estimators
        The fitted classifier of each block.
    named_estimators_ : Bunch
        The same by name of the block.
    final_estimator_ : estimator
        The second classifier, where there is one.
    blocks_ : dict of str to ndarray of int
        The columns of each block.
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
    Wolpert, D. H. (1992). Stacked generalization. Neural Networks 5, 241-259.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mlic import BinaryRelevance, BlockFusion
    >>> X, y = make_multilabel_classification(n_classes=3, random_state=0)
    >>> linear = BinaryRelevance(LogisticRegression())
    >>> blocks = {"left": slice(0, 10), "right": slice(10, 20)}
    >>> BlockFusion(linear, blocks).fit(X, y).predict_proba(X).shape
    (100, 3)
    >>> stacked = BlockFusion(linear, blocks, final_estimator=linear, random_state=0).fit(X, y)
    >>> stacked.final_estimator_.n_features_in_
    6
    """

    def __init__(
        self,
        estimator,
        blocks=None,
        *,
        final_estimator=None,
        cv=5,
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.estimator = estimator
        self.blocks = blocks
        self.final_estimator = final_estimator
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any, **params: Any) -> "BlockFusion":
        """Fit a classifier a block, and the one that joins them.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            Numbers: the blocks side by side.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicator matrix. NaN is an unknown label, if the classifiers take it.
        **params : dict
            Goes to ``fit`` of all classifiers, as ``sample_weight`` does, and ``groups`` to the
            splitter.

        Returns
        -------
        self : BlockFusion
            The fitted estimator.

        Raises
        ------
        ValueError
            If X is not numbers in two dimensions, `y` is not a 0/1 indicator matrix with a row
            for each row of `X`, or the blocks or the folds are not as described.
        TypeError
            If a classifier has no ``predict_proba``, or `blocks` is no mapping.
        """
        require_probabilities(self)
        self._check_final()
        labels = self._check_labels(y, X, allow_unknown=True)
        features = check_features(self, X, reset=True)
        self.blocks_ = resolve_blocks(self.blocks, X, features.shape[1])
        routed = self._route_fit(params)
        parts = [None]
        if self.final_estimator is not None:
            split_params = self._route_split(params)
            known = np.nan_to_num(labels)
            splits = split_whole(self.cv, known, self.random_state, split_params, "stacking")
            parts += [train for train, _ in splits]
        columns = list(self.blocks_.values())
        calls = (
            delayed(_fit_part)(self.estimator, features, c, y, routed, rows)
            for rows in parts
            for c in columns
        )
        n_calls = len(parts) * len(columns)
        once = SentOnce(features, y, routed)
        fitted = run_parallel(calls, n_calls, self.n_jobs, "Fitting blocks", self.verbose, once)
        self.estimators_, by_fold = fitted[: len(columns)], fitted[len(columns) :]
        self.named_estimators_ = Bunch(**dict(zip(self.blocks_, self.estimators_, strict=True)))
        if self.final_estimator is not None:
            answers = np.empty((len(labels), len(columns) * labels.shape[1]))
            for fold, (_, test) in enumerate(splits):
                members = by_fold[fold * len(columns) :][: len(columns)]
                answers[test] = self._answers(members, features[test])
            final = clone(self.final_estimator)
            self.final_estimator_ = final.fit(answers, y, **self._route_final(params))
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the probability of each label.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            Numbers.

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_labels)
            That of the mean log-odds, or what `final_estimator` says.
        """
        check_is_fitted(self, "estimators_")
        features = check_features(self, X, reset=False)
        if self.final_estimator is None:
            return pool(self._ask(self.estimators_, features))
        return label_probabilities(self.final_estimator_, self._answers(self.estimators_, features))

    def _ask(self, members: list, features: Any) -> list[np.ndarray]:
        columns = self.blocks_.values()
        asked = zip(members, columns, strict=True)
        return [label_probabilities(member, features[:, c]) for member, c in asked]

    def _answers(self, members: list, features: Any) -> np.ndarray:
        """Return the log-odds that `final_estimator` sees: label by label within each block."""
        return np.hstack([log_odds(y_prob) for y_prob in self._ask(members, features)])

    def _check_final(self) -> None:
        final = self.final_estimator
        if final is not None and not hasattr(final, "predict_proba"):
            raise TypeError(
                f"The final estimator {type(final).__name__} has no predict_proba. Expected a "
                f"multi-label classifier, such as BinaryRelevance(LogisticRegression()), or None."
            )

    def get_metadata_routing(self) -> MetadataRouter:
        """Tell scikit-learn's metadata routing what goes where.

        Returns
        -------
        MetadataRouter
            It sends what the fits of both classifiers and the splitter ask for.
        """
        router = super().get_metadata_routing()
        if self.final_estimator is not None:
            mapping = MethodMapping().add(caller="fit", callee="fit")
            router.add(final_estimator=self.final_estimator, method_mapping=mapping)
        return router

    def _route_final(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return what of the metadata given to ``fit`` goes to ``final_estimator.fit``."""
        if not get_config()["enable_metadata_routing"]:
            return self._route_fit(params)
        given = {name: value for name, value in params.items() if value is not None}
        return process_routing(self, "fit", **given).final_estimator.fit


def _fit_part(
    estimator: Any, X: Any, columns: np.ndarray, y: Any, params: dict[str, Any], rows: Any
) -> Any:
    """Fit a clone on some columns of some rows, or of all."""
    X = X[:, columns]
    if rows is not None:
        params = _check_method_params(X, params, indices=rows)
        X, y = _safe_indexing(X, rows), _safe_indexing(y, rows)
    return clone(estimator).fit(X, y, **params)
