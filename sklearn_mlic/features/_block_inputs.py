"""What of X each of several transformers gets."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_feature_names, _check_n_features

# Stand where a transformer would.
LEFT_OUT = "drop"
AS_IS = "passthrough"


def is_list_of_blocks(items: Any) -> bool:
    """Tell whether a setting has the form of ``(name, transformer)`` or with columns.

    Parameters
    ----------
    items : object
        What the user gave.

    Returns
    -------
    bool
        True for a list of one such tuple or more.
    """
    return (
        isinstance(items, (list, tuple))
        and len(items) > 0
        and all(isinstance(item, (list, tuple)) and len(item) in (2, 3) for item in items)
        and all(isinstance(item[0], str) for item in items)
    )


def as_table(X: Any) -> Any:
    """Make tables of which columns can be taken; leave images and texts as they are.

    Parameters
    ----------
    X : object
        What the user gave.

    Returns
    -------
    object
        An array of rows of numbers in lists, CSR of a sparse matrix, or X itself.
    """
    if sparse.issparse(X):
        return X.tocsr()
    is_rows = isinstance(X, (list, tuple)) and len(X) > 0 and isinstance(X[0], (list, tuple))
    is_array = hasattr(X, "__array__") and not hasattr(X, "shape")
    return np.asarray(X) if is_rows or is_array else X


def is_table(X: Any) -> bool:
    """Tell whether X has columns; images and texts have none, whatever their shape.

    Parameters
    ----------
    X : object
        From `as_table`.

    Returns
    -------
    bool
        True for a DataFrame, a sparse matrix and an array of two dimensions.
    """
    return hasattr(X, "columns") or sparse.issparse(X) or getattr(X, "ndim", None) == 2


def remember_columns(estimator: Any, X: Any) -> None:
    """Set ``n_features_in_`` and ``feature_names_in_``; forget them where X has no columns.

    Parameters
    ----------
    estimator : estimator
        Being fitted.
    X : object
        From `as_table`.

    Raises
    ------
    ValueError
        If X is a table without columns.
    """
    if is_table(X) and X.shape[1] == 0:
        raise ValueError(
            f"Found array with 0 feature(s) (shape={X.shape}) while a minimum of 1 is required by "
            f"{type(estimator).__name__}."
        )
    _check_feature_names(estimator, X, reset=True)
    if is_table(X):
        _check_n_features(estimator, X, reset=True)
    elif hasattr(estimator, "n_features_in_"):
        del estimator.n_features_in_


def check_as_in_fit(estimator: Any, X: Any) -> None:
    """Raise where X has other columns than the table that an estimator was fitted on.

    Parameters
    ----------
    estimator : estimator
        Fitted. One that was fitted on no table takes any X: its transformers know better.
    X : object
        From `as_table`.

    Raises
    ------
    ValueError
        If they differ in number or name, or X has none.
    """
    if not hasattr(estimator, "n_features_in_"):
        return
    if not is_table(X):
        given = f"has shape {X.shape}" if hasattr(X, "shape") else f"is a {type(X).__name__}"
        raise ValueError(
            f"X {given}; expected a table of {estimator.n_features_in_} columns, as in fit. "
            f"Reshape your data: one row of numbers is X.reshape(1, -1)."
        )
    _check_feature_names(estimator, X, reset=False)
    _check_n_features(estimator, X, reset=False)


def is_by_name(columns: Any) -> bool:
    """Tell whether columns are asked for by name.

    Parameters
    ----------
    columns : object
        What stands third in a transformer's tuple.

    Returns
    -------
    bool
        True for a name or a list of names.
    """
    return isinstance(columns, str) or (
        isinstance(columns, (list, tuple)) and all(isinstance(c, str) for c in columns)
    )


def select_columns(name: str, X: Any, columns: Any) -> Any:
    """Return the columns that a block is made of.

    Parameters
    ----------
    name : str
        The block's.
    X : DataFrame, array-like, sparse matrix or sequence
        What the user gave.
    columns : str, int, list, slice, mask or None
        As scikit-learn's ``ColumnTransformer`` takes them; None is all of X.

    Returns
    -------
    object
        Of the type of X, or one-dimensional for a single column.

    Raises
    ------
    ValueError
        If X does not have them, or they are none; it names the block.
    """
    if columns is None:
        return X
    try:
        selected = _safe_indexing(X, columns, axis=1)
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"The block {name!r} asks for the column(s) {columns!r:.200}, which X does not have: "
            f"{error}"
        ) from error
    if getattr(selected, "shape", ())[1:] == (0,):
        raise ValueError(
            f"The block {name!r} has no columns ({columns!r:.200}); expected one at least. Leave "
            f"the block out, or give {LEFT_OUT!r} for its transformer."
        )
    return selected
