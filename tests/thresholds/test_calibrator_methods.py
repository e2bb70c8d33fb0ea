"""What ThresholdCalibrator does after each rule, and from rows without labels."""

import warnings

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score

from helpers import ColumnClassifier, random_case
from sklearn_mlic import BinaryRelevance, ThresholdCalibrator, tune_thresholds
from sklearn_mlic.metrics import f1_per_label, top_k_labels
from sklearn_mlic.thresholds._methods import METHODS
from sklearn_mlic.thresholds._scores import SCORES
from sklearn_mlic.utils.estimator_checks import (
    check_constant_label,
    check_pickle,
    check_unknown_labels,
)


def case(seed=0, **kwargs):
    y_true, y_prob = random_case(seed, **kwargs)
    return y_true[:, :-1], y_prob[:, :-1]


def calibrated(method, y, X, **settings):
    """A calibrator over a fitted model whose probabilities are X itself."""
    frozen = FrozenEstimator(ColumnClassifier().fit(X, y))
    return ThresholdCalibrator(frozen, method=method, **settings).fit(X, y)


@pytest.mark.parametrize("method", [*METHODS, balanced_accuracy_score])
def test_frozen_model_has_the_thresholds_of_its_probabilities(method):
    y, X = case()
    model = calibrated(method, y, X)
    np.testing.assert_array_equal(model.thresholds_, tune_thresholds(y, X, method))


def test_settings_reach_the_rule():
    y, X = case()
    params = {"grid": [0.1, 0.9]}
    model = calibrated("grid", y, X, method_params=params)
    np.testing.assert_array_equal(model.thresholds_, tune_thresholds(y, X, "grid", params))
    fixed = calibrated("fixed", y, X, method_params={"threshold": 0.2})
    np.testing.assert_array_equal(fixed.predict(X), X >= 0.2)


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"fixed"}))
def test_best_scores_are_f1_unless_the_rule_has_its_own(method):
    y, X = case()
    model = calibrated(method, y, X)
    y_pred = model.thresholds_ <= X
    is_f1 = np.allclose(model.best_scores_, f1_per_label(y, y_pred.astype(int)))
    assert is_f1 == (method == "f1" or method not in SCORES)


@pytest.mark.parametrize("method", ["balanced_accuracy", balanced_accuracy_score])
def test_best_scores_are_what_was_maximised(method):
    y, X = case()
    model = calibrated(method, y, X)
    pairs = zip(y.T, model.predict(X).T, strict=True)
    expected = [balanced_accuracy_score(*pair) for pair in pairs]
    np.testing.assert_allclose(model.best_scores_, expected)


def test_best_score_of_a_metric_is_undefined_without_a_positive():
    y, X = random_case(0)
    with pytest.warns(UserWarning, match="No positive row"):
        model = calibrated(f1_score, y, X)
    np.testing.assert_array_equal(np.isnan(model.best_scores_), [0, 0, 0, 0, 0, 0, 1])


@pytest.mark.parametrize("k", [1, 3, 6])
def test_top_k_predicts_exactly_k_a_row(k):
    y, X = case()
    model = calibrated("top_k", y, X, method_params={"k": k})
    assert model.top_k_ == k
    np.testing.assert_array_equal(model.predict(X), top_k_labels(X, k))
    assert (model.predict(X).sum(axis=1) == k).all()


def test_top_k_follows_from_all_of_y():
    y, X = case()
    model = ThresholdCalibrator(ColumnClassifier(), method="top_k", cv=0.2).fit(X, y)
    assert model.top_k_ == round(y.sum() / len(y))
    assert calibrated("f1", y, X).top_k_ is None


def test_at_least_one_gives_an_empty_row_its_most_probable_label():
    y, X = case()
    model = calibrated("at_least_one", y, X)
    y_pred, plain = model.predict(X), calibrated("f1", y, X).predict(X)
    empty = ~plain.any(axis=1)
    assert empty.any()
    np.testing.assert_array_equal(y_pred[~empty], plain[~empty])
    np.testing.assert_array_equal(y_pred[empty], top_k_labels(X[empty], 1))


def test_at_least_one_has_a_fallback_already():
    y, X = case()
    with pytest.raises(ValueError, match="fallback='prior' given beside method='at_least_one'"):
        calibrated("at_least_one", y, X, fallback="prior")
    assert calibrated("at_least_one", y, X, fallback="argmax").predict(X).any(axis=1).all()


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("cardinality", None),
        ("label_cardinality", None),
        ("label_cardinality", {"lambda1": 0.0, "lambda2": 1.0}),
        ("top_k", None),
        ("top_k", {"k": 2}),
    ],
)
def test_calibrate_on_the_rows_of_fit_changes_nothing(method, params):
    y, X = case()
    model = calibrated(method, y, X, method_params=params)
    before = model.thresholds_
    assert model.calibrate(X) is model
    np.testing.assert_allclose(model.thresholds_, before, atol=1e-12)
    assert np.isnan(model.best_scores_).all()
    assert np.isnan(model.threshold_std_).all()


