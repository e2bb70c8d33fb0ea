"""What every metric asks of its input."""

from typing import Any

import numpy as np
from scipy import sparse

from sklearn_mlic.utils._labels import as_label_matrix


def check_pair(y_true: Any, y_other: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return both inputs as dense matrices, or say what does not fit."""
    columns = [list(getattr(y, "columns", ())) for y in (y_true, y_other)]
    if columns[0] != columns[1] and sorted(map(str, columns[0])) == sorted(map(str, columns[1])):
        raise ValueError(
            f"y_true and {name} have the same columns in another order: {columns[0]} and "
            f"{columns[1]}. Reorder one of them: {name}[y_true.columns]."
        )
    y_true = as_label_matrix(y_true, "y_true")[0]
    y_other = as_label_matrix(y_other, name)[0] if name == "y_pred" else as_scores(y_other, name)
    if y_true.shape != y_other.shape:
        raise ValueError(
            f"y_true has shape {y_true.shape} and {name} has shape {y_other.shape}; expected the "
            f"same shape (n_samples, n_labels)."
        )
    return y_true, y_other


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
