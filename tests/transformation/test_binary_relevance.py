"""Properties of BinaryRelevance."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from sklearn_mlic import BinaryRelevance

COLUMNS = ["red", "green", "blue", "alpha"]


def make_case(seed=0, n_samples=60, n_labels=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 4))
    logits = X @ rng.normal(size=(4, n_labels)) + rng.normal(size=(n_samples, n_labels))
    return X, (logits > 0).astype(int)


@pytest.mark.parametrize("n_labels", [1, 2, 3, 5])
def test_equals_multi_output_classifier(n_labels):
    X, y = make_case(n_labels=n_labels)
    ours = BinaryRelevance(LogisticRegression()).fit(X, y)
    theirs = MultiOutputClassifier(LogisticRegression()).fit(X, y)
    expected = np.stack(theirs.predict_proba(X))[:, :, 1].T
    np.testing.assert_allclose(ours.predict_proba(X), expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def test_one_fitted_clone_a_label():
    X, y = make_case()
    estimator = LogisticRegression(C=0.3)
    model = BinaryRelevance(estimator).fit(X, y)
    assert model.estimator is estimator
    assert not hasattr(estimator, "coef_")
    assert [fitted.C for fitted in model.estimators_] == [0.3] * 3
    for j, fitted in enumerate(model.estimators_):
        alone = clone(estimator).fit(X, y[:, j])
        np.testing.assert_allclose(fitted.coef_, alone.coef_, rtol=1e-6)


def test_text_passes_through():
    X = ["a dog on grass", "a cat", "a dog and a cat", "grass", "a dog", "a cat on grass"]
    y = np.array([[int(word in text) for word in ("dog", "cat", "grass")] for text in X])
    estimator = make_pipeline(TfidfVectorizer(), LogisticRegression(C=100))
    model = BinaryRelevance(estimator).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), y)
    np.testing.assert_array_equal(model.predict(["my dog", "your cat"]), [[1, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(BinaryRelevance(estimator).fit(pd.Series(X), y).predict(X), y)


def test_sparse_x_equals_dense():
    X, y = make_case()
    X[X < 0] = 0
    model = BinaryRelevance(LogisticRegression(tol=1e-8))
    expected = clone(model).fit(X, y).predict_proba(X)
    for form in (sparse.csr_matrix(X), sparse.csr_array(X)):
        np.testing.assert_allclose(
            clone(model).fit(form, y).predict_proba(form), expected, atol=1e-6
        )


@pytest.mark.parametrize("value", [0, 1])
def test_constant_label_is_predicted_as_seen(value):
    X, y = make_case()
    free = BinaryRelevance(LogisticRegression()).fit(X, y)
    y[:, 1] = value
    model = BinaryRelevance(LogisticRegression()).fit(X, y)
    y_prob, scores = model.predict_proba(X), model.decision_function(X)
    np.testing.assert_array_equal(y_prob[:, 1], value)
    np.testing.assert_array_equal(model.predict(X)[:, 1], value)
    np.testing.assert_array_equal(scores[:, 1] > 0, value)
    # The decision value is the logit of the probability, to the last digit.
    np.testing.assert_allclose(1 / (1 + np.exp(-scores)), y_prob, atol=1e-15)
    np.testing.assert_allclose(y_prob[:, [0, 2]], free.predict_proba(X)[:, [0, 2]])


def test_decision_function_is_each_classifiers_own():
    X, y = make_case()
    model = BinaryRelevance(LogisticRegression()).fit(X, y)
    expected = np.column_stack([fitted.decision_function(X) for fitted in model.estimators_])
    np.testing.assert_array_equal(model.decision_function(X), expected)
    assert not hasattr(BinaryRelevance(RandomForestClassifier()), "decision_function")


def test_classifier_without_probabilities_is_refused_with_the_way_out():
    X, y = make_case()
    assert not hasattr(BinaryRelevance(LinearSVC()), "predict_proba")
    with pytest.raises(TypeError, match="LinearSVC has no predict_proba.*CalibratedClassifierCV"):
        BinaryRelevance(LinearSVC()).fit(X, y)
    calibrated = BinaryRelevance(CalibratedClassifierCV(LinearSVC(), cv=2)).fit(X, y)
    assert (calibrated.predict(X) == y).mean() > 0.7


def test_jobs_change_nothing():
    X, y = make_case()
    one = BinaryRelevance(LogisticRegression()).fit(X, y)
    two = BinaryRelevance(LogisticRegression(), n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(two.predict_proba(X), one.predict_proba(X))


@pytest.mark.parametrize("first_is_constant", [False, True])
def test_features_seen_in_fit(first_is_constant):
    X, y = make_case()
    if first_is_constant:
        y[:, 0] = 1
    model = BinaryRelevance(LogisticRegression()).fit(pd.DataFrame(X, columns=COLUMNS), y)
    assert model.n_features_in_ == 4
    assert list(model.feature_names_in_) == COLUMNS
    unnamed = BinaryRelevance(LogisticRegression()).fit(X, y)
    assert unnamed.n_features_in_ == 4
    assert not hasattr(unnamed, "feature_names_in_")


def test_features_are_unknown_before_fit_and_when_nothing_looked_at_x():
    X, _ = make_case()
    model = BinaryRelevance(LogisticRegression())
    with pytest.raises(NotFittedError, match="not fitted yet"):
        _ = model.n_features_in_
    assert not hasattr(model.fit(X, np.ones((60, 2), int)), "n_features_in_")


def test_wrong_number_of_features_is_the_wrapped_classifiers_error():
    X, y = make_case()
    model = BinaryRelevance(LogisticRegression()).fit(X, y)
    with pytest.raises(ValueError, match="expecting 4 features"):
        model.predict(X[:, :3])
