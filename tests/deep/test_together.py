"""One network in two processes: it ends as in one, and when a process is lost it says so."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.utils.parallel import Parallel, delayed

import together
from helpers import classifier
from sklearn_mlic import load
from sklearn_mlic.deep._batches import EpochBatches

pytest.importorskip("accelerate", reason="pip install 'sklearn-mlic[accelerate]' brings accelerate")

# No batch norm, whose statistics are those of a process's rows; nothing drawn at random; and not
# AdamW, whose first steps are as long for gradients that are rounding and no more.
EXACT = {
    "backbone": "test_vit",
    "batch_size": 8,
    "max_epochs": 3,
    "augmentation": "none",
    "optimizer": "sgd",
    "precision": "fp32",
}
CASES = {
    "plain": {**EXACT},
    "stopping": {**EXACT, "early_stopping": True, "ema_decay": 0.9, "schedule": "one_cycle"},
    "grouped": {**EXACT, "accumulate": 2, "clip_norm": 0.1, "sampling": "balanced"},
    "unknown": {**EXACT, "n_unknown": 50},
    "frozen": {**EXACT, "freeze": "backbone", "head": "csra"},
}
DRAWN = {"drawn": {"batch_size": 8, "max_epochs": 2, "augmentation": "mixup"}}


def start(task, folder, given, launcher=(), **variables):
    """Start `together` in a process of its own."""
    script = Path(together.__file__)
    return subprocess.Popen(
        [sys.executable, *launcher, script, task, folder, json.dumps(given)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=script.parent,
        env={**os.environ, **variables},
    )


@pytest.fixture(scope="module")
def ends(tmp_path_factory):
    folder = tmp_path_factory.mktemp("together")
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    process = start("compare", folder, {**CASES, **DRAWN}, launcher)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said[-3000:]
    return folder


def read(folder, name, rank):
    with np.load(folder / f"{name}-{rank}.npz") as arrays:
        return dict(arrays)


@pytest.mark.parametrize("name", CASES)
def test_two_processes_end_as_one(ends, name):
    alone = together.fit(CASES[name])
    ours = read(ends, name, 0)
    np.testing.assert_allclose(ours["losses"], alone.history_["train_loss"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(ours["probs"], alone.predict_proba(together.ROWS), atol=1e-4)


@pytest.mark.parametrize("name", [*CASES, *DRAWN, "calibrated", "chain"])
def test_both_processes_hold_the_same_model(ends, name):
    first, second = (read(ends, name, rank) for rank in (0, 1))
    np.testing.assert_array_equal(first["probs"], second["probs"])
    np.testing.assert_array_equal(first["losses"], second["losses"])
    assert abs(first["n_rows"] - second["n_rows"]) <= 6, "each trains on its half of the rows"


def test_the_first_process_writes_a_model_that_opens_anywhere(ends):
    model = load(ends / "plain.skops")
    np.testing.assert_allclose(
        model.predict_proba(together.ROWS), read(ends, "plain", 0)["probs"], atol=1e-6
    )


def test_a_process_that_is_killed_ends_the_run_which_goes_on_when_started_again(tmp_path):
    settings = {**EXACT, "checkpoint": str(tmp_path), "resume": True}
    with socket.socket() as free:
        free.bind(("localhost", 0))
        place = {"MASTER_ADDR": "localhost", "MASTER_PORT": str(free.getsockname()[1])}
    # Without a launcher, which would end the first process before it can say why.
    place |= {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    pair = [start("die", tmp_path, settings, **place, RANK=r, LOCAL_RANK=r) for r in "01"]
    said = [process.communicate(timeout=200)[0] for process in pair]
    assert [process.returncode for process in pair] == [1, -signal.SIGKILL]
    assert "RuntimeError: Process 0 of 2 has lost another one, and the training" in said[0]
    assert "MemoryError" not in said[0]
    assert len(list(tmp_path.iterdir())) == 1
    went_on = together.fit(settings)
    assert len(went_on.history_) == 3
    np.testing.assert_allclose(
        went_on.predict_proba(together.ROWS),
        together.fit(EXACT).predict_proba(together.ROWS),
        atol=1e-4,
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("labels", "ValueError: Processes [1] have other rows, labels or weights than process 0"),
        ("images", "ValueError: Processes [1] have other rows, labels or weights than process 0"),
        ("settings", "ValueError: Processes [1] have other settings than process 0"),
        ("few", "ValueError: batch_size=1 rows, of 41 to train on, are shared out among 2"),
        ("after", "RuntimeError: An earlier fit of this process ended before its time"),
    ],
)
def test_both_processes_refuse(ends, name, words):
    for rank in (0, 1):
        assert (ends / f"{name}-{rank}.txt").read_text().startswith(words)


def test_an_error_in_one_process_ends_the_other(ends):
    assert (ends / "error-1.txt").read_text() == "ZeroDivisionError: an error of its own"
    words = (ends / "error-0.txt").read_text()
    assert words.startswith("RuntimeError: Process 0 of 2 has lost another one")
    assert "With checkpoint=folder and resume=True the same launch goes on" in words


# ---- one process


def test_started_alone_nothing_changes():
    X, y = together.ROWS, together.LABELS
    alone = classifier(distributed="accelerate").fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(alone, classifier().fit(X, y).predict_proba(X))


def test_workers_of_joblib_are_no_team():
    fit = classifier(distributed="accelerate").fit
    calls = [delayed(fit)(together.ROWS, together.LABELS)] * 2
    with (
        parallel_config("threading", n_jobs=2),
        pytest.raises(ValueError, match="runs in a worker of joblib. Set n_jobs=None"),
    ):
        Parallel()(calls)


def test_an_engine_that_is_not_there():
    with pytest.raises(ValueError, match="Unknown distributed 'ddp'"):
        classifier(distributed="ddp").fit(together.ROWS, together.LABELS)


@pytest.mark.parametrize("n_ranks", [1, 2, 3])
@pytest.mark.parametrize("n_samples", [12, 13, 17, 24])
def test_the_parts_of_all_processes_are_the_batch(n_samples, n_ranks):
    teams = [EpochBatches(n_samples, 6, 0, rank=rank, n_ranks=n_ranks) for rank in range(n_ranks)]
    parts = list(zip(*teams, strict=True))
    rows = [row for batch in parts for part in batch for row in part]
    assert sorted(rows) == list(range(n_samples))
    for number, batch in enumerate(parts):
        weights = [team.weight(number) for team in teams]
        np.testing.assert_allclose(np.mean(weights), 1)
        np.testing.assert_allclose(
            weights, [len(p) * n_ranks / sum(map(len, batch)) for p in batch]
        )
        assert min(map(len, batch)) >= 1
