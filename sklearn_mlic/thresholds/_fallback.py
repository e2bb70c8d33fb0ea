"""What `predict` gives a row that reaches no threshold."""

from typing import Any

import numpy as np

from sklearn_mlic.utils._choices import check_choice


def find_fallback(fallback: Any, method: Any, names: list[str], frequencies: np.ndarray) -> Any:
    """Return None, "argmax", or the column that an empty prediction falls back to."""
    if method == "at_least_one":
        if fallback not in (None, "argmax"):
            raise ValueError(
                f"fallback={fallback!r} given beside method='at_least_one', which falls back to "
                f"the most probable label. Leave fallback at None, or take method='f1'."
            )
        return "argmax"
    if fallback is None or fallback == "argmax":
        return fallback
    if fallback == "prior":
        return int(frequencies.argmax())
    check_choice("fallback", fallback, ["argmax", "prior", *names])
    return names.index(fallback)


def fill_empty(y_pred: np.ndarray, y_prob: np.ndarray, fallback: Any) -> None:
    """Give each row of `y_pred` without a label, in place, the one that `fallback` says."""
    if fallback is not None:
        empty = np.flatnonzero(~y_pred.any(axis=1))
        is_argmax = fallback == "argmax"
        y_pred[empty, y_prob[empty].argmax(axis=1) if is_argmax else fallback] = 1
