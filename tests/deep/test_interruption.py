"""What ends a fit early: Ctrl-C, losses that are no numbers, memory that runs out."""

import os
import pickle
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from helpers import classifier, coloured
from sklearn_mlic.nn.model import ImageModel

X, Y = coloured(32)
X_VAL, Y_VAL = coloured(12, seed=1)


pytestmark = pytest.mark.usefixtures("ctrl_c_is_heard")


class Interrupt(Callback):
    """Raises what Ctrl-C raises, at one place."""

    def __init__(self, event, epoch, training=True):
        self.event = event
        self.epoch = epoch
        self.training = training

    def _at(self, event, net, training=True):
        here = (event, training, len(net.history))
        if here == (self.event, self.training, self.epoch):
            raise KeyboardInterrupt

    def on_epoch_begin(self, net, **_):
        self._at("epoch_begin", net)

    def on_batch_begin(self, net, training=False, **_):
        self._at("batch_begin", net, training)

    def on_batch_end(self, net, training=False, **_):
        self._at("batch_end", net, training)


@pytest.mark.parametrize("settings", [{}, {"ema_decay": 0.9}], ids=str)
@pytest.mark.parametrize(
    ("event", "training"),
    [("epoch_begin", True), ("batch_begin", True), ("batch_end", True), ("batch_end", False)],
)
def test_the_best_epoch_so_far_is_kept(settings, event, training):
    settings = {"early_stopping": True, "batch_size": 8, **settings}
    callbacks = [Interrupt(event, 2, training)]
    model = classifier(**settings, max_epochs=5, callbacks=callbacks)
    with pytest.warns(UserWarning, match="Training was interrupted in epoch 2 of 5"):
        model.fit(X, Y, X_val=X_VAL, y_val=Y_VAL)
    expected = classifier(**settings, max_epochs=1).fit(X, Y, X_val=X_VAL, y_val=Y_VAL)
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))
    twin = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(model.predict(X), twin.predict(X))
    assert model.history_["train_loss"].iloc[0] == expected.history_["train_loss"].iloc[0]


class Scorer:
    """The mean logit; Ctrl-C is pressed while it scores one of the epochs."""

    def __init__(self, epoch):
        self.epoch = epoch

    def __getstate__(self):  # two of them are one setting to a checkpoint
        return {}

    def __call__(self, estimator, X, y):
        self.epoch -= 1
        if self.epoch == 0:
            signal.raise_signal(signal.SIGINT)
        return float(estimator.decision_function(X).mean())


def test_ctrl_c_between_two_epochs_is_one_too(tmp_path):
    """Scoring may take long. What was interrupted can be resumed: it did not stop by itself."""
    settings = {"max_epochs": 4, "checkpoint": tmp_path}
    part = {"X_val": X_VAL, "y_val": Y_VAL}
    model = classifier(**settings, scoring=Scorer(epoch=2))
    with pytest.warns(UserWarning, match="Training was interrupted"):
        model.fit(X, Y, **part)
    assert np.isfinite(model.predict_proba(X)).all()
    resumed = classifier(**settings, scoring=Scorer(epoch=9), resume=True).fit(X, Y, **part)
    whole = classifier(**{**settings, "checkpoint": None}).fit(X, Y, **part)
    np.testing.assert_array_equal(resumed.predict_proba(X), whole.predict_proba(X))


def test_without_a_score_the_weights_of_the_last_step_are_kept():
    model = classifier(max_epochs=5, batch_size=8, callbacks=[Interrupt("batch_end", 1)])
    with pytest.warns(UserWarning, match="Training was interrupted in epoch 1 of 5"):
        model.fit(X, Y)
    assert np.isfinite(model.predict_proba(X)).all()
    assert model.net_.module_.head.linear.weight.any()


@pytest.mark.parametrize("event", ["epoch_begin", "batch_begin"])
def test_before_any_step_there_is_nothing_to_keep(event):
    with pytest.raises(KeyboardInterrupt):
        classifier(callbacks=[Interrupt(event, 1)]).fit(X, Y)


