"""One random_state, one result; the world outside is left as it was."""

import pickle
import random
import tracemalloc

import numpy as np
import pytest
import sklearn
import torch
from PIL import Image
from sklearn.metrics import get_scorer
from sklearn.model_selection import cross_validate

from helpers import classifier, coloured, global_state
from sklearn_mlic import ThresholdCalibrator

X, Y = coloured(24)
FEATURES = X.reshape(24, -1)[:, :6].astype(np.float32) / 255


# ---- one result


@pytest.mark.parametrize(
    "settings",
    [
        {"augmentation": "strong", "ema_decay": 0.9},
        {"augmentation": "mixup", "sampling": "balanced"},
        {"augmentation": "randaugment_cutout", "head_params": {"dropout": 0.5}},
        {"backbone_params": {"drop_path_rate": 0.3}, "early_stopping": True},
    ],
    ids=str,
)
def test_two_fits_are_equal_to_the_bit_whoever_makes_the_batches(settings):
    settings = {"batch_size": 8, **settings}
    before = global_state(), torch.random.get_rng_state(), random.getstate()
    first, second = (classifier(**settings, n_jobs=n_jobs).fit(X, Y) for n_jobs in (None, 2))
    assert global_state() == before[0]
    assert torch.equal(torch.random.get_rng_state(), before[1])
    assert random.getstate() == before[2]
    weights = [model.net_.module_.state_dict() for model in (first, second)]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))


def test_what_was_drawn_before_does_not_matter():
    settings = {"augmentation": "strong", "head_params": {"dropout": 0.5}}
    first = classifier(**settings).fit(X, Y).predict_proba(X)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        second = classifier(**settings).fit(X, Y).predict_proba(X)
    np.testing.assert_array_equal(first, second)


def test_without_a_seed_fits_differ():
    first, second = (classifier(random_state=None).fit(X, Y).predict_proba(X) for _ in range(2))
    assert not np.array_equal(first, second)


def test_prediction_does_not_depend_on_who_else_is_in_the_batch():
    model = classifier(precision="fp32").fit(X, Y)
    whole = model.decision_function(X)
    order = np.random.default_rng(0).permutation(24)
    np.testing.assert_allclose(model.decision_function(X[order]), whole[order], atol=1e-4)
    np.testing.assert_allclose(model.decision_function(X[3:5]), whole[3:5], atol=1e-4)


# ---- weights of rows through scikit-learn's routing


def test_weights_are_routed():
    weight = np.random.default_rng(0).exponential(size=24)
    with sklearn.config_context(enable_metadata_routing=True):
        asking = classifier(lr=0.1).set_fit_request(sample_weight=True)
        score = get_scorer("average_precision").set_score_request(sample_weight=False)
        settings = {"cv": 2, "scoring": score, "return_estimator": True}
        result = cross_validate(asking, FEATURES, Y, params={"sample_weight": weight}, **settings)
        plain = cross_validate(classifier(lr=0.1), FEATURES, Y, **settings)
        calibrator = ThresholdCalibrator(asking, cv=2).fit(FEATURES, Y, sample_weight=weight)
    weighted, even = (r["estimator"][0].predict_proba(FEATURES) for r in (result, plain))
    assert np.abs(weighted - even).max() > 1e-3
    expected = classifier(lr=0.1).fit(FEATURES, Y, sample_weight=weight)
    np.testing.assert_array_equal(
        calibrator.predict_proba(FEATURES), expected.predict_proba(FEATURES)
    )


# ---- translation


def test_a_translated_network_learns_the_same_and_pickles(monkeypatch):
    """Translated by torch's plainest backend, which needs no C++ compiler."""
    translate = torch.nn.Module.compile
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self: translate(self, backend="eager"))
    settings = {"batch_size": 8, "ema_decay": 0.5, "lr": 0.1}
    plain = classifier(**settings).fit(FEATURES, Y)
    model = classifier(**settings, compile=True).fit(FEATURES, Y)
    assert model.net_.module_._compiled_call_impl is not None
    expected = plain.predict_proba(FEATURES)
    np.testing.assert_allclose(model.predict_proba(FEATURES), expected, atol=1e-5)
    twin = pickle.loads(pickle.dumps(model))
    np.testing.assert_allclose(twin.predict_proba(FEATURES), expected, atol=1e-5)
    model.set_params(warm_start=True, lr=1e-9).fit(FEATURES, Y)
    np.testing.assert_allclose(model.predict_proba(FEATURES), expected, atol=1e-5)


# ---- memory


@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}], ids=str)
def test_a_fit_on_many_files_holds_batches_only(tmp_path, settings):
    """400 images of 96 x 96 pixels would be 11 MB."""
    for row in range(10):
        pixels = np.random.default_rng(row).integers(0, 256, (100, 100, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{row}.bmp")
    paths = [f"{tmp_path}/{row % 10}.bmp" for row in range(400)]
    y = np.random.default_rng(0).integers(0, 2, (400, 3))
    model = classifier(max_epochs=1, image_size=96, batch_size=8, freeze="backbone", **settings)
    model.fit(paths[:32], y[:32])  # what libraries take once
    tracemalloc.start()
    try:
        model.fit(paths, y)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4e6
