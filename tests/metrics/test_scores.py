"""Properties of the metrics."""

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk
from scipy import sparse

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
]


def envelope_by_hand(y_true, y_prob):
    """For each positive recall step, the best precision at that recall or higher."""
    points = []
    for threshold in np.unique(y_prob)[::-1]:
        predicted = y_prob >= threshold
        hits = (predicted & (y_true == 1)).sum()
        points.append((hits / y_true.sum(), hits / predicted.sum()))
    area, last = 0.0, 0.0
    for recall, _ in points:
        area += (recall - last) * max(p for r, p in points if r >= recall)
        last = recall
    return area


@pytest.mark.parametrize("seed", range(20))
def test_step_ap_equals_sklearn_with_ties(seed):
    y_true, y_prob = random_case(seed)
    got = m.average_precision_per_label(y_true, y_prob)
    expected = sk.average_precision_score(y_true[:, :-1], y_prob[:, :-1], average=None)
    np.testing.assert_allclose(got[:-1], expected)
    assert np.isnan(got[-1])
    assert m.mean_average_precision(y_true, y_prob) == pytest.approx(expected.mean())


@pytest.mark.parametrize("seed", range(20))
def test_envelope_ap_equals_brute_force_and_is_never_below_step(seed):
    y_true, y_prob = random_case(seed, decimals=2)
    envelope = m.average_precision_per_label(y_true, y_prob, "envelope")[:-1]
    expected = [envelope_by_hand(y_true[:, j], y_prob[:, j]) for j in range(len(envelope))]
    np.testing.assert_allclose(envelope, expected)
    assert (envelope >= m.average_precision_per_label(y_true, y_prob)[:-1] - 1e-12).all()


def test_perfect_and_constant_scores():
    y_true = np.array([[1, 1], [0, 1], [1, 0], [0, 0]])
    for interpolation in ("step", "envelope"):
        assert m.mean_average_precision(y_true, y_true, interpolation) == 1.0
        constant = m.average_precision_per_label(y_true, np.full((4, 2), 0.5), interpolation)
        np.testing.assert_allclose(constant, [0.5, 0.5])


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


def test_cf1_is_the_harmonic_mean_of_cp_and_cr_not_macro_f1():
    # Label 0: precision 1, recall 1/2. Label 1: precision 1/2, recall 1.
    y_true = np.array([[1, 1], [1, 0], [0, 0], [0, 0]])
    y_pred = np.array([[1, 1], [0, 1], [0, 0], [0, 0]])
    assert m.cp_score(y_true, y_pred) == m.cr_score(y_true, y_pred) == 0.75
    assert m.cf1_score(y_true, y_pred) == pytest.approx(0.75)
    assert sk.f1_score(y_true, y_pred, average="macro") == pytest.approx(2 / 3)


@pytest.mark.parametrize("metric", PREDICTION_METRICS)
def test_prediction_metrics_ignore_the_order_of_rows_and_labels(metric):
    y_true, y_prob = random_case(3)
    y_pred = (y_prob >= 0.5).astype(int)
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(len(y_true)), rng.permutation(y_true.shape[1])
    expected = pytest.approx(metric(y_true, y_pred))
    assert metric(y_true[rows], y_pred[rows]) == expected
    assert metric(y_true[:, columns], y_pred[:, columns]) == expected


@pytest.mark.parametrize("interpolation", ["step", "envelope"])
def test_ap_ignores_the_order_of_rows_and_monotone_changes_of_the_scores(interpolation):
    y_true, y_prob = random_case(4)
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(len(y_true)), rng.permutation(y_true.shape[1])
    expected = m.average_precision_per_label(y_true, y_prob, interpolation)
    for got in (
        m.average_precision_per_label(y_true[rows], y_prob[rows], interpolation),
        m.average_precision_per_label(y_true, y_prob**3, interpolation),
    ):
        np.testing.assert_allclose(got, expected)
    permuted = m.average_precision_per_label(y_true[:, columns], y_prob[:, columns], interpolation)
    np.testing.assert_allclose(permuted, expected[columns])


def test_labels_without_a_positive_are_left_out_of_macro_means():
    y_true, y_prob = random_case(5)
    y_pred = (y_prob >= 0.5).astype(int)
    for metric in (m.cp_score, m.cr_score, m.cf1_score):
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


def test_map_without_any_positive_is_nan():
    assert np.isnan(m.mean_average_precision(np.zeros((3, 2)), np.full((3, 2), 0.5)))


@pytest.mark.parametrize("kind", [pd.DataFrame, sparse.csr_matrix, sparse.coo_array, np.ndarray])
def test_containers_and_dtypes_make_no_difference(kind):
    y_true, y_prob = random_case(6)
    y_pred = y_prob >= 0.5
    as_kind = np.asarray if kind is np.ndarray else kind
    expected = m.cf1_score(y_true, y_pred.astype(int))
    assert m.cf1_score(as_kind(y_true.astype(bool)), as_kind(y_pred)) == expected
    expected = m.mean_average_precision(y_true, y_prob)
    assert m.mean_average_precision(as_kind(y_true.astype(float)), as_kind(y_prob)) == expected


