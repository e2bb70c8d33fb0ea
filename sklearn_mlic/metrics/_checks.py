"""What every metric asks of its input."""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from sklearn_mlic.utils._labels import as_label_matrix, check_same_columns


class Pair(NamedTuple):
    """Two checked matrices of one shape, and which entries of the first are known."""

    positive: np.ndarray  # bool: known and true
    other: np.ndarray  # bool predictions, or float scores
    known: np.ndarray  # bool

    @property
    def once(self) -> np.ndarray:
        """The weights by which each row counts once."""
        return np.ones(len(self.known))


def check_pair(y_true: Any, y_other: Any, name: str) -> Pair:
    """Return both inputs as dense matrices, or say what does not fit.

    NaN in `y_true` is an unknown label; `y_other` says something of every entry.
    """
    check_same_columns(y_true, y_other, name)
    positive, known = check_true(y_true)
    if name == "y_pred":
        other = as_label_matrix(y_other, name)[0].astype(bool)
    else:
        other = as_scores(y_other, name)
    if positive.shape != other.shape:
        raise ValueError(
            f"y_true has shape {positive.shape} and {name} has shape {other.shape}; expected the "
            f"same shape (n_samples, n_labels)."
        )
    return Pair(positive, other, known)


def check_true(y_true: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return which entries are known and true, and which are known."""
    labels = as_label_matrix(y_true, "y_true", allow_unknown=True)[0]
    return labels == 1, ~np.isnan(labels)


def _as_matrix(y: Any, name: str) -> np.ndarray:
    """Return a dense float matrix with at least one entry."""
    try:
        values = y.toarray() if sparse.issparse(y) else np.asarray(y)
        values = values if values.dtype.kind == "f" else values.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} is not a numeric matrix of shape (n_samples, n_labels). For label sets or "
            f"names use sklearn.preprocessing.MultiLabelBinarizer; drop or fill missing entries."
        ) from None
    if values.ndim != 2:
        advice = f" For a single label use {name}.reshape(-1, 1)." if values.ndim == 1 else ""
        raise ValueError(
            f"{name} has shape {values.shape}; expected (n_samples, n_labels).{advice}"
        )
    if not values.size:
        raise ValueError(f"{name} is empty: it has shape {values.shape}.")
    return values


def as_scores(y: Any, name: str) -> np.ndarray:
    """Return a float matrix without NaN."""
    values = _as_matrix(y, name)
    if np.isnan(values).any():
        row = int(np.argwhere(np.isnan(values))[0, 0])
        raise ValueError(
            f"{name} holds NaN, first in row {row}; expected a probability for every entry."
        )
    return values


def check_range(y_prob: np.ndarray) -> None:
    """Raise where scores are no probabilities."""
    if y_prob.min() < 0 or y_prob.max() > 1:
        raise ValueError(
            f"y_prob has entries outside 0..1: it ranges from {y_prob.min():g} to "
            f"{y_prob.max():g}. Pass the output of predict_proba, not of decision_function; put "
            f"logits through scipy.special.expit first."
        )


def as_thresholds(thresholds: Any, n_labels: int) -> np.ndarray:
    """Return one threshold a label."""
    values = np.asarray(thresholds, dtype=np.float64)
    if values.shape not in ((), (n_labels,)):
        raise ValueError(
            f"The thresholds have shape {values.shape}; expected one number or shape ({n_labels},)."
        )
    if np.isnan(values).any():
        raise ValueError("The thresholds hold NaN; expected a number for every label.")
    return np.broadcast_to(values, (n_labels,))
