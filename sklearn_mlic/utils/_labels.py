"""The one check of a 0/1 label matrix."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

_NO_UNKNOWN = (
    "NaN marks an unknown label, which this method cannot use: BinaryRelevance and LabelPrior "
    "learn each label from its known rows. Else drop those rows or fill them in."
)
_BINARIZE = "sklearn.preprocessing.MultiLabelBinarizer().fit_transform"


def as_label_matrix(
    y: Any,
    name: str = "y",
    n_samples: int | None = None,
    *,
    allow_unknown: bool = False,
    keep_sparse: bool = False,
) -> tuple[np.ndarray | sparse.csc_array, list[str]]:
    """Return `y` as a 0/1 matrix beside its label names, or say what is wrong with it.

    Parameters
    ----------
    y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        Indicator matrix: 1 where the label applies, 0 where it does not. The columns of a
        DataFrame name the labels.
    name : str, default="y"
        What the caller's user calls it, for the messages.
    n_samples : int, optional
        The number of rows that `y` must have.
    allow_unknown : bool, default=False
        Whether NaN, an unknown label, is let through.
    keep_sparse : bool, default=False
        Whether a sparse `y` stays sparse.

    Returns
    -------
    labels : ndarray or csc_array of shape (n_samples, n_labels)
        The checked matrix, a copy: int64, or float64 where an entry is NaN.
    label_names : list of str
        One name a column, ``label_0``, ``label_1``, … where `y` names none.

    Raises
    ------
    ValueError
        If `y` is missing, one-dimensional, a list of label sets, has no row or no column,
        another number of rows than asked for, or an entry that is not 0 or 1 (or NaN, with
        `allow_unknown`).

    Examples
    --------
    >>> as_label_matrix([[1, 0], [1, 1]])
    (array([[1, 0],
           [1, 1]]), ['label_0', 'label_1'])
    """
    if y is None:
        raise ValueError(
            f"This requires {name} to be passed, but the target y is None. "
            f"Pass a 0/1 indicator matrix of shape (n_samples, n_labels)."
        )
    label_names = [str(label) for label in y.columns] if hasattr(y, "columns") else None
    values = sparse.csc_array(y) if sparse.issparse(y) else _as_matrix(y, name)
    if 0 in values.shape:
        raise ValueError(f"{name} is empty: it has shape {values.shape}; expected rows and labels.")
    if n_samples is not None and values.shape[0] != n_samples:
        raise ValueError(
            f"X has {n_samples} rows and {name} has {values.shape[0]}: expected one row of labels "
            f"for each row of X."
        )
    repeated = {label for label in label_names or [] if label_names.count(label) > 1}
    if repeated:
        raise ValueError(
            f"{name} has several columns named {', '.join(map(repr, sorted(repeated)))}; expected "
            f"each label once. Rename or merge them."
        )
    label_names = label_names or [f"label_{j}" for j in range(values.shape[1])]
    if sparse.issparse(values):
        values = _drop_zeros(values)
        if keep_sparse and np.all(values.data == 1):
            return values.astype(np.int64), label_names
        values = values.toarray()
    return _as_indicators(values, name, label_names, allow_unknown), label_names


def check_same_columns(y_true: Any, y_other: Any, name: str) -> None:
    """Raise where two DataFrames have the same columns in another order.

    Parameters
    ----------
    y_true : object
        Labels; what is no DataFrame has no columns to compare.
    y_other : object
        What is read beside them, column by column.
    name : str
        What the caller's user calls `y_other`.
    """
    columns = [list(getattr(y, "columns", ())) for y in (y_true, y_other)]
    if columns[0] != columns[1] and sorted(map(str, columns[0])) == sorted(map(str, columns[1])):
        raise ValueError(
            f"y_true and {name} have the same columns in another order: {columns[0]} and "
            f"{columns[1]}. Reorder one of them: {name}[y_true.columns]."
        )


def find_names(label_names: Sequence[str] | None, n_labels: int, *tables: Any) -> list[str]:
    """Return the label names given, else the columns of the first table that has some.

    Parameters
    ----------
    label_names : sequence of str or None
        What the user gave.
    n_labels : int
        How many there must be.
    *tables : object
        Labels or probabilities; those that are DataFrames name the labels.

    Returns
    -------
    list of str
        ``label_0``, ``label_1``, … where nothing names them.

    Raises
    ------
    ValueError
        If there are more or fewer names than labels.
    """
    if label_names is None:
        columns = [table.columns for table in tables if hasattr(table, "columns")]
        label_names = columns[0] if columns else [f"label_{j}" for j in range(n_labels)]
    if len(label_names) != n_labels:
        raise ValueError(
            f"label_names has {len(label_names)} names for {n_labels} labels; expected one a label."
        )
    return [str(name) for name in label_names]


def label_column(labels: np.ndarray | sparse.csc_array, j: int) -> np.ndarray:
    """Return one label of a checked matrix, dense.

    Parameters
    ----------
    labels : ndarray or csc_array of shape (n_samples, n_labels)
        From `as_label_matrix`.
    j : int
        The column.

    Returns
    -------
    ndarray of shape (n_samples,)
        The label.
    """
    return labels[:, [j]].toarray().ravel() if sparse.issparse(labels) else labels[:, j]


def _drop_zeros(values: sparse.csc_array) -> sparse.csc_array:
    """Return a copy that stores each entry once, and no 0."""
    values = values.copy()
    values.sum_duplicates()
    values.eliminate_zeros()
    return values


def _as_matrix(y: Any, name: str) -> np.ndarray:
    """Give `y` two dimensions or raise: label sets and 1-D targets are refused."""
    try:
        values = _from_table(y) if hasattr(y, "columns") else np.asarray(y)
    except ValueError:  # rows of different lengths
        values = np.empty(len(y), dtype=object)
    if values.dtype.kind in "OUS" and (values.ndim == 1 or _holds_text(values)):
        raise ValueError(
            f"{name} holds labels or label sets; expected a 0/1 indicator matrix of shape "
            f"(n_samples, n_labels). {_advise_on_text(values, name)}"
        )
    if values.ndim != 2:
        raise ValueError(
            f"{name} has shape {values.shape}; expected a 0/1 indicator matrix of shape "
            f"(n_samples, n_labels). For a single 0/1 label use {name}.reshape(-1, 1); for class "
            f"numbers use {_BINARIZE}([[label] for label in {name}])."
        )
    return values


def _advise_on_text(values: np.ndarray, name: str) -> str:
    """Tell how label names become an indicator matrix: by what they are written in."""
    if values.ndim == 2:
        return f"If the entries are '0' and '1', use {name}.astype(int); else {_BINARIZE}({name})."
    if len(values) and isinstance(values[0], str):
        return (
            f"For one label a row use {_BINARIZE}([[label] for label in {name}]); for labels "
            f"separated by spaces {_BINARIZE}([row.split() for row in {name}])."
        )
    return f"Convert it with {_BINARIZE}({name})."


def _from_table(y: Any) -> np.ndarray:
    """Read a DataFrame; pandas' own missing value becomes NaN."""
    for read in (
        lambda: y.to_numpy(dtype=np.float64, na_value=np.nan),
        lambda: y.astype(object).where(y.notna(), np.nan).to_numpy(dtype=np.float64),
    ):
        try:
            return read()
        except (AttributeError, TypeError, ValueError):
            continue
    return np.asarray(y)  # text, or a table of another library


