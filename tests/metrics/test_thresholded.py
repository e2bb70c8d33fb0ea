"""Metrics of 0/1 predictions: by label, overall, by row."""

import numpy as np
import pytest
import sklearn.metrics as sk

from helpers import random_case
from sklearn_mlic import metrics as m

PREDICTION_METRICS = [
    m.cp_score,
    m.cr_score,
    m.cf1_score,
    m.op_score,
    m.or_score,
    m.of1_score,
    m.sample_f1_score,
    m.macro_f1_score,
]


@pytest.mark.parametrize("seed", range(10))
def test_thresholded_scores_equal_sklearn(seed):
    y_true, y_prob = random_case(seed)
    y_pred = (y_prob >= 0.6).astype(int)
    micro = {"average": "micro", "zero_division": 0.0}
    assert m.op_score(y_true, y_pred) == pytest.approx(sk.precision_score(y_true, y_pred, **micro))
    assert m.or_score(y_true, y_pred) == pytest.approx(sk.recall_score(y_true, y_pred, **micro))
    assert m.of1_score(y_true, y_pred) == pytest.approx(sk.f1_score(y_true, y_pred, **micro))
    known = (y_true[:, :-1], y_pred[:, :-1])
    macro = {"average": "macro", "zero_division": 0.0}
    assert m.cp_score(y_true, y_pred) == pytest.approx(sk.precision_score(*known, **macro))
    assert m.cr_score(y_true, y_pred) == pytest.approx(sk.recall_score(*known, **macro))
    samples = sk.f1_score(y_true, y_pred, average="samples", zero_division=1.0)
    assert m.sample_f1_score(y_true, y_pred) == pytest.approx(samples)
    assert m.macro_f1_score(y_true, y_pred) == pytest.approx(sk.f1_score(*known, **macro))
    assert m.hamming_loss(y_true, y_pred) == pytest.approx(sk.hamming_loss(y_true, y_pred))
    y_pred[::3] = y_true[::3]
    assert m.subset_accuracy(y_true, y_pred) == pytest.approx(sk.accuracy_score(y_true, y_pred))


def test_cf1_is_the_harmonic_mean_of_cp_and_cr_not_macro_f1():
    # Label 0: precision 1, recall 1/2. Label 1: precision 1/2, recall 1.
    y_true = np.array([[1, 1], [1, 0], [0, 0], [0, 0]])
    y_pred = np.array([[1, 1], [0, 1], [0, 0], [0, 0]])
    assert m.cp_score(y_true, y_pred) == m.cr_score(y_true, y_pred) == 0.75
    assert m.cf1_score(y_true, y_pred) == pytest.approx(0.75)
    assert m.macro_f1_score(y_true, y_pred) == pytest.approx(2 / 3)


@pytest.mark.parametrize("metric", [*PREDICTION_METRICS, m.hamming_loss, m.subset_accuracy])
def test_prediction_metrics_ignore_the_order_of_rows_and_labels(metric):
    y_true, y_prob = random_case(3)
    y_pred = (y_prob >= 0.5).astype(int)
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(len(y_true)), rng.permutation(y_true.shape[1])
    expected = pytest.approx(metric(y_true, y_pred))
    assert metric(y_true[rows], y_pred[rows]) == expected
    assert metric(y_true[:, columns], y_pred[:, columns]) == expected


def test_labels_without_a_positive_are_left_out_of_macro_means():
    y_true, y_prob = random_case(5)
    y_pred = (y_prob >= 0.5).astype(int)
    for metric in (m.cp_score, m.cr_score, m.cf1_score, m.macro_f1_score):
        expected = pytest.approx(metric(y_true[:, :-1], y_pred[:, :-1]))
        assert metric(y_true, y_pred) == expected
    assert m.op_score(y_true, y_pred) < m.op_score(y_true[:, :-1], y_pred[:, :-1])


@pytest.mark.parametrize("metric", PREDICTION_METRICS)
def test_nothing_predicted_or_nothing_true_gives_zero(metric):
    y_true = np.array([[1, 0], [1, 1]])
    nothing = np.zeros((2, 2), dtype=int)
    assert metric(y_true, nothing) == 0.0
    assert metric(nothing, y_true) == 0.0


def test_rows_without_true_and_predicted_labels_count_one_in_sample_f1():
    y_true = [[0, 0], [1, 0], [0, 0]]
    y_pred = [[0, 0], [1, 0], [0, 1]]
    assert m.sample_f1_score(y_true, y_pred) == pytest.approx(2 / 3)


def test_rows_of_which_nothing_is_known_are_left_out():
    y_true = [[np.nan, np.nan], [1, 0], [1, np.nan]]
    y_pred = [[1, 1], [0, 0], [1, 1]]
    assert m.sample_f1_score(y_true, y_pred) == m.subset_accuracy(y_true, y_pred) == 0.5
    assert m.hamming_loss(y_true, y_pred) == pytest.approx(1 / 3)
    nothing = np.full((3, 2), np.nan)
    for metric in (m.sample_f1_score, m.subset_accuracy, m.hamming_loss):
        assert np.isnan(metric(nothing, y_pred))
