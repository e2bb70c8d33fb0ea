"""Labels and probabilities as the displays read them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from sklearn_mlic.fitted import find_label_names, label_probabilities
from sklearn_mlic.metrics._checks import check_pair, check_range


class Predictions(NamedTuple):
    """Checked matrices of shape (n_samples, n_labels)."""

    positive: np.ndarray  # bool: known and true
    y_prob: np.ndarray
    known: np.ndarray  # bool

    @property
    def n_positives(self) -> np.ndarray:
        return self.positive.sum(axis=0)

    def labels(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield (is_true, probabilities) of the known rows of each label."""
        for y, p, known in zip(self.positive.T, self.y_prob.T, self.known.T, strict=True):
            yield y[known], p[known]

    def rows(self, rows: np.ndarray) -> "Predictions":
        return Predictions(*(values[rows] for values in self))


def check_predictions(y_true: Any, y_prob: Any) -> Predictions:
    """Check shapes, 0/1/NaN labels and probabilities."""
    pair = check_pair(y_true, y_prob, "y_prob")
    check_range(pair.other)
    return Predictions(pair.positive, pair.other, pair.known)


def predict_named(estimator: Any, X: Any) -> Any:
    """Return the probabilities, as a DataFrame where the estimator names the labels.

    The columns let later checks find labels in another order than those of y.
    """
    return name_columns(label_probabilities(estimator, X), estimator)


def name_columns(y_prob: np.ndarray, estimator: Any) -> Any:
    """Put the label names of a fitted estimator above its probabilities."""
    try:
        names = find_label_names(estimator)
    except ValueError:  # a classifier of another package
        return y_prob
    import pandas as pd

    return pd.DataFrame(y_prob, columns=names)
