"""Rules that maximise a score or a metric of one label."""

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    fbeta_score,
    get_scorer,
    jaccard_score,
    matthews_corrcoef,
    precision_score,
    recall_score,
)

from helpers import every_cut, random_case
from sklearn_mlic import tune_thresholds
from sklearn_mlic.thresholds._methods import score_labels
from sklearn_mlic.thresholds._scores import SCORES


def youden(y_true, y_pred):
    return recall_score(y_true, y_pred) + recall_score(1 - y_true, 1 - y_pred) - 1


METRICS = {
    "f1": lambda y, z: f1_score(y, z, zero_division=0),
    "f2": lambda y, z: fbeta_score(y, z, beta=2, zero_division=0),
    "f05": lambda y, z: fbeta_score(y, z, beta=0.5, zero_division=0),
    "accuracy": accuracy_score,
    "balanced_accuracy": balanced_accuracy_score,
    "jaccard": lambda y, z: jaccard_score(y, z, zero_division=0),
    "matthews_corrcoef": matthews_corrcoef,
    "precision": lambda y, z: precision_score(y, z, zero_division=0),
    "recall": recall_score,
    "youden": youden,
}


def case(seed, decimals=1, **kwargs):
    """Labels that all have a positive, some with more noise than signal."""
    y_true, y_prob = random_case(seed, decimals=decimals, **kwargs)
    return y_true[:, :-1], y_prob[:, :-1]


def best_thresholds(metric, y_true, y_prob):
    """Try all cuts of one label; of the best, those nearest to 0.5."""
    cuts = np.array([(lower + upper) / 2 for lower, upper in every_cut(y_prob)])
    values = np.array([metric(y_true, (y_prob >= cut).astype(int)) for cut in cuts])
    best = cuts[values >= values.max() - 1e-12]
    distance = np.abs(best - 0.5)
    return best[distance <= distance.min() + 1e-12]


def test_every_score_has_its_metric_here():
    assert set(METRICS) == set(SCORES)


@pytest.mark.parametrize("decimals", [1, 3])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", METRICS)
def test_equals_brute_force_over_all_cuts(name, seed, decimals):
    y_true, y_prob = case(seed, decimals)
    thresholds = tune_thresholds(y_true, y_prob, name)
    for j, threshold in enumerate(thresholds):
        expected = best_thresholds(METRICS[name], y_true[:, j], y_prob[:, j])
        assert np.isclose(threshold, expected, rtol=0, atol=1e-12).any()
    values = score_labels(name, y_true, y_prob, thresholds)
    y_pred = (y_prob >= thresholds).astype(int)
    pairs = zip(y_true.T, y_pred.T, strict=True)
    np.testing.assert_allclose(values, [METRICS[name](*pair) for pair in pairs], atol=1e-12)


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("value", [0, 1])
def test_scores_of_a_constant_label_are_finite(name, value):
    labels, scores = np.full((5, 1), value), np.linspace(0.1, 0.9, 5)[:, None]
    for threshold in (0.05, 0.5, 0.95):
        assert np.isfinite(score_labels(name, labels, scores, np.array([threshold]))).all()


def test_a_label_that_is_best_never_predicted():
    y_true, y_prob = [[1], [0], [0], [0]], [[0.2], [0.6], [0.4], [0.3]]
    assert tune_thresholds(y_true, y_prob, "accuracy") == [0.8]
    # Where a score is 1, every threshold predicts something.
    y_prob[1] = [1.0]
    assert tune_thresholds(y_true, y_prob, "accuracy") == [0.7]


@pytest.mark.parametrize("name", ["f1", "accuracy", "matthews_corrcoef"])
def test_without_midpoint_the_threshold_is_an_observed_score(name):
    y_true, y_prob = case(0, 3)
    literal = tune_thresholds(y_true, y_prob, name, {"midpoint": False})
    for j, threshold in enumerate(literal):
        assert threshold in y_prob[:, j] or threshold == 1
        values = [
            METRICS[name](y_true[:, j], y_prob[:, j] >= t) for t in [threshold, *y_prob[:, j]]
        ]
        assert values[0] == pytest.approx(max(values))


@pytest.mark.parametrize("name", ["f1", "jaccard", "accuracy", "balanced_accuracy"])
@pytest.mark.parametrize("decimals", [1, 3])
def test_a_callable_agrees_with_the_score_of_counts(name, decimals):
    y_true, y_prob = case(1, decimals)
    np.testing.assert_allclose(
        tune_thresholds(y_true, y_prob, METRICS[name]), tune_thresholds(y_true, y_prob, name)
    )


@pytest.mark.parametrize("name", ["precision", "recall", "f1_macro", "neg_mean_absolute_error"])
def test_any_scorer_of_predictions_by_its_name(name):
    y_true, y_prob = case(2)
    score = get_scorer(name)._score_func
    sign = -1 if name.startswith("neg") else 1
    settings = {"average": "macro"} if name == "f1_macro" else {}
    settings |= {} if name.startswith("neg") else {"zero_division": 0}
    thresholds = tune_thresholds(y_true, y_prob, name)
    for j, threshold in enumerate(thresholds):
        label = y_true[:, j], y_prob[:, j]
        expected = best_thresholds(lambda y, z: sign * score(y, z, **settings), *label)
        assert np.isclose(threshold, expected, atol=1e-12).any()


def test_few_cuts_of_many_come_close_even_for_a_rare_label():
    y_true, y_prob = case(3, decimals=8, n_samples=4000)
    exact = score_labels("f1", y_true, y_prob, tune_thresholds(y_true, y_prob))
    some = tune_thresholds(y_true, y_prob, METRICS["f1"])
    assert (score_labels("f1", y_true, y_prob, some) >= exact - 0.02).all()


@pytest.mark.parametrize("n_cuts", [2, 7, 100])
def test_no_more_cuts_are_tried_than_asked_for(n_cuts):
    tried = []

    def metric(y_true, y_pred):
        tried.append(y_pred.sum())
        return accuracy_score(y_true, y_pred)

    y_true, y_prob = case(0, 8, n_samples=300)
    tune_thresholds(y_true[:, :1], y_prob[:, :1], metric, {"n_cuts": n_cuts})
    assert len(set(tried)) == len(tried) <= n_cuts


def test_a_metric_that_is_undefined_everywhere_teaches_nothing():
    with pytest.warns(UserWarning, match="No positive row"):
        thresholds = tune_thresholds([[1], [0]], [[0.9], [0.1]], lambda y, z: np.nan)
    assert thresholds == [0.5]


@pytest.mark.parametrize("name", ["roc_auc", "neg_log_loss", "f1_samples"])
def test_a_scorer_of_probabilities_is_refused(name):
    with pytest.raises(ValueError, match=f"The scorer '{name}' does not score 0/1 predictions"):
        tune_thresholds([[1], [0]], [[0.9], [0.1]], name)
