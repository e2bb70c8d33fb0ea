"""What an image, a label and a trial cost on one core, and what very many of them would.

    python benchmarks/unit_costs.py

Measured with one thread on the natural scenes: to read and embed an image; to fit one label's
logistic regression on a thousand embedded rows; to predict a label of a row; to train a head on
given vectors, a row and label an epoch; and what a trial costs beside its fits, where it is kept
in memory, in a journal and in SQLite. The rest is arithmetic on these: a billion images, 100,000
labels and 1,000 trials were not run.
"""

import tempfile
import time
from collections.abc import Callable

import numpy as np
import torch
from _common import NETWORK, NETWORK_PARAMS, WEIGHTS, load_scenes, report
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from sklearn_mlic import BinaryRelevance, ImageClassifier, ImageEmbedder, LabelPrior, OptunaSearchCV

N_ROUNDS, N_TRIALS = 3, 20
IMAGES, LABELS, TRIALS, FOLDS = 10**9, 10**5, 1000, 5
# What a search would look at, and how long a head learns: nobody searches on a billion rows.
SAMPLED_IMAGES, SAMPLED_LABELS, EPOCHS = 10**5, 1000, 10
HOUR = 3600


def seconds(run: Callable[[], object]) -> float:
    """The median of several runs, after one that warms up."""
    run()
    found = []
    for _ in range(N_ROUNDS):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return float(np.median(found))


def seconds_a_trial(storage: str | None) -> float:
    """What a trial costs whose fits cost nothing."""
    X, y = np.zeros((40, 1)), np.arange(80).reshape(40, 2) % 3 % 2
    search = OptunaSearchCV(
        LabelPrior(),
        {"strategy": ["prior", "most_frequent_set"]},
        n_trials=N_TRIALS,
        cv=0.5,
        scoring="CF1",
        storage=storage,
        random_state=0,
    )
    start = time.perf_counter()
    search.fit(X, y)
    return (time.perf_counter() - start) / N_TRIALS


def measure() -> dict[str, float]:
    """Return seconds a unit, of one core."""
    scenes = load_scenes()
    embedder = ImageEmbedder(
        NETWORK, pretrained=str(WEIGHTS), backbone_params=NETWORK_PARAMS, device="cpu"
    ).fit(scenes.data)
    few = scenes.data[:200]
    X = embedder.transform(scenes.data[:1000])
    rng = np.random.default_rng(0)
    y = scenes.target.to_numpy()[:1000]
    many = (rng.random((len(X), 1000)) < 0.01).astype(int)
    linear = BinaryRelevance(LogisticRegression(C=0.01, max_iter=1000))
    head = ImageClassifier(
        optimizer="sgd", batch_size=256, max_epochs=2, device="cpu", random_state=0
    )
    units = {
        "embed_an_image": seconds(lambda: embedder.transform(few)) / len(few),
        "fit_a_label_on_1000_rows": seconds(lambda: linear.fit(X, y)) / y.shape[1],
        "train_a_head_a_row_and_label": seconds(lambda: head.fit(X, many)) / 2 / many.size,
    }
    with tempfile.TemporaryDirectory() as folder:
        units |= {
            "a_trial_in_memory": seconds_a_trial(None),
            "a_trial_in_a_journal": seconds_a_trial(f"{folder}/trials.log"),
            "a_trial_in_sqlite": seconds_a_trial(f"sqlite:///{folder}/trials.db"),
        }
    wide = head.set_params(max_epochs=1).fit(X, many)
    units["predict_a_row_and_label"] = seconds(lambda: wide.predict_proba(X)) / many.size
    return units


def estimate(units: dict[str, float], n_features: int = 1024) -> dict[str, float]:
    """Return hours of one core, and sizes, for what was not run."""
    row_and_label = units["train_a_head_a_row_and_label"]
    trial = FOLDS * EPOCHS * SAMPLED_IMAGES * SAMPLED_LABELS * row_and_label
    return {
        "embed_all_hours": IMAGES * units["embed_an_image"] / HOUR,
        "vectors_tb": IMAGES * n_features * 4 / 1e12,
        "head_on_all_hours": EPOCHS * IMAGES * LABELS * row_and_label / HOUR,
        "predict_all_hours": IMAGES * LABELS * units["predict_a_row_and_label"] / HOUR,
        "dense_probabilities_tb": IMAGES * LABELS * 4 / 1e12,
        "embed_the_sample_hours": SAMPLED_IMAGES * units["embed_an_image"] / HOUR,
        "search_on_the_sample_hours": TRIALS * trial / HOUR,
        "overhead_of_the_search_hours": TRIALS * units["a_trial_in_sqlite"] / HOUR,
    }


def main() -> None:
    torch.set_num_threads(1)
    with threadpool_limits(limits=1):
        units = measure()
    report("microseconds of one core", **{name: 1e6 * value for name, value in units.items()})
    report(
        f"{IMAGES} images, {LABELS} labels, {TRIALS} trials of {FOLDS} folds on "
        f"{SAMPLED_IMAGES} images and {SAMPLED_LABELS} labels: hours of one core",
        **estimate(units),
    )


if __name__ == "__main__":
    main()
