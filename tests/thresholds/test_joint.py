"""Rules that look at all labels together, against brute force."""

from itertools import product

import numpy as np
import pytest
from sklearn.metrics import f1_score

from helpers import every_cut, random_case
from sklearn_mlic import tune_thresholds

GLOBAL = ["cardinality", "sample_f1", "top_k"]


def predict(y_prob, thresholds):
    return (y_prob >= thresholds).astype(int)


def micro_f1(y_true, y_pred):
    return f1_score(y_true, y_pred, average="micro", zero_division=0)


def sample_f1(y_true, y_pred):
    return f1_score(y_true, y_pred, average="samples", zero_division=1.0)


@pytest.mark.parametrize("method", GLOBAL)
@pytest.mark.parametrize("seed", range(3))
def test_global_rules_give_every_label_the_same(method, seed):
    thresholds = tune_thresholds(*random_case(seed), method)
    assert thresholds.shape == (7,)
    assert len(set(thresholds)) == 1


def middle_of_the_nearest(y_prob, target):
    cuts = every_cut(y_prob)
    distance = np.array([abs(np.sum(y_prob >= upper) - target) for _, upper in cuts])
    nearest = np.flatnonzero(distance == distance.min())
    return (cuts[nearest[0]][0] + cuts[nearest[-1]][1]) / 2


@pytest.mark.parametrize("decimals", [1, 2, 8])
@pytest.mark.parametrize("seed", range(6))
def test_cardinality_is_the_middle_of_the_nearest_cuts(seed, decimals):
    y_true, y_prob = random_case(seed, decimals=decimals)
    (threshold, *_) = tune_thresholds(y_true, y_prob, "cardinality")
    assert threshold == pytest.approx(middle_of_the_nearest(y_prob, y_true.sum()), abs=1e-12)


def test_cardinality_between_two_cuts_equally_near():
    y_true, y_prob = [[1, 1], [0, 0]], [[0.8, 0.3], [0.3, 0.3]]
    # 1 or 4 labels for 2: one is nearer. For 2.5 it is neither.
    np.testing.assert_allclose(tune_thresholds(y_true, y_prob, "cardinality"), 0.55)
    y_true, y_prob = [[1, 1], [0, 0]], [[0.8, 0.4], [0.4, 0.1]]
    # 1 or 3: between 0.1 and 0.8.
    np.testing.assert_allclose(tune_thresholds(y_true, y_prob, "cardinality"), 0.45)


@pytest.mark.parametrize("k", [1, 2, 3, 7])
@pytest.mark.parametrize("decimals", [1, 8])
def test_top_k_threshold_lets_k_a_row_pass(k, decimals):
    y_true, y_prob = random_case(0, decimals=decimals)
    thresholds = tune_thresholds(y_true, y_prob, "top_k", {"k": k})
    expected = middle_of_the_nearest(y_prob, k * len(y_prob))
    np.testing.assert_allclose(thresholds, expected, atol=1e-12)


@pytest.mark.parametrize(("n_true", "k"), [(0, 1), (5, 1), (14, 1), (15, 2), (25, 3)])
def test_top_k_defaults_to_the_rounded_cardinality(n_true, k):
    y_true = np.zeros((10, 4), int)
    y_true.flat[:n_true] = 1
    y_prob = np.random.default_rng(0).random((10, 4))
    np.testing.assert_array_equal(
        tune_thresholds(y_true, y_prob, "top_k"), tune_thresholds(y_true, y_prob, "top_k", {"k": k})
    )


def label_cardinality_by_hand(y_true, y_prob, weights, normalize):
    """The formula of the rule, one candidate at a time."""
    grid = [round(0.01 * i, 2) for i in range(101)]
    scale = y_true.shape[1] if normalize else 1
    found = []
    for y, p in zip(y_true.T, y_prob.T, strict=True):
        costs = []
        for t in grid:
            cardinality = abs(y_true.sum(axis=1).mean() - (y_prob >= t).sum(axis=1).mean())
            costs.append(
                weights[0] * cardinality / scale + weights[1] * abs(y.mean() - (p >= t).mean())
            )
        low = [i for i, cost in enumerate(costs) if cost <= min(costs) + 1e-12]
        starts = [i for i in low if i - 1 not in low]
        ends = [i for i in low if i + 1 not in low]
        middles = [(grid[a] + grid[b]) / 2 for a, b in zip(starts, ends, strict=True)]
        found.append(min(middles, key=lambda t: abs(t - 0.5)))
    return found


@pytest.mark.parametrize("weights", [(0.5, 0.5), (1, 0), (0, 1), (0.2, 3)])
@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("decimals", [1, 3])
def test_label_cardinality_equals_the_formula(weights, normalize, decimals):
    y_true, y_prob = (a[:, :-1] for a in random_case(1, decimals=decimals))
    params = {"lambda1": weights[0], "lambda2": weights[1], "normalize": normalize}
    np.testing.assert_allclose(
        tune_thresholds(y_true, y_prob, "label_cardinality", params),
        label_cardinality_by_hand(y_true, y_prob, weights, normalize),
        atol=1e-12,
    )


