"""The baseline: what can be said of the labels without a look at X."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import _check_sample_weight, _num_samples, check_is_fitted

from sklearn_mlic.base import MultilabelMixin
from sklearn_mlic.transformation._label_sets import find_label_sets
from sklearn_mlic.utils._choices import check_choice


class LabelPrior(MultilabelMixin, BaseEstimator):
    """Predict the same for every row: how frequent each label is, or the most frequent label set.

    It belongs in every table, as the row to beat: a method that is no better has learned nothing
    from X. Of X only the length is asked, so it takes anything.

    Parameters
    ----------
    strategy : {"prior", "most_frequent_set"}, default="prior"
        ``"prior"`` predicts each label's share of positives among its known rows.
        ``"most_frequent_set"`` predicts the label set that most rows have, with probabilities of
        0 and 1: the best constant for subset accuracy.

    Attributes
    ----------
    constant_ : ndarray of shape (n_labels,)
        The probabilities predicted for every row.
    classes_ : ndarray of shape (n_labels, 2)
        ``[0, 1]`` for each label.
    label_names_ : ndarray of object, shape (n_labels,)
        The columns of a DataFrame y, else ``label_0``, ``label_1``, …

    Examples
    --------
    >>> from sklearn_mlic import LabelPrior
    >>> paths, y = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"], [[1, 0], [1, 0], [0, 1], [1, 1]]
    >>> LabelPrior().fit(paths, y).predict_proba(["new.jpg"])
    array([[0.75, 0.5 ]])
    >>> LabelPrior("most_frequent_set").fit(paths, y).predict(["new.jpg"])
    array([[1, 0]])
    """

    def __init__(self, strategy="prior"):
        self.strategy = strategy

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "LabelPrior":
        """Count the labels.

        Parameters
        ----------
        X : array-like of n_samples rows
            Anything; only its length is asked.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicator matrix. NaN is an unknown label, which ``"prior"`` leaves out.
        sample_weight : array-like of shape (n_samples,), optional
            What each row counts for; 1 by default.

        Returns
        -------
        self : LabelPrior
            The fitted estimator.

        Raises
        ------
        ValueError
            If `strategy` is unknown, `y` is not a 0/1 indicator matrix with a row for each row of
            `X`, a label has no known row, or a label is unknown where whole sets are counted.
        """
        check_choice("strategy", self.strategy, _STRATEGIES)
        labels = self._check_labels(y, X, allow_unknown=True, keep_sparse=True)
        weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        self.constant_ = _STRATEGIES[self.strategy](labels, weight, self.label_names_)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the same probabilities for each row.

        Parameters
        ----------
        X : array-like of n_samples rows
            Anything; only its length is asked.

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_labels)
            `constant_` once a row.
        """
        check_is_fitted(self, "constant_")
        return np.tile(self.constant_, (_num_samples(X), 1))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        tags.no_validation = True
        # Not one_d_array, by which scikit-learn understands one dimension only.
        for kind in ("three_d_array", "sparse", "string", "allow_nan"):
            setattr(tags.input_tags, kind, True)
        return tags


def _find_prior(labels: Any, weight: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Return each label's weighted share of positives among its known rows."""
    if sparse.issparse(labels):
        known, positive = np.full(labels.shape[1], weight.sum()), labels.T @ weight
    else:
        known = weight @ ~np.isnan(labels)
        positive = weight @ (labels == 1)
    if np.any(known == 0):
        raise ValueError(
            f"The label(s) {', '.join(map(repr, names[known == 0]))} are unknown (NaN) in all rows "
            f"of a weight above 0; expected at least one known row. Drop their columns from y."
        )
    return np.clip(positive / known, 0.0, 1.0)


def _find_most_frequent_set(labels: Any, weight: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Return the label set of the largest weight; of several, the one in more rows."""
    if labels.dtype.kind == "f":
        unknown = names[np.isnan(labels).any(axis=0)]
        raise ValueError(
            f"y has unknown labels (NaN), of {', '.join(map(repr, unknown))}: such a row has no "
            f"whole label set to count. Use strategy='prior', or drop those rows."
        )
    sets, row_set = find_label_sets(labels)
    most_frequent = sets[[np.bincount(row_set, weight).argmax()]]
    if sparse.issparse(most_frequent):
        most_frequent = most_frequent.toarray()
    return most_frequent[0].astype(float)


_STRATEGIES = {"prior": _find_prior, "most_frequent_set": _find_most_frequent_set}
