"""Properties of the threshold rules."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from helpers import random_case
from sklearn_mlic import tune_thresholds


def f1_at(y_true, y_prob, threshold):
    """F1 of one label as an exact fraction."""
    predicted = y_prob >= threshold
    hits = int((predicted & (y_true == 1)).sum())
    return Fraction(2 * hits, int(predicted.sum() + y_true.sum()))


def best_cuts(y_true, y_prob):
    """Try each cut between two distinct scores; of the best, those nearest to 0.5."""
    below, f1 = 0.0, {}
    for score in np.unique(y_prob):
        cut = (score + below) / 2
        f1[cut] = f1_at(y_true, y_prob, cut)
        below = score
    best = [cut for cut, value in f1.items() if value == max(f1.values())]
    nearest = min(abs(cut - 0.5) for cut in best)
    return [cut for cut in best if abs(cut - 0.5) == nearest]


def tune_one(y_true, y_prob):
    (threshold,) = tune_thresholds(np.reshape(y_true, (-1, 1)), np.reshape(y_prob, (-1, 1)))
    return threshold


def with_positives(seed, **kwargs):
    y_true, y_prob = random_case(seed, **kwargs)
    return y_true[:, :-1], y_prob[:, :-1]


@pytest.mark.parametrize("decimals", [1, 2, 8])
@pytest.mark.parametrize("seed", range(15))
def test_equals_brute_force_over_all_cuts(seed, decimals):
    y_true, y_prob = with_positives(seed, decimals=decimals)
    for j, threshold in enumerate(tune_thresholds(y_true, y_prob)):
        assert threshold in best_cuts(y_true[:, j], y_prob[:, j])


@pytest.mark.parametrize("decimals", [1, 8])
@pytest.mark.parametrize("seed", range(10))
def test_no_threshold_at_all_has_a_higher_f1(seed, decimals):
    y_true, y_prob = with_positives(seed, decimals=decimals, n_labels=4)
    for j, threshold in enumerate(tune_thresholds(y_true, y_prob)):
        label = (y_true[:, j], y_prob[:, j])
        others = np.concatenate([np.linspace(0, 1, 101), np.unique(y_prob)])
        assert f1_at(*label, threshold) == max(
            f1_at(*label, other) for other in [threshold, *others]
        )


@pytest.mark.parametrize(
    ("y_true", "y_prob", "expected"),
    [
        # Apart: halfway between the two sides.
        ([1, 1, 0, 0], [0.8, 0.6, 0.2, 0.1], 0.4),
        # F1 of the five cuts: 2/3, 2/4, 4/5, 4/6, 4/7.
        ([1, 0, 1, 0, 0], [0.9, 0.7, 0.5, 0.3, 0.1], 0.4),
        # Everything predicted: halfway between the lowest score and 0.
        ([0, 1], [0.6, 0.2], 0.1),
        # Equal scores fall on one side: 2/5 and 6/7.
        ([1, 0, 1, 1], [0.7, 0.7, 0.3, 0.3], 0.15),
        # One row.
        ([1], [0.6], 0.3),
    ],
)
def test_midpoint_rule_by_hand(y_true, y_prob, expected):
    assert tune_one(y_true, y_prob) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("y_prob", "expected"),
    # The first cut and the last both have F1 = 2/3.
    [([0.9, 0.8, 0.7, 0.6], 0.3), ([0.9, 0.2, 0.1, 0.05], 0.55)],
)
def test_equal_f1_goes_to_the_cut_nearest_to_a_half(y_prob, expected):
    assert tune_one([1, 0, 0, 1], y_prob) == pytest.approx(expected)


@pytest.mark.parametrize("score", [0.3, 0.5, 1.0])
def test_flat_scores_predict_everything(score):
    assert tune_one([1, 0, 0, 1], np.full(4, score)) == score / 2


def test_all_positive_predicts_every_row():
    y_prob = np.random.default_rng(0).uniform(0.2, 1, size=(20, 3))
    thresholds = tune_thresholds(np.ones((20, 3), int), y_prob)
    np.testing.assert_array_equal(thresholds, y_prob.min(axis=0) / 2)


def test_scores_of_zero_and_one_only():
    y_true = np.array([[1, 0], [0, 1], [1, 1]])
    np.testing.assert_array_equal(tune_thresholds(y_true, y_true), [0.5, 0.5])


@pytest.mark.parametrize("upper", [0.1, 0.3, 0.5, np.nextafter(0.5, 1), 0.7, 1.0, 5e-324])
def test_threshold_lies_between_neighbouring_floats(upper):
    lower = np.nextafter(upper, 0)
    threshold = tune_one([1, 0], [upper, lower])
    assert lower < threshold <= upper


@pytest.mark.parametrize("seed", range(5))
def test_threshold_is_strictly_above_the_next_lower_score(seed):
    rng = np.random.default_rng(seed)
    y_prob = [rng.random()]
    for _ in range(30):
        y_prob.append(np.nextafter(y_prob[-1], 0))
    y_true = rng.permutation([1] * 10 + [0] * 21)
    threshold = tune_one(y_true, y_prob)
    assert f1_at(y_true, np.array(y_prob), threshold) == max(
        f1_at(y_true, np.array(y_prob), score) for score in y_prob
    )


def test_label_without_positive_keeps_a_half_and_is_named():
    y_true = pd.DataFrame({"sea": [1, 0, 1], "moon": [0, 0, 0]})
    y_prob = np.array([[0.9, 0.9], [0.2, 0.8], [0.7, 0.1]])
    with pytest.warns(UserWarning, match=r"No positive row of a score.*: moon\.") as record:
        thresholds = tune_thresholds(y_true, y_prob)
    assert record[0].filename == __file__
    np.testing.assert_allclose(thresholds, [0.45, 0.5])


def test_a_long_list_of_labels_without_positive_is_cut_off():
    with pytest.warns(UserWarning, match=r"for 12 label\(s\).*label_0, .*label_9, …\."):
        thresholds = tune_thresholds(np.zeros((3, 12), int), np.ones((3, 12)))
    np.testing.assert_array_equal(thresholds, 0.5)


def test_fixed_looks_at_no_data():
    y_true, y_prob = random_case(0)
    np.testing.assert_array_equal(tune_thresholds(y_true, y_prob, "fixed"), np.full(7, 0.5))


@pytest.mark.parametrize("seed", range(5))
def test_order_of_rows_and_labels_is_irrelevant(seed):
    y_true, y_prob = with_positives(seed)
    thresholds = tune_thresholds(y_true, y_prob)
    rng = np.random.default_rng(seed)
    rows, labels = rng.permutation(len(y_true)), rng.permutation(y_true.shape[1])
    np.testing.assert_array_equal(tune_thresholds(y_true[rows], y_prob[rows]), thresholds)
    permuted = tune_thresholds(y_true[:, labels], y_prob[:, labels])
    np.testing.assert_array_equal(permuted, thresholds[labels])


def test_forms_of_input_agree_and_stay_as_they_are():
    y_true, y_prob = with_positives(0)
    before = y_true.copy(), y_prob.copy()
    expected = tune_thresholds(y_true, y_prob)
    for labels in (y_true.tolist(), y_true.astype(bool), sparse.csr_array(y_true)):
        np.testing.assert_array_equal(tune_thresholds(labels, y_prob), expected)
    frame = pd.DataFrame(y_prob)
    np.testing.assert_array_equal(tune_thresholds(pd.DataFrame(y_true), frame), expected)
    np.testing.assert_array_equal(y_true, before[0])
    np.testing.assert_array_equal(y_prob, before[1])


@pytest.mark.parametrize(
    ("y_true", "y_prob", "message"),
    [
        ([[1, 0]], [[0.5]], r"shape \(1, 1\) and y_true \(1, 2\): expected the same shape"),
        ([[1], [0]], [0.5, 0.1], "expected the same shape"),
        ([[1], [0]], [[0.5], [1.1]], "outside 0..1.*expit"),
        ([[1], [0]], [[0.5], [-0.1]], "outside 0..1"),
        ([[1], [0]], [[0.5], [np.nan]], "y_prob is NaN in 1 of 2 rows"),
        ([[2], [0]], [[0.5], [0.1]], "y_true has 1 entries that are not 0 or 1"),
        ([1, 0], [0.5, 0.1], r"y_true has shape \(2,\).*reshape"),
        ([{"sea"}, {"sky"}], [[0.5], [0.1]], "MultiLabelBinarizer"),
    ],
)
def test_bad_input(y_true, y_prob, message):
    with pytest.raises(ValueError, match=message):
        tune_thresholds(y_true, y_prob)


def test_unknown_method_shows_the_nearest():
    with pytest.raises(ValueError, match=r"Unknown threshold method 'fixd'\. Did you mean 'fixed'"):
        tune_thresholds([[1]], [[0.5]], "fixd")


def test_a_positive_of_score_zero_does_not_put_every_row_in():
    y_true, y_prob = np.array([[1], [0], [0]]), np.array([[0.0], [0.4], [0.1]])
    with pytest.warns(UserWarning, match="No positive row of a score above 0"):
        assert tune_thresholds(y_true, y_prob) == [0.5]
    y_true, y_prob = np.array([[1], [1], [0]]), np.array([[0.0], [0.4], [0.1]])
    assert tune_thresholds(y_true, y_prob) == [0.25]
