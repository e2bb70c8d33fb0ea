"""A fit that was killed and goes on ends as one that was not."""

import os
import signal
from multiprocessing import get_context

import numpy as np
import pytest
import torch
from killed import data, fit_and_die
from skorch.callbacks import Callback

from helpers import classifier
from sklearn_mlic import ThresholdCalibrator
from sklearn_mlic.deep._checkpoint import digest_data
from sklearn_mlic.deep._net import TrainingNet

X, Y = data()
FEATURES, _ = data("features")
# 36 rows train in 5 batches: 3 steps an epoch.
SETTINGS = {
    "max_epochs": 4,
    "batch_size": 8,
    "accumulate": 2,
    "ema_decay": 0.9,
    "schedule": "one_cycle",
    "early_stopping": True,
    "augmentation": "light",
}


class Killed(BaseException):
    """What stands in for a signal where the process has to live on."""


def killed(model, monkeypatch, epoch, X=X, y=Y, batches=5):
    """Fit until a batch of an epoch; the folder is left as a kill would leave it."""
    n_steps, train_step = 0, TrainingNet.train_step

    def step(self, *args, **kwargs):
        nonlocal n_steps
        n_steps += 1
        if n_steps == (epoch - 1) * batches + 2:
            raise Killed
        return train_step(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingNet, "train_step", step)
        with pytest.raises(Killed):
            model.fit(X, y)


def assert_same_fit(first, second, X=X):
    """Weights, history and predictions to the last bit."""
    weights = [model.net_.module_.state_dict() for model in (first, second)]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    histories = [model.history_.drop(columns="dur") for model in (first, second)]
    assert histories[0].equals(histories[1])


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# ---- real kills


@pytest.fixture(scope="module")
def uninterrupted():
    return classifier(**SETTINGS).fit(X, Y)


@pytest.fixture(scope="module")
def processes():
    context = get_context("forkserver")
    context.set_forkserver_preload(["sklearn_mlic.deep._image"])
    return context


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize(
    ("place", "count"),
    [
        ("step", 3),  # before the first checkpoint
        ("step", 12),
        ("step", 20),  # the last batch of all
        ("write", 1),
        ("write", 3),
        ("replace", 2),
        ("replaced", 2),
        ("replaced", 4),  # all is trained
    ],
)
def test_a_killed_fit_goes_on_to_the_same_end(tmp_path, processes, uninterrupted, place, count):
    settings = {**SETTINGS, "checkpoint": str(tmp_path)}
    process = processes.Process(target=fit_and_die, args=(settings, place, count))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    model = classifier(**settings, resume=True).fit(X, Y)
    assert_same_fit(model, uninterrupted)
    assert len(names(tmp_path)) == 1, "what a killed write left behind is still there"


def test_writing_checkpoints_changes_nothing(tmp_path, uninterrupted):
    model = classifier(**SETTINGS, checkpoint=tmp_path).fit(X, Y)
    assert_same_fit(model, uninterrupted)
    assert len(names(tmp_path)) == 1


# ---- other settings, the kill being an error


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "sgd", "optimizer_params": {"momentum": 0.9}},
        {"schedule": "plateau", "warmup_epochs": 1, "schedule_params": {"patience": 0}},
        {"schedule": "cosine", "warmup_epochs": 1.5, "clip_norm": 0.1},
        {"sampling": "balanced", "augmentation": "mixup"},
        {"freeze": "backbone", "augmentation": "none", "head_params": {"dropout": 0.5}},
        {"n_jobs": 2, "cache": "ram", "augmentation": "strong"},
        {"loss": "splc", "loss_params": {"change_epoch": 2}},
    ],
    ids=str,
)
def test_every_kind_of_training_goes_on(settings, tmp_path, monkeypatch):
    settings = {"max_epochs": 4, "batch_size": 8, **settings}
    model = classifier(**settings, checkpoint=tmp_path)
    killed(model, monkeypatch, epoch=3)
    model.set_params(resume=True).fit(X, Y)
    assert_same_fit(model, classifier(**settings).fit(X, Y))


