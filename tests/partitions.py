"""What the workers of a cluster run, for the tests on dask and ray: they import it by its name."""

import os
import time

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from sklearn_mlic import (
    BinaryRelevance,
    BlockFusion,
    BlockUnion,
    ClassifierChain,
    ClassifierChainEnsemble,
    LateFusion,
    MLkNN,
    RAkEL,
    ThresholdCalibrator,
)
from sklearn_mlic.fitted import find_label_names

# What fits many things at a time.
LOGISTIC = LogisticRegression()
LINEAR = BinaryRelevance(LOGISTIC)
METHODS = [
    LINEAR,
    ClassifierChain(LOGISTIC),
    ClassifierChain(LOGISTIC, cv=2),
    ClassifierChainEnsemble(LOGISTIC, 3, random_state=0),
    RAkEL(LOGISTIC, random_state=0),
    BlockFusion(LINEAR, {"a": [0, 1], "b": [2, 3, 4]}, final_estimator=LINEAR, cv=2),
    LateFusion([("linear", LINEAR), ("near", MLkNN())]),
    ThresholdCalibrator(LINEAR, cv=2, random_state=0),
    make_pipeline(
        BlockUnion([("whole", StandardScaler()), ("part", MinMaxScaler(), [0, 1])]), LINEAR
    ),
]


def predict_part(part, path):
    """The probabilities of one partition, and the process that computed them."""
    from sklearn_mlic import persistence  # not above: it brings torch, and takes seconds

    model = persistence.load_once(path)
    y_prob = model.predict_proba(part)
    table = pd.DataFrame(y_prob, index=part.index, columns=find_label_names(model))
    return table.assign(process=os.getpid())


def count_loads():
    """How many models this process has opened."""
    from sklearn_mlic import persistence

    return persistence._load_version.cache_info().misses


class CountedPath(str):
    """A path that counts how often this process has packed it to send it elsewhere."""

    n_sent = 0

    def __reduce__(self):
        CountedPath.n_sent += 1
        return CountedPath, (str(self),)


class Worker(LogisticRegression):
    """It takes its time, and remembers in which process it was fitted."""

    def fit(self, X, y):
        time.sleep(0.05)
        self.process_ = os.getpid()
        return super().fit(X, y)


def measure(paths):
    """Numbers of paths."""
    return np.array([[np.sin(int(path)), np.cos(int(path))] for path in paths])


def make_paths(n_samples, n_labels):
    """Paths of which the first counts, and labels that depend on them."""
    paths = [CountedPath(0), *map(str, range(1, n_samples))]
    rng = np.random.default_rng(0)
    scores = measure(paths) @ rng.normal(size=(2, n_labels))
    return paths, (scores + 0.1 * rng.normal(size=scores.shape) > 0).astype(int)


def path_classifier():
    """A binary classifier of paths that says where it was fitted."""
    return make_pipeline(FunctionTransformer(measure), Worker())


def make_numbers():
    """A small case of numbers."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 5))
    return X, (X[:, :4] + rng.normal(size=(80, 4)) > 0).astype(int)
