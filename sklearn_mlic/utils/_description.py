"""A setting in words that are the same in every process: to tell one from another of its kind."""

import os
import pickle
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from functools import singledispatch
from hashlib import blake2b
from numbers import Number
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np

# Parameters that say where and how loudly an estimator runs, not what it is.
WHERE = frozenset(
    ("n_jobs", "verbose", "cache", "device", "distributed", "compile", "checkpoint", "resume")
)


@singledispatch
def describe(value: Any, free: Collection[str] = WHERE) -> str:
    """Write a value out, to its last digit, without addresses and with sets in order.

    Packages above add what they know of their own types with ``describe.register``.

    Parameters
    ----------
    value : object
        A setting: a number, a container, an estimator, a function of a module, anything that
        can be pickled.
    free : collection of str
        Parameters of estimators that do not count.

    Returns
    -------
    str
        In words where there are few of them, else a hash.

    Raises
    ------
    Exception
        As pickle raises it of a lambda or a local class, which have no name elsewhere.

    Examples
    --------
    >>> describe({"b", "a"}), describe(len)
    ("['a', 'b']", 'builtins.len')
    """
    if isinstance(value, np.generic):
        return repr(value.item())
    if value is None or isinstance(value, (str, Number, os.PathLike)):
        return repr(value)
    if isinstance(value, Mapping):
        return _braced({str(key): describe(item, free) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(describe(item, free) for item in value)}]"
    if isinstance(value, (set, frozenset)):
        return f"[{', '.join(sorted(describe(item, free) for item in value))}]"
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "O":
            return f"{value.shape} {describe(value.ravel().tolist(), free)}"
        return f"array {value.shape} {value.dtype} {_hash(value.tobytes())}"
    if isinstance(value, (type, FunctionType, BuiltinFunctionType)):
        pickle.dumps(value)  # has it a name elsewhere?
        return qualified_name(value)
    kind = qualified_name(type(value))
    if hasattr(value, "get_params"):
        params = value.get_params(deep=False).items()
        return f"{kind} {describe({key: v for key, v in params if key not in free}, free)}"
    if is_dataclass(value):
        items = {field.name: getattr(value, field.name) for field in fields(value)}
        return f"{kind} {describe(items, free)}"
    return f"{kind} {_hash(pickle.dumps(value))}"


def qualified_name(value: Any) -> str:
    """Return the module and the name of a class or a function.

    Parameters
    ----------
    value : type or function
        Any.

    Returns
    -------
    str
        Such as ``"collections.OrderedDict"``.
    """
    return f"{value.__module__}.{value.__qualname__}"


def _braced(words: dict[str, str]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in words.items()) + "}"


def _hash(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()
