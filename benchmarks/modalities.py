"""M3LA, its ablations and a plain network on feature blocks: ten metrics over random 90/10 splits.

    python benchmarks/modalities.py [ml2000sub] [ml2000sub_color7] [joined] [scene] [yeast]

``joined`` is the first two side by side, ten blocks of the same rows. Features are standardised on
the training rows and labels cut at 0.5 for all. Prints a table a set and one JSON line a figure.
"""

import sys
import time
import warnings

import numpy as np
from _common import load_blocks, report
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import ShuffleSplit
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mlic import M3LAClassifier, metrics

SETS = ("ml2000sub", "ml2000sub_color7", "joined", "scene", "yeast")
SPLITS = ShuffleSplit(5, test_size=0.1, random_state=0)
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
MODELS = {
    "MLP": lambda blocks, seed: make_pipeline(
        StandardScaler(), MLPClassifier(256, random_state=seed)
    ),
    "M3LA": lambda blocks, seed: M3LAClassifier(blocks, random_state=seed),
    "M3LA-order": lambda blocks, seed: M3LAClassifier(
        blocks, selector="fixed", first="fixed", random_state=seed
    ),
    "M3LA-Wco": lambda blocks, seed: M3LAClassifier(
        blocks, label_correlation=False, random_state=seed
    ),
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


def score(y, y_prob):
    """All ten metrics."""
    y_pred = (y_prob >= 0.5).astype(int)
    ranked = [metric(y, y_prob) for metric in RANKED.values()]
    return ranked + [metric(y, y_pred) for metric in CUT.values()]


def compare(name):
    """Every model over the splits of one set."""
    data = load(name)
    names = [*RANKED, *CUT]
    signs = np.array([-1 if metric.startswith("-") else 1 for metric in names])
    rival = None
    for model_name, make in MODELS.items():
        scores, seconds = [], []
        for seed, (train, test) in enumerate(SPLITS.split(data.X)):
            model = make(data.blocks, seed)
            start = time.perf_counter()
            model.fit(data.X[train], data.y[train])
            seconds.append(time.perf_counter() - start)
            scores.append(score(data.y[test], model.predict_proba(data.X[test])))
        mean, std = np.mean(scores, axis=0), np.std(scores, axis=0)
        rival = mean if rival is None else rival
        wins = int((signs * (mean - rival) > 0).sum())
        print(f"\n{name}, {model_name}: better than the MLP on {wins} of 10")
        for metric, centre, spread in zip(names, mean, std, strict=True):
            print(f"  {metric.removeprefix('-'):16} {centre:.3f} ± {spread:.3f}")
        figures = {
            metric.removeprefix("-"): float(v) for metric, v in zip(names, mean, strict=True)
        }
        report(f"{name}, {model_name}", better=wins, seconds=float(np.mean(seconds)), **figures)


def main():
    """The sets that are named, or all."""
    warnings.simplefilter("ignore", ConvergenceWarning)  # 200 epochs, as it is used
    for name in sys.argv[1:] or SETS:
        compare(name)


if __name__ == "__main__":
    main()
