"""A search in a process of its own, for the tests of storages: python worker.py STORAGE N [DIE]."""

import os
import signal
import sys
import time

from optuna.distributions import FloatDistribution
from sklearn.datasets import make_multilabel_classification
from sklearn.linear_model import LogisticRegression

from sklearn_mlic import BinaryRelevance, OptunaSearchCV

X, Y = make_multilabel_classification(n_classes=3, random_state=0)


class Slow(LogisticRegression):
    """Takes a while; where DIE is given it kills its process in that fit."""

    n_fits = 0
    dies_at = None

    def fit(self, X, y, sample_weight=None):
        Slow.n_fits += 1
        if Slow.n_fits == Slow.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.02)
        return super().fit(X, y, sample_weight)


def search(storage, n_trials, **settings):
    """The search that all workers run."""
    return OptunaSearchCV(
        BinaryRelevance(Slow(max_iter=1000)),
        {"estimator__C": FloatDistribution(0.01, 10, log=True)},
        n_trials=n_trials,
        storage=storage,
        cv=2,
        random_state=0,
        **settings,
    )


if __name__ == "__main__":
    Slow.dies_at = int(sys.argv[3]) if len(sys.argv) > 3 else None
    print("ready", flush=True)
    sys.stdin.readline()
    search(sys.argv[1], int(sys.argv[2])).fit(X, Y)
