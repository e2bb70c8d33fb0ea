"""A script for ``torchrun``: what processes that train one network together end with."""

import json
import os
import pickle
import sys
from pathlib import Path

import numpy as np
import torch
from killed import die_at
from skorch.callbacks import Callback

from helpers import classifier, coloured
from sklearn_mlic import M3LAClassifier, ThresholdCalibrator, save

ROWS, LABELS = coloured(41)  # an odd number: the parts of the last batch differ in size
FEATURES = ROWS.reshape(len(ROWS), -1)[:, :6].astype(np.float32) / 255
HELD_OUT = coloured(15, seed=1)
RANK = int(os.environ.get("RANK", "0"))


def fit(settings):
    """Fit a network in all processes, or in one; some labels are unknown where asked for."""
    settings, y = dict(settings), LABELS.astype(float)
    y.ravel()[: 2 * settings.pop("n_unknown", 0) : 2] = np.nan
    X_val, y_val = HELD_OUT
    return classifier(**settings).fit(ROWS, y, X_val=X_val, y_val=y_val)


def write(model, path, X=ROWS):
    """Keep what this process has: its numbers and its predictions, once pickled and opened."""
    opened = pickle.loads(pickle.dumps(model))
    numbers = {"probs": opened.predict_proba(X), "losses": opened.history_["train_loss"]}
    n_rows = sum(model.net_.history[-1, "batches", :, "train_batch_size"])
    np.savez(path, **numbers, n_rows=n_rows)


def compare_each(folder, cases):
    """Fit with each of the settings."""
    for name, settings in cases.items():
        model = fit({**settings, "distributed": "accelerate"})
        write(model, folder / f"{name}-{RANK}.npz")
        save(model, folder / f"{name}.skops")


def fit_others(folder):
    """Fit what has more to agree on: folds around a network, and one that leaves weights out."""
    network = classifier(distributed="accelerate", max_epochs=1)
    model = ThresholdCalibrator(network, cv=2, random_state=0).fit(ROWS, LABELS)
    write(model.estimator_, folder / f"calibrated-{RANK}.npz")
    chain = M3LAClassifier(
        {"left": slice(0, 2), "right": slice(2, 6)},
        selector="fixed",
        hidden_size=8,
        max_epochs=2,
        random_state=0,
        distributed="accelerate",
    )
    write(chain.fit(FEATURES, LABELS), folder / f"chain-{RANK}.npz", FEATURES)


def fit_and_die(settings):
    """Fit until the second process is killed."""
    if RANK == 1:
        die_at("step", 8)
    fit({**settings, "distributed": "accelerate"})


class FailSecond(Callback):
    """An error in the second process alone."""

    def on_batch_end(self, net, **_):
        """Fail."""
        if RANK == 1:
            raise ZeroDivisionError("an error of its own")


def be_refused(folder):
    """Give the second process other things, and an error; keep what both say."""
    tries = {
        "labels": ({}, ROWS, np.roll(LABELS, RANK, axis=0)),
        "images": ({}, np.roll(ROWS, RANK, axis=0), LABELS),
        "settings": ({"lr": 0.01 * (1 + RANK)}, ROWS, LABELS),
        "few": ({"batch_size": 1}, ROWS, LABELS),
        "error": ({"callbacks": [FailSecond()]}, ROWS, LABELS),
        "after": ({}, ROWS, LABELS),
    }
    for name, (settings, X, y) in tries.items():
        try:
            classifier(distributed="accelerate", **settings).fit(X, y)
        except Exception as error:
            words = f"{type(error).__name__}: {error}"
            (folder / f"{name}-{RANK}.txt").write_text(words)


if __name__ == "__main__":
    torch.set_num_threads(1)
    task, folder, given = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
    if task == "compare":
        compare_each(folder, given)
        fit_others(folder)
        be_refused(folder)
    else:
        fit_and_die(given)
