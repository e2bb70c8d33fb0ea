"""Ctrl-C: the best found is kept, whoever takes the signal."""

import signal
import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from helpers import classifier, coloured
from sklearn_mlic import BinaryRelevance, OptunaSearchCV, compare
from sklearn_mlic.cli._comparisons import _ended_by_interruption

IMAGES, Y = coloured(40)
X = IMAGES.reshape(len(IMAGES), -1)[:, :6].astype(np.float32) / 255

pytestmark = pytest.mark.usefixtures("ctrl_c_is_heard")


class Interrupted(LogisticRegression):
    """Gets Ctrl-C in one of its fits."""

    n_fits = 0
    comes_at = 0

    def fit(self, X, y, sample_weight=None):
        Interrupted.n_fits += 1
        if Interrupted.n_fits == Interrupted.comes_at:
            signal.raise_signal(signal.SIGINT)
        return super().fit(X, y, sample_weight)


def search(model, space, comes_at):
    Interrupted.n_fits, Interrupted.comes_at = 0, comes_at
    return OptunaSearchCV(model, space, n_trials=5, cv=2, random_state=0, scoring="mAP")


def test_the_best_so_far_is_fitted():
    found = search(BinaryRelevance(Interrupted()), {"estimator__C": [0.1, 1.0]}, comes_at=3 * 5)
    before = signal.getsignal(signal.SIGINT)
    with pytest.warns(UserWarning, match="interrupted; the best of 2 trials is kept"):
        found.fit(X, Y)
    assert signal.getsignal(signal.SIGINT) is before
    assert found.predict(X).shape == Y.shape
    assert len(found.cv_results_["params"]) == 2
    assert [trial.state.name for trial in found.study_.trials] == ["COMPLETE", "COMPLETE", "FAIL"]


def test_before_the_first_trial_there_is_nothing_to_keep():
    found = search(BinaryRelevance(Interrupted()), {"estimator__C": [0.1]}, comes_at=4)
    with pytest.raises(KeyboardInterrupt):
        found.fit(X, Y)


class Interrupting:
    """A callback that interrupts a network in one of its epochs."""

    n_batches = 0

    def __getattr__(self, name):
        if name.startswith("on_"):
            return lambda *_, **__: None
        raise AttributeError(name)

    def on_batch_end(self, net, **_):
        Interrupting.n_batches += 1
        if Interrupting.n_batches == 9:
            signal.raise_signal(signal.SIGINT)

    def initialize(self):
        return self

    def set_params(self):
        return self


def test_a_network_that_ends_its_training_ends_the_search():
    net = classifier(max_epochs=1, batch_size=20, callbacks=[Interrupting()])
    with warnings.catch_warnings(record=True, action="always") as caught:
        found = search(net, {"lr": [0.1, 0.01]}, comes_at=0).fit(X, Y)
    messages = [str(warning.message) for warning in caught]
    assert any("Training was interrupted" in message for message in messages)
    assert any("best of 4 trials is kept" in message for message in messages)
    assert list(found.cv_results_["n_epochs"]) == [2] * 4


@pytest.mark.parametrize("comes_at", [1, 3 * 5])
def test_ctrl_c_ends_a_comparison_of_searches(comes_at):
    found = search(BinaryRelevance(Interrupted()), {"estimator__C": [0.1, 1.0]}, comes_at)
    with pytest.raises(KeyboardInterrupt), _ended_by_interruption():
        compare({"searched": found}, X, Y, cv=2, random_state=0)
