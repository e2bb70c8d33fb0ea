"""Generators and seeds drawn without touching the global generators."""

from typing import Any

import numpy as np
from sklearn.base import clone
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


def seed_clone(estimator: Any, rng: np.random.RandomState) -> Any:
    """Return a clone whose every ``random_state`` of None, nested ones too, is a drawn seed.

    Parameters
    ----------
    estimator : estimator
        Left as it is.
    rng : RandomState
        Draws the seeds.

    Returns
    -------
    estimator
        Not fitted.
    """
    params = sorted(estimator.get_params(deep=True).items())
    seeds = {
        name: draw_seed(rng)
        for name, value in params
        if value is None and name.split("__")[-1] == "random_state"
    }
    return clone(estimator).set_params(**seeds)


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