def test_an_interrupted_call_of_partial_fit_is_forgotten_by_the_next():
    model = classifier(callbacks=[Interrupt("batch_end", 2)], batch_size=8).partial_fit(X, Y)
    with pytest.warns(UserWarning, match="Training was interrupted in epoch 2"):
        model.partial_fit(X, Y)
    model.partial_fit(X, Y)  # silently
    assert np.isfinite(model.predict_proba(X)).all()


def test_a_warm_fit_goes_on_from_an_interrupted_one():
    model = classifier(warm_start=True, batch_size=8, callbacks=[Interrupt("batch_end", 2)])
    with pytest.warns(UserWarning, match="interrupted"):
        model.fit(X, Y)
    model.set_params(callbacks=None).fit(X, Y)
    assert model.history_["epoch"].tolist() == [1, 2]


SCRIPT = """
    import time, warnings, torch
    from helpers import classifier, coloured
    from skorch.callbacks import Callback

    class Wait(Callback):
        def on_batch_begin(self, net, **_):
            if len(net.history) == 2:
                print("epoch 2", flush=True)
                time.sleep(60)

    torch.set_num_threads(1)
    if __name__ == "__main__":
        X, y = coloured(32)
        model = classifier(max_epochs=9, n_jobs=2, callbacks=[Wait()], batch_size=8)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(X, y)
        print([str(w.message) for w in caught])
        print(model.predict_proba(X).shape, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals to a group of processes are POSIX's")
def test_ctrl_c_reaches_workers_too_and_leaves_nothing_behind():
    """As a terminal sends it: to the process and all its workers."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)],
        env={**os.environ, "PYTHONPATH": "tests", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout.readline() == "epoch 2\n"
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, err
    assert "Training was interrupted in epoch 2 of 9" in out
    assert out.endswith("(32, 3)\n")
    assert "Traceback" not in err
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)  # the group is empty: no worker is left


# ---- losses that are no numbers


class Bad(torch.nn.Module):
    """A loss of one's own that is NaN from its seventh batch on."""

    def __init__(self):
        super().__init__()
        self.n_calls = 0

    def forward(self, logits, y):
        self.n_calls += 1
        factor = float("nan") if self.n_calls >= 7 else 1.0
        return factor * (torch.sigmoid(logits) - y).square().mean()


def test_a_loss_of_nan_names_batch_epoch_rate_and_causes():
    words = (
        r"the loss is nan in batch 3 of epoch 2, at a learning rate of 0\.01 \(lr=0\.01\)"
        r".*lower lr, or set clip_norm.*precision='bf16'.*unknown labels"
    )
    with pytest.raises(ValueError, match=words):
        classifier(loss=Bad, batch_size=8, max_epochs=5).fit(X, Y)


# ---- memory


def fail_with(monkeypatch, error):
    def forward(self, **columns):
        raise error

    monkeypatch.setattr(ImageModel, "forward", forward)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
    ],
    ids=["cuda", "windows", "cpu", "mps"],
)
def test_memory_that_runs_out_names_the_batch_size(monkeypatch, error):
    model = classifier(batch_size=8).fit(X, Y)
    fail_with(monkeypatch, error)
    words = r"not enough memory for batches of 8: .*allocate.*Lower batch_size|MPS"
    for call in (lambda: classifier(batch_size=8).fit(X, Y), lambda: model.predict_proba(X)):
        with pytest.raises(MemoryError, match=words):
            call()


@pytest.mark.parametrize(
    "words",
    ["unsupported memory format option Preserve", "an illegal memory access was encountered"],
)
def test_other_errors_that_say_memory_stay_what_they_are(monkeypatch, words):
    fail_with(monkeypatch, RuntimeError(words))
    with pytest.raises(RuntimeError, match=words):
        classifier().fit(X, Y)
