"""Late fusion: the mean log-odds of several multi-label classifiers."""

from dataclasses import fields
from numbers import Real
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.base import MetaEstimatorMixin, clone
from sklearn.utils import Bunch, InputTags, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import check_is_fitted

from sklearn_mlic.base import MultilabelMixin
from sklearn_mlic.fitted import label_probabilities
from sklearn_mlic.transformation._pooling import mean_log_odds, pool
from sklearn_mlic.utils._calls import SentOnce
from sklearn_mlic.utils._parallel import run_parallel

_NARROWING = ("positive_only", "pairwise")  # input tags by which one member binds all


class LateFusion(MultilabelMixin, MetaEstimatorMixin, _BaseComposition):
    """Fit several multi-label classifiers and average their log-odds.

    Choose it for members that err in different ways, such as a linear probe on a frozen network
    beside the network trained whole: the mean is often better than the best of them, at the cost
    of one fit and one prediction each. A mean of log-odds lets a member that is sure of itself
    count for more than a mean of probabilities does, so that one which is sure and wrong does
    more harm: wrap such a member in a `ProbabilityCalibrator`. Late fusion validates y and never
    X, so that each member may be a pipeline that takes its own columns. Labels that are unknown
    (NaN) go to the members as they are, which take or refuse them.

    Parameters
    ----------
    estimators : list of (str, estimator) pairs
        Names and multi-label classifiers with ``predict_proba``. The parameters of each go by
        its name, as ``network__lr``.
    weights : array-like of shape (n_estimators,), optional
        How much each member counts: one positive number each. None means all alike.
    n_jobs : int, optional
        Number of members fitted at the same time. None means 1 unless in a
        ``joblib.parallel_config`` context, -1 all processors.
    verbose : int, default=0
        1 shows a progress bar over the members.

    Attributes
    ----------
    estimators_ : list of estimators
        The fitted members, in order.
    named_estimators_ : Bunch
        The fitted members by name.
    classes_ : ndarray of shape (n_labels, 2)
        ``[0, 1]`` for each label.
    label_names_ : ndarray of object, shape (n_labels,)
        The columns of a DataFrame y, else ``label_0``, ``label_1``, …
    n_features_in_ : int
        Number of features seen in fit, where a member counts them.
    feature_names_in_ : ndarray of str
        Names of the features seen in fit, where a member keeps them.

    References
    ----------
    Satopää, V., Baron, J., Foster, D., Mellers, B., Tetlock, P. and Ungar, L. (2014). Combining
    multiple probability predictions using a simple logit model. International Journal of
    Forecasting 30, 344-356.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mlic import BinaryRelevance, LateFusion, MLkNN
    >>> X, y = make_multilabel_classification(n_classes=3, random_state=0)
    >>> members = [("linear", BinaryRelevance(LogisticRegression())), ("near", MLkNN())]
    >>> model = LateFusion(members).fit(X, y)
    >>> model.predict_proba(X).shape
    (100, 3)
    """

    def __init__(self, estimators, *, weights=None, n_jobs=None, verbose=0):
        self.estimators = estimators
        self.weights = weights
        self.n_jobs = n_jobs
        self.verbose = verbose

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, those of the members by ``name__parameter``.

        Parameters
        ----------
        deep : bool, default=True
            Whether the members and their parameters are among them.

        Returns
        -------
        params : dict
            Values by name.
        """
        return self._get_params("estimators", deep=deep)

    def set_params(self, **params: Any) -> "LateFusion":
        """Set parameters, replace a member by its name, or set a parameter of one.

        Parameters
        ----------
        **params : dict
            Values by name, such as ``network=...`` or ``network__lr=...``.

        Returns
        -------
        self : LateFusion
            The estimator.
        """
        return self._set_params("estimators", **params)

    def fit(self, X: Any, y: Any, **params: Any) -> "LateFusion":
        """Fit a clone of each member on the same rows.

        Parameters
        ----------
        X : array-like of n_samples rows
            Anything that all members take.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicator matrix. NaN is an unknown label, if the members take it.
        **params : dict
            Goes to ``fit`` of every member, as ``sample_weight`` does. With scikit-learn's
            metadata routing switched on, each gets what it asks for; pipelines need that.

        Returns
        -------
        self : LateFusion
            The fitted estimator.

        Raises
        ------
        ValueError
            If `y` is not a 0/1 indicator matrix with a row for each row of `X`, a member takes
            one label only, or the members, their names or the weights are not as described.
        TypeError
            If a member has no ``predict_proba``.
        """
        self._check_members()
        self._check_weights()
        self._check_labels(y, X, allow_unknown=True)
        routed = self._route_fit(params)
        fits = (delayed(_fit_member)(name, e, X, y, routed[name]) for name, e in self.estimators)
        once = SentOnce(X, y)
        self.estimators_ = run_parallel(
            fits, len(self.estimators), self.n_jobs, "Fitting members", self.verbose, once
        )
        names = [name for name, _ in self.estimators]
        self.named_estimators_ = Bunch(**dict(zip(names, self.estimators_, strict=True)))
        for name in ("n_features_in_", "feature_names_in_"):
            seen = [getattr(member, name) for member in self.estimators_ if hasattr(member, name)]
            if seen:
                setattr(self, name, seen[0])
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the probability of each label: the logistic function of the mean log-odds.

        Parameters
        ----------
        X : array-like of n_samples rows
            In the form that ``fit`` took.

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_labels)
            Each column on its own: rows do not sum to 1. It is 0 or 1 where all members say so.
        """
        return pool(self._ask_members(X), self.weights)

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the weighted mean of the members' log-odds.

        Parameters
        ----------
        X : array-like of n_samples rows
            In the form that ``fit`` took.

        Returns
        -------
        scores : ndarray of shape (n_samples, n_labels)
            Finite: a member that is certain counts as its last digit below certainty does.
        """
        return mean_log_odds(self._ask_members(X), self.weights)

    def get_metadata_routing(self) -> MetadataRouter:
        """Tell scikit-learn's metadata routing what goes where.

        Returns
        -------
        MetadataRouter
            It sends each member what its ``fit`` asks for.
        """
        router = MetadataRouter(owner=self)
        for name, estimator in self.estimators:
            mapping = MethodMapping().add(caller="fit", callee="fit")
            router.add(**{name: estimator}, method_mapping=mapping)
        return router

    def _route_fit(self, params: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Return what of the metadata given to ``fit`` goes to each member."""
        given = {name: value for name, value in params.items() if value is not None}
        if not get_config()["enable_metadata_routing"]:
            return {name: given for name, _ in self.estimators}
        routed = process_routing(self, "fit", **given)
        return {name: routed[name].fit for name, _ in self.estimators}

    def _check_members(self) -> None:
        pairs = self.estimators
        is_list = isinstance(pairs, (list, tuple)) and len(pairs) > 0
        if not is_list or not all(_is_pair(pair) for pair in pairs):
            raise ValueError(
                f"estimators={pairs!r}; expected a list of (name, estimator) pairs, one at least, "
                f"such as [('linear', BinaryRelevance(LogisticRegression()))]."
            )
        self._validate_names([name for name, _ in pairs])
        self._check_estimators_are_instances([estimator for _, estimator in pairs])
        for name, estimator in pairs:
            if not hasattr(estimator, "predict_proba"):
                raise TypeError(
                    f"The member {name!r}, {type(estimator).__name__}, has no predict_proba, which "
                    f"LateFusion needs. Wrap its binary classifier in "
                    f"sklearn.calibration.CalibratedClassifierCV."
                )

    def _check_weights(self) -> None:
        if self.weights is None:
            return
        weights = list(self.weights)
        are_positive = all(isinstance(w, Real) and 0 < w < np.inf for w in weights)
        if len(weights) != len(self.estimators) or not are_positive:
            raise ValueError(
                f"weights={self.weights!r} for {len(self.estimators)} members; expected one "
                f"positive number for each. Leave out a member that is not to count."
            )

    def _ask_members(self, X: Any) -> list[np.ndarray]:
        """Return the probabilities of each member, in one form."""
        check_is_fitted(self, "estimators_")
        y_probs = [label_probabilities(member, X) for member in self.estimators_]
        for name, y_prob in zip(self.named_estimators_, y_probs, strict=True):
            if y_prob.ndim != 2 or y_prob.shape[1] != len(self.classes_):
                raise ValueError(
                    f"The member {name!r} gives probabilities of shape {y_prob.shape} for "
                    f"{len(self.classes_)} label(s); expected one column a label. Wrap a binary "
                    f"classifier in BinaryRelevance."
                )
        return y_probs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        members = [get_tags(estimator).input_tags for _, estimator in self.estimators]
        for field in fields(InputTags):
            merge = any if field.name in _NARROWING else all
            setattr(tags.input_tags, field.name, merge(getattr(m, field.name) for m in members))
        return tags


def _is_pair(item: Any) -> bool:
    return isinstance(item, (list, tuple)) and len(item) == 2 and isinstance(item[0], str)


def _fit_member(name: str, estimator: Any, X: Any, y: Any, params: dict[str, Any]) -> Any:
    """Fit a clone; say in our words that a classifier takes one label only."""
    try:
        return clone(estimator).fit(X, y, **params)
    except ValueError as error:
        if "should be a 1d array" not in str(error):
            raise
        raise ValueError(
            f"The member {name!r}, {type(estimator).__name__}, learns one label at a time. Wrap "
            f"its binary classifier in BinaryRelevance."
        ) from error
