"""What every classifier of the package shares: checked labels, names, tags, the 0.5 rule."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import _num_samples, check_is_fitted

from sklearn_mlic.utils._labels import as_label_matrix

# The logit of a label that is constant in training: its probability is 0 or 1 to the last digit.
CONSTANT_LOGIT = 36.7


class MultilabelMixin(ClassifierMixin):
    """The base of every multi-label classifier: put it left of ``BaseEstimator``.

    It brings the label checks, the form of ``classes_`` that scikit-learn's scorers and
    ``cross_val_predict`` understand for any number of labels, the 0.5 rule and the tags.
    A subclass writes ``fit`` (calling `_check_labels` first) and
    ``predict_proba(X) -> (n_samples, n_labels)``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_labels, 2)
        ``[0, 1]`` for each label.
    label_names_ : ndarray of object, shape (n_labels,)
        The columns of a DataFrame y, else ``label_0``, ``label_1``, …
    """

    def _check_labels(
        self, y: Any, X: Any, *, allow_unknown: bool = False, keep_sparse: bool = False
    ) -> np.ndarray | sparse.csc_array:
        """Check `y` against the rows of `X`, forget an earlier fit, set the label attributes."""
        values, names = as_label_matrix(
            y, n_samples=_num_samples(X), allow_unknown=allow_unknown, keep_sparse=keep_sparse
        )
        for name in [n for n in vars(self) if n.endswith("_") and not n.startswith("_")]:
            delattr(self, name)  # should this fit fail, nothing of the last one is left behind
        self.label_names_ = np.array(names, dtype=object)
        # One [0, 1] a label is the only form that scikit-learn's response helpers read
        # rightly for L = 1 and L = 2 as well.
        self.classes_ = np.array([[0, 1]] * values.shape[1])
        return values

    def predict(self, X: Any) -> np.ndarray:
        """Predict labels: `apply_thresholds` on the probabilities of `predict_proba`.

        Parameters
        ----------
        X : array-like of n_samples rows
            In the form that ``fit`` took.

        Returns
        -------
        y_pred : ndarray of int, shape (n_samples, n_labels)
            1 where the label is predicted: from a probability of 0.5 on, unless thresholds
            were tuned.
        """
        return self.apply_thresholds(self.predict_proba(X))

    def apply_thresholds(self, y_prob: np.ndarray) -> np.ndarray:
        """Turn probabilities into labels as `predict` does, without predicting again.

        Parameters
        ----------
        y_prob : ndarray of shape (n_samples, n_labels)
            What `predict_proba` returned.

        Returns
        -------
        y_pred : ndarray of int, shape (n_samples, n_labels)
            1 where the probability is at least 0.5.
        """
        return (y_prob >= 0.5).astype(int)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.classifier_tags.multi_class = False
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        return tags


class RoutingMixin(MetaEstimatorMixin):
    """What every classifier around an ``estimator`` shares: put it right of `MultilabelMixin`.

    Metadata of ``fit``, ``sample_weight`` most of all, goes to ``estimator.fit``: by scikit-learn's
    metadata routing where that is switched on, else as it is given. Where there is a parameter
    `cv`, ``groups`` go to the splitter. Input tags are those of the wrapped estimator.
    """

    def get_metadata_routing(self) -> MetadataRouter:
        """Tell scikit-learn's metadata routing what goes where.

        Returns
        -------
        MetadataRouter
            It sends what ``estimator.fit`` and the splitter ask for.
        """
        router = MetadataRouter(owner=self).add(
            estimator=self.estimator, method_mapping=MethodMapping().add(caller="fit", callee="fit")
        )
        if hasattr(self, "cv"):
            mapping = MethodMapping().add(caller="fit", callee="split")
            router.add(splitter=self.cv, method_mapping=mapping)
        return router

    def _route_fit(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return what of the metadata given to ``fit`` goes to ``estimator.fit``."""
        if get_config()["enable_metadata_routing"]:
            return process_routing(self, "fit", **_given(params)).estimator.fit
        kept_back = {"groups"} if hasattr(self, "cv") else set()
        return {name: value for name, value in _given(params).items() if name not in kept_back}

    def _route_split(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return what of the metadata given to ``fit`` goes to the splitter."""
        if get_config()["enable_metadata_routing"]:
            return process_routing(self, "fit", **_given(params)).splitter.split
        return {name: value for name, value in _given(params).items() if name == "groups"}

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags


def _given(params: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


class WrapperMixin(RoutingMixin):
    """What a classifier shares that hands X to its ``estimator`` without looking at it.

    A subclass sets ``estimator_`` or ``estimators_`` in ``fit``.

    Attributes
    ----------
    n_features_in_ : int
        Number of features seen in fit, where the wrapped estimator counts them.
    feature_names_in_ : ndarray of str
        Names of the features seen in fit, where the wrapped estimator keeps them.
    """

    @property
    def n_features_in_(self) -> int:
        return self._one_fitted().n_features_in_

    @property
    def feature_names_in_(self) -> np.ndarray:
        return self._one_fitted().feature_names_in_

    def _one_fitted(self) -> Any:
        """A fitted estimator that saw X; the stand-in for a constant label never looks at it."""
        check_is_fitted(self, ["estimator_", "estimators_"], all_or_any=any)
        fitted = getattr(self, "estimators_", None) or [self.estimator_]
        return next((e for e in fitted if hasattr(e, "n_features_in_")), fitted[0])


def require_probabilities(owner: Any) -> None:
    """Raise where the ``estimator`` that `owner` wraps has no ``predict_proba``.

    Parameters
    ----------
    owner : estimator
        The classifier around it.

    Raises
    ------
    TypeError
        With the way out in the message.
    """
    if not hasattr(owner.estimator, "predict_proba"):
        raise TypeError(
            f"{type(owner.estimator).__name__} has no predict_proba, which {type(owner).__name__} "
            f"needs. Wrap it in sklearn.calibration.CalibratedClassifierCV."
        )


def find_label_names(model: Any) -> list[str]:
    """Return the label names of a fitted model, also from inside a pipeline or search.

    Parameters
    ----------
    model : estimator
        A fitted multi-label classifier, a pipeline that ends in one, or a search over them.

    Returns
    -------
    list of str
        One name a column of ``predict_proba``.

    Raises
    ------
    ValueError
        If no estimator in it keeps ``label_names_``.
    """
    return list(find_classifier(model).label_names_)


def label_probabilities(estimator: Any, X: Any) -> np.ndarray:
    """Return ``predict_proba`` in our form, also from scikit-learn's list of pairs.

    Parameters
    ----------
    estimator : estimator
        A fitted multi-label classifier, of this package or another.
    X : array-like of n_samples rows
        In the form that ``fit`` took.

    Returns
    -------
    y_prob : ndarray of shape (n_samples, n_labels)
        Probabilities.

    Raises
    ------
    ValueError
        If a label has no column, as it had one value only in training.
    """
    y_prob = estimator.predict_proba(X)
    if isinstance(y_prob, list):
        narrow = [j for j, pair in enumerate(y_prob) if pair.shape[1] != 2]
        if narrow:
            raise ValueError(
                f"{type(estimator).__name__} saw one value only for label(s) {narrow} in a "
                f"training fold and gives no probability for them. Wrap a binary classifier in "
                f"BinaryRelevance, which predicts such labels as constant."
            )
        y_prob = np.column_stack([pair[:, 1] for pair in y_prob])
    return np.asarray(y_prob)


def predict_both(model: Any, X: Any) -> tuple[np.ndarray, np.ndarray]:
    """Predict labels and probabilities in one pass over X.

    Parameters
    ----------
    model : estimator
        A fitted multi-label classifier, a pipeline that ends in one, or a search over them.
    X : array-like of n_samples rows
        In the form that ``fit`` took.

    Returns
    -------
    y_pred : ndarray of int, shape (n_samples, n_labels)
        As ``model.predict(X)``.
    y_prob : ndarray of shape (n_samples, n_labels)
        As ``model.predict_proba(X)``.
    """
    y_prob = label_probabilities(model, X)
    try:
        return find_classifier(model).apply_thresholds(y_prob), y_prob
    except ValueError:  # a classifier of another package
        return model.predict(X), y_prob


def find_thresholds(model: Any) -> np.ndarray | float:
    """Return the thresholds that a fitted model predicts by, also from inside a pipeline.

    Parameters
    ----------
    model : estimator
        As for `find_label_names`.

    Returns
    -------
    ndarray of shape (n_labels,) or float
        ``thresholds_``, or 0.5 for a classifier that tunes none.
    """
    return getattr(find_classifier(model), "thresholds_", 0.5)


def set_everywhere(model: Any, **values: Any) -> None:
    """Set parameters of a fitted model on every estimator of ours in it that has them.

    ``set_params`` reaches what will be fitted, not what was.

    Parameters
    ----------
    model : estimator
        Fitted or not; changed in place.
    **values
        Values by parameter name, such as ``verbose=0``.
    """
    seen: set[int] = set()
    waiting = [model]
    while waiting:
        item = waiting.pop()
        if isinstance(item, (list, tuple)):
            waiting += item
        elif isinstance(item, BaseEstimator) and id(item) not in seen:
            seen.add(id(item))
            waiting += vars(item).values()
            if type(item).__module__.startswith("sklearn_mlic."):
                own = item.get_params(deep=False)
                item.set_params(**{name: value for name, value in values.items() if name in own})


def find_classifier(model: Any) -> Any:
    """Go down pipelines and searches to the classifier that keeps ``label_names_``.

    Parameters
    ----------
    model : estimator
        As for `find_label_names`.

    Returns
    -------
    estimator
        The fitted classifier.

    Raises
    ------
    ValueError
        If there is none of this package.
    """
    while not hasattr(model, "label_names_"):
        if hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        elif hasattr(model, "steps"):
            model = model.steps[-1][1]
        else:
            raise ValueError(
                f"{type(model).__name__} keeps no label_names_. Expected a fitted classifier of "
                f"sklearn_mlic, or a pipeline or search that ends in one."
            )
    return model
