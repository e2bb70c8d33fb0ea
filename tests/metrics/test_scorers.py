"""The scorers inside scikit-learn's own tools."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk
from scipy import sparse
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier

from helpers import ColumnClassifier, random_case
from sklearn_mlic import metrics as m
from sklearn_mlic.model_selection import MultilabelStratifiedKFold

# A pair of a true and a false label in one row: there is none with a single label.
NEED_TWO_LABELS = {"sample_AUC", "neg_ranking_loss"}


@pytest.mark.parametrize("n_labels", [1, 2, 3, 5])
def test_every_scorer_works_in_cross_validate(n_labels):
    y, X = random_case(8, n_labels=n_labels + 1)
    y, X = y[:, :-1], X[:, :-1]
    result = cross_validate(ColumnClassifier(), X, y, cv=3, scoring=m.get_scorers(m.SCORERS))
    for name in m.SCORERS:
        scores = result[f"test_{name}"]
        assert scores.shape == (3,)
        if n_labels == 1 and name in NEED_TWO_LABELS:
            assert np.isnan(scores).all()
        elif "coverage" in name:
            assert ((scores >= -n_labels) & (scores <= 0)).all()
        elif name.startswith("neg_"):
            assert ((scores > -1) & (scores <= 0)).all()
        else:
            assert ((scores > 0) & (scores <= 1)).all()


@pytest.mark.parametrize("n_labels", [1, 4])
@pytest.mark.parametrize("kind", [pd.DataFrame, sparse.csr_array, "unknown"])
def test_every_scorer_takes_every_form_of_y(kind, n_labels):
    y, X = random_case(17, n_samples=120, n_labels=n_labels + 1)
    y, X = y[:, :-1], X[:, :-1]
    if kind == "unknown":
        y = np.where(np.random.default_rng(0).random(y.shape) < 0.3, np.nan, y)
    y_given = y if kind == "unknown" else kind(y)
    cv = MultilabelStratifiedKFold(3, random_state=0)
    scoring = m.get_scorers(m.SCORERS)
    # scikit-learn's check of the arguments refuses a sparse y, which the function itself takes.
    with config_context(skip_parameter_validation=sparse.issparse(y_given)):
        got = cross_validate(ColumnClassifier(), X, y_given, cv=cv, scoring=scoring)
    expected = cross_validate(ColumnClassifier(), X, y, cv=cv, scoring=scoring)
    for name in m.SCORERS:
        np.testing.assert_array_equal(got[f"test_{name}"], expected[f"test_{name}"])
        is_undefined = n_labels == 1 and name in NEED_TWO_LABELS
        assert np.isnan(got[f"test_{name}"]).all() == is_undefined


@pytest.mark.parametrize("n_labels", [1, 2, 3, 5])
@pytest.mark.parametrize("name", ["mAP", "CF1", "OF1_top3", "neg_coverage_error"])
def test_scorers_score_what_the_estimator_says(name, n_labels):
    y, X = random_case(9, n_labels=n_labels + 1)
    y, X = y[:, :-1], X[:, :-1]
    fold = np.arange(len(y)) // 20
    splits = [(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(3)]
    expected = {
        "mAP": lambda y, p: m.mean_average_precision(y, p),
        "CF1": lambda y, p: m.cf1_score(y, p >= 0.5),
        "OF1_top3": lambda y, p: m.of1_score(y, m.top_k_labels(p, 3)),
        "neg_coverage_error": lambda y, p: -m.coverage_error(y, p),
    }[name]
    got = cross_val_score(ColumnClassifier(), X, y, cv=splits, scoring=m.SCORERS[name])
    np.testing.assert_allclose(got, [expected(y[test], X[test]) for _, test in splits])


@pytest.mark.parametrize("n_labels", [1, 2, 3, 5])
@pytest.mark.parametrize(
    "name", ["mAP_envelope", "macro_AUC", "sample_F1", "neg_hamming_loss", "micro_AUC"]
)
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
        assert not np.isnan(expected)
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