def _holds_text(values: np.ndarray) -> bool:
    return any(isinstance(entry, str) for entry in values.flat)


def _as_indicators(
    values: np.ndarray, name: str, label_names: list[str], allow_unknown: bool
) -> np.ndarray:
    """Cast to int64, or to float64 around NaN; else point at the first entry that is wrong."""
    try:
        numeric = values.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} has entries that are not numbers (dtype {values.dtype}); expected 0 and 1. "
            f"Drop or fill in missing entries; convert label sets with {_BINARIZE}."
        ) from None
    unknown = np.isnan(numeric)
    wrong = ~((numeric == 0) | (numeric == 1))
    if allow_unknown:
        wrong &= ~unknown
    if wrong.any():
        row, column = map(int, np.argwhere(wrong)[0])
        advice = "Map the labels to 0 (absent) and 1 (present)."
        if name == "y_pred":
            advice = "Pass predictions: apply a threshold first, y_prob >= 0.5."
        elif allow_unknown:
            advice = "Map the labels to 0 (absent), 1 (present) and NaN (unknown)."
        elif unknown.any():
            advice = _NO_UNKNOWN if name == "y" else "Drop those rows or fill them in."
        raise ValueError(
            f"{name} has {int(wrong.sum())} entries that are not 0 or 1, the first in row {row}, "
            f"label {label_names[column]!r}: {numeric[row, column]:g}. {advice}"
        )
    return numeric if unknown.any() else numeric.astype(np.int64)