def test_label_cardinality_of_two_runs_takes_the_one_nearer_to_a_half():
    y_true = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 1], [1, 1, 1]])
    y_prob = np.array([[0.2, 0.2, 0.4], [0.2, 0.9, 0.8], [0.8, 0.4, 0.1], [0.3, 0.5, 0.6]])
    params = {"lambda1": 1, "lambda2": 2}
    thresholds = tune_thresholds(y_true, y_prob, "label_cardinality", params)
    assert thresholds[2] == pytest.approx(0.255)  # not 0.05
    expected = label_cardinality_by_hand(y_true, y_prob, (1, 2), False)
    np.testing.assert_allclose(thresholds, expected)


def test_label_cardinality_reproduces_frequencies_within_a_step():
    y_true, y_prob = random_case(0, n_samples=2000, decimals=8)
    y_true[:20, -1] = 1
    only_own = {"lambda1": 0, "lambda2": 1, "step": 0.001}
    y_pred = predict(y_prob, tune_thresholds(y_true, y_prob, "label_cardinality", only_own))
    np.testing.assert_allclose(y_pred.mean(axis=0), y_true.mean(axis=0), atol=0.005)


@pytest.mark.parametrize("decimals", [1, 8])
@pytest.mark.parametrize("seed", range(8))
def test_sample_f1_is_the_best_of_all_cuts(seed, decimals):
    y_true, y_prob = random_case(seed, n_samples=25, decimals=decimals)
    y_true[3:8] = 0
    (threshold, *_) = tune_thresholds(y_true, y_prob, "sample_f1")
    cuts = np.array([(lower + upper) / 2 for lower, upper in every_cut(y_prob)])
    values = np.array([sample_f1(y_true, predict(y_prob, cut)) for cut in cuts])
    best = cuts[values >= values.max() - 1e-12]
    assert abs(threshold - 0.5) == pytest.approx(np.abs(best - 0.5).min())
    assert np.isclose(best, threshold).any()


@pytest.mark.parametrize("seed", range(10))
def test_micro_f1_is_the_best_of_all_combinations(seed):
    rng = np.random.default_rng(seed)
    y_true = (rng.random((9, 3)) < [0.6, 0.3, 0.1]).astype(int)
    y_true[0] = 1
    y_prob = (0.3 * y_true + 0.7 * rng.random((9, 3))).round(1)
    cuts = [[upper for _, upper in every_cut(p)] for p in y_prob.T]
    best = max(micro_f1(y_true, predict(y_prob, np.array(t))) for t in product(*cuts))
    thresholds = tune_thresholds(y_true, y_prob, "micro_f1")
    assert micro_f1(y_true, predict(y_prob, thresholds)) == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("decimals", [1, 2, 8])
@pytest.mark.parametrize("seed", range(4))
def test_no_single_threshold_improves_micro_f1(seed, decimals):
    y_true, y_prob = random_case(seed, decimals=decimals)
    y_prob = np.minimum(y_prob, 0.99)
    thresholds = tune_thresholds(y_true, y_prob, "micro_f1")
    reached = micro_f1(y_true, predict(y_prob, thresholds))
    for j in range(y_true.shape[1]):
        for _, upper in every_cut(y_prob[:, j]):
            other = thresholds.copy()
            other[j] = upper
            assert micro_f1(y_true, predict(y_prob, other)) <= reached + 1e-12
    start = tune_thresholds(y_true[:, :-1], y_prob[:, :-1])
    assert micro_f1(y_true[:, :-1], predict(y_prob[:, :-1], start)) <= reached
    assert not predict(y_prob, thresholds)[:, -1].any()  # the label without a positive


@pytest.mark.parametrize("score", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("method", ["micro_f1", "sample_f1", "cardinality", "label_cardinality"])
def test_flat_scores(method, score):
    y_true = np.array([[1, 1], [1, 1], [1, 0]])
    thresholds = tune_thresholds(y_true, np.full((3, 2), score), method)
    assert ((thresholds > 0) & (thresholds <= score)).all()


@pytest.mark.parametrize("method", ["micro_f1", "sample_f1", "cardinality", "label_cardinality"])
def test_no_positive_at_all_keeps_a_half(method):
    with pytest.warns(UserWarning, match=r"for 2 label\(s\).*: label_0, label_1\."):
        thresholds = tune_thresholds(np.zeros((4, 2), int), np.full((4, 2), 0.7), method)
    np.testing.assert_array_equal(thresholds, 0.5)


def test_label_cardinality_has_no_frequency_to_match_without_a_positive():
    y_true, y_prob = random_case(0)
    with pytest.warns(UserWarning, match="No positive row.*: label_6"):
        assert tune_thresholds(y_true, y_prob, "label_cardinality")[-1] == 0.5
