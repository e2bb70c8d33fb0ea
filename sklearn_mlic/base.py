"""What every classifier of the package shares: checked labels, names, tags, the 0.5 rule."""

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
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

    def _check_labels(self, y: Any, X: Any) -> np.ndarray:
        """Check `y` against the rows of `X` and set the label attributes."""
        values, names = as_label_matrix(y, n_samples=_num_samples(X))
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
        check_is_fitted(self)
        return (self.predict_proba(X) >= 0.5).astype(int)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.classifier_tags.multi_class = False
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        return tags
