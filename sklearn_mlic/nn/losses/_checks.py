"""Checks of settings and shapes, with messages that say what to do."""

from math import isfinite
from numbers import Real

from torch import Tensor


def check_shapes(logits: Tensor, y: Tensor, sample_weight: Tensor | None) -> None:
    """Raise a ValueError unless logits and y are (B, L), and the weights (B,)."""
    if logits.ndim != 2 or logits.shape != y.shape:
        raise ValueError(
            f"logits of shape {tuple(logits.shape)} and y of shape {tuple(y.shape)}; expected "
            f"both (n_samples, n_labels). One label is one column: y[:, None]."
        )
    if sample_weight is not None and sample_weight.shape != logits.shape[:1]:
        raise ValueError(
            f"sample_weight of shape {tuple(sample_weight.shape)}; expected one weight a row, "
            f"({len(logits)},)."
        )


def check_number(name: str, value: float) -> None:
    """Raise a ValueError unless `value` is a finite number."""
    if not _is_number(value):
        raise ValueError(f"{name}={value!r}; expected a finite number.")


def check_at_least(name: str, value: float, low: float) -> None:
    """Raise a ValueError unless `value` is a finite number and at least `low`."""
    if not (_is_number(value) and value >= low):
        raise ValueError(f"{name}={value!r}; expected a number of at least {low:g}.")


def check_above_0(name: str, value: float) -> None:
    """Raise a ValueError unless `value` is a finite number above 0."""
    if not (_is_number(value) and value > 0):
        raise ValueError(f"{name}={value!r}; expected a number above 0.")


def check_part(name: str, value: float, with_0: bool = False) -> None:
    """Raise a ValueError unless `value` lies in (0, 1), or in [0, 1) with `with_0`."""
    if not _is_number(value) or not (0 < value < 1 or (with_0 and value == 0)):
        raise ValueError(f"{name}={value!r}; expected a number in {'[' if with_0 else '('}0, 1).")


def _is_number(value: float) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)
