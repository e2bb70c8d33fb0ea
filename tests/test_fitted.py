"""What is asked of fitted models, also inside pipelines and searches."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mlic import BinaryRelevance, ThresholdCalibrator
from sklearn_mlic.fitted import find_label_names, find_thresholds, set_everywhere

NAMES = ["sea", "trees"]
X = np.random.default_rng(0).normal(size=(40, 3))
Y = pd.DataFrame((X[:, :2] > 0.3).astype(int), columns=NAMES)
LOGISTIC = BinaryRelevance(LogisticRegression())
CALIBRATED = ThresholdCalibrator(LOGISTIC, cv=2, random_state=0)


def in_pipeline(model):
    return make_pipeline(StandardScaler(), model)


def in_search(model):
    return GridSearchCV(model, {}, cv=2)


WRAPPERS = {
    "bare": lambda model: model,
    "pipeline": in_pipeline,
    "search": in_search,
    "search over pipeline": lambda model: in_search(in_pipeline(model)),
    "pipeline of search": lambda model: in_pipeline(in_search(model)),
    "nested pipeline": lambda model: in_pipeline(in_pipeline(model)),
}


@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)
def test_names_and_thresholds_are_found_through(wrap):
    plain, tuned = (wrap(clone(model)).fit(X, Y) for model in (LOGISTIC, CALIBRATED))
    assert find_label_names(plain) == find_label_names(tuned) == NAMES
    assert find_thresholds(plain) == 0.5
    thresholds = find_thresholds(tuned)
    assert thresholds.shape == (2,)
    for model in (plain, tuned):
        expected = model.predict_proba(X) >= find_thresholds(model)
        np.testing.assert_array_equal(model.predict(X), expected)


def test_names_and_thresholds_of_a_frozen_model():
    model = ThresholdCalibrator(LOGISTIC, cv=2).fit(X, Y)
    frozen = in_pipeline(FrozenEstimator(model)).fit(X, Y)
    assert find_label_names(frozen) == NAMES
    np.testing.assert_array_equal(find_thresholds(frozen), model.thresholds_)


@pytest.mark.parametrize("find", [find_label_names, find_thresholds])
@pytest.mark.parametrize(
    ("model", "culprit"),
    [
        (LOGISTIC, "BinaryRelevance"),
        (in_pipeline(LOGISTIC), "BinaryRelevance"),
        (in_search(LOGISTIC), "GridSearchCV"),
        (in_pipeline(DummyClassifier()).fit(X, Y), "DummyClassifier"),
        (None, "NoneType"),
    ],
)
def test_what_keeps_no_names_is_named(find, model, culprit):
    with pytest.raises(ValueError, match=f"{culprit} keeps no label_names_. Expected a fitted"):
        find(model)


def test_predict_is_one_at_exactly_a_half():
    model = BinaryRelevance(DummyClassifier(strategy="prior")).fit([[0]] * 4, [[0, 0], [1, 0]] * 2)
    np.testing.assert_array_equal(model.predict([[0]]), [[1, 0]])


def test_set_everywhere_reaches_what_was_fitted():
    model = in_pipeline(CALIBRATED).fit(X, Y)
    set_everywhere(model, n_jobs=1, verbose=3)
    assert model[-1].n_jobs == model[-1].estimator_.n_jobs == 1
    assert model[-1].estimator_.estimators_[0].verbose == 0  # not one of ours
