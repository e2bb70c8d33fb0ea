"""A column of text on its own, as transformers of text are given it."""

from typing import Any

import numpy as np

from sklearn_mlic.images._elements import fill_column


def as_texts(X: Any) -> np.ndarray:
    """Turn what a user may pass as a column of text into one form.

    Parameters
    ----------
    X : sequence of str, Series, 1-D array, or DataFrame of one column
        A row without text holds None, NaN or a blank string.

    Returns
    -------
    ndarray of object, shape (n_samples,)
        Each a str, or None where there is no text.

    Raises
    ------
    TypeError, ValueError
        If X is something else, is empty, or has several columns.

    Examples
    --------
    >>> as_texts(["a cat", "", None])
    array(['a cat', None, None], dtype=object)
    """
    kind = type(X).__name__
    if isinstance(X, (str, bytes)):
        raise TypeError(f"X is a single {kind}; expected a sequence of texts. Pass [X] for one.")
    if hasattr(X, "columns") and hasattr(X, "iloc"):
        if len(X.columns) != 1:
            raise ValueError(
                f"X is a {kind} with the columns {list(X.columns)!s:.200}; expected one column of "
                f"text. Pass X[column], or name it in a sklearn.compose.ColumnTransformer."
            )
        X = X.iloc[:, 0]
    if hasattr(X, "__array__"):
        array = np.asanyarray(X)
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim != 1:
            raise ValueError(
                f"X is an array of shape {array.shape}; expected one text a row, shape (n,)."
            )
        X = array.tolist()  # plain str instead of numpy's
    elif not isinstance(X, (list, tuple)):
        raise TypeError(
            f"X is a {kind}; expected a sequence of texts, a Series or a DataFrame of one column. "
            f"If it yields texts, pass list(X)."
        )
    return fill_column(X, "text")
