"""A model pickled in one process predicts in another, in four threads at once."""

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from helpers import classifier, coloured

X, Y = coloured(24)
SCRIPT = """
import pickle, sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np, torch
torch.set_num_threads(1)
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        model, X, expected = pickle.load(file)
    with ThreadPoolExecutor(4) as pool:
        for y_prob in pool.map(model.predict_proba, [X] * 8):
            np.testing.assert_array_equal(y_prob, expected)
print("done")
"""
CASES = {
    "plain": {},
    "average": {"ema_decay": 0.9, "early_stopping": True, "augmentation": "light"},
    "frozen": {"freeze": "backbone", "augmentation": "none", "cache": "ram"},
    "verbose": {"verbose": 1},
}


def test_four_threads_of_another_process(tmp_path):
    paths = []
    for name, settings in CASES.items():
        model = classifier(batch_size=8, **settings).fit(X, Y)
        paths.append(tmp_path / f"{name}.pkl")
        paths[-1].write_bytes(pickle.dumps((model, X, model.predict_proba(X))))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, *map(str, paths)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done\n"


@pytest.mark.parametrize("settings", [{"verbose": 1}, {"n_jobs": 2}, {"cache": "ram"}], ids=str)
def test_threads_do_not_get_into_each_others_way(settings):
    model = classifier(batch_size=8, **settings).fit(X, Y)
    expected = model.predict_proba(X)
    for _ in range(4):  # what goes wrong with processes is a matter of timing
        with ThreadPoolExecutor(4) as pool:
            for y_prob in pool.map(model.predict_proba, [X] * 4):
                np.testing.assert_array_equal(y_prob, expected)
