"""What tells one fit from another of the same data: a hash of its settings."""

from collections.abc import Collection, Mapping
from hashlib import blake2b
from numbers import Integral
from typing import Any

from torch import nn

from sklearn_mlic.nn.state import weights_digest
from sklearn_mlic.utils._description import WHERE, describe, qualified_name

# What may change between the run that was killed and the one that goes on.
_FREE = WHERE | {"random_state"}


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
    try:
        return describe(value, _FREE)
    except Exception as error:
        raise ValueError(
            f"checkpoint= needs settings that can be told apart in another process, and "
            f"{name}={value!r} cannot: {error}. Pass a function or a class of a module in place "
            f"of a lambda or a local one."
        ) from error


@describe.register
def _describe_module(module: nn.Module, free: Collection[str] = WHERE) -> str:
    """Settings of the module and its parts, and its weights."""
    parts = [
        {key: item for key, item in vars(part).items() if not key.startswith("_")}
        for part in module.modules()
    ]
    return f"{qualified_name(type(module))} {describe(parts, free)} {weights_digest(module)}"
