"""What a trial is drawn from, and what comes back from a recorded one."""

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from sklearn.datasets import make_multilabel_classification
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from sklearn_mlic import BinaryRelevance, OptunaSearchCV
from sklearn_mlic.tuning._sampler import SeededTPESampler
from sklearn_mlic.tuning._space import Space

X, Y = make_multilabel_classification(n_classes=3, random_state=0)
KNN = KNeighborsClassifier()


def suggest(trial):
    """A space with conditions."""
    if trial.suggest_categorical("kind", ["linear", "near"]) == "linear":
        C = trial.suggest_float("C", 0.01, 1, log=True)
        return {"estimator": LogisticRegression(C=C)}
    return {"estimator": KNN, "estimator__n_neighbors": trial.suggest_int("k", 1, 9)}


def draw(space, n_trials=20):
    """Parameters of some trials, drawn, and recalled from the finished trials."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    drawn = []
    for _ in range(n_trials):
        trial = study.ask()
        drawn.append(space.suggest(trial))
        study.tell(trial, 0.0)
    return drawn, [space.recall(trial) for trial in study.trials]


def test_each_distribution_is_drawn_within_its_bounds():
    space = Space(
        {
            "float": FloatDistribution(0.1, 1, log=True),
            "step": FloatDistribution(0, 1, step=0.25),
            "int": IntDistribution(2, 8, step=2),
            "choice": CategoricalDistribution(["a", None]),
            "list": [True, 3],
        }
    )
    drawn, recalled = draw(space)
    assert drawn == recalled
    for params in drawn:
        assert 0.1 <= params["float"] <= 1
        assert params["step"] in (0, 0.25, 0.5, 0.75, 1)
        assert params["int"] in (2, 4, 6, 8)
        assert params["choice"] in ("a", None)
        assert params["list"] in (True, 3)


def test_choices_of_any_kind_come_back_as_they_are():
    choices = [{"pool": "max"}, (1, 2), KNN, None]
    drawn, recalled = draw(Space({"any": choices}))
    assert [params["any"] for params in drawn] == [params["any"] for params in recalled]
    assert {id(params["any"]) for params in drawn} == set(map(id, choices))


def test_a_function_may_suggest_what_depends_on_what(tmp_path):
    search = OptunaSearchCV(
        BinaryRelevance(LogisticRegression(max_iter=1000)),
        suggest,
        n_trials=8,
        cv=2,
        random_state=0,
        storage=tmp_path / "journal",
    ).fit(X, Y)
    results = search.cv_results_
    kinds = np.array([type(params["estimator"]).__name__ for params in results["params"]])
    assert set(kinds) == {"LogisticRegression", "KNeighborsClassifier"}
    np.testing.assert_array_equal(
        results["param_estimator__n_neighbors"].mask, kinds == "LogisticRegression"
    )
    assert np.isfinite(results["mean_test_score"]).all()


def test_a_function_may_give_up_a_combination():
    def suggest(trial):
        C = trial.suggest_float("estimator__C", 0.01, 1)
        if trial.number == 1:
            raise optuna.TrialPruned
        return {"estimator__C": C}

    search = OptunaSearchCV(
        BinaryRelevance(LogisticRegression(max_iter=1000)), suggest, n_trials=3, cv=2
    )
    results = search.fit(X, Y).cv_results_
    assert list(results["state"]) == ["complete", "pruned", "complete"]
    assert results["mean_fit_time"][1] == 0
    assert np.isnan(results["mean_test_score"][1])


@pytest.mark.parametrize(
    ("space", "error", "words"),
    [
        ({}, ValueError, "is empty"),
        (["C"], TypeError, "expected a dict"),
        ({"C": 1.0}, TypeError, r"param_distributions\['C'\]=1.0"),
        ({"C": []}, TypeError, "or a list of choices"),
    ],
)
def test_what_is_no_space_is_refused(space, error, words):
    with pytest.raises(error, match=words):
        Space(space)


def test_a_function_must_return_a_dict():
    with pytest.raises(TypeError, match=r"param_distributions.trial. returned 3"):
        draw(Space(lambda trial: 3))


def test_a_trial_draws_by_its_number_whoever_runs_it():
    def values(n_first):
        study = optuna.create_study(sampler=SeededTPESampler(3))
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=n_first)
        study.sampler = SeededTPESampler(3)
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=14 - n_first)
        return [trial.params["x"] for trial in study.trials]

    assert values(4) == values(12)
    assert len(set(values(4))) == 14
