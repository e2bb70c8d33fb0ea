"""A small M3LA and blocks that it learns from in a second."""

import numpy as np

from sklearn_mlic import M3LAClassifier

BLOCKS = {"colour": slice(0, 3), "edges": slice(3, 8), "words": slice(8, 10)}
SMALL = {"hidden_size": 16, "embedding_size": 8, "max_epochs": 4, "lr": 0.01}
SMALL |= {"dropout": 0.0, "ema_decay": None, "random_state": 0}


def make(**settings):
    return M3LAClassifier(**{"blocks": BLOCKS, **SMALL, **settings})


def draw(n_rows=80, seed=0):
    """Features, and labels of which each depends on one block."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 10))
    y = (X[:, [0, 4, 9]] + 0.1 * rng.normal(size=(n_rows, 3)) > 0.3).astype(int)
    return X, y
