"""What tells one fit from another of the same data: a hash of its settings."""

import os
import pickle
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from hashlib import blake2b
from numbers import Integral, Number
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from torch import nn

from sklearn_mlic.nn.state import weights_digest

# What may change between the run that was killed and the one that goes on.
_FREE = {
    "checkpoint",
    "resume",
    "verbose",
    "n_jobs",
    "cache",
    "device",
    "distributed",
    "compile",
    "random_state",
}


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