def test_one_label():
    y_true, y_prob = np.array([[1], [0], [1]]), np.array([[0.9], [0.8], [0.7]])
    assert m.mean_average_precision(y_true, y_prob) == pytest.approx(
        sk.average_precision_score(y_true.ravel(), y_prob.ravel())
    )
    assert m.cf1_score(y_true, [[1], [1], [0]]) == 0.5
    assert m.top_k_labels(y_prob, 3).tolist() == [[1], [1], [1]]


def test_top_k_labels_breaks_ties_by_column():
    y_prob = np.array([[0.5, 0.9, 0.5, 0.5], [0.1, 0.1, 0.1, 0.1]])
    assert m.top_k_labels(y_prob, 2).tolist() == [[1, 1, 0, 0], [1, 1, 0, 0]]
    assert m.top_k_labels(y_prob, 9).tolist() == [[1] * 4] * 2
    assert m.top_k_labels(y_prob, 3, threshold=0.5).tolist() == [[1, 1, 1, 0], [0] * 4]
    per_label = m.top_k_labels(y_prob, 3, threshold=[0.6, 0.1, 0.1, 0.1])
    assert per_label.tolist() == [[0, 1, 1, 0], [0, 1, 1, 0]]
    # Wide enough that a sort which is not stable shows.
    wide = np.tile([0.1, 0.9], (1, 250))
    assert np.flatnonzero(m.top_k_labels(wide, 4)).tolist() == [1, 3, 5, 7]


@pytest.mark.parametrize("k", range(1, 9))
def test_top_k_labels_takes_the_k_highest(k):
    y_prob = random_case(7)[1]
    y_pred = m.top_k_labels(y_prob, k)
    assert (y_pred.sum(axis=1) == min(k, y_prob.shape[1])).all()
    worst_taken = np.where(y_pred == 1, y_prob, 2).min(axis=1)
    best_left = np.where(y_pred == 1, -1, y_prob).max(axis=1)
    assert (worst_taken >= best_left).all()


@pytest.mark.parametrize("k", [0, -1, 1.5, True, "3"])
def test_top_k_labels_refuses_other_k(k):
    with pytest.raises(ValueError, match="expected an int of at least 1"):
        m.top_k_labels([[0.1, 0.2]], k)


@pytest.mark.parametrize(
    ("y_true", "y_prob", "message"),
    [
        ([[1, 0]], [[0.1]], r"y_true has shape \(1, 2\) and y_prob has shape \(1, 1\)"),
        ([1, 0], [[0.1], [0.2]], r"y_true has shape \(2,\).*y_true.reshape\(-1, 1\)"),
        ([[1], [0]], [0.1, 0.2], r"y_prob has shape \(2,\).*y_prob.reshape\(-1, 1\)"),
        ([[1, 2]], [[0.1, 0.2]], "y_true has 1 entries.*row 0, label 'label_1': 2"),
        ([[1, np.nan]], [[0.1, 0.2]], "y_true has 1 entries.*nan. Drop those rows"),
        ([[1, 0], [0, 0]], [[0, 0], [0, np.nan]], "y_prob holds NaN, first in row 1"),
        ([["a"], ["a", "b"]], [[0, 0], [0, 0]], "y_true is a list of labels.*MultiLabelBinarizer"),
        ([{"a"}, {"b"}], [[0, 0], [0, 0]], "y_true is a list of labels.*MultiLabelBinarizer"),
        (np.zeros((0, 2)), np.zeros((0, 2)), r"y_true is empty: it has shape \(0, 2\)"),
        (np.zeros((1, 1, 2)), np.zeros((1, 2)), r"y_true has shape \(1, 1, 2\); expected"),
    ],
)
def test_bad_input_is_named(y_true, y_prob, message):
    with pytest.raises(ValueError, match=message):
        m.mean_average_precision(y_true, y_prob)


def test_probabilities_given_as_predictions_are_refused():
    with pytest.raises(ValueError, match=r"y_pred has 1 entries.*0.4. Apply a threshold first"):
        m.cf1_score([[1, 0]], [[1, 0.4]])


def test_columns_in_another_order_are_refused():
    y_true = pd.DataFrame([[1, 0]], columns=["cat", "dog"])
    y_pred = pd.DataFrame([[0, 1]], columns=["dog", "cat"])
    with pytest.raises(ValueError, match=r"same columns in another order.*Reorder"):
        m.cf1_score(y_true, y_pred)
    assert m.cf1_score(y_true, y_pred[y_true.columns]) == 1.0
    assert m.cf1_score(y_true, pd.DataFrame([[1, 0]])) == 1.0


def test_unknown_interpolation_shows_the_nearest():
    with pytest.raises(
        ValueError, match=r"Unknown interpolation 'envelop'.*Did you mean 'envelope'"
    ):
        m.mean_average_precision([[1]], [[0.5]], interpolation="envelop")