def test_it_goes_on_where_it_was_and_does_no_epoch_twice(tmp_path, monkeypatch):
    model = classifier(**SETTINGS, checkpoint=tmp_path)
    killed(model, monkeypatch, epoch=3)
    n_steps, train_step = 0, TrainingNet.train_step

    def step(self, *args, **kwargs):
        nonlocal n_steps
        n_steps += 1
        return train_step(self, *args, **kwargs)

    monkeypatch.setattr(TrainingNet, "train_step", step)
    model.set_params(resume=True).fit(X, Y)
    assert n_steps == 2 * 5
    model.fit(X, Y)  # there is nothing left to do
    assert n_steps == 2 * 5
    assert len(model.history_) == 4


def test_a_finished_fit_is_loaded(tmp_path):
    first = classifier(**SETTINGS, checkpoint=tmp_path).fit(FEATURES, Y)
    again = classifier(**SETTINGS, checkpoint=tmp_path, resume=True).fit(FEATURES, Y)
    assert_same_fit(again, first, FEATURES)


def test_a_fit_that_stopped_early_stays_stopped(tmp_path):
    settings = {"early_stopping": True, "n_iter_no_change": 1, "lr": 1e-9, "max_epochs": 6}
    first = classifier(**settings, checkpoint=tmp_path).fit(FEATURES, Y)
    assert len(first.history_) < 6
    again = classifier(**settings, checkpoint=tmp_path, resume=True).fit(FEATURES, Y)
    assert_same_fit(again, first, FEATURES)


@pytest.mark.parametrize("settings", [{}, {"ema_decay": 0.9}, {"early_stopping": True}], ids=str)
def test_more_epochs_go_on_where_fewer_ended(settings, tmp_path):
    classifier(**settings, max_epochs=2, checkpoint=tmp_path).fit(X, Y)
    longer = classifier(**settings, max_epochs=4, checkpoint=tmp_path, resume=True).fit(X, Y)
    assert_same_fit(longer, classifier(**settings, max_epochs=4).fit(X, Y))


def test_a_fit_without_a_seed_goes_on_with_its_own(tmp_path, monkeypatch):
    """The rows held out and the weights that never trained are those of the killed fit."""
    settings = {**SETTINGS, "random_state": None}
    model = classifier(**settings, checkpoint=tmp_path)
    killed(model, monkeypatch, epoch=2)
    (path,) = tmp_path.iterdir()
    state = torch.load(path, weights_only=True)
    model.set_params(resume=True).fit(X, Y)
    assert model.net_.plan.seed == state["seed"]
    assert model.history_["train_loss"].iloc[0] == state["history"][0]["train_loss"]
    assert len(model.history_) == 4


@pytest.mark.parametrize("lr", [np.float64(0.01), np.geomspace(0.01, 1, 3)[0]])
def test_numpy_numbers_among_the_settings_go_on(lr, tmp_path, monkeypatch):
    model = classifier(**{**SETTINGS, "lr": lr}, checkpoint=tmp_path)
    killed(model, monkeypatch, epoch=3, X=FEATURES)
    model.set_params(resume=True).fit(FEATURES, Y)
    assert len(model.history_) == 4


class Records(Callback):
    """Writes a number of numpy into the history, as scores are."""

    def on_epoch_end(self, net, **_):
        net.history.record("mine", np.float64(net.history[-1, "train_loss"]))


def test_what_callbacks_record_goes_on(tmp_path, monkeypatch):
    model = classifier(**SETTINGS, callbacks=[Records()], checkpoint=tmp_path)
    killed(model, monkeypatch, epoch=3, X=FEATURES)
    history = model.set_params(resume=True).fit(FEATURES, Y).history_
    assert history["mine"].tolist() == history["train_loss"].tolist()


# ---- folders


