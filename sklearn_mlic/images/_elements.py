"""One image or one text in a column: what may stand there, and what is missing."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_mlic.images._source import EXPECTED, IMAGE_TYPES


def is_missing(value: Any) -> bool:
    """Tell whether a value says that there is none: None, NaN, pandas' NA and NaT."""
    # The last two by name, so that pandas need not be imported.
    is_nan = isinstance(value, (float, np.floating)) and value != value
    return value is None or is_nan or type(value).__name__ in ("NAType", "NaTType")


def list_some(items: Sequence) -> str:
    """Return the first ten of some things, and how many more there are, for a message."""
    return ", ".join(map(repr, items[:10])) + f" and {len(items) - 10} more" * (len(items) > 10)


def fill_column(values: Sequence, role: str, *, may_lack: bool = False) -> np.ndarray:
    """Put images or texts into an object array one by one: numpy would stack equal shapes.

    Parameters
    ----------
    values : sequence
        One element a row.
    role : {"image", "text"}
        What they are.
    may_lack : bool, default=False
        Whether a row may be without an image. One may always be without text.

    Returns
    -------
    ndarray of object, shape (n_samples,)
        The elements; None where one is missing, and for blank text.

    Raises
    ------
    TypeError, ValueError
        If there is no row, a row is of another type, or an image is missing that must be there.
    """
    types = IMAGE_TYPES if role == "image" else (str,)
    if len(values) == 0:
        raise ValueError(f"X is empty: there are 0 rows; expected at least one {role}.")
    column, missing = np.empty(len(values), dtype=object), []
    for row, value in enumerate(values):
        # An image that must be there and has an empty path gets an error of its own when read.
        is_blank = isinstance(value, str) and not value.strip() and (role == "text" or may_lack)
        if is_missing(value) or is_blank:
            missing.append(row)
        elif isinstance(value, types):
            column[row] = value
        else:
            expected = EXPECTED if role == "image" else "Expected str, or None for missing text"
            raise TypeError(
                f"Row {row} of the {role} column is of type {type(value).__name__} "
                f"({value!r:.60}). {expected}; convert it."
            )
    if missing and role == "image" and not may_lack:
        raise ValueError(
            f"The image is missing (None or NaN) in {len(missing)} of {len(values)} rows: "
            f"{list_some(missing)}. Expected an image in each; drop these rows from X and y."
        )
    return column
