"""Training that goes on: from the weights of an earlier fit, and epoch by epoch."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    EpochTimer,
    GradientNormClipping,
    LRScheduler,
)

from helpers import classifier, coloured

X, Y = coloured(32)
FEATURES = np.random.default_rng(0).normal(size=(32, 4)).astype(np.float32)


def weights(model):
    return {name: value.clone() for name, value in model.net_.module_.state_dict().items()}


def changed(first, second, *, parameters=None):
    names = first if parameters is None else parameters
    return {name for name in names if not torch.equal(first[name], second[name])}


def assert_equal(first, second, X=X):
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    assert not changed(weights(first), weights(second))


# ---- warm start


def test_a_warm_fit_starts_from_the_weights_of_the_last():
    model = classifier(max_epochs=4, warm_start=True, precision="fp32").fit(X, Y)
    before, losses = model.decision_function(X), model.history_["train_loss"]
    model.set_params(lr=1e-9, optimizer="sgd", max_epochs=1, freeze="bn").fit(X, Y)
    np.testing.assert_allclose(model.decision_function(X), before, atol=1e-3)
    assert model.history_["train_loss"].iloc[0] < losses.iloc[0]
    assert len(model.history_) == 1


def test_a_cold_fit_does_not():
    model = classifier().fit(X, Y)
    again = model.predict_proba(X)
    np.testing.assert_array_equal(model.fit(X, Y).predict_proba(X), again)


def test_a_first_warm_fit_is_a_fit():
    assert_equal(classifier(warm_start=True).fit(X, Y), classifier().fit(X, Y))


def test_a_warm_fit_after_pickling():
    model = classifier(warm_start=True).fit(X, Y)
    twin = pickle.loads(pickle.dumps(model))
    assert_equal(model.fit(X, Y), twin.fit(X, Y))


def test_a_frozen_backbone_thaws_in_a_warm_fit():
    model = classifier(freeze="backbone", warm_start=True, augmentation="none").fit(X, Y)
    frozen = weights(model)
    model.set_params(freeze=None).fit(X, Y)
    thawed = weights(model)
    parameters = [name for name, _ in model.net_.module_.named_parameters()]
    assert changed(frozen, thawed, parameters=parameters) == set(parameters)
    model.set_params(freeze="backbone").fit(X, Y)
    assert {name.split(".")[0] for name in changed(thawed, weights(model))} == {"head"}


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_other_labels_or_input_cannot_go_on(method):
    y = pd.DataFrame(Y, columns=["sky", "sea", "sun"])

    def fitted():
        return classifier(warm_start=True, max_epochs=1).fit(X, y)

    with pytest.raises(ValueError, match="(?s)y has the labels.*sky.*fit to go on from"):
        getattr(fitted(), method)(X, y[["sky", "sea"]])
    with pytest.raises(ValueError, match="(?s)y has the labels.*sun.*fit to go on from"):
        getattr(fitted(), method)(X, y[["sun", "sea", "sky"]])
    with pytest.raises(ValueError, match="fitted on images and is given feature"):
        getattr(fitted(), method)(FEATURES, y)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("wrong", [(X, Y[:-1]), (X, Y[:, :2]), (FEATURES, Y)])
def test_what_cannot_go_on_leaves_the_earlier_model_as_it_is(method, wrong):
    """What was learnt in hours is not lost to a typing error in y."""
    model = classifier(warm_start=True).fit(X, Y)
    expected = model.predict_proba(X)
    with pytest.raises(ValueError, match="rows|fit to go on from|form that fit took"):
        getattr(model, method)(*wrong)
    np.testing.assert_array_equal(model.predict_proba(X), expected)


# ---- partial_fit


def test_one_call_is_a_fit_of_one_epoch():
    assert_equal(classifier().partial_fit(X, Y), classifier(max_epochs=1).fit(X, Y))


@pytest.mark.parametrize("settings", [{}, {"optimizer": "sgd"}, {"accumulate": 3}], ids=str)
def test_calls_are_epochs(settings):
    model = classifier(**settings, batch_size=8)
    for _ in range(3):
        model.partial_fit(X, Y)
    whole = classifier(**settings, batch_size=8, max_epochs=3).fit(X, Y)
    assert_equal(model, whole)
    assert model.history_["epoch"].tolist() == [1, 2, 3]
    assert model.history_["train_loss"].tolist() == whole.history_["train_loss"].tolist()


def test_settings_of_whole_fits_have_no_say(tmp_path):
    settings = {"early_stopping": True, "ema_decay": 0.9, "checkpoint": tmp_path / "none"}
    model = classifier(**settings, schedule="one_cycle", max_epochs=7).partial_fit(X, Y)
    assert_equal(model, classifier().partial_fit(X, Y))
    assert not (tmp_path / "none").exists()


def test_it_goes_on_after_fit_and_after_pickling():
    model = classifier(max_epochs=3).fit(X, Y)
    losses = model.history_["train_loss"]
    twin = pickle.loads(pickle.dumps(model))
    model.partial_fit(X, Y)
    assert model.history_["train_loss"].iloc[-1] < losses.iloc[0] - 0.02
    twin.partial_fit(X, Y)
    assert_equal(model, twin)
    again = pickle.loads(pickle.dumps(twin)).partial_fit(X, Y)
    assert changed(weights(again), weights(twin))


def test_rows_may_differ_from_call_to_call():
    model = classifier().partial_fit(X[:20], Y[:20]).partial_fit(X[20:], Y[20:])
    assert np.isfinite(model.predict_proba(X)).all()


def test_a_label_is_constant_only_as_long_as_it_was():
    y = Y.copy()
    y[:16, 0], y[:16, 1], y[16:, 2] = 0, 1, 0
    y[16:18, :2] = [[0, 0], [1, 1]]
    model = classifier().partial_fit(X[:16], y[:16])
    y_prob = model.predict_proba(X)
    assert (y_prob[:, 0] < 1e-12).all()
    assert (y_prob[:, 1] > 1 - 1e-12).all()
    y_prob = model.partial_fit(X[16:], y[16:]).predict_proba(X)
    assert ((y_prob > 1e-6) & (y_prob < 1 - 1e-6)).all()


def test_an_unknown_label_of_one_call_is_learnt_in_the_next():
    y = Y.astype(float)
    y[:16, 1] = np.nan
    model = classifier().partial_fit(X[:16], y[:16]).partial_fit(X[16:], y[16:])
    assert np.isfinite(model.predict_proba(X)).all()
    assert np.isnan(model.constant_values_).all()


# ---- callbacks of the user


class Counter(Callback):
    """Counts what it sees."""

    def on_train_begin(self, net, **_):
        self.n_batches_ = self.n_epochs_ = 0

    def on_batch_end(self, net, training=False, **_):
        self.n_batches_ += training

    def on_epoch_end(self, net, **_):
        self.n_epochs_ += 1


@pytest.mark.parametrize("named", [False, True])
def test_callbacks_are_called_and_left_as_they_are(named):
    counter = Counter()
    model = classifier(batch_size=8, callbacks=[("mine", counter) if named else counter])
    model.fit(X, Y)
    used = dict(model.net_.callbacks_)["mine" if named else "Counter"]
    assert (used.n_batches_, used.n_epochs_) == (2 * 4, 2)
    assert used is not counter
    assert not hasattr(counter, "n_batches_")


def test_stopping_of_skorch_ends_the_fit_without_a_warning():
    stop = EarlyStopping(monitor="train_loss", lower_is_better=False, patience=2, sink=lambda _: 0)
    model = classifier(max_epochs=9, callbacks=[stop], batch_size=8).fit(X, Y)
    assert len(model.history_) < 9
    assert np.isfinite(model.predict_proba(X)).all()


class Stop(Callback):
    """Ends the training after each epoch, in the way of skorch's callbacks."""

    def on_epoch_end(self, net, **_):
        raise KeyboardInterrupt


