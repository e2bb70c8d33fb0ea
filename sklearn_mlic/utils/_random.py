"""Generators and seeds drawn without touching the global generators."""

from typing import Any

import numpy as np
from sklearn.utils import check_random_state


def as_generator(random_state: Any) -> np.random.RandomState:
    """Return a generator of our own where scikit-learn would take numpy's global one.

    Parameters
    ----------
    random_state : int, RandomState or None
        As every estimator takes it.

    Returns
    -------
    RandomState
        The one given, one seeded with the int, or for None a fresh one.
    """
    return np.random.RandomState() if random_state is None else check_random_state(random_state)


def draw_seed(random_state: Any) -> int:
    """Return a seed for torch: repeatable for a given `random_state`, fresh for None.

    Parameters
    ----------
    random_state : int, RandomState or None
        As every estimator takes it.

    Returns
    -------
    int
        In 0..2**31 - 1.
    """
    return int(as_generator(random_state).randint(2**31 - 1))
