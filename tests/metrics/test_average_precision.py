"""Average precision against scikit-learn, brute force and itself."""

import numpy as np
import pytest
import sklearn.metrics as sk

from helpers import random_case
from sklearn_mlic import metrics as m


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


def test_map_without_any_positive_is_nan():
    assert np.isnan(m.mean_average_precision(np.zeros((3, 2)), np.full((3, 2), 0.5)))


def test_unknown_interpolation_shows_the_nearest():
    with pytest.raises(
        ValueError, match=r"Unknown interpolation 'envelop'.*Did you mean 'envelope'"
    ):
        m.mean_average_precision([[1]], [[0.5]], interpolation="envelop")
