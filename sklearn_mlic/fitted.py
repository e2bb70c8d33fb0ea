"""What can be asked of any fitted model, also from inside pipelines and searches."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator


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
    while True:
        # A search hands on label_names_, and not the rest.
        if hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        elif hasattr(model, "steps"):
            model = model.steps[-1][1]
        elif hasattr(model, "label_names_"):
            return model
        else:
            raise ValueError(
                f"{type(model).__name__} keeps no label_names_. Expected a fitted classifier of "
                f"sklearn_mlic, or a pipeline or search that ends in one."
            )
