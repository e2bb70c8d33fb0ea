"""Labels and probabilities as the displays read them."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from sklearn_mlic.fitted import find_label_names, label_probabilities
from sklearn_mlic.metrics._checks import check_pair


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
    if pair.other.min() < 0 or pair.other.max() > 1:
        raise ValueError(
            "y_prob has entries outside 0..1. Pass probabilities; put logits through "
            "scipy.special.expit first."
        )
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


def find_names(label_names: Sequence[str] | None, n_labels: int, *tables: Any) -> list[str]:
    """Return the names given, else the columns of the first table that has some."""
    if label_names is None:
        columns = [table.columns for table in tables if hasattr(table, "columns")]
        label_names = columns[0] if columns else [f"label_{j}" for j in range(n_labels)]
    if len(label_names) != n_labels:
        raise ValueError(
            f"label_names has {len(label_names)} names for {n_labels} labels; expected one a label."
        )
    return [str(name) for name in label_names]
