"""Metrics of the order of scores against scikit-learn, by hand, and against each other."""

import numpy as np
import pytest
import sklearn.metrics as sk

from helpers import random_case
from sklearn_mlic import metrics as m

AGREE = {
    m.macro_auc: lambda y, p: sk.roc_auc_score(y, p, average="macro"),
    m.micro_auc: lambda y, p: sk.roc_auc_score(y, p, average="micro"),
    m.sample_auc: lambda y, p: sk.roc_auc_score(y, p, average="samples"),
    m.ranking_loss: sk.label_ranking_loss,
    m.coverage_error: sk.coverage_error,
    m.label_ranking_average_precision: sk.label_ranking_average_precision_score,
}
OF_ROWS = [
    m.sample_auc,
    m.ranking_loss,
    m.coverage_error,
    m.coverage_minus_one,
    m.one_error,
    m.label_ranking_average_precision,
]
METRICS = [*OF_ROWS, m.macro_auc, m.micro_auc]


def defined_case(seed, decimals):
    """A random case in which every label and every row has a positive and a negative."""
    y_true, y_prob = random_case(seed, decimals=decimals)
    y_true[y_true.sum(axis=1) == 0, seed % 6] = 1
    y_true[0, -1], y_true[1] = 0, 0
    y_true[1, -1] = 1
    undefined = m.count_undefined(y_true)
    assert not any(undefined.values())
    return y_true, y_prob


@pytest.mark.parametrize("decimals", [0, 1, 6])
@pytest.mark.parametrize("metric", AGREE)
def test_agrees_with_sklearn_with_many_ties_and_with_none(metric, decimals):
    for seed in range(15):
        case = defined_case(seed, decimals)
        assert metric(*case) == pytest.approx(AGREE[metric](*case), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_auc_per_label_equals_sklearn_and_is_nan_where_undefined(seed):
    y_true, y_prob = random_case(seed)
    y_true[:, 0] = 1
    areas = m.auc_per_label(y_true, y_prob)
    expected = sk.roc_auc_score(y_true[:, 1:-1], y_prob[:, 1:-1], average=None)
    np.testing.assert_allclose(areas, [np.nan, *expected, np.nan], atol=1e-12)
    assert m.macro_auc(y_true, y_prob) == pytest.approx(expected.mean())


@pytest.mark.parametrize(
    ("metric", "needs_negative"), [(metric, i < 2) for i, metric in enumerate(OF_ROWS)]
)
def test_rows_in_which_it_is_undefined_are_left_out(metric, needs_negative):
    y_true, y_prob = random_case(1)
    y_true[3:6] = 0
    y_true[6:9] = 1
    defined = y_true.any(axis=1) & ~(needs_negative & y_true.all(axis=1))
    rows = [metric(y_true[[i]], y_prob[[i]]) for i in range(len(y_true))]
    np.testing.assert_array_equal(np.isnan(rows), ~defined)
    assert metric(y_true, y_prob) == pytest.approx(np.mean(np.array(rows)[defined]))


@pytest.mark.parametrize("metric", METRICS)
def test_the_order_of_rows_and_labels_and_the_scale_of_scores_make_no_difference(metric):
    y_true, y_prob = random_case(2)
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(len(y_true)), rng.permutation(y_true.shape[1])
    expected = pytest.approx(metric(y_true, y_prob), abs=1e-12)
    assert metric(y_true[rows], y_prob[rows]) == expected
    assert metric(y_true[:, columns], y_prob[:, columns]) == expected
    assert metric(y_true, 20 * y_prob**3 - 7) == expected
    assert metric(y_true, y_prob.astype(np.float32)) == expected


@pytest.mark.parametrize("metric", METRICS)
def test_perfect_and_reversed_scores(metric):
    y_true, y_prob = defined_case(3, 6)
    best = {m.coverage_error: y_true.sum(axis=1).mean()}
    best[m.coverage_minus_one] = best[m.coverage_error] - 1
    is_loss = metric in (m.ranking_loss, m.one_error)
    right, wrong = metric(y_true, y_true + 0.1 * y_prob), metric(y_true, -y_true + 0.1 * y_prob)
    assert right == pytest.approx(best.get(metric, 0 if is_loss else 1))
    if metric in best:
        assert wrong == pytest.approx(y_true.shape[1] - (metric is m.coverage_minus_one))
    elif metric is m.label_ranking_average_precision:
        assert wrong < metric(y_true, y_prob) < right
    else:
        assert wrong == (1 if is_loss else 0)


def test_a_tie_is_wrong_in_ranking_loss_and_half_wrong_in_sample_auc():
    y_true, constant = defined_case(4, 1)[0], np.full((60, 7), 0.5)
    assert m.ranking_loss(y_true, constant) == 1
    assert m.sample_auc(y_true, constant) == m.macro_auc(y_true, constant) == 0.5
    y_true, y_prob = defined_case(4, 12)
    assert m.sample_auc(y_true, y_prob) == pytest.approx(1 - m.ranking_loss(y_true, y_prob))


def test_one_error_is_the_mean_over_the_ways_to_break_ties():
    y_true, y_prob = random_case(5, decimals=0)
    rng = np.random.default_rng(0)
    some = y_true.any(axis=1)
    draws = [
        1 - np.take_along_axis(y_true, (y_prob + 1e-3 * noise).argmax(axis=1)[:, None], 1)[some]
        for noise in rng.random((2000, *y_prob.shape))
    ]
    assert m.one_error(y_true, y_prob) == pytest.approx(np.mean(draws), abs=0.01)
    assert m.one_error([[1, 0, 0]], [[0.5, 0.5, 0.5]]) == pytest.approx(2 / 3)


def test_coverage_counts_from_one_or_from_nought():
    case = random_case(6)
    assert m.coverage_minus_one(*case) == m.coverage_error(*case) - 1
    assert m.coverage_error([[1, 0, 1]], [[0.9, 0.5, 0.1]]) == 3


@pytest.mark.parametrize("metric", METRICS)
def test_nothing_to_rank_is_nan(metric):
    assert np.isnan(metric(np.zeros((3, 2)), np.full((3, 2), 0.5)))
    assert np.isnan(metric(np.full((3, 2), np.nan), np.full((3, 2), 0.5)))


def test_count_undefined():
    y_true = [[1, 0, np.nan], [1, 1, 1], [1, np.nan, 0], [np.nan, 0, np.nan]]
    assert m.count_undefined(y_true) == {
        "n_labels_without_positives": 0,
        "n_labels_without_negatives": 1,
        "n_rows_without_positives": 1,
        "n_rows_without_negatives": 1,
        "n_unknown": 4,
    }
    assert m.count_undefined(random_case(7)[0])["n_labels_without_positives"] == 1
