"""M3LA, its ablations and its rivals on feature blocks: ten metrics over random 90/10 splits.

    python benchmarks/modalities.py rivals SPLITS [SET ...]   linear methods and an MLP
    python benchmarks/modalities.py m3la SPLITS [SET ...]     M3LA and its ablations
    python benchmarks/modalities.py summary FILE ...          ranks over the sets in printed lines

The shape of Tables II and III of Zhu and Zhang. ``joined`` is ml2000sub and ml2000sub_color7 side
by side, ten blocks of the same rows. Features are standardised on the training rows for all.
Metrics of labels are given twice: cut at 0.5 for all, and by each method's own thresholds, one a
label, which match the label frequencies of the training rows on the rows to predict (the
paper's eq. 16; no labels used). Prints tables and one JSON line a method, means over the first
five splits, and M3LA against its ablations over all of them. M3LA's defaults were chosen on the
first five splits of ml2000sub and scene, the rivals' are those of their classes. Set
OMP_NUM_THREADS=1.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from _common import load_blocks, report
from scipy.stats import friedmanchisquare, rankdata, studentized_range
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mlic import (
    BinaryRelevance,
    BlockFusion,
    ClassifierChain,
    ClassifierChainEnsemble,
    M3LAClassifier,
    ModalityChain,
    ThresholdCalibrator,
    metrics,
)

SETS = ("ml2000sub", "ml2000sub_color7", "joined", "scene", "yeast", "emotions", "birds")
# Metrics of probabilities, then of labels; of those with a minus less is better.
RANKED = {
    "macro AUC": metrics.macro_auc,
    "micro AUC": metrics.micro_auc,
    "example AUC": metrics.sample_auc,
    "-ranking loss": metrics.ranking_loss,
    "-coverage": metrics.coverage_minus_one,
}
CUT = {
    "macro F1": metrics.macro_f1_score,
    "micro F1": metrics.of1_score,
    "example F1": metrics.sample_f1_score,
    "-Hamming": metrics.hamming_loss,
    "subset accuracy": metrics.subset_accuracy,
}
NAMES = [*RANKED, *CUT, *(f"{name}, own thresholds" for name in CUT)]
SIGNS = np.array([-1 if name.startswith("-") else 1 for name in NAMES])
LINEAR = LogisticRegression(max_iter=1000)
SETTINGS = {
    "M3LA": {},
    "M3LA-order": {"selector": "fixed", "first": "fixed"},
    "M3LA-Wco": {"label_correlation": False},
    "M3LA, stops at .9": {"stop_confidence": 0.9},
    "M3LA, whole weight of the cost": {"cost_params": {"strength": 1.0}},
    "M3LA, even weights": {"cost": "hamming"},
}


def make_rivals(blocks, seed):
    """The methods of the paper's tables that a library can hold, on standardised features."""
    linear = BinaryRelevance(LINEAR)
    stacked = BlockFusion(linear, blocks, final_estimator=linear, random_state=seed)
    methods = {
        "MLP": MLPClassifier(256, random_state=seed),
        "BR": linear,
        "CC": ClassifierChain(LINEAR),
        "ECC": ClassifierChainEnsemble(LINEAR, random_state=seed),
        "LateFusion": BlockFusion(linear, blocks),
        "LateFusion, stacked": stacked,
        "ModalityChain": ModalityChain(LINEAR, blocks),
    }
    return {name: make_pipeline(StandardScaler(), model) for name, model in methods.items()}


def make_m3la(blocks, seed):
    """M3LA (which standardises by itself), its ablations, with a stop, and by other weights."""
    return {
        name: M3LAClassifier(blocks, random_state=seed, **settings)
        for name, settings in SETTINGS.items()
    }


def load(name):
    """A set by its name."""
    if name != "joined":
        return load_blocks(name)
    first, second = load_blocks("ml2000sub"), load_blocks("ml2000sub_color7")
    shift = first.X.shape[1]
    moved = {n: slice(s.start + shift, s.stop + shift) for n, s in second.blocks.items()}
    first.update(X=np.hstack([first.X, second.X]), blocks={**first.blocks, **moved})
    return first


def score(y, y_prob, own):
    """All metrics, given the labels at the method's own thresholds."""
    cut = [(y_prob >= 0.5).astype(int), own]
    ranked = [metric(y, y_prob) for metric in RANKED.values()]
    return ranked + [metric(y, y_pred) for y_pred in cut for metric in CUT.values()]


