"""What tells one fit from another: hashes of its data and of its settings."""

import os
import pickle
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from hashlib import blake2b
from numbers import Integral, Number
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from torch import nn

from sklearn_mlic.images import content_digest
from sklearn_mlic.nn.state import weights_digest

# What may change between the run that was killed and the one that goes on.
_FREE = {"checkpoint", "resume", "verbose", "n_jobs", "cache", "device", "compile", "random_state"}


def digest_data(*parts: Any, start: nn.Module | None = None) -> str:
    """Return a hash of what a fit is given.

    Parameters
    ----------
    *parts : dict of str to sequence, ndarray, or None
        Columns as `as_columns` returns them, labels, weights.
    start : nn.Module, optional
        The network whose weights the fit starts from, if not from its own.

    Returns
    -------
    str
        12 hexadecimal digits.
    """
    digest = blake2b(digest_size=6)
    for part in parts:
        columns = part if isinstance(part, Mapping) else {"": part}
        for name, column in columns.items():
            digest.update(f"{name} {None if column is None else np.shape(column)}".encode())
            if column is None:
                continue
            if sparse.issparse(column):
                column = column.tocsr()
                for array in (column.indptr, column.indices, column.data):
                    digest.update(array.data)
            elif np.asarray(column).dtype.kind == "O":
                for value in column:
                    is_path = isinstance(value, (str, os.PathLike))
                    content = os.fspath(value).encode() if is_path else content_digest(value)
                    digest.update(len(content).to_bytes(8, "little") + content)
            else:
                digest.update(np.ascontiguousarray(column).data)
    if start is not None:
        digest.update(weights_digest(start).encode())
    return digest.hexdigest()


def digest_settings(params: Mapping[str, Any]) -> str:
    """Return a hash of the settings that decide a fit's weights.

    Parameters
    ----------
    params : mapping
        The parameters of the estimator.

    Returns
    -------
    str
        12 hexadecimal digits.

    Raises
    ------
    ValueError
        If a setting cannot be told from another of its kind.
    """
    kept = {name: value for name, value in sorted(params.items()) if name not in _FREE}
    if kept.get("schedule") in ("none", "plateau"):
        del kept["max_epochs"]  # more epochs go on where the fewer ended
    seed = params.get("random_state")
    kept["random_state"] = int(seed) if isinstance(seed, Integral) else type(seed).__name__
    words = [f"{name}={_describe(name, value)}" for name, value in kept.items()]
    return blake2b("\n".join(words).encode(), digest_size=6).hexdigest()


def _describe(name: str, value: Any) -> str:
    """Write a value out, to its last digit and the same in every process."""
    if isinstance(value, np.generic):
        return repr(value.item())
    if value is None or isinstance(value, (str, Number, os.PathLike)):
        return repr(value)
    if isinstance(value, Mapping):
        return str({key: _describe(name, item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return str([_describe(name, item) for item in value])
    if isinstance(value, (set, frozenset)):
        return str(sorted(_describe(name, item) for item in value))
    if isinstance(value, np.ndarray):
        return f"{value.shape} {value.dtype} {value.tobytes().hex()}"
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, BaseEstimator):
        params = value.get_params(deep=False).items()
        return f"{kind} {_describe(name, {key: v for key, v in params if key not in _FREE})}"
    if isinstance(value, nn.Module):
        # Settings of the module and its parts, and its weights.
        parts = [
            {key: item for key, item in vars(part).items() if not key.startswith("_")}
            for part in value.modules()
        ]
        return f"{kind} {_describe(name, parts)} {weights_digest(value)}"
    if is_dataclass(value) and not isinstance(value, type):
        items = {field.name: getattr(value, field.name) for field in fields(value)}
        return f"{kind} {_describe(name, items)}"
    try:
        return f"{kind} {blake2b(pickle.dumps(value), digest_size=16).hexdigest()}"
    except Exception as error:
        raise ValueError(
            f"checkpoint= needs settings that can be told apart in another process, and "
            f"{name}={value!r} cannot: {error}. Pass a function or a class of a module in place "
            f"of a lambda or a local one."
        ) from error