def test_a_callback_that_stops_ends_one_call_of_partial_fit_only():
    model = classifier(callbacks=[Stop()])
    for _ in range(3):
        model.partial_fit(X, Y)
    assert len(model.history_) == 3
    assert len(classifier(callbacks=[Stop()], max_epochs=3).fit(X, Y).history_) == 1


@pytest.mark.parametrize(
    ("make", "column"),
    [
        (lambda folder: Checkpoint(dirname=folder), "valid_loss"),
        (lambda folder: EpochScoring("average_precision", False), "average_precision"),
        (lambda folder: EpochScoring(_accuracy, False, name="accuracy"), "accuracy"),
        (lambda folder: BatchScoring(_accuracy, False, name="accuracy"), "accuracy"),
        (lambda folder: LRScheduler("StepLR", step_size=1), "event_lr"),
        (lambda folder: GradientNormClipping(1.0), "train_loss"),
        (lambda folder: EarlyStopping("valid_loss", load_best=True), "valid_loss"),
    ],
    ids=["Checkpoint", "EpochScoring", "function", "BatchScoring", "LRScheduler", "clip", "stop"],
)
def test_callbacks_of_skorch_find_what_they_look_for(make, column, tmp_path):
    model = classifier(callbacks=[make(str(tmp_path))])
    history = model.fit(X, Y, X_val=X[:9], y_val=Y[:9]).history_
    assert np.isfinite(history[column]).all()


def _accuracy(net, X, y):
    return float(np.mean(net.predict_proba(X).round() == np.asarray(y)))


def test_partial_fit_honours_parameters_that_were_changed():
    model = classifier(batch_size=8).partial_fit(X, Y)
    before = {name: t.clone() for name, t in model.net_.module_.named_parameters()}
    model.set_params(lr=1e-9, weight_decay=0.0).partial_fit(X, Y)
    after = dict(model.net_.module_.named_parameters())
    assert all(torch.allclose(after[name], before[name], atol=1e-5) for name in before)
    assert model.history_["epoch"].tolist() == [1, 2]


def test_net_params_take_precedence_or_are_refused():
    settings = {"net_params": {"lr": 0.5, "optimizer": "sgd"}, "max_epochs": 1}
    model = classifier(**settings).fit(X, Y)
    assert model.net_.optimizer_.param_groups[0]["lr"] == 0.5
    assert isinstance(model.net_.optimizer_, torch.optim.SGD)
    more = {"callbacks": [("seen", EpochTimer())]}
    model = classifier(early_stopping=True, net_params=more).fit(X, Y)
    assert {"best", "seen"} <= {name for name, _ in model.net_.callbacks_}
    for name in ("iterator_train__drop_last", "train_split", "module"):
        with pytest.raises(ValueError, match=f"net_params sets '{name}'"):
            classifier(net_params={name: True}).fit(X, Y)
