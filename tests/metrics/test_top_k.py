"""The k best labels of each row."""

import numpy as np
import pytest

from helpers import random_case
from sklearn_mlic import metrics as m


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
    with pytest.raises(ValueError, match="expected a whole number of 1"):
        m.top_k_labels([[0.1, 0.2]], k)
