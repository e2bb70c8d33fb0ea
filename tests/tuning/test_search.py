"""The search as a classifier among others."""

import pickle
import subprocess
import sys
import time

import numpy as np
import optuna
import pytest
import sklearn
from optuna.distributions import FloatDistribution
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.datasets import make_multilabel_classification
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, make_scorer
from sklearn.model_selection import GroupKFold, KFold, cross_val_predict, cross_val_score

from sklearn_mlic import BinaryRelevance, MLkNN, OptunaSearchCV, ThresholdCalibrator
from sklearn_mlic.metrics import SCORERS
from sklearn_mlic.model_selection import MultilabelStratifiedKFold
from sklearn_mlic.utils.estimator_checks import RANKING_SCORERS, SEVERAL_LABELS_SCORERS

X, Y = make_multilabel_classification(n_classes=3, random_state=0)
MODEL = BinaryRelevance(LogisticRegression(max_iter=1000))
SPACE = {"estimator__C": FloatDistribution(0.01, 10, log=True)}
OF_ROWS = [SCORERS["sample_AUC"], SCORERS["neg_ranking_loss"], *SEVERAL_LABELS_SCORERS.values()]
RANKING = ("mAP", "macro_AUC", "micro_AUC", "sample_AUC", "LRAP", "neg_ranking_loss")


def search(model=MODEL, space=SPACE, **settings):
    return OptunaSearchCV(model, space, **{"n_trials": 2, "cv": 2, "random_state": 0, **settings})


def test_one_seed_gives_one_search_and_another_another():
    first, second = (search(scoring="mAP").fit(X, Y) for _ in range(2))
    assert first.cv_results_["params"] == second.cv_results_["params"]
    third = search(scoring="mAP", random_state=1).fit(X, Y)
    assert first.cv_results_["params"] != third.cv_results_["params"]


@pytest.mark.parametrize(
    "scoring",
    [
        *RANKING_SCORERS.values(),
        *SEVERAL_LABELS_SCORERS.values(),
        *(SCORERS[name] for name in RANKING),
    ],
    ids=[*RANKING_SCORERS, *SEVERAL_LABELS_SCORERS, *RANKING],
)
def test_scored_in_a_cross_validation_of_its_own(scoring):
    for n_labels in (1, 2, 3):
        if n_labels == 1 and scoring in OF_ROWS:
            continue
        y = Y[:, :n_labels]
        folds = MultilabelStratifiedKFold(2, random_state=0)
        scores = cross_val_score(
            search(scoring=scoring), X, y, scoring=scoring, cv=folds, error_score="raise"
        )
        assert np.isfinite(scores).all()


@pytest.mark.parametrize("n_labels", [1, 2, 3])
def test_predicts_rows_left_out_of_a_cross_validation_of_its_own(n_labels):
    y = Y[:, :n_labels]
    folds = MultilabelStratifiedKFold(2, random_state=0)
    y_prob = cross_val_predict(search(), X, y, cv=folds, method="predict_proba")
    assert y_prob.shape == y.shape


def test_cloned_and_pickled():
    fitted = search(ThresholdCalibrator(MODEL, cv=2), {"estimator__estimator__C": [0.1, 1.0]})
    fitted.fit(X, Y)
    twin = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(twin.predict(X), fitted.predict(X))
    assert len(twin.study_.trials) == 2
    assert not hasattr(clone(fitted), "cv_results_")
    again = clone(fitted).fit(X, Y)
    assert again.cv_results_["params"] == fitted.cv_results_["params"]
    assert is_classifier(fitted)
    assert list(fitted.label_names_) == ["label_0", "label_1", "label_2"]


def test_an_int_of_folds_is_stratified_over_the_labels():
    y = Y[np.lexsort(Y.T)]
    by_int = search(cv=3, scoring="mAP").fit(X, y).cv_results_["mean_test_score"]
    folds = MultilabelStratifiedKFold(3, shuffle=False)
    np.testing.assert_array_equal(
        by_int, search(cv=folds, scoring="mAP").fit(X, y).cv_results_["mean_test_score"]
    )
    plain = search(cv=KFold(3), scoring="mAP").fit(X, y).cv_results_["mean_test_score"]
    assert not np.array_equal(by_int, plain)
    assert search(cv=0.25).fit(X, sparse.csr_array(y)).n_splits_ == 1


def test_groups_reach_the_splitter():
    groups = np.arange(len(X)) % 4
    found = search(cv=GroupKFold(4)).fit(X, Y, groups=groups)
    assert found.n_splits_ == 4


def test_metadata_goes_where_it_is_asked_for():
    weight = np.random.default_rng(0).exponential(size=len(X))
    plain = search(scoring="roc_auc").fit(X, Y).cv_results_["mean_test_score"]
    with sklearn.config_context(enable_metadata_routing=True):
        logistic = LogisticRegression(max_iter=1000).set_fit_request(sample_weight=True)
        scorer = make_scorer(average_precision_score, response_method="predict_proba")
        with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
            search(scoring=scorer).fit(X, Y, sample_weight=weight)
        asking = scorer.set_score_request(sample_weight=True)
        routed = search(BinaryRelevance(logistic), scoring=asking).fit(X, Y, sample_weight=weight)
    assert not np.array_equal(routed.cv_results_["mean_test_score"], plain)


