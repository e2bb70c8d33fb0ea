"""Properties of ThresholdCalibrator."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit
from sklearn.multioutput import MultiOutputClassifier
from sklearn.svm import LinearSVC

from helpers import ColumnClassifier, random_case
from sklearn_mlic import BinaryRelevance, ThresholdCalibrator, tune_thresholds
from sklearn_mlic.metrics import f1_per_label

LOGISTIC = BinaryRelevance(LogisticRegression())
FRAME = pd.DataFrame(
    {"image": [f"photos/{i}.jpg" for i in range(30)], "caption": "a dog"}, index=range(100, 130)
)


class Recorder(ColumnClassifier):
    """Keeps what it was given; knows nothing but the priors, whatever X is."""

    fitted: ClassVar[list] = []
    predicted: ClassVar[list] = []

    def fit(self, X, y):
        self.fitted.append(X)
        self.n_rows_ = len(X)
        self.prior_ = np.asarray(y).mean(axis=0)
        return super().fit(X, y)

    def predict_proba(self, X):
        self.predicted.append(X)
        return np.tile(self.prior_, (len(X), 1))


@pytest.fixture(autouse=True)
def forget():
    Recorder.fitted.clear()
    Recorder.predicted.clear()


def make_case(seed=0, n_samples=60, n_labels=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 4))
    logits = X @ rng.normal(size=(4, n_labels)) + rng.normal(size=(n_samples, n_labels))
    return X, (logits > 0.5).astype(int)


HALVES = [(np.arange(30), np.arange(30, 60)), (np.arange(30, 60), np.arange(30))]


@pytest.mark.parametrize(
    ("cv", "n_fits", "n_rows"),
    [
        (5, 6, 60),
        (KFold(4), 5, 60),
        (HALVES, 3, 60),
        (iter(HALVES), 3, 60),
        (ShuffleSplit(1, random_state=0), 2, 60),
        (0.25, 1, 45),
    ],
)
def test_number_of_fits(cv, n_fits, n_rows):
    X, y = make_case()
    model = ThresholdCalibrator(Recorder(), cv=cv, random_state=0).fit(X, y)
    assert len(Recorder.fitted) == n_fits
    assert model.estimator_.n_rows_ == pytest.approx(n_rows, abs=2)


@pytest.mark.parametrize("cv", [0.25, HALVES[:1], ShuffleSplit(1, random_state=0)])
def test_without_refit_the_model_of_the_one_split_is_kept(cv):
    X, y = make_case()
    model = ThresholdCalibrator(Recorder(), cv=cv, refit=False).fit(X, y)
    assert len(Recorder.fitted) == 1
    assert model.estimator_.n_rows_ < 60


@pytest.mark.parametrize("cv", [5, KFold(3)])
def test_without_refit_several_splits_are_an_error_before_any_fit(cv):
    X, y = make_case()
    with pytest.raises(ValueError, match=r"refit=False needs a cv of one split.*has [35]"):
        ThresholdCalibrator(Recorder(), cv=cv, refit=False).fit(X, y)
    assert not Recorder.fitted


@pytest.mark.parametrize("settings", [{}, {"refit": False}, {"cv": 0.5}, {"method": "fixed"}])
def test_frozen_model_is_not_fitted_again(settings):
    X, y = make_case()
    frozen = Recorder().fit(X[:20], y[:20])
    model = ThresholdCalibrator(FrozenEstimator(frozen), **settings).fit(X[20:], y[20:])
    assert len(Recorder.fitted) == 1
    np.testing.assert_array_equal(model.predict_proba(X), frozen.predict_proba(X))


@pytest.mark.parametrize("seed", range(3))
def test_frozen_model_is_tuned_on_all_rows(seed):
    y, X = random_case(seed)
    y, X = y[:, :-1], X[:, :-1]
    model = ThresholdCalibrator(FrozenEstimator(ColumnClassifier().fit(X, y))).fit(X, y)
    np.testing.assert_array_equal(model.thresholds_, tune_thresholds(y, X))


@pytest.mark.parametrize("cv", [3, 0.4, KFold(4)])
def test_attributes_follow_from_the_rows_left_out(cv):
    X, y = make_case()
    model = ThresholdCalibrator(LOGISTIC, cv=cv, random_state=0, store_cv_results=True).fit(X, y)
    results = model.cv_results_
    rows, fold, y_prob = results["rows"], results["fold"], results["y_prob"]
    np.testing.assert_array_equal(model.thresholds_, tune_thresholds(y[rows], y_prob))
    expected = f1_per_label(y[rows], (y_prob >= model.thresholds_).astype(int))
    np.testing.assert_array_equal(model.best_scores_, expected)
    parts = []
    for k in np.unique(fold):
        test, given = rows[fold == k], y_prob[fold == k]
        train = np.setdiff1d(np.arange(len(y)), test)
        fitted = clone(LOGISTIC).fit(X[train], y[train])
        np.testing.assert_allclose(fitted.predict_proba(X[test]), given)
        parts.append(tune_thresholds(y[test], given))
    np.testing.assert_array_equal(results["thresholds"], parts)
    if cv == 0.4:
        assert np.isnan(model.threshold_std_).all()
        np.testing.assert_allclose(model.estimator_.predict_proba(X[rows]), y_prob)
    else:
        np.testing.assert_array_equal(np.sort(rows), np.arange(len(y)))
        np.testing.assert_allclose(model.threshold_std_, np.std(parts, axis=0))
        whole = clone(LOGISTIC).fit(X, y)
        np.testing.assert_allclose(model.predict_proba(X), whole.predict_proba(X))


def test_folds_without_a_positive_are_left_out_of_the_spread():
    y = np.zeros((60, 3), int)
    y[:40:2, 0], y[:20:2, 1] = 1, 1
    X = np.random.default_rng(0).random((60, 3))
    calibrator = ThresholdCalibrator(ColumnClassifier(), cv=KFold(3), store_cv_results=True)
    model = calibrator.fit(X, y)  # nobody could tune label_2: no warning
    parts = model.cv_results_["thresholds"]
    np.testing.assert_array_equal(np.isnan(parts), [[0, 0, 1], [0, 1, 1], [1, 1, 1]])
    np.testing.assert_allclose(model.threshold_std_[0], parts[:2, 0].std())
    assert np.isnan(model.threshold_std_[1:]).all()
    assert model.thresholds_[2] == 0.5


def test_fixed_fits_once_on_all_rows():
    X, y = make_case()
    model = ThresholdCalibrator(Recorder(), method="fixed").fit(X, y)
    assert [len(seen) for seen in Recorder.fitted] == [60]
    np.testing.assert_array_equal(model.thresholds_, [0.5, 0.5, 0.5])
    np.testing.assert_array_equal(model.threshold_std_, 0)
    assert np.isnan(model.best_scores_).all()


NAMES = ["sea", "trees", "sunset"]
PROB = np.array([[0.4, 0.3, 0.1], [0.9, 0.1, 0.6], [0.1, 0.2, 0.45], [0.5, 0.1, 0.1]])


@pytest.mark.parametrize(
    ("fallback", "columns"),
    [(None, (None, None)), ("argmax", (0, 2)), ("prior", (1, 1)), ("sunset", (2, 2))],
)
def test_fallback_fills_empty_rows_only(fallback, columns):
    y = pd.DataFrame([[1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1]], columns=NAMES)
    model = ThresholdCalibrator(ColumnClassifier(), method="fixed", fallback=fallback).fit(PROB, y)
    expected = np.array([[0, 0, 0], [1, 0, 1], [0, 0, 0], [1, 0, 0]])
    for row, column in zip((0, 2), columns, strict=True):
        if column is not None:
            expected[row, column] = 1
    np.testing.assert_array_equal(model.predict(PROB), expected)
    np.testing.assert_array_equal(model.predict_proba(PROB), PROB)


@pytest.mark.parametrize("fallback", ["argmax", "prior", "label_2"])
def test_fallback_has_no_part_in_tuning(fallback):
    X, y = make_case()
    plain = ThresholdCalibrator(LOGISTIC, cv=2, random_state=0).fit(X, y)
    other = ThresholdCalibrator(LOGISTIC, cv=2, random_state=0, fallback=fallback).fit(X, y)
    np.testing.assert_array_equal(other.thresholds_, plain.thresholds_)
    np.testing.assert_array_equal(other.best_scores_, plain.best_scores_)
    np.testing.assert_array_equal(other.predict_proba(X), plain.predict_proba(X))
    assert (other.predict(X) >= plain.predict(X)).all()
    assert other.predict(X).any(axis=1).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fallback": "sunst"}, "Unknown fallback 'sunst'. Did you mean 'sunset'"),
        ({"fallback": 2}, "Unknown fallback 2"),
        ({"method": "fixd"}, "Unknown threshold method 'fixd'. Did you mean 'fixed'"),
        ({"cv": 1.5}, "cv=1.5 given; a float is the part to hold out"),
        ({"cv": 100}, "n_splits=100 is more than n_samples=60"),
    ],
)
def test_bad_settings(settings, message):
    X, y = make_case()
    with pytest.raises(ValueError, match=message):
        ThresholdCalibrator(LOGISTIC, **settings).fit(X, pd.DataFrame(y, columns=NAMES))


@pytest.mark.parametrize("cv", [3, 0.3])
@pytest.mark.parametrize("X", [FRAME, FRAME["image"], FRAME["image"].tolist()])
def test_x_reaches_the_estimator_untouched(X, cv):
    y = np.tile([[1, 0], [0, 1], [1, 1]], (10, 1))
    ThresholdCalibrator(Recorder(), cv=cv, random_state=0).fit(X, y).predict(X)
    for seen in Recorder.fitted + Recorder.predicted:
        if isinstance(X, list):
            assert isinstance(seen, list)
            assert set(seen) <= set(X)
        else:
            assert type(seen) is type(X)
            assert seen.equals(X.loc[seen.index])
    assert Recorder.predicted[-1] is X


@pytest.mark.parametrize(
    "estimator",
    [
        MultiOutputClassifier(LogisticRegression()),
        RandomForestClassifier(5, random_state=0),
        MultiOutputClassifier(RandomForestClassifier(5, random_state=0)),
    ],
)
@pytest.mark.parametrize("n_labels", [2, 3])
def test_lists_of_pairs(estimator, n_labels):
    X, y = make_case(n_labels=n_labels)
    model = ThresholdCalibrator(estimator, cv=2, random_state=0).fit(X, y)
    pairs = clone(estimator).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(model.predict_proba(X), np.stack(pairs)[:, :, 1].T)


def test_label_constant_in_a_fold_of_a_foreign_classifier():
    X, y = make_case()
    y[:30, 1] = 0
    forest = RandomForestClassifier(5, random_state=0)
    with pytest.raises(ValueError, match=r"one value only for label\(s\) \[1\].*BinaryRelevance"):
        ThresholdCalibrator(forest, cv=HALVES).fit(X, y)
    # Ours takes it: the label was never seen in training, and is not predicted everywhere.
    with pytest.warns(UserWarning, match="No positive row of a score above 0.*: label_1"):
        model = ThresholdCalibrator(LOGISTIC, cv=HALVES).fit(X, y)
    assert model.thresholds_[1] == 0.5


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.full((60, 3), np.nan), "y_prob is NaN in 60 of 60 rows.*learning rate"),
        (np.zeros((60, 2)), r"y_prob has shape \(60, 2\) and y_true \(60, 3\)"),
    ],
)
def test_probabilities_that_cannot_be_tuned_on(X, message):
    with pytest.raises(ValueError, match=message):
        ThresholdCalibrator(ColumnClassifier()).fit(X, make_case()[1])


def test_label_names_and_clone():
    X, y = make_case()
    model = ThresholdCalibrator(LOGISTIC, cv=2, fallback="sea", random_state=0)
    fitted = clone(model).fit(X, pd.DataFrame(y, columns=NAMES))
    assert list(fitted.label_names_) == NAMES
    assert fitted.n_features_in_ == 4
    assert not hasattr(fitted, "cv_results_")
    twin = clone(fitted)
    assert not hasattr(twin, "thresholds_")
    assert not hasattr(twin, "n_features_in_")
    assert repr(twin) == repr(model)


def test_grid_search_reaches_the_inner_parameters():
    X, y = make_case()
    grid = {"estimator__estimator__C": [0.01, 1.0], "method": ["f1", "fixed"]}
    calibrator = ThresholdCalibrator(LOGISTIC, cv=2, random_state=0)
    search = GridSearchCV(calibrator, grid, cv=2, scoring="f1_macro", error_score="raise")
    search.fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    best = search.best_estimator_
    assert search.best_params_["estimator__estimator__C"] == best.estimator_.estimators_[0].C


def test_methods_exist_where_the_estimator_has_them():
    assert hasattr(ThresholdCalibrator(LOGISTIC), "predict_proba")
    assert hasattr(ThresholdCalibrator(LOGISTIC), "decision_function")
    assert not hasattr(ThresholdCalibrator(RandomForestClassifier()), "decision_function")
    margins = ThresholdCalibrator(BinaryRelevance(LinearSVC()))
    assert not hasattr(margins, "predict_proba")
    with pytest.raises(TypeError, match="LinearSVC has no predict_proba"):
        margins.fit(*make_case())


def test_jobs_change_nothing():
    X, y = make_case()
    one = ThresholdCalibrator(LOGISTIC, cv=3, random_state=0).fit(X, y)
    two = clone(one).set_params(n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(two.thresholds_, one.thresholds_)
    np.testing.assert_array_equal(two.predict(X), one.predict(X))


def test_a_frozen_model_keeps_its_own_order_of_labels():
    X, y = make_case()
    y = pd.DataFrame(y, columns=["a", "b", "c"])
    frozen = FrozenEstimator(clone(LOGISTIC).fit(X, y))
    for method in ("f1", "fixed"):
        with pytest.raises(ValueError, match="Put them in the model's order"):
            ThresholdCalibrator(frozen, method=method).fit(X, y[["b", "a", "c"]])
    ThresholdCalibrator(frozen, cv=2, random_state=0).fit(X, y)


def test_a_fallback_set_after_the_fit_changes_nothing():
    X, y = make_case()
    model = ThresholdCalibrator(LOGISTIC, cv=2, random_state=0, fallback="argmax").fit(X, y)
    before = model.predict(X)
    np.testing.assert_array_equal(model.set_params(fallback="label_0").predict(X), before)