def measure(model, data, train, test):
    """The metrics of one split, the share of the reading cost, and the seconds of the fit."""
    start = time.perf_counter()
    model.fit(data.X[train], data.y[train])
    seconds = time.perf_counter() - start
    own = ThresholdCalibrator(FrozenEstimator(model), method="label_cardinality", cv=2)
    own.fit(data.X[train], data.y[train]).calibrate(data.X[test])
    y_prob = own.predict_proba(data.X[test])
    holder = model[-1] if hasattr(model, "steps") else model
    cost = np.nan
    if hasattr(holder, "reading_costs"):
        read = model[:-1].transform(data.X[test]) if holder is not model else data.X[test]
        cost = holder.reading_costs(read).mean() / len(data.blocks)
    return [*score(data.y[test], y_prob, own.apply_thresholds(y_prob)), cost, seconds]


def compare(name, make, n_splits):
    """Every method over the splits of one set: (methods, splits, metrics)."""
    data = load(name)
    splits = ShuffleSplit(n_splits, test_size=0.1, random_state=0).split(data.X)
    found = {}
    for seed, (train, test) in enumerate(splits):
        for method, model in make(data.blocks, seed).items():
            found.setdefault(method, []).append(measure(model, data, train, test))
    return {method: np.array(values) for method, values in found.items()}


def show(name, found):
    """Print a line a method, and its JSON line: the first five splits."""
    print(f"\n{name}: " + ", ".join(n.removeprefix("-") for n in NAMES) + ", cost read, seconds")
    for method, values in found.items():
        mean, std = values[:5].mean(axis=0), values[:5].std(axis=0)
        line = "  ".join(f"{m:.3f} ± {s:.3f}" for m, s in zip(mean[:-1], std[:-1], strict=True))
        print(f"{method:22} {line}  {mean[-1]:.1f}")
        figures = {n.removeprefix("-"): v for n, v in zip(NAMES, mean.tolist(), strict=False)}
        report(f"{name}: {method}", seconds=mean[-1], cost=mean[-2], **figures)


def show_claims(name, found):
    """The paper's two claims: M3LA less its ablations, paired over all splits."""
    for method in ("M3LA-order", "M3LA-Wco"):
        gains = SIGNS * (found["M3LA"] - found[method])[:, : len(NAMES)]
        # Splits share training rows: the error is that of Nadeau and Bengio (2003).
        errors = gains.std(axis=0, ddof=1) * (1 / len(gains) + 0.1 / 0.9) ** 0.5
        print(f"\n{name}: M3LA above {method}, mean gain ± standard error over {len(gains)} splits")
        for metric, gain, error in zip(NAMES, gains.mean(axis=0), errors, strict=True):
            print(f"  {metric.removeprefix('-'):32} {gain:+.4f} ± {error:.4f}")


def summary(files):
    """Mean ranks over the sets, with the least difference that counts (Demsar 2006)."""
    lines = [line for f in files for line in Path(f).read_text().splitlines() if line[:1] == "{"]
    rows = {row.pop("figure"): row for row in map(json.loads, lines)}
    pairs = [figure.split(": ", 1) for figure in rows]
    names = dict.fromkeys(name for name, _ in pairs)
    names = [name for name in names if not name.startswith("ml2000sub")]  # rows of "joined"
    methods = dict.fromkeys(method for _, method in pairs)
    methods = [m for m in methods if all(f"{name}: {m}" in rows for name in names)]
    every = {s for s, _ in pairs}
    mlp = {s: np.array([rows[f"{s}: MLP"][n.removeprefix("-")] for n in NAMES]) for s in every}
    for figure, row in rows.items():
        values = np.array([row[n.removeprefix("-")] for n in NAMES])
        better = (SIGNS * (values - mlp[figure.split(": ")[0]]) > 0)[: len(RANKED) + len(CUT)]
        print(f"{figure}: better than the MLP on {better.sum()} of {len(better)}")
    for metric, sign in zip(NAMES, SIGNS, strict=True):
        key = metric.removeprefix("-")
        table = np.array([[sign * rows[f"{s}: {m}"][key] for m in methods] for s in names])
        ranks = rankdata(-table, axis=1).mean(axis=0)
        k, n = len(methods), len(names)
        least = studentized_range.ppf(0.95, k, np.inf) / 2**0.5 * (k * (k + 1) / (6 * n)) ** 0.5
        p_value = friedmanchisquare(*table.T).pvalue
        print(f"\n{key}: Friedman p = {p_value:.1e}, critical difference {least:.2f}")
        for place in np.argsort(ranks):
            print(f"  {ranks[place]:5.2f} {methods[place]}")


def main():
    """What the command line names."""
    warnings.simplefilter("ignore", ConvergenceWarning)  # 200 epochs of the MLP, as it is used
    if sys.argv[1] == "summary":
        summary(sys.argv[2:])
        return
    what, n_splits, names = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    for name in names or SETS:
        found = compare(name, {"rivals": make_rivals, "m3la": make_m3la}[what], n_splits)
        show(name, found)
        if what == "m3la":
            show_claims(name, found)


if __name__ == "__main__":
    main()
