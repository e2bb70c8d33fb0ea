"""Weak scaling of `compare` on dask: twice the workers, twice the approaches, in what time.

    python benchmarks/cluster_scaling.py [approaches a worker] [rounds]

Linear probes on embeddings of the natural scenes, which are computed once, with three folds; a
worker is a process with one thread. A cluster of one is asked by joblib to compute nothing: the
client does it, so that the ratio holds all that a cluster costs. Ideal is 1; it says little where
fewer cores are free than there are workers, so the load of the machine stands beside it.
"""

import os
import sys
from functools import partial

from _common import NETWORK, NETWORK_PARAMS, WEIGHTS, in_turn, load_scenes, report
from joblib import parallel_config
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from sklearn_mlic import BinaryRelevance, ImageEmbedder, ThresholdCalibrator, compare

N_FOLDS = 3


def embed():
    """The scenes as vectors, and their labels."""
    scenes = load_scenes()
    settings = {"pretrained": str(WEIGHTS), "backbone_params": NETWORK_PARAMS}
    return ImageEmbedder(NETWORK, **settings).fit_transform(scenes.data), scenes.target


def compare_on(client, n_approaches: int, X, y) -> None:
    """Compare so many approaches of the same cost."""
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    model = ThresholdCalibrator(BinaryRelevance(probe), random_state=0)
    approaches = {f"probe {number}": model for number in range(n_approaches)}
    with parallel_config("dask", client=client), threadpool_limits(limits=1):
        compare(approaches, X, y, cv=N_FOLDS, random_state=0)


def main(n_approaches: int = 2, n_rounds: int = 5) -> None:
    """Time one worker and two in turn."""
    from distributed import Client, LocalCluster

    X, y = embed()
    settings = {"threads_per_worker": 1, "dashboard_address": ":0"}
    with (
        LocalCluster(n_workers=1, **settings) as one,
        LocalCluster(n_workers=2, **settings) as two,
        Client(one, set_as_default=False) as alone,
        Client(two, set_as_default=False) as both,
    ):
        runs = [
            partial(compare_on, client, n_workers * n_approaches, X, y)
            for n_workers, client in enumerate((alone, both), start=1)
        ]
        load = os.getloadavg()[0]
        timed = in_turn(*runs, n_rounds)
    report(
        "compare on two dask workers over one, twice the approaches",
        one_worker_s=timed["first_s"],
        two_workers_s=timed["second_s"],
        ratio=timed["ratio"],
        n_rounds=n_rounds,
        n_approaches_a_worker=n_approaches,
        n_processors=os.cpu_count(),
        load_before=load,
        load_after=os.getloadavg()[0],
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
