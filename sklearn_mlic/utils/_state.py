"""What estimators leave out of, or change in, their pickled state."""

import os
from typing import Any


def plain_paths(state: dict[str, Any]) -> dict[str, Any]:
    """Write paths as text, so that a model file needs no type for them.

    Parameters
    ----------
    state : dict
        An estimator's state.

    Returns
    -------
    dict
        The same with str in place of paths.
    """
    return {
        name: os.fspath(value) if isinstance(value, os.PathLike) else value
        for name, value in state.items()
    }