def test_fits_of_other_data_in_one_folder_do_not_touch(tmp_path, monkeypatch):
    folder, weight = {"checkpoint": tmp_path, "resume": True}, np.arange(40)
    held = {"X_val": FEATURES[:9], "y_val": Y[:9]}
    killed(classifier(**SETTINGS, **folder), monkeypatch, epoch=3, X=FEATURES)
    for y, others in ((1 - Y, {}), (Y, {"sample_weight": weight}), (Y, held)):
        model = classifier(**SETTINGS, **folder).fit(FEATURES, y, **others)
        assert_same_fit(model, classifier(**SETTINGS).fit(FEATURES, y, **others), FEATURES)
    assert len(names(tmp_path)) == 4


def test_a_changed_setting_warns_and_starts_anew(tmp_path):
    classifier(**{**SETTINGS, "lr": 0.02}, checkpoint=tmp_path).fit(FEATURES, Y)
    with pytest.warns(UserWarning, match="no fit with these settings.*Training starts anew"):
        model = classifier(**SETTINGS, checkpoint=tmp_path, resume=True).fit(FEATURES, Y)
    assert_same_fit(model, classifier(**SETTINGS).fit(FEATURES, Y), FEATURES)


def test_settings_that_do_not_decide_weights_may_change(tmp_path, monkeypatch, uninterrupted):
    killed(classifier(**SETTINGS, checkpoint=tmp_path), monkeypatch, epoch=3)
    free = {"n_jobs": 2, "cache": "ram", "verbose": 1, "device": "cpu"}
    model = classifier(**SETTINGS, **free, checkpoint=str(tmp_path) + "/", resume=True)
    assert_same_fit(model.fit(X, Y), uninterrupted)


def test_without_resume_a_fit_starts_anew_and_writes_over(tmp_path, monkeypatch):
    model = classifier(**SETTINGS, checkpoint=tmp_path)
    killed(model, monkeypatch, epoch=3, X=FEATURES)
    assert_same_fit(model.fit(FEATURES, Y), classifier(**SETTINGS).fit(FEATURES, Y), FEATURES)
    assert len(names(tmp_path)) == 1


def test_resume_needs_a_folder():
    with pytest.raises(ValueError, match="resume=True needs checkpoint=folder"):
        classifier(resume=True).fit(X, Y)


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"words"])
def test_a_damaged_file_is_named(damage, tmp_path):
    model = classifier(checkpoint=tmp_path, resume=True).fit(FEATURES, Y)
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=rf"{path.name}' cannot be read.*Delete it to start anew"):
        model.fit(FEATURES, Y)


def test_a_file_of_another_form_is_named(tmp_path):
    model = classifier(checkpoint=tmp_path, resume=True).fit(FEATURES, Y)
    (path,) = tmp_path.iterdir()
    torch.save({"weights": torch.zeros(3)}, path)
    with pytest.raises(ValueError, match=rf"{path.name}' cannot be read.*Delete it to start anew"):
        model.fit(FEATURES, Y)


def test_folds_of_a_calibrator_have_files_of_their_own(tmp_path):
    settings = {"max_epochs": 2, "ema_decay": 0.9}
    expected = ThresholdCalibrator(classifier(**settings), cv=3).fit(FEATURES, Y)
    for resume in (False, True):
        inner = classifier(**settings, checkpoint=tmp_path, resume=resume)
        model = ThresholdCalibrator(inner, cv=3).fit(FEATURES, Y)
        np.testing.assert_array_equal(model.thresholds_, expected.thresholds_)
        np.testing.assert_array_equal(
            model.predict_proba(FEATURES), expected.predict_proba(FEATURES)
        )
        assert len(names(tmp_path)) == 4  # three folds and the whole


def test_names_of_files_do_not_run_together():
    first, second = (np.array(names, dtype=object) for names in (["ab", "c"], ["a", "bc"]))
    assert digest_data({"image": first}) != digest_data({"image": second})
