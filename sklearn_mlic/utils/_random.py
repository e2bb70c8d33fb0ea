"""Seeds drawn without touching the global generators."""

from typing import Any

import numpy as np
from sklearn.utils import check_random_state


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
    if random_state is None:
        return int(np.random.default_rng().integers(2**31 - 1))
    return int(check_random_state(random_state).randint(2**31 - 1))
