"""The one place where the type of X is asked."""

import os
from collections.abc import Mapping
from numbers import Number
from typing import Any

import numpy as np
from PIL import Image

from sklearn_mlic.images._elements import fill_column, list_some
from sklearn_mlic.images._source import IMAGE_TYPES


def as_columns(
    X: Any, *, image: Any = "image", text: Any = None, may_lack_image: bool = False
) -> dict[str, Any]:
    """Turn what a user may pass as X into columns of equal length.

    This is the only place where the type of X is asked. No file is opened.

    Parameters
    ----------
    X : DataFrame, sequence of images, uint8 ndarray or numeric data
        A DataFrame with the columns named below; or paths, PIL images or uint8 arrays in a list,
        tuple, Series or 1-D array; or an array of shape (n, H, W, C) with 3, 4 or 1 channels; or
        numeric features, whose validation is left to scikit-learn.
    image : str or None, default="image"
        The column of a DataFrame that holds the images; None takes the text alone.
    text : str or list of str, optional
        The column of a DataFrame that holds the text, or a list of such columns.
    may_lack_image : bool, default=False
        Whether a row may be without its image: None, NaN or an empty path.

    Returns
    -------
    dict
        ``{"features": X}``, X itself, for numeric data. Otherwise ``"image"``, a 1-D object array
        of paths, PIL images and arrays or the 4-D array itself, and ``"text"``, an object array
        of str, 1-D or for a list of columns (n, n_columns); both with None for what is missing.

    Raises
    ------
    TypeError, ValueError
        If X is something else, is empty, or lacks a column or an image.

    Examples
    --------
    >>> as_columns(["a.jpg", "b.jpg"])
    {'image': array(['a.jpg', 'b.jpg'], dtype=object)}
    >>> as_columns([[0.5, 1.0], [2.0, 0.0]])
    {'features': [[0.5, 1.0], [2.0, 0.0]]}
    """
    if image is None and text is None:
        raise ValueError("No column was asked for; name one with `image` or `text`.")
    if isinstance(text, (list, tuple)) and not text:
        raise ValueError(f"text={text!r} names no column; name one or more, or set text=None.")
    if hasattr(X, "columns") and hasattr(X, "iloc"):
        return _frame_columns(X, image, text, may_lack_image)
    kind = type(X).__name__
    if isinstance(X, Mapping):
        raise TypeError(
            f"X is a {kind}, which scikit-learn cannot split into rows. Expected a DataFrame with "
            f"a column for each key; pass pandas.DataFrame(X)."
        )
    if isinstance(X, (str, os.PathLike, Image.Image)):
        raise TypeError(f"X is a single {kind}; expected a sequence of images. Pass [X] for one.")
    if text is not None:
        raise ValueError(
            f"X is a {kind} without columns, but text={text!r} names one. Expected a DataFrame "
            f"with that column; pass one or set text=None."
        )
    if hasattr(X, "__array__"):
        array = np.asanyarray(X)
        if array.ndim != 1 or array.dtype.kind not in "OUST":
            return _array_columns(X, array)
        elements = array.tolist()  # plain str instead of numpy's
    elif isinstance(X, (list, tuple)):
        elements = X
    elif hasattr(X, "shape"):  # scipy's sparse matrices and arrays
        return {"features": X}
    else:
        raise TypeError(
            f"X is a {kind}; expected a DataFrame, an array, or a list of paths, PIL images or "
            f"uint8 arrays. If it yields images, pass list(X)."
        )
    if len(elements) > 0 and all(map(_is_numeric, elements)):
        return {"features": X}
    return {"image": fill_column(elements, "image")}


def _is_numeric(value: Any) -> bool:
    """Whether `value` can be a part of numeric data: a number, or a row of them."""
    if isinstance(value, (list, tuple)):
        return not (value and isinstance(value[0], IMAGE_TYPES))
    if isinstance(value, np.ndarray):
        return value.ndim < 2
    return isinstance(value, (Number, np.bool_))


def _frame_columns(X: Any, image: Any, text: Any, may_lack_image: bool) -> dict[str, Any]:
    several = isinstance(text, (list, tuple))
    texts = list(text) if several else [text] if text is not None else []
    names = [*([] if image is None else [image]), *texts]
    if len(set(names)) < len(names):
        raise ValueError(f"One column is named twice: {list_some(names)}. Expected each once.")
    absent = [name for name in names if name not in X.columns]
    if absent and not texts and all(dtype.kind == "f" for dtype in X.dtypes):
        return {"features": X}
    if absent:
        roles = [
            f"`{role}`"
            for role, of in (("image", [image]), ("text", texts))
            if set(absent) & set(of)
        ]
        advice = " Where no row has text, add the column with None." * bool(
            set(absent) & set(texts)
        )
        raise ValueError(
            f"X has no column {' and no column '.join(map(repr, absent))}; its columns "
            f"are {list_some(list(X.columns))}. Set {' and '.join(roles)} to the column to "
            f"use.{advice}"
        )
    for name in names:
        if X[name].ndim != 1:
            raise ValueError(f"X has more than one column {name!r}; expected one, rename the rest.")
    columns = {}
    if image is not None:
        columns["image"] = fill_column(X[image], "image", may_lack=may_lack_image)
    if texts:
        found = [fill_column(X[name], "text") for name in texts]
        columns["text"] = np.column_stack(found) if several else found[0]
    return columns


def _array_columns(X: Any, array: np.ndarray) -> dict[str, Any]:
    shape, channels = array.shape, (1, 3, 4)
    if array.ndim == 2 and shape[1] == 1 and len(array) and isinstance(array.item(0), IMAGE_TYPES):
        raise ValueError(f"X holds images in shape {shape}; expected ({shape[0]},). Pass X[:, 0].")
    if array.ndim < 3:
        return {"features": X}
    if array.ndim == 4 and array.dtype == np.uint8 and shape[-1] in channels:
        if len(array) == 0:
            raise ValueError(f"X is empty: its shape is {shape}; expected at least one image.")
        return {"image": array}
    remedies = []
    if array.ndim == 3:
        remedies.append("pass [X] for one image, or X[..., np.newaxis] for n in greyscale")
    elif array.ndim == 4 and shape[-1] not in channels and shape[1] in channels:
        remedies.append("put the channels last with X.transpose(0, 2, 3, 1)")
    elif array.ndim > 4 or shape[-1] not in channels:
        remedies.append("bring it to that shape, or to 2-D if it holds features")
    if array.dtype != np.uint8:
        scale = "multiply values of 0 to 1 by 255" if array.dtype.kind == "f" else "scale to 255"
        remedies.append(f"{scale} and cast with .astype(np.uint8)")
    raise ValueError(
        f"X is an array of shape {shape} and dtype {array.dtype}; expected images of shape "
        f"(n, H, W, 3) and dtype uint8, 0 to 255: {'; '.join(remedies)}."
    )
