"""What a search with Optuna costs on the natural scenes: with a cache, and with pruning.

    python benchmarks/tuning.py [trials] [pruning]

``trials``: 30 trials of 5 folds over a pipeline that embeds images and calibrates a linear probe.
The embedder keeps its vectors in a folder, so a search should cost one embedding pass and the
heads, which are both timed alone; without the folder every fold embeds all images, of which 3
trials are run and 30 extrapolated. Twenty minutes on one core.
``pruning``: a network with a hidden layer on the vectors, with a pruner and without, beside
optuna-integration's search with the same space, trials, folds, sampler and pruner; three seeds.
Eight minutes on one core. Prints tables and one JSON line a figure; scores are macro AP.
"""

import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import optuna
import pandas as pd
from _common import NETWORK, NETWORK_PARAMS, WEIGHTS, load_scenes, report
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.pruners import PercentilePruner
from optuna.samplers import TPESampler
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from skorch.callbacks import Callback

from sklearn_mlic import (
    BinaryRelevance,
    ImageClassifier,
    ImageEmbedder,
    OptunaSearchCV,
    ThresholdCalibrator,
)
from sklearn_mlic.metrics import SCORERS
from sklearn_mlic.model_selection import MultilabelStratifiedKFold

N_TRIALS, N_UNCACHED = 30, 3
SEEDS = (0, 1, 2)
EPOCHS = 15
# Of the network; the other package takes distributions only.
SPACE = {
    "lr": FloatDistribution(1e-5, 1e-1, log=True),
    "weight_decay": FloatDistribution(1e-5, 1.0, log=True),
    "loss": CategoricalDistribution(["bce", "focal", "asymmetric"]),
    "sampling": CategoricalDistribution(["uniform", "balanced"]),
}


def embed(cache: str | None = None) -> ImageEmbedder:
    """The frozen network."""
    settings = {"pretrained": str(WEIGHTS), "backbone_params": NETWORK_PARAMS, "random_state": 0}
    return ImageEmbedder(NETWORK, cache=cache, **settings)


def probe() -> ThresholdCalibrator:
    """A logistic regression a label, and thresholds tuned inside: six fits of each label."""
    logistic = LogisticRegression(max_iter=1000)
    return ThresholdCalibrator(BinaryRelevance(logistic), random_state=0)


def folds(n: int, seed: int = 0) -> MultilabelStratifiedKFold:
    """The same for all that is compared."""
    return MultilabelStratifiedKFold(n, shuffle=True, random_state=seed)


class Cost(NamedTuple):
    """What something took: `cpu_s` is the same where others use the machine too."""

    seconds: float
    cpu_s: float


def timed(run: Callable[[], Any]) -> tuple[Cost, Any]:
    """The cost, and what came out."""
    start, cpu_start = time.perf_counter(), time.process_time()
    result = run()
    return Cost(time.perf_counter() - start, time.process_time() - cpu_start), result


def trials() -> None:
    """The search with a cache, what it is made of, and a tenth of the search without."""
    scenes = load_scenes()
    X, y = scenes.data, scenes.target
    name = "head__estimator__estimator__C"
    space = {
        name: FloatDistribution(1e-4, 10, log=True),
        "head__estimator__estimator__class_weight": [None, "balanced"],
        "head__method": ["f1", "micro_f1", "cardinality"],
    }

    def search(cache: str | None, n_trials: int) -> OptunaSearchCV:
        model = Pipeline([("embed", embed(cache)), ("head", probe())])
        settings = {"scoring": "mAP", "cv": folds(5), "refit": False, "random_state": 0}
        return OptunaSearchCV(model, space, n_trials=n_trials, **settings).fit(X, y)

    def fit_heads(vectors: np.ndarray, candidates: list[dict]) -> None:
        for params in candidates:
            model = Pipeline([("head", probe())]).set_params(**params)
            for train, test in folds(5).split(vectors, y):
                model.fit(vectors[train], y.iloc[train])
                SCORERS["mAP"](model, vectors[test], y.iloc[test])

    pass_, vectors = timed(lambda: embed().fit_transform(X))
    with tempfile.TemporaryDirectory() as cache:
        cached, found = timed(lambda: search(cache, N_TRIALS))
    heads, _ = timed(lambda: fit_heads(vectors, found.cv_results_["params"]))
    uncached, short = timed(lambda: search(None, N_UNCACHED))
    table = pd.DataFrame(
        {
            "one embedding pass": pass_,
            "the heads of all trials and folds, on vectors": heads,
            f"search of {N_TRIALS} trials with a cache": cached,
            f"search of {N_UNCACHED} trials without": uncached,
        },
        index=Cost._fields,
    ).T
    both = [search.cv_results_["mean_test_score"][:N_UNCACHED] for search in (found, short)]
    parts = table.iloc[0] + table.iloc[1]
    whole = table.iloc[3] * N_TRIALS / N_UNCACHED
    print(f"\n{len(X)} images, {N_TRIALS} trials of 5 folds\n{table.round(1).to_string()}\n")
    report(
        "tuning, trials",
        best_score=float(found.best_score_),
        largest_difference_without_cache=float(np.abs(both[0] - both[1]).max()),
        **{f"cached_to_parts, {unit}": v for unit, v in (table.iloc[2] / parts).items()},
        **{f"uncached_to_cached, {unit}": v for unit, v in (whole / table.iloc[2]).items()},
    )


