"""What tells the data of one fit from those of another."""

import os
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
from PIL import Image
from scipy import sparse

from sklearn_mlic.images._digest import content_digest


def digest_data(*parts: Any) -> str:
    """Return a hash of what a fit is given, the same in every process.

    Of a file its path counts and not its content: a hash opens no image.

    Parameters
    ----------
    *parts : array-like, DataFrame, sparse matrix, dict of str to sequence, or None
        Columns as `as_columns` returns them, anything that it takes, labels, weights.

    Returns
    -------
    str
        12 hexadecimal digits.

    Examples
    --------
    >>> digest_data(["a.jpg", "b.jpg"]) == digest_data(["b.jpg", "a.jpg"])
    False
    """
    digest = blake2b(digest_size=6)
    for part in parts:
        is_table = isinstance(part, Mapping) or hasattr(part, "columns")
        columns = part if is_table else {"": part}
        for name in columns:
            digest.update(f"{name} ".encode())
            _add_column(digest, columns[name])
    return digest.hexdigest()


def _add_column(digest: Any, column: Any) -> None:
    if column is None:
        digest.update(b"None")
        return
    if sparse.issparse(column):
        column = column.tocsr()
        digest.update(f"{column.shape}".encode())
        for array in (column.indptr, column.indices, column.data):
            digest.update(array.data)
        return
    values = _as_array(column)
    digest.update(f"{values.shape}".encode())
    if values.dtype.kind == "O":
        for value in values.ravel():
            content = _describe(value)
            digest.update(len(content).to_bytes(8, "little") + content)
    else:
        digest.update(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)


def _as_array(column: Any) -> np.ndarray:
    """Pictures in a list stay whole; numbers become one array."""
    is_list = isinstance(column, (list, tuple))
    if is_list and any(isinstance(value, (Image.Image, np.ndarray)) for value in column):
        values = np.empty(len(column), dtype=object)
        values[:] = column
        return values
    return np.atleast_1d(np.asarray(column))


def _describe(value: Any) -> bytes:
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value).encode()
    if isinstance(value, Image.Image):
        return content_digest(value)
    if isinstance(value, np.ndarray):
        return f"{value.shape} {value.dtype}".encode() + value.tobytes()
    return repr(value).encode()
