"""What of X each of several transformers gets."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_feature_names, _check_n_features


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


def check_as_in_fit(estimator: Any, X: Any) -> None:
    """Raise where X has other columns than the one that an estimator was fitted on.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    X : object
        From `as_table`; what is no table has no columns to compare.

    Raises
    ------
    ValueError
        If they differ in number or name.
    """
    if hasattr(estimator, "n_features_in_") and getattr(X, "ndim", 2) < 2:
        raise ValueError(
            f"X has shape {X.shape}; expected {estimator.n_features_in_} columns, as in fit. "
            f"Reshape your data: X.reshape(1, -1) is one row."
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
        If X does not have them; it names the block.
    """
    if columns is None:
        return X
    try:
        return _safe_indexing(X, columns, axis=1)
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"The block {name!r} asks for the column(s) {columns!r:.200}, which X does not have: "
            f"{error}"
        ) from error
