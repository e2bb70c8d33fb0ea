"""Checks of settings that are numbers."""

from numbers import Integral, Real
from typing import Any


def check_count(name: str, value: Any, low: int = 1, high: int | None = None) -> None:
    """Raise a ValueError when a setting is no whole number within its limits.

    Parameters
    ----------
    name : str
        The parameter, for the message.
    value : object
        What was given.
    low : int, default=1
        The smallest value allowed.
    high : int, optional
        The largest; None sets no limit.

    Examples
    --------
    >>> check_count("n_estimators", 0)
    Traceback (most recent call last):
        ...
    ValueError: n_estimators=0; expected a whole number of 1 or more.
    """
    is_count = isinstance(value, Integral) and not isinstance(value, bool)
    if not is_count or value < low or (high is not None and value > high):
        limits = f"of {low} or more" if high is None else f"from {low} to {high}"
        raise ValueError(f"{name}={value!r}; expected a whole number {limits}.")


def check_confidence(name: str, value: Any) -> None:
    """Raise a ValueError when a setting is neither a probability of being right nor None.

    Parameters
    ----------
    name : str
        The parameter, for the message.
    value : object
        What was given: from 0.5, a mere guess, to 1, or None.

    Examples
    --------
    >>> check_confidence("stop_confidence", 90)
    Traceback (most recent call last):
        ...
    ValueError: stop_confidence=90; expected a probability from 0.5 to 1, or None to read all.
    """
    if value is not None and not (isinstance(value, Real) and 0.5 <= value <= 1):
        raise ValueError(
            f"{name}={value!r}; expected a probability from 0.5 to 1, or None to read all."
        )
