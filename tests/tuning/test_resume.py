"""A study that goes on: with other settings of the search, and after workers were lost."""

import time
from unittest.mock import patch

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.pruners import PercentilePruner, ThresholdPruner
from optuna.trial import TrialState
from sklearn.datasets import make_multilabel_classification
from sklearn.linear_model import LogisticRegression

from sklearn_mlic import BinaryRelevance, OptunaSearchCV
from sklearn_mlic.tuning import _records
from sklearn_mlic.tuning._storage import open_storage

X, Y = make_multilabel_classification(n_classes=3, random_state=0)
MODEL = BinaryRelevance(LogisticRegression(max_iter=1000))
SPACE = {"estimator__C": FloatDistribution(0.01, 10, log=True)}
FAILING = {"estimator__C": [-1.0, 1.0]}


def search(model=MODEL, space=SPACE, **settings):
    return OptunaSearchCV(
        model, space, **{"n_trials": 2, "cv": 2, "random_state": 0, "scoring": "mAP", **settings}
    )


@pytest.fixture
def journal(tmp_path):
    return str(tmp_path / "journal")


def states(found):
    return [trial.state.name for trial in found.study_.trials]


def begin(storage, **attrs):
    """Begin a trial that nobody ends."""
    opened = open_storage(storage)
    trial = opened.create_new_trial(opened.get_study_id_from_name("sklearn_mlic"))
    for name, value in attrs.items():
        opened.set_trial_user_attr(trial, name, value)


def test_a_trial_lost_on_another_host_is_made_up_for(journal):
    search(storage=journal).fit(X, Y)
    begin(journal, worker="other host:77", alive=time.time() - 10000)
    found = search(storage=journal, n_trials=3).fit(X, Y)
    assert states(found) == ["COMPLETE", "COMPLETE", "FAIL", "COMPLETE"]


def test_a_trial_that_another_host_works_on_is_left_to_it(journal):
    search(storage=journal).fit(X, Y)
    begin(journal, worker="other host:77", alive=time.time())
    assert states(search(storage=journal, n_trials=3).fit(X, Y))[2:] == ["RUNNING"]


@pytest.mark.parametrize("form", ["{}/journal", "sqlite:///{}/study.db"])
def test_a_trial_without_a_worker_counts_until_it_is_old(form, tmp_path):
    storage = form.format(tmp_path)
    search(storage=storage).fit(X, Y)
    begin(storage)
    assert len(search(storage=storage, n_trials=3).fit(X, Y).cv_results_["params"]) == 2
    now = time.time()
    with patch("time.time", lambda: now + 1e5):
        assert len(search(storage=storage, n_trials=3).fit(X, Y).cv_results_["params"]) == 3


def test_a_machine_of_the_same_name_is_another():
    host = _records._host()
    with patch("pathlib.Path.read_text", lambda *_: "another start"):
        assert _records._host() != host


class TakenForDead(LogisticRegression):
    """Its trial is failed from outside in the middle of a fit."""

    journal, n_fits = None, 0

    def fit(self, X, y, sample_weight=None):
        TakenForDead.n_fits += 1
        if TakenForDead.n_fits == 8:
            storage = open_storage(TakenForDead.journal)
            study = optuna.load_study(study_name="sklearn_mlic", storage=storage)
            (trial,) = study.get_trials(states=(TrialState.RUNNING,))
            storage.set_trial_state_values(trial._trial_id, state=TrialState.FAIL)
        return super().fit(X, y, sample_weight)


def test_a_trial_that_others_took_for_dead_does_not_end_the_search(journal):
    TakenForDead.journal, TakenForDead.n_fits = journal, 0
    model = BinaryRelevance(TakenForDead(max_iter=1000))
    found = search(model, storage=journal, n_trials=4).fit(X, Y)
    assert states(found) == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE", "COMPLETE"]


def test_errors_of_ones_own_callbacks_are_raised():
    def fail(study, trial):
        raise ValueError("of my own")

    with pytest.raises(ValueError, match="of my own"):
        search(callbacks=[fail]).fit(X, Y)


# scikit-learn says so of train scores that an earlier run did not take, as it should.
@pytest.mark.filterwarnings("ignore:One or more of the train scores are non-finite")
def test_train_scores_may_come_and_go(journal):
    search(storage=journal, n_trials=1).fit(X, Y)
    scores = search(storage=journal, return_train_score=True).fit(X, Y).cv_results_
    assert list(np.isnan(scores["mean_train_score"])) == [True, False]
    scores = search(storage=journal, n_trials=3).fit(X, Y).cv_results_
    assert "mean_train_score" not in scores
    assert np.isfinite(scores["mean_test_score"]).all()


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
def test_failed_fits_are_read_by_the_error_score_of_now(journal):
    settings = {"space": FAILING, "storage": journal, "n_trials": 4}
    first = search(**settings, error_score=0.0).fit(X, Y).cv_results_
    has_failed = first["mean_test_score"] == 0
    assert 0 < has_failed.sum() < 4
    second = search(**settings).fit(X, Y).cv_results_
    np.testing.assert_array_equal(np.isnan(second["mean_test_score"]), has_failed)
    with pytest.raises(ValueError, match="failed in an earlier search, and error_score='raise'"):
        search(**settings, error_score="raise").fit(X, Y)


def test_pruned_trials_alone_have_no_best():
    with pytest.warns(UserWarning, match="No trial has gone through all folds"):
        found = search(pruner=ThresholdPruner(lower=2.0)).fit(X, Y)
    assert list(found.cv_results_["state"]) == ["pruned", "pruned"]


def test_a_given_study_has_its_own_pruner_and_sampler_afterwards():
    sampler = optuna.samplers.RandomSampler(0)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    pruner = study.pruner
    other = {"pruner": PercentilePruner(25.0), "sampler": optuna.samplers.RandomSampler(1)}
    search(study=study, **other).fit(X, Y)
    assert study.pruner is pruner
    assert study.sampler is sampler


def test_names_of_labels_need_a_fitted_estimator():
    with pytest.raises(AttributeError, match="with refit=False no estimator is fitted"):
        _ = search(refit=False).fit(X, Y).label_names_


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"storage": "sqlite:////no folder/x.db"}, "cannot be opened: .*unable to open"),
        ({"storage": "foo://me:secret@x"}, r"foo://me:\*\*\*@x' cannot be opened"),
        ({"storage": "foo://["}, "cannot be opened|no URL"),
        ({"storage": "/no folder/x.log"}, "there is no folder '/no folder'"),
        ({"n_jobs": 0}, "n_jobs=0 leaves no process"),
    ],
)
def test_what_cannot_be_opened_is_refused_in_words(settings, words, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(ValueError, match=words):
        search(**settings).fit(X, Y)
