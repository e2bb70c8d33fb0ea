"""What several test files share."""

import os
import pickle
from itertools import pairwise
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from sklearn_mlic import BlockFusion, ImageClassifier, ImageEmbedder
from sklearn_mlic.utils.estimator_checks import make_data

# Real data, which not every machine has: tests that need it skip without.
DATA = Path(os.environ.get("MLIC_DATA", Path(__file__).parents[2] / "shared"))
IMAGES, LABELS = make_data(ImageEmbedder(), n_samples=20)


def imbalanced_labels(n_samples=300, n_labels=6, seed=0):
    """Frequent to rare labels, rows sorted by them, with rows that have none."""
    rng = np.random.default_rng(seed)
    y = (rng.random((n_samples, n_labels)) < np.geomspace(0.4, 0.03, n_labels)).astype(int)
    return y[np.lexsort(y.T)]


def counts_per_fold(cv, y, groups=None):
    """Positives of each label in each test part."""
    splits = cv.split(np.zeros(len(y)), y, groups)
    return np.array([y[test].sum(axis=0) for _, test in splits])


def random_case(seed, n_samples=60, n_labels=7, decimals=1):
    """Labels from frequent to rare, the last without a positive, and scores with many ties."""
    rng = np.random.default_rng(seed)
    y_true = (rng.random((n_samples, n_labels)) < np.geomspace(0.6, 0.05, n_labels)).astype(int)
    y_true[0] = 1
    y_true[:, -1] = 0
    y_prob = np.clip(0.3 * y_true + 0.8 * rng.random(y_true.shape), 0, 1).round(decimals)
    return y_true, y_prob


def every_cut(scores):
    """(lower, upper) of each cut: all thresholds in lower < t <= upper predict the same."""
    bounds = sorted({0.0, 1.0, *np.ravel(scores).tolist()})
    return list(pairwise(bounds))


def wraps_binary(cls):
    """Whether the ``estimator`` of a class is a binary classifier, not a multi-label one."""
    return cls.__module__.startswith("sklearn_mlic.transformation") and cls is not BlockFusion


class ColumnClassifier(ClassifierMixin, BaseEstimator):
    """Reads the probability of each label off a column of X; `flip` makes it wrong."""

    def __init__(self, flip=False):
        self.flip = flip

    def fit(self, X, y):
        self.classes_ = np.array([[0, 1]] * y.shape[1])
        return self

    def predict_proba(self, X):
        return 1 - X if self.flip else X

    def predict(self, X):
        return (self.predict_proba(X) >= 0.5).astype(int)


def global_state():
    """All of numpy's global generator: its numbers, and how many of them are used up."""
    return pickle.dumps(np.random.get_state())  # noqa: NPY002 - the global one is watched


def write(path, content):
    """Write bytes and return the path."""
    path.write_bytes(content)
    return path


SMALL = {"pretrained": False, "image_size": 32, "random_state": 0, "max_epochs": 2, "lr": 0.01}


def classifier(**settings):
    """A small network of random weights."""
    return ImageClassifier(**{"backbone": "test_resnet", **SMALL, **settings})


def coloured(n_samples=96, seed=0, size=24):
    """Images whose red, green and blue are bright where the label is on, under noise."""
    rng = np.random.default_rng(seed)
    y = (rng.random((n_samples, 3)) < [0.5, 0.4, 0.3]).astype(int)
    y[:2] = [[0, 0, 0], [1, 1, 1]]
    noise = rng.integers(0, 60, (n_samples, size, size, 3))
    return (noise + 150 * y[:, None, None, :]).astype(np.uint8), y


def embedder(**settings):
    """A small frozen network of random weights."""
    small = {"pretrained": False, "image_size": 32, "precision": "fp32", "random_state": 0}
    return ImageEmbedder(**{"backbone": "test_resnet", **small, **settings})
