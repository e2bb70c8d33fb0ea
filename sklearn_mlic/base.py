"""What every classifier of the package shares: checked labels, names, tags, the 0.5 rule."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.base import ClassifierMixin, MetaEstimatorMixin
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

    def _check_known(self, labels: Any) -> None:
        """Raise where a label is unknown in every row."""
        if labels.dtype.kind == "f" and np.isnan(labels).all(axis=0).any():
            names = self.label_names_[np.isnan(labels).all(axis=0)]
            raise ValueError(
                f"The label(s) {', '.join(map(repr, names))} are unknown (NaN) in all "
                f"{len(labels)} rows; expected at least one known row. Drop their columns from y."
            )

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
