"""Properties of RAkEL."""

from math import comb

import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_mlic import BinaryRelevance, LabelPowerset, RAkEL

LOGISTIC = LogisticRegression(max_iter=1000)


def make_case(seed=0, n_samples=60, n_labels=5):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 4))
    logits = X @ rng.normal(size=(4, n_labels)) + rng.normal(size=(n_samples, n_labels))
    return X, (logits > 0).astype(int)


def draw(n_labels, seed=0, **settings):
    """The labelsets that are drawn, without the cost of real fits."""
    y = np.random.default_rng(seed).integers(0, 2, (30, n_labels))
    model = RAkEL(DummyClassifier(), random_state=seed, **settings).fit(np.zeros((30, 1)), y)
    return [tuple(columns.tolist()) for columns in model.labelsets_]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("n_labels", "size", "n_estimators"),
    [(7, 3, None), (10, 3, 4), (10, 4, 3), (9, 3, 3), (5, 3, None), (5, 2, 99), (4, 1, None)],
)
def test_overlapping_labelsets_are_distinct_and_cover_all(n_labels, size, n_estimators, seed):
    labelsets = draw(n_labels, seed, labelset_size=size, n_estimators=n_estimators)
    wanted = 2 * n_labels if n_estimators is None else n_estimators
    assert len(labelsets) == len(set(labelsets)) == min(wanted, comb(n_labels, size))
    assert all(len(set(labelset)) == size for labelset in labelsets)
    assert all(list(labelset) == sorted(labelset) for labelset in labelsets)
    assert set().union(*labelsets) == set(range(n_labels))


@pytest.mark.parametrize(
    ("n_labels", "size", "sizes"),
    [(7, 3, [3, 3, 1]), (6, 3, [3, 3]), (8, 5, [5, 3]), (3, 3, [3]), (2, 5, [2]), (1, 3, [1])],
)
def test_disjoint_labelsets_are_a_partition(n_labels, size, sizes):
    labelsets = draw(n_labels, labelset_size=size, overlapping=False)
    assert [len(labelset) for labelset in labelsets] == sizes
    assert sorted(np.concatenate(labelsets)) == list(range(n_labels))


def test_seeds_draw_different_labelsets_and_later_ones_of_a_seed_extend_earlier():
    assert draw(12, seed=0) != draw(12, seed=1)
    assert draw(12, n_estimators=9)[:5] == draw(12, n_estimators=5)


@pytest.mark.parametrize("overlapping", [True, False])
@pytest.mark.parametrize("n_labels", [1, 2, 3])
def test_few_labels_are_one_label_powerset(n_labels, overlapping):
    X, y = make_case(n_labels=n_labels)
    model = RAkEL(LOGISTIC, overlapping=overlapping).fit(X, y)
    expected = LabelPowerset(LOGISTIC).fit(X, y)
    assert len(model.estimators_) == 1
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))


def test_sets_of_one_label_are_binary_relevance():
    X, y = make_case()
    y[:, 1] = 1
    estimator = LogisticRegression(tol=1e-8)
    model = RAkEL(estimator, labelset_size=1, random_state=0).fit(X, y)
    expected = BinaryRelevance(estimator).fit(X, y)
    # The more frequent value is class 0 of a powerset: the same optimum, met from the other side.
    np.testing.assert_allclose(model.predict_proba(X), expected.predict_proba(X), atol=1e-4)


def test_probability_is_the_mean_over_the_models_that_hold_the_label():
    X, y = make_case()
    model = RAkEL(LOGISTIC, n_estimators=4, random_state=0).fit(X, y)
    held = [[] for _ in range(5)]
    for columns in model.labelsets_:
        marginals = LabelPowerset(LOGISTIC).fit(X, y[:, columns]).predict_proba(X)
        for column, marginal in zip(columns, marginals.T, strict=True):
            held[column].append(marginal)
    assert {len(marginals) for marginals in held} != {1}
    expected = np.column_stack([np.mean(marginals, axis=0) for marginals in held])
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-12)


def test_sparse_y_and_jobs_change_nothing():
    X, y = make_case()
    expected = RAkEL(LOGISTIC, random_state=0).fit(X, y).predict_proba(X)
    for form, n_jobs in ((sparse.csr_matrix, 1), (sparse.csc_array, 2), (np.asarray, 2)):
        model = RAkEL(LOGISTIC, random_state=0, n_jobs=n_jobs).fit(X, form(y))
        np.testing.assert_array_equal(model.predict_proba(X), expected)


def test_models_know_their_labels_and_the_features():
    X, y = make_case()
    model = RAkEL(LOGISTIC, random_state=0).fit(X, y)
    for fitted, columns in zip(model.estimators_, model.labelsets_, strict=True):
        assert list(fitted.label_names_) == [f"label_{j}" for j in columns]
    assert model.n_features_in_ == 4


def test_metadata_under_another_name_is_routed_once():
    X, y = make_case()
    weight = np.random.default_rng(0).random(60)
    expected = RAkEL(LOGISTIC, random_state=0).fit(X, y, sample_weight=weight).predict_proba(X)
    with sklearn.config_context(enable_metadata_routing=True):
        asking = LogisticRegression(max_iter=1000).set_fit_request(sample_weight="importance")
        model = RAkEL(asking, random_state=0).fit(X, y, importance=weight)
    np.testing.assert_array_equal(model.predict_proba(X), expected)


def test_text_passes_through():
    X = ["a dog on grass", "a cat", "a dog and a cat", "grass", "a dog", "a cat on grass"] * 2
    y = np.array([[int(word in text) for word in ("dog", "cat", "grass")] for text in X])
    estimator = make_pipeline(TfidfVectorizer(), LogisticRegression(C=1000))
    model = RAkEL(estimator, labelset_size=2, random_state=0).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), y)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n_estimators": 1}, "n_estimators=1 labelsets of 3 labels leave.*expected at least 2"),
        ({"n_estimators": 0}, "n_estimators=0; expected a whole number"),
        ({"labelset_size": 0}, "labelset_size=0; expected a whole number"),
        ({"labelset_size": 2.5}, "labelset_size=2.5; expected a whole number"),
        ({"n_estimators": 4, "overlapping": False}, "n_estimators=4 given with overlapping=False"),
    ],
)
def test_bad_settings(settings, words):
    X, y = make_case()
    with pytest.raises(ValueError, match=words):
        RAkEL(LOGISTIC, **settings).fit(X, y)