class CountEpochs(Callback):
    """Counts those of all clones: the other package's search does not."""

    n_epochs = 0

    def on_epoch_end(self, net: Any, **_: Any) -> None:
        """One more."""
        CountEpochs.n_epochs += 1


def make_pruner(n_warmup_steps: int = 0) -> PercentilePruner:
    """Ends a trial that, at its step, is not among the best quarter; our folds have 100 steps."""
    return PercentilePruner(25.0, n_startup_trials=3, n_warmup_steps=n_warmup_steps)


def search_ours(network: ImageClassifier, X: Any, y: Any, seed: int, pruner: Any) -> tuple:
    """Best score, epochs, trials that came to their end."""
    search = OptunaSearchCV(
        network,
        SPACE,
        n_trials=N_TRIALS,
        scoring="mAP",
        cv=folds(3, seed),
        refit=False,
        sampler=TPESampler(seed=seed),
        pruner=pruner,
    ).fit(X, y)
    results = search.cv_results_
    n_complete = int((results["state"] == "complete").sum())
    return float(search.best_score_), int(results["n_epochs"].sum()), n_complete


def search_theirs(network: ImageClassifier, X: Any, y: Any, seed: int) -> tuple:
    """The same of optuna-integration's, whose folds take turns epoch by epoch."""
    from optuna_integration import OptunaSearchCV as TheirSearchCV

    study = optuna.create_study(
        direction="maximize", sampler=TPESampler(seed=seed), pruner=make_pruner()
    )
    CountEpochs.n_epochs = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # experimental, deprecated: of Optuna to its own
        TheirSearchCV(
            network.set_params(callbacks=[("count", CountEpochs())]),
            SPACE,
            n_trials=N_TRIALS,
            scoring=SCORERS["mAP"],
            cv=folds(3, seed),
            refit=False,
            study=study,
            enable_pruning=True,
            max_iter=EPOCHS,
            error_score="raise",
        ).fit(X, y)
    n_complete = sum(trial.state.name == "COMPLETE" for trial in study.trials)
    return study.best_value, CountEpochs.n_epochs, n_complete


def pruning() -> None:
    """Searches over a network's training: epochs saved, and what that does to the score."""
    scenes = load_scenes()
    X, y = embed().fit_transform(scenes.data), scenes.target.to_numpy()

    def network(seed: int) -> ImageClassifier:
        head = {"head": "mlp", "head_params": {"hidden": 128}}
        return ImageClassifier(**head, batch_size=64, max_epochs=EPOCHS, random_state=seed)

    searches = {
        "without pruning": lambda seed: search_ours(network(seed), X, y, seed, None),
        "with pruning": lambda seed: search_ours(network(seed), X, y, seed, make_pruner()),
        "from half a fold on": lambda seed: search_ours(network(seed), X, y, seed, make_pruner(50)),
    }
    try:
        import optuna_integration  # noqa: F401

        searches["optuna-integration"] = lambda seed: search_theirs(network(seed), X, y, seed)
    except ImportError:
        print("Left out: optuna-integration is not installed (extra bench).")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    rows = []
    for seed in SEEDS:
        for name, search in searches.items():
            cost, (score, n_epochs, n_complete) = timed(partial(search, seed))
            row = {"score": score, "epochs": n_epochs, "complete": n_complete, **cost._asdict()}
            report(f"tuning, {name}, seed {seed}", **row)
            rows.append({"search": name, "seed": seed, **row})
    compare_searches(pd.DataFrame(rows))


def compare_searches(rows: pd.DataFrame) -> None:
    """Print means over seeds, and the differences to the search without pruning, seed by seed."""
    by_seed = rows.pivot(index="seed", columns="search")
    whole = "without pruning"
    scores = by_seed["score"]
    table = pd.DataFrame(
        {
            "score": scores.mean(),
            "se": scores.sem(),
            "difference": scores.sub(scores[whole], axis=0).mean(),
            "epochs": by_seed["epochs"].mean(),
            "of epochs": by_seed["epochs"].div(by_seed["epochs"][whole], axis=0).median(),
            "cpu_s": by_seed["cpu_s"].median(),
            "of cpu_s": by_seed["cpu_s"].div(by_seed["cpu_s"][whole], axis=0).median(),
            "complete": by_seed["complete"].mean(),
        }
    ).loc[rows["search"].unique()]
    print(f"\n{N_TRIALS} trials, 3 folds, {EPOCHS} epochs\n{table.round(4).to_string()}\n")
    for name, row in table.iterrows():
        report(f"tuning, {name}", **row)


SECTIONS = {part.__name__: part for part in (trials, pruning)}

if __name__ == "__main__":
    for section in sys.argv[1:] or SECTIONS:
        SECTIONS[section]()
