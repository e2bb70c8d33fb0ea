"""Peak memory of a chain ensemble over the number of processes, X of half a gigabyte.

Memory is the proportional share (PSS) of the whole process tree, in units of X: what is shared
counts once. scikit-learn has no chain ensemble; beside ours stand its chains fitted by a plain
``joblib.Parallel``, each given its own copy of its rows. Linux only.
"""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
from _common import report
from joblib import Parallel, delayed
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import ClassifierChain as TheirChain

from sklearn_mlic import ClassifierChainEnsemble

N_ROWS, N_FEATURES, N_LABELS, N_CHAINS = 32_000, 2_000, 4, 8
LR = LogisticRegression(max_iter=5, tol=1e-1)


def tree_memory(root: int) -> float:
    """Sum the proportional memory of a process and of all below it, bytes."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(status.parent.name)] = int(fields[1])
    total = 0
    for process in parents:
        up = process
        while up in parents and up != root:
            up = parents[up]
        if up == root:
            try:
                lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(li.split()[1]) for li in lines if li.startswith("Pss:")) * 1024
    return total


def peak_of(work) -> float:
    """Run `work`; return the highest memory of the process tree meanwhile, bytes."""
    peak, done = [tree_memory(os.getpid())], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], tree_memory(os.getpid()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    work()
    done.set()
    watcher.join()
    return peak[0]


def measure(kind: str, n_jobs: int) -> None:
    """Fit one ensemble in this process and print its peak in units of X."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N_ROWS, N_FEATURES))
    y = (X[:, :N_LABELS] > 0).astype(int)
    before = tree_memory(os.getpid())

    def ours() -> None:
        model = ClassifierChainEnsemble(LR, N_CHAINS, n_jobs=n_jobs, random_state=0)
        model.fit(X, y)

    def plain() -> None:
        parts = [rng.choice(N_ROWS, int(0.67 * N_ROWS), replace=False) for _ in range(N_CHAINS)]
        # As most people write it: the rows of each chain are cut out and sent to its process.
        Parallel(n_jobs=n_jobs)(
            delayed(TheirChain(LR, order="random").fit)(X[rows], y[rows]) for rows in parts
        )

    start = time.perf_counter()
    peak = peak_of(ours if kind == "ours" else plain)
    figure = {"extra": (peak - before) / X.nbytes, "seconds": time.perf_counter() - start}
    print(json.dumps(figure))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1], int(sys.argv[2]))
        sys.exit()
    for kind in ("ours", "plain"):
        for n_jobs in (1, 2, 4):
            command = [sys.executable, __file__, kind, str(n_jobs)]
            line = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            figures = json.loads(line.splitlines()[-1])
            report(f"chain ensemble, {kind}, n_jobs={n_jobs}: memory beside X", **figures)
