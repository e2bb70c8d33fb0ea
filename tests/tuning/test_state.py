"""What a pickled search keeps of its study."""

import pickle

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from sklearn.datasets import make_multilabel_classification
from sklearn.linear_model import LogisticRegression

from sklearn_mlic import BinaryRelevance, OptunaSearchCV, load, save

X, Y = make_multilabel_classification(n_classes=3, random_state=0)
MODEL = BinaryRelevance(LogisticRegression(max_iter=1000))
SPACES = {
    "distributions": {
        "estimator__C": FloatDistribution(0.01, 10, log=True),
        "estimator__class_weight": CategoricalDistribution([None, "balanced"]),
    },
    "objects": {"estimator": [LogisticRegression(max_iter=1000, C=C) for C in (0.1, 1.0)]},
}


def fitted(space, **settings):
    return OptunaSearchCV(
        MODEL, SPACES[space], n_trials=4, cv=2, random_state=0, scoring="mAP", **settings
    ).fit(X, Y)


@pytest.mark.parametrize("space", SPACES)
def test_a_pickled_search_has_its_study_and_its_space(space):
    search = fitted(space)
    twin = pickle.loads(pickle.dumps(search))
    assert [vars(trial) | {"_trial_id": 0} for trial in twin.study_.trials] == [
        vars(trial) | {"_trial_id": 0} for trial in search.study_.trials
    ]
    assert twin.study_.user_attrs == search.study_.user_attrs
    assert str(twin.param_distributions) == str(search.param_distributions)
    np.testing.assert_array_equal(twin.predict_proba(X), search.predict_proba(X))
    assert search.study_.trials  # the first is as it was


def test_a_pruned_trial_is_kept_as_it_is(tmp_path):
    pruner = optuna.pruners.MedianPruner(n_startup_trials=1)
    twin = pickle.loads(pickle.dumps(fitted("distributions", pruner=pruner)))
    states = [trial.state.name.lower() for trial in twin.study_.trials]
    assert states == list(twin.cv_results_["state"])
    assert "pruned" in states


def test_a_model_file_holds_the_study_too(tmp_path):
    search = fitted("distributions")
    opened = load(save(search, tmp_path / "search.skops"))
    assert opened.study_.best_params == search.best_params_
    again = opened.fit(X, Y)
    assert again.cv_results_["params"] == search.cv_results_["params"]


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_optunas_plots_draw_the_study_that_came_back():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot
    from optuna.visualization.matplotlib import plot_intermediate_values, plot_optimization_history

    twin = pickle.loads(pickle.dumps(fitted("distributions")))
    assert len(plot_intermediate_values(twin.study_).lines) == 4
    assert plot_optimization_history(twin.study_).has_data()
    pyplot.close("all")


@pytest.mark.parametrize("name", ["pruner", "study"])
def test_a_model_file_holds_a_pruner_and_a_study_of_ones_own(name, tmp_path):
    given = {
        "pruner": optuna.pruners.PercentilePruner(25.0, n_startup_trials=7),
        "study": optuna.create_study(direction="maximize"),
    }
    search = fitted("distributions", **{name: given[name]})
    opened = load(save(search, tmp_path / "search.skops"))
    assert len(opened.study_.trials) == 4
    if name == "pruner":
        assert type(opened.pruner) is type(search.pruner)
        assert vars(opened.pruner) == vars(search.pruner)
    else:
        assert opened.study is opened.study_
