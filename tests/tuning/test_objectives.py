"""Several scores at a time."""

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from sklearn.datasets import make_multilabel_classification
from sklearn.linear_model import LogisticRegression

from sklearn_mlic import BinaryRelevance, OptunaSearchCV

X, Y = make_multilabel_classification(n_classes=3, random_state=0)
SCORING = ["mAP", "CP", "CR"]


def search(**settings):
    return OptunaSearchCV(
        BinaryRelevance(LogisticRegression(max_iter=1000)),
        {"estimator__C": FloatDistribution(1e-3, 10, log=True)},
        **{"n_trials": 6, "cv": 2, "random_state": 0, "scoring": SCORING, **settings},
    )


def first_of_the_front(results):
    return int(np.flatnonzero(results["on_pareto_front"])[0])


def test_a_function_chooses_from_the_pareto_front():
    found = search(refit=first_of_the_front).fit(X, Y)
    scores = np.array([found.cv_results_[f"mean_test_{name}"] for name in SCORING]).T
    beaten = [
        any((other >= own).all() and (other > own).any() for other in scores) for own in scores
    ]
    np.testing.assert_array_equal(found.cv_results_["on_pareto_front"], ~np.array(beaten))
    assert not beaten[found.best_index_]
    assert len(found.study_.directions) == 3
    np.testing.assert_allclose([trial.values for trial in found.study_.trials], scores)


def test_a_name_makes_a_study_of_that_score():
    found = search(refit="CP").fit(X, Y)
    assert len(found.study_.directions) == 1
    assert found.study_.best_value == found.best_score_
    assert "on_pareto_front" not in found.cv_results_


def test_a_name_chooses_the_best_row_of_a_study_of_several():
    study = optuna.create_study(directions=["maximize"] * 3)
    with pytest.raises(ValueError, match="has 3 objective.s., and the search has 1"):
        search(refit="CP", study=study).fit(X, Y)
    found = search(refit=first_of_the_front, study=study).fit(X, Y)
    assert found.study_ is study


def test_without_refit_all_scores_count():
    found = search(refit=False).fit(X, Y)
    assert found.cv_results_["on_pareto_front"].any()
    assert not hasattr(found, "best_index_")


def test_a_pruner_cannot_weigh_several_scores():
    with pytest.raises(ValueError, match="A pruner goes by one score"):
        search(refit=False, pruner=optuna.pruners.MedianPruner()).fit(X, Y)
