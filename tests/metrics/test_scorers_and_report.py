"""The scorers inside scikit-learn's own tools, and the report."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier

from helpers import ColumnClassifier, random_case
from sklearn_mlic import metrics as m
from sklearn_mlic.metrics import _scorers

PREDICTION_METRICS = [
    m.cp_score,
    m.cr_score,
    m.cf1_score,
    m.op_score,
    m.or_score,
    m.of1_score,
    m.sample_f1_score,
]


@pytest.mark.parametrize("n_labels", [1, 2, 3, 5])
def test_every_scorer_works_in_cross_validate(n_labels):
    y, X = random_case(8, n_labels=n_labels + 1)
    y, X = y[:, :-1], X[:, :-1]
    result = cross_validate(ColumnClassifier(), X, y, cv=3, scoring=m.get_scorers(m.SCORERS))
    for name in m.SCORERS:
        scores = result[f"test_{name}"]
        assert scores.shape == (3,)
        assert ((scores > 0) & (scores <= 1)).all()


@pytest.mark.parametrize("n_labels", [1, 2, 3, 5])
@pytest.mark.parametrize("name", ["mAP", "CF1", "OF1_top3"])
def test_scorers_score_what_the_estimator_says(name, n_labels):
    y, X = random_case(9, n_labels=n_labels + 1)
    y, X = y[:, :-1], X[:, :-1]
    fold = np.arange(len(y)) // 20
    splits = [(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(3)]
    expected = {
        "mAP": lambda y, p: m.mean_average_precision(y, p),
        "CF1": lambda y, p: m.cf1_score(y, p >= 0.5),
        "OF1_top3": lambda y, p: m.of1_score(y, m.top_k_labels(p, 3)),
    }[name]
    got = cross_val_score(ColumnClassifier(), X, y, cv=splits, scoring=m.SCORERS[name])
    np.testing.assert_allclose(got, [expected(y[test], X[test]) for _, test in splits])


@pytest.mark.parametrize("n_labels", [1, 2, 3, 5])
@pytest.mark.parametrize("name", ["mAP_envelope", "sample_F1"])
def test_scorers_choose_in_grid_search(name, n_labels):
    y, X = random_case(10, n_labels=n_labels + 1)
    y, X = y[:, :-1], X[:, :-1]
    search = GridSearchCV(
        ColumnClassifier(), {"flip": [True, False]}, scoring=m.SCORERS[name], cv=3
    ).fit(X, y)
    assert search.best_params_ == {"flip": False}


def test_scorers_pickle_and_copy():
    y, X = random_case(11)
    model = ColumnClassifier().fit(X, y)
    for scorer in m.SCORERS.values():
        expected = scorer(model, X, y)
        assert pickle.loads(pickle.dumps(scorer))(model, X, y) == expected
        assert copy.deepcopy(scorer)(model, X, y) == expected


def test_scorers_read_sklearn_estimators_with_lists_of_probabilities():
    y, X = random_case(12)
    y = y[:, :-1]
    model = KNeighborsClassifier().fit(X, y)
    y_prob = np.column_stack([p[:, 1] for p in model.predict_proba(X)])
    assert m.SCORERS["mAP"](model, X, y) == m.mean_average_precision(y, y_prob)


def test_scorers_read_a_binary_estimator_on_one_label():
    y, X = random_case(13)
    y = y[:, :1]
    model = LogisticRegression().fit(X, y.ravel())
    expected = sk.average_precision_score(y.ravel(), model.predict_proba(X)[:, 1])
    assert m.SCORERS["mAP"](model, X, y) == pytest.approx(expected)
    assert m.SCORERS["OF1"](model, X, y) == pytest.approx(sk.f1_score(y.ravel(), model.predict(X)))


def test_scorers_explain_classes_that_sklearn_misreads():
    y, X = random_case(14)
    y = y[:, :2]
    model = OneVsRestClassifier(LogisticRegression()).fit(X, y)
    with pytest.raises(ValueError, match=r"keeps one column. Set classes_ to \[\[0, 1\]\]"):
        m.SCORERS["mAP"](model, X, y)


def test_get_scorers():
    assert list(m.get_scorers("mAP")) == ["mAP"]
    assert m.get_scorers(["CF1"])["CF1"] is m.SCORERS["CF1"]
    with pytest.raises(ValueError, match=r"Unknown scorer 'CF1_top'. Did you mean 'CF1_top3'"):
        m.get_scorers(["CF1", "CF1_top"])


def test_report_agrees_with_the_metrics():
    y_true, y_prob = random_case(15)
    thresholds = np.linspace(0.3, 0.9, 7)
    names = list("abcdefg")
    report = m.multilabel_report(y_true, y_prob, thresholds, names)
    y_pred = (y_prob >= thresholds).astype(int)
    assert list(report.index[:7]) == names
    assert report["support"].tolist() == [*y_true.sum(axis=0), *[y_true.sum()] * 3]
    np.testing.assert_allclose(report["threshold"][:7], thresholds)
    np.testing.assert_allclose(report["AP"][:7], m.average_precision_per_label(y_true, y_prob))
    for column, metric in {
        "precision": sk.precision_score,
        "recall": sk.recall_score,
        "F1": sk.f1_score,
    }.items():
        expected = metric(y_true, y_pred, average=None, zero_division=0.0)
        np.testing.assert_allclose(report[column][:7], expected)
        means = report.loc["macro", column]
        assert means == pytest.approx(expected[:-1].mean())
    assert report.attrs.pop("n_labels_without_positives") == 1
    assert report.attrs.pop("mAP") == m.mean_average_precision(y_true, y_prob)
    assert report.loc["micro", "F1"] == report.attrs["OF1"]
    assert report.loc["samples", "F1"] == report.attrs["sample_F1"]
    expected = {
        name: metric(y_true, y_pred) for name, metric in _scorers.PREDICTION_METRICS.items()
    }
    assert report.attrs == expected


def test_report_names_rows_and_counts_p_equal_to_the_threshold_as_positive():
    y_true = pd.DataFrame([[1], [0]], columns=["cat"])
    report = m.multilabel_report(y_true, [[0.5], [0.4]])
    assert report.index[0] == "cat"
    assert report.loc["cat", "F1"] == 1.0
    assert m.multilabel_report([[1], [0]], [[0.5], [0.4]]).index[0] == "label_0"
    assert report["support"].dtype.kind == "i"


def test_report_prints_in_80_columns():
    lines = str(m.multilabel_report(*random_case(16, decimals=3))).splitlines()
    assert max(map(len, lines)) <= 80
    assert "..." not in lines[0]


def test_report_without_any_positive():
    report = m.multilabel_report(np.zeros((3, 2)), np.full((3, 2), 0.4))
    assert report.attrs["n_labels_without_positives"] == 2
    assert report.attrs["CF1"] == 0.0
    assert np.isnan(report.attrs["mAP"])
    assert report.attrs["sample_F1"] == 1.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"thresholds": [0.5, 0.5]}, r"thresholds have shape \(2,\).*shape \(1,\)"),
        ({"thresholds": np.nan}, "thresholds hold NaN"),
        ({"label_names": ["a", "b"]}, "2 label_names given for 1 labels"),
        ({"y_prob": [[3.0], [-2.0]]}, "y_prob ranges from -2 to 3.*Pass the output of predict_p"),
    ],
)
def test_report_refuses(changes, message):
    arguments = {"y_true": [[1], [0]], "y_prob": [[0.6], [0.4]]} | changes
    with pytest.raises(ValueError, match=message):
        m.multilabel_report(**arguments)
