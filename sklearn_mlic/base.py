"""What every classifier of the package shares: checked labels, names, tags, the 0.5 rule."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import _num_samples

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

    def _check_labels(self, y: Any, X: Any) -> np.ndarray:
        """Check `y` against the rows of `X`, forget an earlier fit, set the label attributes."""
        values, names = as_label_matrix(y, n_samples=_num_samples(X))
        for name in [n for n in vars(self) if n.endswith("_") and not n.startswith("_")]:
            delattr(self, name)  # should this fit fail, nothing of the last one is left behind
        self.label_names_ = np.array(names, dtype=object)
        # One [0, 1] a label is the only form that scikit-learn's response helpers read
        # rightly for L = 1 and L = 2 as well.
        self.classes_ = np.array([[0, 1]] * values.shape[1])
        return values

    def predict(self, X: Any) -> np.ndarray:
        """Predict the labels with a probability of at least 0.5.

        Parameters
        ----------
        X : array-like of n_samples rows
            In the form that ``fit`` took.

        Returns
        -------
        y_pred : ndarray of int, shape (n_samples, n_labels)
            1 where the label is predicted.
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
    return list(_classifier_of(model).label_names_)


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
    y_prob = model.predict_proba(X)
    try:
        return _classifier_of(model).apply_thresholds(y_prob), y_prob
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
    return getattr(_classifier_of(model), "thresholds_", 0.5)


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


def _classifier_of(model: Any) -> Any:
    """Go down pipelines and searches to the classifier that keeps ``label_names_``."""
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
