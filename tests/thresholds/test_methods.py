"""What holds of every rule, and what its settings may be."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from helpers import random_case
from sklearn_mlic import tune_thresholds
from sklearn_mlic.thresholds._methods import METHODS, UNLABELLED


def error_rate(y_true, y_pred):
    return -np.abs(y_true - y_pred).mean()


RULES = [*METHODS, "precision", error_rate]
GRID = [0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7]


def case(seed=0, **kwargs):
    y_true, y_prob = random_case(seed, **kwargs)
    return y_true[:, :-1], y_prob[:, :-1]


@pytest.mark.parametrize("method", RULES)
@pytest.mark.parametrize("decimals", [1, 8])
def test_thresholds_are_in_0_to_1_and_follow_the_labels(method, decimals):
    y_true, y_prob = case(decimals=decimals)
    thresholds = tune_thresholds(y_true, y_prob, method)
    assert thresholds.shape == (6,)
    assert ((thresholds > 0) & (thresholds <= 1)).all()
    rng = np.random.default_rng(0)
    rows, order = rng.permutation(len(y_true)), rng.permutation(6)
    shuffled = tune_thresholds(y_true[rows][:, order], y_prob[rows][:, order], method)
    np.testing.assert_allclose(shuffled, thresholds[order], atol=1e-12)


@pytest.mark.parametrize("method", RULES)
def test_scores_of_unknown_entries_are_not_looked_at(method):
    y_true, y_prob = case(1)
    rng = np.random.default_rng(0)
    unknown = rng.random(y_true.shape) < 0.3
    unknown[0] = False
    holes = np.where(unknown, np.nan, y_true)
    noise = np.where(unknown, rng.random(y_true.shape), y_prob)
    np.testing.assert_array_equal(
        tune_thresholds(holes, y_prob, method), tune_thresholds(holes, noise, method)
    )


@pytest.mark.parametrize("method", RULES)
def test_rows_that_are_unknown_throughout_might_as_well_be_missing(method):
    y_true, y_prob = case(2)
    holes = np.where(np.arange(60)[:, None] % 3 == 0, np.nan, y_true)
    kept = np.arange(60) % 3 != 0
    np.testing.assert_allclose(
        tune_thresholds(holes, y_prob, method),
        tune_thresholds(y_true[kept], y_prob[kept], method),
        atol=1e-12,
    )


@pytest.mark.parametrize("method", ["f1", "grid", "accuracy", error_rate])
def test_each_label_is_tuned_on_its_known_rows(method):
    y_true, y_prob = case(3)
    unknown = np.random.default_rng(0).random(y_true.shape) < 0.3
    unknown[0] = False
    thresholds = tune_thresholds(np.where(unknown, np.nan, y_true), y_prob, method)
    for j, threshold in enumerate(thresholds):
        rows = ~unknown[:, j]
        alone = tune_thresholds(y_true[rows][:, [j]], y_prob[rows][:, [j]], method)
        assert threshold == alone


@pytest.mark.parametrize("method", RULES)
def test_sparse_labels(method):
    y_true, y_prob = case()
    np.testing.assert_array_equal(
        tune_thresholds(sparse.csc_matrix(y_true), y_prob, method),
        tune_thresholds(y_true, y_prob, method),
    )


@pytest.mark.parametrize(
    "method", ["f1", "grid", "accuracy", "at_least_one", "label_cardinality", error_rate]
)
def test_a_label_known_in_no_row_keeps_a_half(method):
    y_true, y_prob = case()
    y_true = y_true.astype(float)
    y_true[:, 2] = np.nan
    with pytest.warns(UserWarning, match="No positive row.*: label_2"):
        assert tune_thresholds(y_true, y_prob, method)[2] == 0.5


def f1_of(y_true, y_prob, threshold):
    y_pred = y_prob >= threshold
    return 2 * (y_pred & (y_true == 1)).sum() / (y_pred.sum() + y_true.sum())


@pytest.mark.parametrize("grid", [GRID, [0.1, 0.9, 0.4]])
@pytest.mark.parametrize("seed", range(5))
def test_grid_takes_the_best_candidate(seed, grid):
    y_true, y_prob = case(seed, decimals=2)
    params = None if grid is GRID else {"grid": grid}
    for j, threshold in enumerate(tune_thresholds(y_true, y_prob, "grid", params)):
        f1 = {t: f1_of(y_true[:, j], y_prob[:, j], t) for t in grid}
        best = [t for t in grid if f1[t] == max(f1.values())]
        assert threshold in best
        assert abs(threshold - 0.5) == pytest.approx(min(abs(t - 0.5) for t in best))


def test_grid_has_no_drift_of_decimals():
    for t in GRID:
        y_prob = np.array([[t], [np.nextafter(t, 0)]])
        assert tune_thresholds([[1], [0]], y_prob, "grid") == [t]


@pytest.mark.parametrize("threshold", [0.3, [0.1, 0.2, 0.3, 0.4, 0.5, 1.0], np.full(6, 0.7)])
def test_fixed_returns_what_is_given(threshold):
    thresholds = tune_thresholds(*case(), "fixed", {"threshold": threshold})
    np.testing.assert_array_equal(thresholds, np.broadcast_to(threshold, 6))


def test_at_least_one_tunes_as_f1():
    y_true, y_prob = case()
    np.testing.assert_array_equal(
        tune_thresholds(y_true, y_prob, "at_least_one"), tune_thresholds(y_true, y_prob)
    )


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("f1", {"midpont": True}, "'midpont', which the threshold method 'f1' does not take.*mid"),
        ("cardinality", {"k": 3}, "'cardinality' does not take. Its parameters: none"),
        (error_rate, {"k": 3}, "does not take. Its parameters: 'n_cuts'"),
        ("f1", {"midpoint": 1}, "midpoint=1; expected True or False"),
        ("fixed", {"threshold": 1.2}, "threshold=1.2; expected a number in 0..1"),
        ("fixed", {"threshold": "high"}, "threshold='high'; expected a number"),
        ("fixed", {"threshold": [0.1, 0.2]}, "2 thresholds for 6 label.*one number, or one a"),
        ("grid", {"grid": []}, "grid=.*; expected thresholds in 0..1"),
        ("label_cardinality", {"lambda1": -1}, "lambda1=-1; expected a number of at least 0"),
        ("label_cardinality", {"step": 0}, "step=0; expected a number in 1e-6..1"),
        ("label_cardinality", {"normalize": "yes"}, "normalize='yes'; expected True or False"),
        ("top_k", {"k": 0}, "k=0; expected an int of at least 1"),
        ("top_k", {"k": True}, "k=True; expected an int"),
        ("top_k", {"k": 9}, "k=9; expected a whole number from 1 to"),
        ("f1_weighted", {"n_cuts": 1}, "n_cuts=1; expected an int of at least 2"),
        ("acuracy", None, "Unknown threshold method 'acuracy'. Did you mean 'accuracy'"),
        (3, None, "Unknown threshold method 3"),
    ],
)
def test_bad_settings(method, params, message):
    with pytest.raises(ValueError, match=message):
        tune_thresholds(*case(), method, params)


def test_rules_without_labels_are_rules_with_them():
    assert set(UNLABELLED) < set(METHODS)


def test_columns_in_another_order_are_refused():
    y_true, y_prob = (pd.DataFrame(values, columns=list("abcdefg")) for values in random_case(0))
    with pytest.raises(ValueError, match="same columns in another order"):
        tune_thresholds(y_true, y_prob[list("gfedcba")])
