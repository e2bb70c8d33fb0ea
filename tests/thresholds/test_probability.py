"""Properties of ProbabilityCalibrator."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier

from helpers import ColumnClassifier
from sklearn_mlic import (
    BinaryRelevance,
    ProbabilityCalibrator,
    ThresholdCalibrator,
    load,
    save,
    tune_thresholds,
)

METHODS = ["sigmoid", "isotonic", "temperature"]
LOGISTIC = BinaryRelevance(LogisticRegression())


def make_probabilities(n_samples=4000, seed=0):
    """True probabilities of three labels and labels drawn from them."""
    rng = np.random.default_rng(seed)
    p = expit(rng.normal(size=(n_samples, 3)) * [1.0, 1.5, 1.5] - [0.0, 0.5, 1.5])
    return p, (rng.random(p.shape) < p).astype(int)


# Models that are wrong without a change of order; each map can mend some of them.
DISTORTIONS = {
    "too sure": lambda p: expit(3 * logit(p)),
    "not sure enough": lambda p: expit(0.3 * logit(p)),
    "shifted": lambda p: expit(2 * logit(p) + 1.5),
    "squared": lambda p: p**2,
}
MENDS = [
    (method, name)
    for method in METHODS
    for name in DISTORTIONS
    if method != "temperature" or "sure" in name
]


def calibrate(method, y, p, **settings):
    frozen = FrozenEstimator(ColumnClassifier().fit(p, y))
    return ProbabilityCalibrator(frozen, method=method, **settings).fit(p, y)


@pytest.mark.parametrize(("method", "distortion"), MENDS)
def test_a_distorted_model_is_better_on_fresh_data(method, distortion):
    distort = DISTORTIONS[distortion]
    p, y = make_probabilities()
    model = calibrate(method, y, distort(p))
    fresh, y_fresh = make_probabilities(seed=1)
    calibrated = model.predict_proba(distort(fresh))
    for j in range(3):
        for loss in (log_loss, brier_score_loss):
            assert loss(y_fresh[:, j], calibrated[:, j]) < loss(y_fresh[:, j], distort(fresh[:, j]))
    np.testing.assert_allclose(calibrated.mean(axis=0), fresh.mean(axis=0), atol=0.03)


@pytest.mark.parametrize("method", METHODS)
def test_calibrated_probabilities_stay_about_as_they_are(method):
    p, y = make_probabilities(20000)
    calibrated = calibrate(method, y, p).predict_proba(p)
    assert np.abs(calibrated - p).mean() < 0.02


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("flip", [False, True])
def test_the_order_of_rows_stays(method, flip):
    p, y = make_probabilities(300)
    model = calibrate(method, 1 - y if flip else y, p)
    grid = np.linspace(0, 1, 500)[:, None].repeat(3, axis=1)
    steps = np.diff(model.predict_proba(grid), axis=0)
    assert (steps >= 0).all() if method == "isotonic" else (steps > 0).all()


def test_isotonic_is_scikit_learns_and_constant_on_plateaus():
    p, y = make_probabilities(300)
    model = calibrate("isotonic", y, p)
    order = np.argsort(p[:, 0])
    steps = np.diff(model.predict_proba(p)[order, 0])
    assert (steps == 0).mean() > 0.8
    expected = IsotonicRegression(out_of_bounds="clip").fit(p[:, 0], y[:, 0]).predict(p[:, 0])
    np.testing.assert_allclose(model.predict_proba(p)[:, 0], expected)


def test_sigmoid_agrees_with_an_unpenalised_logistic_regression():
    p, y = make_probabilities(4000)
    model = calibrate("sigmoid", y, p**2)
    z = logit(p[:, [0]] ** 2)
    expected = LogisticRegression(C=np.inf).fit(z, y[:, 0])
    # Platt's targets, and Laplace's rule on what goes in, pull the line towards the middle, by
    # less the more rows there are.
    np.testing.assert_allclose(
        model.predict_proba(p**2)[:, 0], expected.predict_proba(z)[:, 1], atol=4e-3
    )


def test_temperature_is_the_best_factor():
    p, y = make_probabilities(500)
    model = calibrate("temperature", y, expit(3 * logit(p)))
    for j, calibrator in enumerate(model.calibrators_):
        # By Laplace's rule over the 499 steps between 500 distinct scores.
        z = logit((499 * expit(3 * logit(p[:, j])) + 1) / 501)
        losses = [
            log_loss(y[:, j], expit(f * z)) for f in calibrator.factor_ * np.array([1, 0.97, 1.03])
        ]
        assert losses[0] == min(losses)
    half = model.predict_proba(np.full((1, 3), 0.5))
    np.testing.assert_allclose(half, 0.5)


@pytest.mark.parametrize("method", METHODS)
def test_probabilities_of_zero_and_one(method):
    p, y = make_probabilities(300)
    hard = (p > 0.5).astype(float)
    calibrated = calibrate(method, y, hard).predict_proba(hard)
    assert np.isfinite(calibrated).all()
    for j in range(3):
        ones = hard[:, j] == 1
        if method != "temperature":  # which has one number for both sides
            assert calibrated[ones, j].mean() == pytest.approx(y[ones, j].mean(), abs=0.03)
        assert calibrated[ones, j].min() > calibrated[~ones, j].max()


@pytest.mark.parametrize("method", METHODS)
def test_labels_apart_give_no_infinite_line(method):
    y = np.repeat([[0], [1]], 10, axis=0)
    p = np.where(y, 0.7, 0.3) + np.linspace(-0.1, 0.1, 20)[:, None]
    calibrated = calibrate(method, y, p).predict_proba(p)
    assert np.isfinite(calibrated).all()
    assert ((calibrated >= 0.5) == y).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_label_without_both_values_keeps_its_probabilities(method):
    p, y = make_probabilities(200)
    y = y.astype(float)
    y[:, 0] = np.where(y[:, 0] == 1, np.nan, 0)
    y[:, 1] = 1
    model = calibrate(method, y, p)
    assert model.calibrators_[:2] == [None, None]
    calibrated = model.predict_proba(p)
    np.testing.assert_array_equal(calibrated[:, :2], p[:, :2])
    assert (calibrated[:, 2] != p[:, 2]).any()


@pytest.mark.parametrize("method", METHODS)
def test_unknown_rows_have_no_influence(method):
    p, y = make_probabilities(400)
    holes = y.astype(float)
    holes[::3, 1] = np.nan
    model = calibrate(method, holes, p)
    known = np.arange(400) % 3 != 0
    alone = calibrate(method, y[known][:, [1]], p[known][:, [1]])
    np.testing.assert_allclose(model.predict_proba(p)[:, [1]], alone.predict_proba(p[:, [1]]))


def test_learns_from_rows_left_out_and_predicts_by_a_model_of_all_rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 4))
    y = (X[:, :3] + rng.normal(size=(90, 3)) > 0.3).astype(int)
    folds = [(np.arange(45), np.arange(45, 90)), (np.arange(45, 90), np.arange(45))]
    model = ProbabilityCalibrator(LOGISTIC, cv=folds).fit(X, y)
    left_out = [clone(LOGISTIC).fit(X[a], y[a]).predict_proba(X[b]) for a, b in folds]
    rows = np.concatenate([test for _, test in folds])
    expected = calibrate("sigmoid", y[rows], np.concatenate(left_out))
    whole = clone(LOGISTIC).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(model.estimator_.predict_proba(X), whole)
    np.testing.assert_allclose(model.predict_proba(X), expected.predict_proba(whole))
    np.testing.assert_array_equal(model.predict(X), model.predict_proba(X) >= 0.5)


@pytest.mark.parametrize("method", METHODS)
def test_composes_under_thresholds_and_over_a_frozen_model(method):
    p, y = make_probabilities(300)
    X = logit(p)
    both = ThresholdCalibrator(ProbabilityCalibrator(LOGISTIC, method=method, cv=2), cv=2)
    assert both.fit(X, y).predict(X).shape == y.shape
    inner = ProbabilityCalibrator(FrozenEstimator(clone(LOGISTIC).fit(X, y)), method=method)
    inner.fit(X, y)
    outer = ThresholdCalibrator(FrozenEstimator(inner)).fit(X, y)
    np.testing.assert_array_equal(outer.thresholds_, tune_thresholds(y, inner.predict_proba(X)))


@pytest.mark.parametrize("method", METHODS)
def test_pickles_saves_and_clones(method, tmp_path):
    p, y = make_probabilities(100)
    model = ProbabilityCalibrator(LOGISTIC, method=method, cv=2, random_state=0)
    y[:, 0] = 0
    fitted = clone(model).fit(p, pd.DataFrame(y, columns=["sea", "sky", "sun"]))
    expected = fitted.predict_proba(p)
    for twin in (pickle.loads(pickle.dumps(fitted)), load(save(fitted, tmp_path / "m.skops"))):
        np.testing.assert_array_equal(twin.predict_proba(p), expected)
        assert list(twin.label_names_) == ["sea", "sky", "sun"]
        assert twin.calibrators_[0] is None
    assert not hasattr(clone(fitted), "calibrators_")


def test_a_list_of_pairs_is_calibrated_too():
    p, y = make_probabilities(200)
    model = ProbabilityCalibrator(MultiOutputClassifier(LogisticRegression()), cv=2)
    assert model.fit(p, y).predict_proba(p).shape == y.shape


@pytest.mark.parametrize(
    ("settings", "X", "message"),
    [
        ({"method": "platt"}, np.zeros((200, 3)), "Unknown calibration method 'platt'"),
        ({}, np.full((200, 3), np.nan), "y_prob is NaN in 200 of 200 rows"),
        ({}, np.zeros((200, 2)), r"y_prob has shape \(200, 2\) and y_true \(200, 3\)"),
    ],
)
def test_bad_settings(settings, X, message):
    _, y = make_probabilities(200)
    with pytest.raises(ValueError, match=message):
        ProbabilityCalibrator(ColumnClassifier(), **settings).fit(X, y)


@pytest.mark.parametrize("method", ["sigmoid", "temperature"])
@pytest.mark.parametrize(
    "voters",
    [RandomForestClassifier(20, random_state=0), KNeighborsClassifier(5)],
    ids=["20 trees", "5 neighbours"],
)
def test_votes_of_0_and_1_do_not_outweigh_the_rest(method, voters):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 8))
    y = (rng.random(3000) < expit(2 * (X[:, 0] + X[:, 1] * X[:, 2] - 1.5))).astype(int)[:, None]
    raw = BinaryRelevance(voters).fit(X[:1000], y[:1000])
    model = ProbabilityCalibrator(BinaryRelevance(voters), method=method, random_state=0)
    model.fit(X[:1000], y[:1000])
    before, after = (brier_score_loss(y[1000:], m.predict_proba(X[1000:])) for m in (raw, model))
    assert after < before + 5e-4
    if method == "sigmoid":
        theirs = CalibratedClassifierCV(voters, method="sigmoid", ensemble=False)
        theirs = theirs.fit(X[:1000], y[:1000, 0]).predict_proba(X[1000:])[:, 1]
        assert after < brier_score_loss(y[1000:], theirs) + 2e-3
