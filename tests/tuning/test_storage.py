"""One study of several processes: shared, interrupted, continued, and never of other data."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState
from sklearn.datasets import make_multilabel_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_score

from sklearn_mlic import BinaryRelevance, OptunaSearchCV
from sklearn_mlic.tuning._storage import HeartbeatJournal, open_storage

WORKER = Path(__file__).with_name("worker.py")
X, Y = make_multilabel_classification(n_classes=3, random_state=0)
MODEL = BinaryRelevance(LogisticRegression(max_iter=1000))
SPACE = {"estimator__C": FloatDistribution(0.01, 10, log=True)}


def search(model=MODEL, **settings):
    return OptunaSearchCV(
        model, SPACE, **{"n_trials": 4, "cv": 2, "random_state": 0, "scoring": "mAP", **settings}
    )


@pytest.fixture(params=["journal", "sqlite"])
def storage(request, tmp_path):
    path = tmp_path / "study"
    return str(path) if request.param == "journal" else f"sqlite:///{path}"


def run_workers(storage, *args):
    """Run searches that begin at the same time; return their exit codes."""
    pipe = subprocess.PIPE
    workers = [
        subprocess.Popen(
            [sys.executable, WORKER, storage, *map(str, own)], stdin=pipe, stdout=pipe, text=True
        )
        for own in args
    ]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        worker.communicate(timeout=120)
    return [worker.returncode for worker in workers]


def test_an_interrupted_search_goes_on_as_if_it_had_not_been(storage):
    whole = search().fit(X, Y).cv_results_
    assert len(search(storage=storage, n_trials=1).fit(X, Y).cv_results_["params"]) == 1
    resumed = search(storage=storage).fit(X, Y)
    assert resumed.cv_results_["params"] == whole["params"]
    np.testing.assert_array_equal(resumed.cv_results_["mean_test_score"], whole["mean_test_score"])
    again = search(storage=storage).fit(X, Y)  # there is nothing left to do
    assert again.best_params_ == resumed.best_params_
    assert len(again.study_.trials) == 4


def test_two_processes_share_the_trials_and_a_third_makes_up_for_a_death(storage):
    n_trials = 20
    assert run_workers(storage, (n_trials, 15), (n_trials,)) == [-9, 0]
    study = optuna.load_study(study_name="sklearn_mlic", storage=open_storage(storage))
    states = [trial.state for trial in study.trials]
    # A trial that began when the last was taken already has no worker.
    begun = [trial for trial in study.trials if "worker" in trial.user_attrs]
    assert sum(trial.state != TrialState.COMPLETE for trial in begun) == 1
    assert states.count(TrialState.COMPLETE) in (n_trials - 1, n_trials)
    assert run_workers(storage, (n_trials,)) == [0]
    study = optuna.load_study(study_name="sklearn_mlic", storage=open_storage(storage))
    trials = study.get_trials(states=(TrialState.COMPLETE,))
    assert len(trials) == n_trials
    assert len({trial.params["estimator__C"] for trial in trials}) == n_trials
    assert len({trial.user_attrs["worker"] for trial in trials}) >= 2
    assert not study.get_trials(states=(TrialState.RUNNING,))


@pytest.mark.parametrize("storage", [None, "given"])
def test_processes_of_one_search_share_a_study(storage, tmp_path):
    storage = None if storage is None else tmp_path / "journal"
    alone = search(n_trials=8).fit(X, Y).cv_results_["params"]
    found = search(n_trials=8, n_jobs=2, storage=storage).fit(X, Y)
    assert found.cv_results_["params"] == alone  # ten trials are drawn without looking at others
    assert len({trial.user_attrs["worker"] for trial in found.study_.trials}) == 2
    found.study_.best_trial  # noqa: B018 - it needs no file


def test_a_study_of_other_data_folds_or_settings_is_refused(storage):
    same = {"storage": storage, "scoring": "roc_auc"}
    search(**same, n_trials=1).fit(X, Y)
    changed = X.copy()
    changed[0, 0] += 1e-9
    words = "is of other data or other folds"
    for other, settings in ((changed, {}), (X, {"cv": 3}), (X, {"cv": KFold(2)})):
        with pytest.raises(ValueError, match=words):
            search(**same, **settings).fit(other, Y)
    with pytest.raises(ValueError, match=words):
        search(**same).fit(X, 1 - Y)
    with pytest.raises(ValueError, match=words):
        search(**same).fit(X, Y, sample_weight=np.ones(len(X)))
    other = BinaryRelevance(LogisticRegression(max_iter=1001))
    with pytest.raises(ValueError, match="estimator__max_iter was 1000 and is 1001"):
        search(other, **same).fit(X, Y)
    with pytest.raises(ValueError, match="scoring was 'roc_auc' and is 'f1_macro'"):
        search(storage=storage, scoring="f1_macro").fit(X, Y)


def test_what_only_says_how_loud_and_where_may_change(storage):
    search(storage=storage, n_trials=1).fit(X, Y)
    louder = BinaryRelevance(LogisticRegression(max_iter=1000, C=3), n_jobs=1)
    assert len(search(louder, storage=storage).fit(X, Y).study_.trials) == 4


def test_each_part_of_an_outer_cross_validation_has_a_study_of_its_own(tmp_path):
    folds = KFold(2)
    storage = f"sqlite:///{tmp_path / 'study'}"
    with pytest.raises(ValueError, match="study='search-{data}'"):
        cross_val_score(search(storage=storage), X, Y, cv=folds, error_score="raise")
    named = search(storage=storage, study="search-{data}")
    scores = cross_val_score(named, X, Y, cv=folds, error_score="raise")
    np.testing.assert_array_equal(scores, cross_val_score(search(), X, Y, cv=folds))
    names = optuna.get_all_study_names(storage)
    assert len([name for name in names if name.startswith("search-")]) == 2


def test_a_study_with_trials_of_something_else_is_refused():
    study = optuna.create_study(direction="maximize")
    study.optimize(lambda trial: trial.suggest_float("estimator__C", 0, 1), n_trials=1)
    with pytest.raises(ValueError, match=r"other data or other folds than these \(unknown"):
        search(study=study).fit(X, Y)


def test_a_study_of_ones_own_begins_with_what_is_enqueued():
    study = optuna.create_study(direction="maximize")
    study.enqueue_trial({"estimator__C": 0.123})
    found = search(study=study).fit(X, Y)
    assert found.study_ is study
    assert found.cv_results_["params"][0] == {"estimator__C": 0.123}
    assert len(study.trials) == 4


def test_a_study_in_memory_is_not_for_several_processes():
    study = optuna.create_study(direction="maximize")
    with pytest.raises(ValueError, match="n_jobs=2 needs a study that other processes can open"):
        search(study=study, n_jobs=2).fit(X, Y)
    with pytest.raises(ValueError, match="has a storage of its own"):
        search(study=study, storage="sqlite://").fit(X, Y)


def test_a_journal_tells_a_trial_without_signs_of_life(tmp_path):
    journal = HeartbeatJournal(str(tmp_path / "journal"), interval=1, grace=0)
    study = optuna.create_study(storage=journal)
    trial = journal.create_new_trial(study._study_id)
    journal.record_heartbeat(trial)
    assert journal._get_stale_trial_ids(study._study_id) == [trial]
    patient = HeartbeatJournal(str(tmp_path / "journal"))
    assert patient._get_stale_trial_ids(study._study_id) == []
    study.optimize(lambda trial: 0.0, n_trials=1)
    assert [t.state for t in study.trials] == [TrialState.FAIL, TrialState.COMPLETE]


def test_a_table_of_data_is_known_again(tmp_path):
    table = pd.DataFrame(X).assign(text="words").drop(columns="text")
    labels = pd.DataFrame(Y, columns=["a", "b", "c"])
    settings = {"storage": tmp_path / "journal"}
    search(**settings, n_trials=1).fit(table.set_axis(map(str, table), axis=1), labels)
    found = search(**settings).fit(table.set_axis(map(str, table), axis=1), labels)
    assert list(found.label_names_) == ["a", "b", "c"]
    assert len(found.study_.trials) == 4
    with pytest.raises(ValueError, match="other data"):
        search(**settings).fit(table.set_axis(map(str, table), axis=1), labels[["b", "a", "c"]])
