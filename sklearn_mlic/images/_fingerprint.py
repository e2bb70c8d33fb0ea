"""What tells the data of one fit from those of another."""

import os
from collections.abc import Iterable, Mapping, Sized
from hashlib import blake2b
from numbers import Number
from typing import Any

import numpy as np
from PIL import Image
from scipy import sparse

from sklearn_mlic.images._digest import content_digest
from sklearn_mlic.utils._description import describe, qualified_name


def digest_data(*parts: Any) -> str:
    """Return a hash of what a fit is given, the same in every process.

    Of a file its path counts and not its content: a hash opens no image.

    Parameters
    ----------
    *parts : array-like, DataFrame, sparse matrix, dict of str to sequence, or None
        Columns as `as_columns` returns them, anything that it takes, labels, weights, and lists
        of these. Of an object that cannot be pickled the type counts alone.

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
        _add(digest, part)
    return digest.hexdigest()


def _add(digest: Any, value: Any) -> None:
    """Item by item: nothing is made as wide as the longest text."""
    if isinstance(value, (str, os.PathLike)):
        # A name that is no UTF-8 holds halves of pairs.
        _add_bytes(digest, str(os.fspath(value)).encode(errors="surrogatepass"))
    elif value is None or isinstance(value, (Number, np.generic)):
        _add_bytes(digest, describe(value).encode())
    elif isinstance(value, Image.Image):
        _add_bytes(digest, content_digest(value))
    elif sparse.issparse(value):
        rows = value.tocsr()
        digest.update(f"sparse {rows.shape} ".encode())
        for array in (rows.indptr, rows.indices, rows.data):
            _add_array(digest, array)
    elif isinstance(value, Mapping) or hasattr(value, "columns"):
        names = list(value) if isinstance(value, Mapping) else list(value.columns)
        digest.update(f"table {len(names)} ".encode())
        for name in names:
            _add_bytes(digest, str(name).encode())
            _add(digest, value[name])
    elif hasattr(value, "__array__") or _is_numbers(value):
        _add_array(digest, np.asarray(value))
    elif isinstance(value, Sized) and isinstance(value, Iterable) and not _is_unordered(value):
        _add_items(digest, value)
    else:
        _add_bytes(digest, _describe(value).encode())


def _add_array(digest: Any, array: np.ndarray) -> None:
    digest.update(f"{array.shape} {array.dtype.str} ".encode())
    if array.dtype.kind in "OT":
        _add_items(digest, array.ravel())
    else:
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def _add_items(digest: Any, items: Any) -> None:
    digest.update(f"{len(items)} items ".encode())
    for item in items:
        _add(digest, item)


def _add_bytes(digest: Any, content: bytes) -> None:
    digest.update(len(content).to_bytes(8, "little") + content)


def _is_numbers(value: Any) -> bool:
    is_list = isinstance(value, (list, tuple)) and len(value) > 0
    return is_list and all(type(item) in (int, float) for item in value)


def _is_unordered(value: Any) -> bool:
    return isinstance(value, (set, frozenset, bytes))


def _describe(value: Any) -> str:
    try:
        return describe(value)
    except Exception:  # whatever pickle meets in it
        return qualified_name(type(value))
