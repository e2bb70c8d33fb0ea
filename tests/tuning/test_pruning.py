"""Trials that are cut short: after folds, and inside a fold after epochs of our networks."""

import numpy as np
import optuna
import pytest
from optuna.pruners import MedianPruner, ThresholdPruner
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers import classifier, coloured
from sklearn_mlic import BinaryRelevance, LateFusion, OptunaSearchCV, ThresholdCalibrator
from sklearn_mlic.metrics import SCORERS
from sklearn_mlic.model_selection import MultilabelStratifiedKFold

IMAGES, Y = coloured(40)
X = IMAGES.reshape(len(IMAGES), -1)[:, :6].astype(np.float32) / 255
NET = classifier(max_epochs=4)
FOLDS = MultilabelStratifiedKFold(2, random_state=0)
# Of the folds' scores the first rate is better in every epoch than the second.
RATES = [0.1, 1e-6]


def search(model=NET, name="lr", rates=RATES, **settings):
    """A search that tries the rates in order."""
    study = optuna.create_study(direction="maximize", pruner=settings.pop("pruner", None))
    for rate in rates:
        study.enqueue_trial({name: rate})
    distribution = optuna.distributions.FloatDistribution(1e-7, 1)
    settings = {"n_trials": len(rates), "cv": FOLDS, "scoring": "mAP", **settings}
    return OptunaSearchCV(
        model, {name: distribution}, study=study, error_score="raise", random_state=0, **settings
    )


def eager():
    """Prunes whatever is below the median of one trial, from the first epoch on."""
    return MedianPruner(n_startup_trials=1)


@pytest.mark.parametrize("error_score", ["raise", np.nan])
def test_a_network_is_stopped_in_the_epoch_that_tells(error_score):
    found = search(pruner=eager()).set_params(error_score=error_score).fit(X, Y)
    results = found.cv_results_
    assert list(results["state"]) == ["complete", "pruned"]
    assert results["n_epochs"][0] == 8
    assert 1 <= results["n_epochs"][1] < 4
    assert np.isnan(results["mean_test_score"][1])
    assert list(results["rank_test_score"]) == [1, 2]
    assert 0 < results["mean_fit_time"][1] < results["mean_fit_time"][0]
    assert found.best_params_ == {"lr": 0.1}


def test_without_a_pruner_nothing_is_cut_short_and_epochs_are_counted():
    distribution = {"lr": RATES}
    found = OptunaSearchCV(NET, distribution, n_trials=3, cv=FOLDS, scoring="mAP").fit(X, Y)
    assert list(found.cv_results_["n_epochs"]) == [8, 8, 8]
    assert list(found.study_.trials[0].intermediate_values) == [100, 200]


def test_running_scores_are_means_over_folds_and_the_epoch():
    found = search(pruner=eager(), rates=[0.1]).fit(X, Y)
    steps = found.study_.trials[0].intermediate_values
    assert list(steps) == [25, 50, 75, 100, 125, 150, 175, 200]
    results = found.cv_results_
    assert steps[100] == results["split0_test_score"][0]
    np.testing.assert_allclose(steps[200], results["mean_test_score"][0])
    first, second = FOLDS.split(X, Y)
    for n_epochs, step in ((1, 25), (3, 75)):
        short = classifier(max_epochs=n_epochs, lr=0.1).fit(X[first[0]], Y[first[0]])
        np.testing.assert_allclose(SCORERS["mAP"](short, X[first[1]], Y[first[1]]), steps[step])
    short = classifier(max_epochs=2, lr=0.1).fit(X[second[0]], Y[second[0]])
    score = SCORERS["mAP"](short, X[second[1]], Y[second[1]])
    np.testing.assert_allclose((steps[100] + score) / 2, steps[150])


def test_to_be_watched_changes_no_score():
    watched = search(pruner=ThresholdPruner(lower=-1.0)).fit(X, Y)
    alone = search(pruner=optuna.pruners.NopPruner()).fit(X, Y)
    np.testing.assert_array_equal(
        watched.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
    )
    assert watched.best_estimator_.callbacks is None
    np.testing.assert_array_equal(watched.predict_proba(X), alone.predict_proba(X))


@pytest.mark.parametrize(
    ("model", "name", "n_whole"),
    [
        (make_pipeline(StandardScaler(), NET), "imageclassifier__lr", 8),
        (ThresholdCalibrator(NET, cv=2), "estimator__lr", 24),
        (
            make_pipeline(StandardScaler(), ThresholdCalibrator(NET, cv=2)),
            "thresholdcalibrator__estimator__lr",
            24,
        ),
    ],
    ids=["pipeline", "calibrator", "both"],
)
def test_a_network_inside_others_is_watched_too(model, name, n_whole):
    results = search(model, name, pruner=eager()).fit(X, Y).cv_results_
    assert results["n_epochs"][0] == n_whole
    assert list(results["state"]) == ["complete", "pruned"]
    assert results["n_epochs"][1] < 4


def test_where_rows_do_not_come_through_epochs_are_counted_alone():
    inner = make_pipeline(StandardScaler(), NET)
    model = LateFusion([("a", inner), ("b", BinaryRelevance(LogisticRegression()))])
    found = search(model, "a__imageclassifier__lr", pruner=eager()).fit(X, Y)
    assert found.cv_results_["n_epochs"][0] == 8
    assert list(found.study_.trials[0].intermediate_values) == [100, 200]


def test_a_pruner_sees_the_mean_after_each_fold():
    model = BinaryRelevance(LogisticRegression(max_iter=1000))
    found = search(model, "estimator__C", rates=[1.0, 1e-7], pruner=eager()).fit(X, Y)
    assert list(found.cv_results_["state"]) == ["complete", "pruned"]
    assert np.isfinite(found.cv_results_["split0_test_score"][1])
    assert np.isnan(found.cv_results_["split1_test_score"][1])
    assert list(found.study_.trials[1].intermediate_values) == [100]
    assert not found.cv_results_["n_epochs"].any()


def test_callbacks_of_ones_own_are_heard_beside():
    epochs = []

    class Listener:
        def __getattr__(self, name):
            if name.startswith("on_"):
                return lambda *_, **__: epochs.append(name)
            raise AttributeError(name)

        def __deepcopy__(self, memo):
            return self

        def initialize(self):
            return self

        def set_params(self):
            return self

    found = search(classifier(max_epochs=2, callbacks=[Listener()]), rates=[0.1]).fit(X, Y)
    assert epochs.count("on_epoch_end") == 6
    assert found.cv_results_["n_epochs"][0] == 4


def test_a_step_is_reported_once():
    found = search(classifier(max_epochs=150), rates=[0.1], pruner=ThresholdPruner(lower=-1.0))
    found.fit(X, Y)
    assert list(found.study_.trials[0].intermediate_values) == list(range(1, 201))


def test_the_averaged_weights_are_scored_where_they_are_what_is_kept():
    model = classifier(max_epochs=2, ema_decay=0.9)
    found = search(model, rates=[0.1], pruner=ThresholdPruner(lower=-1.0)).fit(X, Y)
    train, test = next(FOLDS.split(X, Y))
    short = model.set_params(max_epochs=1, lr=0.1).fit(X[train], Y[train])
    score = SCORERS["mAP"](short, X[test], Y[test])
    np.testing.assert_allclose(found.study_.trials[0].intermediate_values[50], score)
