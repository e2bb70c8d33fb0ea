"""Label names, thresholds and the label check."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mlic import BinaryRelevance, ThresholdCalibrator
from sklearn_mlic.fitted import find_label_names, find_thresholds, set_everywhere
from sklearn_mlic.utils._labels import as_label_matrix

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


MATRIX = np.array([[1, 0, 1], [0, 0, 1]])
FORMS = {
    "list": MATRIX.tolist(),
    "bool": MATRIX.astype(bool),
    "float32": MATRIX.astype(np.float32),
    "object": MATRIX.astype(object),
    "csr": sparse.csr_matrix(MATRIX),
    "coo array": sparse.coo_array(MATRIX),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_of_labels_gives_one_matrix(form):
    labels, names = as_label_matrix(form, n_samples=2)
    np.testing.assert_array_equal(labels, MATRIX)
    assert labels.dtype == np.int64
    assert names == ["label_0", "label_1", "label_2"]


def test_columns_of_a_frame_name_the_labels():
    labels, names = as_label_matrix(pd.DataFrame(MATRIX, columns=["sea", 2, ("a", "b")]))
    np.testing.assert_array_equal(labels, MATRIX)
    assert names == ["sea", "2", "('a', 'b')"]


def test_label_matrix_is_a_copy():
    given = MATRIX.copy()
    labels, _ = as_label_matrix(given)
    labels[:] = 7
    np.testing.assert_array_equal(given, MATRIX)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed.*None"),
        ([0, 1, 1], r"y has shape \(3,\).*reshape\(-1, 1\)"),
        (np.zeros((2, 2, 2)), r"y has shape \(2, 2, 2\)"),
        ([{"sea"}, {"sky"}], "labels or label sets.*MultiLabelBinarizer"),
        ([["sea"], ["sea", "sky"]], "labels or label sets.*MultiLabelBinarizer"),
        ([["sea", "sky"], ["sky", "sea"]], "labels or label sets"),
        (np.array(["sea", "sky"]), r"one label a row use .*\(\[\[label\] for label in y\]\)"),
        ([["0", "1"], ["1", "1"]], r"use y.astype\(int\)"),
        ([[1, 0], [1]], "labels or label sets"),
        (np.empty((0, 3)), r"y is empty: it has shape \(0, 3\)"),
        (np.empty((3, 0)), r"y is empty: it has shape \(3, 0\)"),
        (
            [[0, 1], [2, -1]],
            "2 entries that are not 0 or 1, the first in row 1, label 'label_0': 2",
        ),
        ([[0, 1], [0.5, 1]], "row 1, label 'label_0': 0.5. Map the labels"),
        ([[0, np.nan]], "label 'label_1': nan. NaN marks an unknown label"),
        ([[0, None]], "NaN marks an unknown label"),
        (pd.DataFrame({"sea": [1, 3]}), "label 'sea': 3"),
    ],
)
def test_bad_labels(y, message):
    with pytest.raises(ValueError, match=message):
        as_label_matrix(y)


def test_bad_labels_are_called_by_their_name():
    with pytest.raises(ValueError, match=r"y_pred has 1 entries.*apply a threshold"):
        as_label_matrix([[0.3, 1]], "y_pred")
    with pytest.raises(ValueError, match="X has 3 rows and y_true has 2"):
        as_label_matrix(MATRIX, "y_true", n_samples=3)


def test_set_everywhere_reaches_what_was_fitted():
    model = in_pipeline(CALIBRATED).fit(X, Y)
    set_everywhere(model, n_jobs=1, verbose=3)
    assert model[-1].n_jobs == model[-1].estimator_.n_jobs == 1
    assert model[-1].estimator_.estimators_[0].verbose == 0  # not one of ours


def test_a_label_named_twice_is_refused():
    with pytest.raises(ValueError, match="several columns named 'sea'"):
        as_label_matrix(pd.DataFrame([[0, 1]], columns=["sea", "sea"]))
