"""Properties of LateFusion."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC
from sklearn.utils import get_tags

from sklearn_mlic import BinaryRelevance, LabelPrior, LateFusion, MLkNN, ThresholdCalibrator
from sklearn_mlic.base import MultilabelMixin

LINEAR = BinaryRelevance(LogisticRegression())
MEMBERS = [("linear", LINEAR), ("near", MLkNN(n_neighbors=5)), ("prior", LabelPrior())]


class Says(MultilabelMixin, BaseEstimator):
    """Gives the same probability to all, in a type of one's choice; remembers its weights."""

    def __init__(self, p=0.5, dtype="float64"):
        self.p = p
        self.dtype = dtype

    def fit(self, X, y, sample_weight=None):
        self._check_labels(y, X, allow_unknown=True)
        self.weight_ = sample_weight
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), self.p, dtype=self.dtype)


def make_case(n_labels=3, n_samples=60):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 4))
    logits = X @ rng.normal(size=(4, n_labels)) + rng.normal(size=(n_samples, n_labels))
    return X, (logits > 0).astype(int)


def fuse(*members, **settings):
    return LateFusion([(f"m{i}", member) for i, member in enumerate(members)], **settings)


# ---- the mean


@pytest.mark.parametrize("n_labels", [1, 3])
@pytest.mark.parametrize("weights", [None, [1, 2.5, 0.5], np.array([4.0, 1.0, 1.0])])
def test_is_the_mean_of_the_log_odds(n_labels, weights):
    X, y = make_case(n_labels)
    model = LateFusion(MEMBERS, weights=weights).fit(X, y)
    logits = [logit(clone(member).fit(X, y).predict_proba(X)) for _, member in MEMBERS]
    share = np.ones(3) / 3 if weights is None else np.asarray(weights) / np.sum(weights)
    expected = sum(part * values for part, values in zip(share, logits, strict=True))
    np.testing.assert_allclose(model.decision_function(X), expected)
    np.testing.assert_allclose(model.predict_proba(X), expit(expected))
    np.testing.assert_array_equal(model.predict(X), expected >= 0)


def test_one_member_is_that_member():
    X, y = make_case()
    alone = clone(LINEAR).fit(X, y)
    model = fuse(LINEAR, weights=[3]).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), alone.predict_proba(X))
    np.testing.assert_allclose(model.decision_function(X), alone.decision_function(X))


def test_the_order_of_members_changes_nothing():
    X, y = make_case()
    model = LateFusion(MEMBERS, weights=[1, 2, 3]).fit(X, y)
    turned = LateFusion(MEMBERS[::-1], weights=[3, 2, 1]).fit(X, y)
    np.testing.assert_allclose(turned.predict_proba(X), model.predict_proba(X))


def test_a_weight_is_a_member_so_many_times():
    X, y = make_case()
    near = MLkNN(n_neighbors=5)
    twice = fuse(LINEAR, near, near).fit(X, y)
    weighted = fuse(LINEAR, near, weights=[0.5, 1]).fit(X, y)
    np.testing.assert_allclose(weighted.predict_proba(X), twice.predict_proba(X))


def test_opposite_members_cancel_and_a_surer_one_wins():
    X, y = make_case()
    even = fuse(Says(0.9), Says(0.1)).fit(X, y)
    np.testing.assert_allclose(even.predict_proba(X), 0.5)
    assert np.all(fuse(Says(0.99), Says(0.1)).fit(X, y).predict_proba(X) > 0.5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_certainty_counts_the_same_on_both_sides(dtype):
    X, y = make_case()
    model = fuse(Says(1, dtype), Says(0, dtype)).fit(X, y)
    np.testing.assert_allclose(model.decision_function(X), 0, atol=1e-9)
    limit = {"float32": 16.64, "float64": 36.74}[dtype]
    np.testing.assert_allclose(fuse(Says(1, dtype)).fit(X, y).decision_function(X), limit, 1e-3)


# ---- labels


@pytest.mark.parametrize("value", [0, 1])
def test_a_constant_label_stays_what_it_is(value):
    X, y = make_case()
    y[:, 1] = value
    model = fuse(LINEAR, LabelPrior(), weights=[0.1, 0.7]).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X)[:, 1], value)
    np.testing.assert_array_equal(model.decision_function(X)[:, 1] > 0, value)
    assert np.all(np.isfinite(model.decision_function(X)))
    assert np.all((model.predict_proba(X)[:, [0, 2]] % 1) > 0)