def test_scores_of_ours_go_by_name_beside_scikit_learns():
    found = search(scoring=["mAP", "f1_macro"], refit="mAP").fit(X, Y)
    assert {"mean_test_mAP", "mean_test_f1_macro"} <= set(found.cv_results_)
    assert found.score(X, Y) == SCORERS["mAP"](found, X, Y)
    named = search(scoring={"a": "mAP", "b": "f1_macro"}, refit="a").fit(X, Y)
    np.testing.assert_array_equal(
        named.cv_results_["mean_test_a"], found.cv_results_["mean_test_mAP"]
    )


def test_a_function_that_returns_several_scores():
    def scores(model, X, y):
        return {"first": SCORERS["mAP"](model, X, y), "second": SCORERS["macro_F1"](model, X, y)}

    found = search(scoring=scores, refit="second").fit(X, Y)
    assert found.multimetric_
    assert found.best_score_ == found.study_.best_value
    with pytest.raises(ValueError, match="set refit to one of these names"):
        search(scoring=scores, error_score="raise").fit(X, Y)


def test_time_ends_a_search():
    start = time.perf_counter()
    found = search(n_trials=None, timeout=0.5).fit(X, Y)
    assert time.perf_counter() - start < 20
    assert len(found.cv_results_["params"]) >= 1


def test_callbacks_hear_of_each_trial_and_may_end_the_search():
    heard = []

    def stop_at_three(study, trial):
        heard.append(trial.number)
        if trial.number == 2:
            study.stop()

    found = search(n_trials=9, callbacks=[stop_at_three]).fit(X, Y)
    assert heard == [0, 1, 2]
    assert len(found.cv_results_["params"]) == 3


def test_the_study_is_optunas_own():
    found = search(n_trials=4, scoring="mAP").fit(X, Y)
    assert found.study_.best_value == found.best_score_
    assert found.study_.best_params == found.best_params_
    values = [trial.value for trial in found.study_.trials]
    np.testing.assert_allclose(values, found.cv_results_["mean_test_score"])
    importance = optuna.importance.get_param_importances(found.study_)
    assert set(importance) == {"estimator__C"}


def test_values_that_are_estimators_are_cloned():
    choices = [BinaryRelevance(LogisticRegression(C=C)) for C in (0.1, 1.0)] + [MLkNN()]
    found = search(ThresholdCalibrator(MODEL, cv=2), {"estimator": choices}, n_trials=6)
    found.fit(X, Y)
    assert found.best_params_["estimator"] in choices
    assert not any(hasattr(choice, "classes_") for choice in choices)


def test_a_bar_shows_the_best_so_far(capsys):
    search(verbose=1).fit(X, Y)
    assert "best 0." in capsys.readouterr().err
    before = optuna.logging.get_verbosity()
    search().fit(X, Y)
    assert capsys.readouterr().err == ""
    assert optuna.logging.get_verbosity() == before


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n_trials": 0}, "n_trials"),
        ({"storage": 3}, "expected a URL such as"),
        ({"study": optuna.create_study()}, "create_study.direction='maximize'"),
        (
            {"cv": 0.5, "model": LogisticRegression(max_iter=1000), "y": Y[:, 0]},
            "part of a multi-label",
        ),
        ({"y": Y[:-1]}, "rows"),
        ({"y": None}, "requires y to be passed"),
    ],
)
def test_wrong_settings_say_what_is_right(settings, words):
    y = settings.pop("y", Y)
    with pytest.raises(ValueError if words[:8] != "expected" else TypeError, match=words):
        search(**settings).fit(X, y)


def test_a_search_without_networks_loads_no_torch():
    code = """
import sys
from sklearn.datasets import make_multilabel_classification
from sklearn.linear_model import LogisticRegression
from sklearn_mlic import BinaryRelevance, OptunaSearchCV, search_space
X, y = make_multilabel_classification(n_classes=3, random_state=0)
model = BinaryRelevance(LogisticRegression())
OptunaSearchCV(model, search_space(model), n_trials=1, cv=2).fit(X, y)
print({"torch", "torchvision", "timm", "skorch"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_search_that_can_only_fail_ends_soon():
    wrong = BinaryRelevance(LogisticRegression(solver="none"))
    search = OptunaSearchCV(wrong, {"estimator__C": [0.1, 1.0]}, n_trials=50, cv=2)
    with pytest.raises(ValueError, match="All the 6 fits failed"):
        search.fit(X, Y)


@pytest.mark.parametrize("scoring", ["mapp", ["mAP", "mapp"], {"score": "mapp"}])
def test_an_unknown_score_shows_the_nearest(scoring):
    search = OptunaSearchCV(BinaryRelevance(LogisticRegression()), {"estimator__C": [1.0]})
    with pytest.raises(ValueError, match="Unknown scoring 'mapp'. Choose one of: 'mAP'"):
        search.set_params(scoring=scoring, refit=False).fit(X, Y)


def test_two_numbers_are_no_range_and_no_choices():
    search = OptunaSearchCV(BinaryRelevance(LogisticRegression()), {"estimator__C": (0.1, 10)})
    with pytest.raises(TypeError, match="expected a distribution of Optuna"):
        search.fit(X, Y)
