"""Beside GridSearchCV: the same columns, scores and choice on the same grid."""

import warnings

import numpy as np
import pytest
from optuna.samplers import GridSampler
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from sklearn_mlic import BinaryRelevance, OptunaSearchCV
from sklearn_mlic.model_selection import MultilabelStratifiedKFold

X, Y = make_multilabel_classification(n_classes=3, random_state=0)
MODEL = BinaryRelevance(LogisticRegression(max_iter=1000))
OURS = {"trial", "state", "n_epochs"}
GRIDS = {
    "one point": {"estimator__C": [0.1]},
    "four points": {"estimator__C": [0.01, 10.0], "estimator__class_weight": [None, "balanced"]},
}
TIMES = ("mean_fit_time", "std_fit_time", "mean_score_time", "std_score_time")


def searches(grid, model=MODEL, **settings):
    """Both searches over the same points and folds."""
    settings = {
        "cv": MultilabelStratifiedKFold(3, shuffle=False),
        "return_train_score": True,
        **settings,
    }
    ours = OptunaSearchCV(model, grid, n_trials=None, sampler=GridSampler(grid), **settings)
    return ours, GridSearchCV(model, grid, **settings)


def in_order(search):
    """The rows of the table as scikit-learn orders them: by the parameters."""
    results = search.cv_results_
    keys = [str(sorted(params.items(), key=str)) for params in results["params"]]
    rows = np.argsort(keys)
    return {name: np.asarray(column)[rows] for name, column in results.items()}


@pytest.mark.parametrize("scoring", ["average_precision", ["average_precision", "f1_macro"]])
@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_columns_scores_and_choice_are_those_of_a_grid_search(grid, scoring):
    refit = True if isinstance(scoring, str) else "f1_macro"
    ours, theirs = (search.fit(X, Y) for search in searches(grid, scoring=scoring, refit=refit))
    assert set(ours.cv_results_) - OURS == set(theirs.cv_results_)
    mine, other = in_order(ours), in_order(theirs)
    for name in set(mine) - OURS - set(TIMES):
        assert ours.cv_results_[name].__class__ is theirs.cv_results_[name].__class__
        np.testing.assert_array_equal(mine[name], other[name], err_msg=name)
    assert set(mine["state"]) == {"complete"}
    assert ours.best_params_ == theirs.best_params_
    assert ours.best_score_ == theirs.best_score_
    assert ours.multimetric_ == theirs.multimetric_
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    assert ours.score(X, Y) == theirs.score(X, Y)
    assert ours.n_features_in_ == theirs.n_features_in_


def test_weights_reach_the_fits_and_the_scores():
    weight = np.random.default_rng(0).exponential(size=len(X))
    both = searches(GRIDS["four points"], scoring="roc_auc")
    ours, theirs = (in_order(search.fit(X, Y, sample_weight=weight)) for search in both)
    np.testing.assert_array_equal(ours["mean_test_score"], theirs["mean_test_score"])
    unweighted = in_order(both[0].fit(X, Y))
    assert not np.array_equal(ours["mean_test_score"], unweighted["mean_test_score"])


def test_one_label_in_a_vector_is_searched_too():
    X, y = make_classification(random_state=0)
    both = searches({"C": [0.1, 1.0]}, LogisticRegression(max_iter=1000), cv=3)
    ours, theirs = (search.fit(X, y) for search in both)
    np.testing.assert_array_equal(
        in_order(ours)["mean_test_score"], in_order(theirs)["mean_test_score"]
    )
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


@pytest.mark.parametrize("scoring", ["average_precision", ["average_precision", "f1_macro"]])
def test_a_fit_that_fails_scores_what_was_asked_for(scoring):
    grid = {"estimator__C": [-1.0, 1.0]}
    refit = True if isinstance(scoring, str) else "f1_macro"
    for error_score in (np.nan, 0.0):
        both = searches(grid, scoring=scoring, refit=refit, error_score=error_score)
        rows = []
        for search in both:
            with warnings.catch_warnings(record=True, action="always") as caught:
                search.fit(X, Y)
            rows.append(in_order(search))
            messages = [str(warning.message) for warning in caught]
            assert any("3 fits failed out of a total of 6" in message for message in messages)
            is_told = any("scores are non-finite" in message for message in messages)
            assert is_told == np.isnan(error_score)
        name = "mean_test_score" if refit is True else "mean_test_f1_macro"
        np.testing.assert_array_equal(rows[0][name], rows[1][name])
        assert both[0].best_params_ == {"estimator__C": 1.0}
        assert sorted(rows[0]["state"]) == [
            "complete",
            "failed" if np.isnan(error_score) else "complete",
        ]


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_the_true_error_is_raised(n_jobs):
    ours, _ = searches({"estimator__C": [-1.0]}, error_score="raise", n_jobs=n_jobs)
    with pytest.raises(ValueError, match="The 'C' parameter of LogisticRegression must be"):
        ours.fit(X, Y)


def test_where_every_fit_fails_the_error_shows_why():
    ours, theirs = searches({"estimator__C": [-1.0]})
    for search in (ours, theirs):
        with pytest.raises(ValueError, match="All the 3 fits failed(?s:.*)must be a float in"):
            search.fit(X, Y)


def test_a_function_may_choose_the_row():
    def worst(results):
        return int(results["mean_test_score"].argmin())

    ours, theirs = (s.fit(X, Y) for s in searches(GRIDS["four points"], refit=worst))
    assert ours.best_params_ == theirs.best_params_
    assert not hasattr(ours, "best_score_")


def test_without_refit_there_is_the_table_and_no_prediction():
    ours, theirs = (s.fit(X, Y) for s in searches(GRIDS["four points"], refit=False))
    assert ours.best_params_ == theirs.best_params_
    for search in (ours, theirs):
        with pytest.raises(AttributeError, match="has no attribute 'predict'"):
            search.predict(X)