def test_unknown_labels_go_to_members_that_take_them():
    X, y = make_case()
    y = y.astype(float)
    y[3:9, 1] = np.nan
    model = fuse(LINEAR, LabelPrior()).fit(X, y)
    assert np.all(np.isfinite(model.predict_proba(X)))
    alone = clone(LINEAR).fit(X, y)
    np.testing.assert_array_equal(model.estimators_[0].predict_proba(X), alone.predict_proba(X))
    with pytest.raises(ValueError, match="this method cannot use"):
        LateFusion(MEMBERS).fit(X, y)


def test_members_know_the_names_of_labels_and_features():
    X, y = make_case()
    X, y = pd.DataFrame(X, columns=list("abcd")), pd.DataFrame(y, columns=["sea", "sky", "sun"])
    model = LateFusion(MEMBERS).fit(X, y)
    for each in (model, *model.estimators_):
        assert list(each.label_names_) == ["sea", "sky", "sun"]
    assert model.n_features_in_ == 4
    assert list(model.feature_names_in_) == list("abcd")
    assert not hasattr(fuse(LabelPrior()).fit(X, y), "n_features_in_")


def test_a_forest_of_scikit_learn_is_a_member():
    X, y = make_case()
    model = fuse(LINEAR, RandomForestClassifier(5, random_state=0)).fit(X, y)
    assert model.predict_proba(X).shape == y.shape


# ---- members


def test_each_member_takes_its_own_columns():
    X, y = make_case()
    words = [" ".join(f"word{j}" for j in np.flatnonzero(row)) + " all" for row in y]
    frame = pd.DataFrame({"x0": X[:, 0], "x1": X[:, 1], "text": words})
    sides = [(["x0", "x1"], "passthrough"), ("text", TfidfVectorizer())]
    pipelines = [make_pipeline(make_column_transformer((how, what)), LINEAR) for what, how in sides]
    model = fuse(*pipelines).fit(frame, y)
    logits = [logit(clone(p).fit(frame, y).predict_proba(frame)) for p in pipelines]
    np.testing.assert_allclose(model.decision_function(frame), np.mean(logits, axis=0))


def test_members_are_clones_that_go_by_name():
    X, y = make_case()
    model = LateFusion(MEMBERS).fit(X, y)
    assert not hasattr(LINEAR, "estimators_")
    assert list(model.named_estimators_) == ["linear", "near", "prior"]
    assert model.named_estimators_.near is model.estimators_[1]


def test_parameters_of_members_go_by_name():
    model = LateFusion(MEMBERS)
    assert model.get_params()["linear__estimator__C"] == 1.0
    twin = clone(model).set_params(near__n_neighbors=7, linear__estimator__C=0.3, weights=[1, 2, 3])
    assert twin.estimators[1][1].n_neighbors == 7
    assert clone(twin).get_params()["linear__estimator__C"] == 0.3
    assert model.get_params()["near__n_neighbors"] == 5
    prior = LabelPrior()
    assert twin.set_params(near=prior).estimators[1] == ("near", prior)
    with pytest.raises(ValueError, match="Invalid parameter 'far'"):
        twin.set_params(far__C=1)


def test_a_search_over_a_member():
    X, y = make_case()
    grid = {"linear__estimator__C": [1e-6, 1.0], "weights": [None, [5, 1, 1]]}
    search = GridSearchCV(LateFusion(MEMBERS), grid, cv=2, scoring="average_precision").fit(X, y)
    assert search.best_params_["linear__estimator__C"] == 1.0


def test_inside_a_threshold_calibrator():
    X, y = make_case()
    model = ThresholdCalibrator(LateFusion(MEMBERS), cv=0.3, random_state=0).fit(X, y)
    fused = model.estimator_.predict_proba(X)
    np.testing.assert_array_equal(model.predict(X), fused >= model.thresholds_)


