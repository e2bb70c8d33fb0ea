"""Properties of LabelPowerset."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from sklearn_mlic import LabelPowerset

LOGISTIC = LogisticRegression(max_iter=1000)


def make_case(seed=0, n_samples=80, n_labels=4):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 4))
    logits = X @ rng.normal(size=(4, n_labels)) + 0.5 * rng.normal(size=(n_samples, n_labels))
    return X, (logits > 0.3).astype(int)


def test_equals_one_classifier_over_the_sets_by_hand():
    X, y = make_case()
    model = LabelPowerset(LOGISTIC).fit(X, y)
    names = np.array(["".join(map(str, row)) for row in y])
    by_hand = LogisticRegression(max_iter=1000, tol=1e-8).fit(X, names)
    fine = LabelPowerset(by_hand).fit(X, y)
    set_prob = by_hand.predict_proba(X)
    for j in range(y.shape[1]):
        holds = [name[j] == "1" for name in by_hand.classes_]
        expected = set_prob[:, holds].sum(axis=1)
        np.testing.assert_allclose(fine.predict_proba(X)[:, j], expected, atol=1e-5)
    best = by_hand.classes_[set_prob.argmax(axis=1)]
    np.testing.assert_array_equal(fine.predict_label_set(X), [list(map(int, b)) for b in best])
    assert model.label_set_counts_.sum() == len(y)
    assert np.all(np.diff(model.label_set_counts_) <= 0)
    np.testing.assert_array_equal(np.unique(model.label_sets_, axis=0), np.unique(y, axis=0))


def test_label_set_was_seen_while_predict_need_not_be():
    """Of three labels each row has one: each label alone is below 0.5, the set never empty."""
    X, y = np.zeros((30, 1)), np.eye(3, dtype=int)[np.arange(30) % 3]
    model = LabelPowerset(DummyClassifier(strategy="prior")).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), 1 / 3)
    assert model.predict(X).sum() == 0
    np.testing.assert_array_equal(model.predict_label_set(X).sum(axis=1), 1)


@pytest.mark.parametrize("min_count", [1, 4])
def test_columns_of_y_may_be_permuted(min_count):
    X, y = make_case()
    order = [2, 0, 3, 1]
    model = LabelPowerset(RandomForestClassifier(20, random_state=0), min_count=min_count)
    y_prob = model.fit(X, y).predict_proba(X)
    np.testing.assert_allclose(
        model.fit(X, y[:, order]).predict_proba(X), y_prob[:, order], atol=1e-12
    )


def test_sparse_y_gives_the_same():
    X, y = make_case()
    model = LabelPowerset(LOGISTIC, min_count=3)
    expected = model.fit(X, y).predict_proba(X)
    sets = model.label_sets_
    for form in (sparse.csr_matrix, sparse.csc_array, sparse.coo_array):
        np.testing.assert_array_equal(model.fit(X, form(y)).predict_proba(X), expected)
        np.testing.assert_array_equal(model.label_sets_, sets)


def prunable(rng):
    """Rows of {0}: 6, {0, 1}: 4, {}: 5, and one each of {0, 1, 2}, {0, 2} and {2}."""
    rows = [[1, 0, 0]] * 6 + [[1, 1, 0]] * 4 + [[0, 0, 0]] * 5
    rows += [[1, 1, 1], [1, 0, 1], [0, 0, 1]]
    return rng.normal(size=(18, 2)), np.array(rows)


def test_rare_sets_are_pruned_and_their_rows_relabelled_or_left_out():
    X, y = prunable(np.random.default_rng(0))
    weight = np.random.default_rng(1).random(18)
    model = LabelPowerset(LOGISTIC, min_count=4).fit(X, y, sample_weight=weight)
    assert model.label_sets_.tolist() == [[1, 0, 0], [0, 0, 0], [1, 1, 0]]
    assert model.label_set_counts_.tolist() == [7, 5, 5]
    relabelled = y[:17].copy()
    relabelled[15:] = [[1, 1, 0], [1, 0, 0]]
    # Row 17, {2}, holds no kept set but the empty one: nothing is learned from it.
    expected = LabelPowerset(LOGISTIC).fit(X[:17], relabelled, sample_weight=weight[:17])
    np.testing.assert_allclose(model.predict_proba(X), expected.predict_proba(X), atol=1e-12)


def test_pruning_that_leaves_nothing_says_so():
    X, y = prunable(np.random.default_rng(0))
    with pytest.raises(ValueError, match="min_count=7 rows: the most frequent of 6 is in 6 of 18"):
        LabelPowerset(LOGISTIC, min_count=7).fit(X, y)


@pytest.mark.parametrize("min_count", [0, 1.5, "two", True])
def test_bad_min_count(min_count):
    X, y = make_case()
    with pytest.raises(ValueError, match="min_count=.*expected a whole number of 1 or more"):
        LabelPowerset(LOGISTIC, min_count=min_count).fit(X, y)


@pytest.mark.parametrize("only", [[0, 0, 0], [1, 0, 1]])
def test_one_label_set_is_a_constant(only):
    X, y = make_case(n_labels=3)
    y[:] = only
    model = LabelPowerset(LOGISTIC).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), y)
    np.testing.assert_array_equal(model.predict_label_set(X), y)


def test_as_many_sets_as_rows_raise_no_warning():
    rng = np.random.default_rng(0)
    y = np.array([[int(bit) for bit in f"{i:05b}"] for i in range(32)])
    model = LabelPowerset(LOGISTIC).fit(rng.normal(size=(32, 3)), y)
    assert model.label_sets_.shape == (32, 5)


def test_text_passes_through():
    X = ["a dog on grass", "a cat", "a dog and a cat", "grass", "a dog", "a cat on grass"] * 2
    y = np.array([[int(word in text) for word in ("dog", "cat", "grass")] for text in X])
    estimator = make_pipeline(TfidfVectorizer(), LogisticRegression(C=1000))
    model = LabelPowerset(estimator, min_count=2).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), y)
    np.testing.assert_array_equal(model.predict_label_set(X), y)


def test_features_seen_in_fit():
    X, y = make_case()
    assert LabelPowerset(LOGISTIC).fit(X, y).n_features_in_ == 4


def test_classifier_without_probabilities_is_refused_with_the_way_out():
    X, y = make_case()
    model = LabelPowerset(LinearSVC())
    assert not hasattr(model, "predict_proba")
    assert not hasattr(model, "predict_label_set")
    with pytest.raises(TypeError, match="no predict_proba, which LabelPowerset needs"):
        model.fit(X, y)
