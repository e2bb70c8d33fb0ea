"""What must be the same for a study to go on, and what may change."""

import numpy as np
import pytest
from optuna.distributions import FloatDistribution
from sklearn.base import BaseEstimator
from sklearn.datasets import make_multilabel_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_mlic import BinaryRelevance, LabelPowerset, LateFusion, OptunaSearchCV
from sklearn_mlic.tuning._identity import describe_settings

X, Y = make_multilabel_classification(n_classes=3, random_state=0)
SPACE = {"estimator__C": FloatDistribution(0.01, 10, log=True)}


def logistic(**params):
    return LogisticRegression(max_iter=1000, **params)


MODEL = BinaryRelevance(logistic())


def search(model=MODEL, space=SPACE, **settings):
    return OptunaSearchCV(
        model, space, **{"n_trials": 2, "cv": 2, "random_state": 0, "scoring": "mAP", **settings}
    )


def words(model, *tuned, scoring="mAP"):
    return describe_settings(model, scoring, ("score",), set(tuned))


def pipeline(cache=None, **params):
    scale = ("scale", StandardScaler())
    inner = Pipeline([scale, ("classify", BinaryRelevance(logistic(**params)))], memory=cache)
    fusion = LateFusion([("a", inner), ("b", MODEL)])
    return Pipeline([scale, ("fuse", fusion)], memory=cache)


C = "fuse__a__classify__estimator__C"


@pytest.mark.parametrize("change", [{"n_jobs": 2}, {"cache": "folder"}, {"C": 3.0}, {"verbose": 1}])
def test_where_it_runs_and_where_the_search_begins_may_change_at_every_depth(change):
    assert words(pipeline(), C) == words(pipeline(**change), C)
    assert words(pipeline(), "fuse__a") == words(pipeline(**change), "fuse__a")


def test_settings_count_at_every_depth():
    assert words(pipeline()) != words(pipeline(C=3.0))
    assert words(pipeline(), C) != words(pipeline(tol=0.1), C)
    assert words(pipeline(), "fuse__a") == words(pipeline(tol=0.1), "fuse__a")


def test_the_outermost_class_counts():
    kinds = [BinaryRelevance, LabelPowerset, MultiOutputClassifier]
    assert len({str(words(kind(logistic()))) for kind in kinds}) == 3
    assert words(MODEL)["estimator"] == "'sklearn.linear_model._logistic.LogisticRegression'"


class Holder(BaseEstimator):
    def __init__(self, held=None):
        self.held = held


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (np.zeros(5000), np.eye(1, 5000, 2500)[0]),
        (len, max),
        (np.random.RandomState(0), np.random.RandomState(1)),
        ({"of": [logistic()]}, {"of": [logistic(C=2)]}),
    ],
    ids=["array", "function", "generator", "estimator"],
)
def test_what_differs_is_told_apart(first, second):
    assert words(Holder(first)) == words(Holder(first))
    assert words(Holder(first)) != words(Holder(second))


def test_what_cannot_be_told_apart_is_refused_where_it_is_compared(tmp_path):
    model = Pipeline([("same", FunctionTransformer(lambda X: X)), ("classify", MODEL)])
    space = {"classify__estimator__C": [0.1, 1.0]}
    assert len(search(model, space).fit(X, Y).study_.trials) == 2
    with pytest.raises(ValueError, match="same__func=<function .* cannot"):
        search(model, space, storage=tmp_path / "journal").fit(X, Y)
    with pytest.raises(ValueError, match="scoring=make_scorer.* cannot"):
        words(MODEL, scoring=make_scorer(lambda y, score: 1.0))


def test_the_maximised_score_counts(tmp_path):
    settings = {"scoring": ["mAP", "CF1"], "storage": tmp_path / "journal"}
    search(**settings, refit="mAP").fit(X, Y)
    with pytest.raises(ValueError, match="maximised score was mAP and is CF1"):
        search(**settings, refit="CF1").fit(X, Y)


def test_choices_that_are_objects_are_known_by_what_they_are(tmp_path):
    def fit(*strengths):
        space = {"estimator": [logistic(C=C) for C in strengths]}
        return search(space=space, storage=tmp_path / "journal", n_trials=4).fit(X, Y)

    first = fit(1e-4, 10.0)
    assert fit(1e-4, 10.0).best_params_["estimator"].C == first.best_params_["estimator"].C
    for others in ((10.0, 1e-4), (1e-4, 5.0)):
        with pytest.raises(ValueError, match="another search space: estimator was"):
            fit(*others)


@pytest.mark.parametrize(
    "other",
    [
        {**SPACE, "estimator__fit_intercept": [True, False]},
        {"estimator__C": [0.1, 1.0]},
        {"estimator__C": FloatDistribution(0.01, 10)},
        {"estimator__tol": FloatDistribution(0.01, 10)},
    ],
    ids=["more", "kind", "scale", "name"],
)
def test_another_space_is_refused_by_the_parameters_name(other, tmp_path):
    search(storage=tmp_path / "journal").fit(X, Y)
    with pytest.raises(ValueError, match="is tuned|another search space: estimator__"):
        search(space=other, storage=tmp_path / "journal", n_trials=3).fit(X, Y)


def test_a_range_may_change(tmp_path):
    search(storage=tmp_path / "journal").fit(X, Y)
    narrow = {"estimator__C": FloatDistribution(9, 10, log=True)}
    found = search(space=narrow, storage=tmp_path / "journal", n_trials=3).fit(X, Y)
    assert found.cv_results_["params"][2]["estimator__C"] >= 9 > found.best_params_["estimator__C"]


def test_nothing_is_hashed_where_nothing_is_compared(monkeypatch):
    monkeypatch.setattr("sklearn_mlic.tuning._search.digest_data", lambda *_: 1 / 0)
    assert len(search().fit(X, Y).study_.trials) == 2