def test_jobs_and_pickling_change_nothing():
    X, y = make_case()
    model = LateFusion(MEMBERS).fit(X, y)
    expected = model.predict_proba(X)
    two = LateFusion(MEMBERS, n_jobs=2).fit(X, y)
    twin = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(two.predict_proba(X), expected)
    np.testing.assert_array_equal(twin.predict_proba(X), expected)


def test_input_tags_are_those_that_all_members_have():
    assert get_tags(fuse(LINEAR, LabelPrior())).input_tags.sparse
    assert not get_tags(fuse(LINEAR, Says())).input_tags.sparse
    pairwise = MLkNN(metric="precomputed")
    assert get_tags(fuse(pairwise, LabelPrior())).input_tags.pairwise


# ---- metadata


def test_weights_of_rows_go_to_every_member():
    X, y = make_case()
    weight = np.arange(1.0, 61)
    model = fuse(Says(), LINEAR).fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(model.estimators_[0].weight_, weight)
    alone = clone(LINEAR).fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(model.estimators_[1].predict_proba(X), alone.predict_proba(X))
    assert fuse(Says()).fit(X, y, sample_weight=None).estimators_[0].weight_ is None


def test_routing_sends_each_member_what_it_asks_for():
    X, y = make_case()
    weight = np.arange(1.0, 61)
    expected = clone(LINEAR).fit(X, y, sample_weight=weight).predict_proba(X)
    with sklearn.config_context(enable_metadata_routing=True):
        logistic = LogisticRegression().set_fit_request(sample_weight=True)
        asks = make_pipeline(FunctionTransformer(), BinaryRelevance(logistic))
        refuses = Says().set_fit_request(sample_weight=False)
        model = fuse(asks, refuses).fit(X, y, sample_weight=weight)
        assert model.estimators_[1].weight_ is None
        np.testing.assert_array_equal(model.estimators_[0].predict_proba(X), expected)
        outer = ThresholdCalibrator(fuse(asks, refuses), cv=0.3, random_state=0)
        outer.fit(X, y, sample_weight=weight)


# ---- what is refused


@pytest.mark.parametrize(
    ("estimators", "error", "words"),
    [
        ([], ValueError, r"estimators=\[\]; expected a list of \(name, estimator\) pairs"),
        (LINEAR, ValueError, "expected a list of"),
        ([LINEAR], ValueError, "expected a list of"),
        ([(1, LINEAR)], ValueError, "expected a list of"),
        ([("a", LINEAR), ("a", LINEAR)], ValueError, r"not unique: \['a', 'a'\]"),
        ([("a__b", LINEAR)], ValueError, "must not contain __"),
        ([("weights", LINEAR)], ValueError, "conflict with constructor arguments"),
        ([("a", LabelPrior)], TypeError, r"instance \(LabelPrior\(\)\)"),
        ([("a", BinaryRelevance(LinearSVC()))], TypeError, "'a', BinaryRelevance, has no predict"),
        ([("a", LINEAR), ("b", LogisticRegression())], ValueError, "'b', LogisticRegression, lea"),
    ],
)
def test_bad_members_are_named(estimators, error, words):
    with pytest.raises(error, match=words):
        LateFusion(estimators).fit(*make_case())


@pytest.mark.parametrize("weights", [[1], [1, 2, 3, 4], [1, 0, 1], [1, -1, 1], [1, np.nan, 1]])
def test_bad_weights_are_named(weights):
    with pytest.raises(ValueError, match=r"weights=\[.* for 3 members; expected one positive"):
        LateFusion(MEMBERS, weights=weights).fit(*make_case())


def test_a_member_with_another_number_of_columns_is_named():
    X, y = make_case(n_labels=1)
    model = fuse(LINEAR, LINEAR).fit(X, y)
    model.estimators_[1] = LogisticRegression().fit(X, y[:, 0])
    with pytest.raises(
        ValueError, match=r"'m1' gives probabilities of shape \(60, 2\) for 1 label"
    ):
        model.predict(X)


def test_a_failed_fit_leaves_nothing_of_the_last_one():
    X, y = make_case()
    model = LateFusion(MEMBERS).fit(X, y)
    with pytest.raises(ValueError, match="this method cannot use"):
        model.fit(X, np.where(X[:, :3] > 1, np.nan, y))
    with pytest.raises(NotFittedError):
        model.predict_proba(X)