@pytest.mark.parametrize(
    ("method", "params"),
    [("cardinality", None), ("label_cardinality", {"lambda1": 0.0, "lambda2": 1.0, "step": 1e-3})],
)
def test_calibrate_restores_frequencies_where_probabilities_have_shifted(method, params):
    y, X = case(n_samples=1000, decimals=8)
    model = calibrated(method, y, X, method_params=params)
    shifted = X / 3
    assert model.predict(shifted).mean() < 0.5 * y.mean()
    y_pred = model.calibrate(shifted).predict(shifted)
    assert y_pred.mean() == pytest.approx(y.mean(), abs=0.01)
    if method == "label_cardinality":
        np.testing.assert_allclose(y_pred.mean(axis=0), y.mean(axis=0), atol=0.01)


def test_calibrate_keeps_a_half_for_a_label_never_seen():
    y, X = random_case(0)
    with pytest.warns(UserWarning, match="No positive row"):
        model = calibrated("label_cardinality", y, X)
    assert model.calibrate(X).thresholds_[-1] == 0.5


@pytest.mark.parametrize("method", ["f1", "micro_f1", "fixed", balanced_accuracy_score])
def test_calibrate_refuses_rules_that_need_labels(method):
    y, X = case()
    with pytest.raises(ValueError, match="needs labels, and calibrate has none.*'cardinality'"):
        calibrated(method, y, X).calibrate(X)


def test_calibrate_needs_a_fit_and_finite_probabilities():
    y, X = case()
    with pytest.raises(ValueError, match="not fitted"):
        ThresholdCalibrator(ColumnClassifier(), method="cardinality").calibrate(X)
    with pytest.raises(ValueError, match="y_prob is NaN in 60 of 60 rows"):
        calibrated("cardinality", y, X).calibrate(np.full_like(X, np.nan))


@pytest.mark.parametrize("check", [check_constant_label, check_unknown_labels, check_pickle])
@pytest.mark.parametrize("method", sorted(set(METHODS) - {"f1", "top_k"}))
def test_promises_of_the_contract_hold_for_every_rule(method, check):
    logistic = BinaryRelevance(LogisticRegression())
    check(ThresholdCalibrator(logistic, method=method, cv=2, random_state=0))


@pytest.mark.parametrize("n_positives", [0, 1, 2])
def test_only_a_label_that_could_be_tuned_is_warned_of(n_positives):
    X = np.random.default_rng(0).random((40, 2))
    y = np.tile([[1, 0], [0, 0]], (20, 1))
    y[:n_positives, 1] = 1
    X[:n_positives, 1] = 0  # the model gives the positives no score
    model = ThresholdCalibrator(ColumnClassifier(), cv=2, random_state=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y)
    assert len(caught) == (n_positives >= 2)
    assert model.thresholds_[1] == 0.5


def test_unknown_labels_are_left_out_of_the_tuning():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4))
    y = (X[:, :3] + rng.normal(size=(120, 3)) > 0.5).astype(float)
    y[rng.random(y.shape) < 0.2] = np.nan
    model = ThresholdCalibrator(
        BinaryRelevance(LogisticRegression()), cv=3, random_state=0, store_cv_results=True
    ).fit(X, y)
    rows, y_prob = model.cv_results_["rows"], model.cv_results_["y_prob"]
    np.testing.assert_array_equal(model.thresholds_, tune_thresholds(y[rows], y_prob))
    np.testing.assert_allclose(model.label_frequencies_, np.nanmean(y, axis=0))
    for j in range(3):
        known = ~np.isnan(y[rows, j])
        y_pred = y_prob[known, j] >= model.thresholds_[j]
        assert model.best_scores_[j] == pytest.approx(f1_score(y[rows][known, j], y_pred))


def test_bad_settings_are_an_error_before_any_fit():
    class Unfit(ColumnClassifier):
        def fit(self, X, y):
            raise AssertionError("was fitted")

    y, X = case()
    with pytest.raises(ValueError, match="'steps', which the threshold method 'label_card"):
        ThresholdCalibrator(Unfit(), method="label_cardinality", method_params={"steps": 0.1}).fit(
            X, y
        )
