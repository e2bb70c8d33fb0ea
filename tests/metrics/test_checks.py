"""What every metric takes and refuses."""

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk
from scipy import sparse

from helpers import random_case
from sklearn_mlic import metrics as m


@pytest.mark.parametrize("kind", [pd.DataFrame, sparse.csr_matrix, sparse.coo_array, np.ndarray])
def test_containers_and_dtypes_make_no_difference(kind):
    y_true, y_prob = random_case(6)
    y_pred = y_prob >= 0.5
    as_kind = np.asarray if kind is np.ndarray else kind
    expected = m.cf1_score(y_true, y_pred.astype(int))
    assert m.cf1_score(as_kind(y_true.astype(bool)), as_kind(y_pred)) == expected
    expected = m.mean_average_precision(y_true, y_prob)
    assert m.mean_average_precision(as_kind(y_true.astype(float)), as_kind(y_prob)) == expected
    hidden = np.where(np.random.default_rng(0).random(y_true.shape) < 0.3, np.nan, y_true)
    expected = m.ranking_loss(hidden, y_prob)
    assert m.ranking_loss(as_kind(hidden), as_kind(y_prob)) == expected
    assert expected != m.ranking_loss(y_true, y_prob)


def test_one_label():
    y_true, y_prob = np.array([[1], [0], [1]]), np.array([[0.9], [0.8], [0.7]])
    assert m.mean_average_precision(y_true, y_prob) == pytest.approx(
        sk.average_precision_score(y_true.ravel(), y_prob.ravel())
    )
    assert m.cf1_score(y_true, [[1], [1], [0]]) == 0.5
    assert m.top_k_labels(y_prob, 3).tolist() == [[1], [1], [1]]


@pytest.mark.parametrize(
    ("y_true", "y_prob", "message"),
    [
        ([[1, 0]], [[0.1]], r"y_true has shape \(1, 2\) and y_prob has shape \(1, 1\)"),
        ([1, 0], [[0.1], [0.2]], r"y_true has shape \(2,\).*y_true.reshape\(-1, 1\)"),
        ([[1], [0]], [0.1, 0.2], r"y_prob has shape \(2,\).*y_prob.reshape\(-1, 1\)"),
        ([[1, 2]], [[0.1, 0.2]], "y_true has 1 entries.*row 0, label 'label_1': 2"),
        ([[np.nan, -1]], [[0.1, 0.2]], "y_true has 1 entries.*-1. Map .* and NaN .unknown"),
        ([[1, 0], [0, 0]], [[0, 0], [0, np.nan]], "y_prob holds NaN, first in row 1"),
        (
            [["a"], ["a", "b"]],
            [[0, 0], [0, 0]],
            "y_true holds labels or label sets.*MultiLabelBinarizer",
        ),
        (
            [{"a"}, {"b"}],
            [[0, 0], [0, 0]],
            "y_true holds labels or label sets.*MultiLabelBinarizer",
        ),
        (np.zeros((0, 2)), np.zeros((0, 2)), r"y_true is empty: it has shape \(0, 2\)"),
        (np.zeros((1, 1, 2)), np.zeros((1, 2)), r"y_true has shape \(1, 1, 2\); expected"),
    ],
)
def test_bad_input_is_named(y_true, y_prob, message):
    with pytest.raises(ValueError, match=message):
        m.mean_average_precision(y_true, y_prob)


def test_probabilities_given_as_predictions_are_refused():
    with pytest.raises(ValueError, match=r"y_pred has 1 entries.*0.4. Pass predictions"):
        m.cf1_score([[1, 0]], [[1, 0.4]])


def test_predictions_are_never_unknown():
    with pytest.raises(ValueError, match=r"y_pred has 1 entries.*nan. Pass predictions"):
        m.cf1_score([[1, np.nan]], [[1, np.nan]])


def test_columns_in_another_order_are_refused():
    y_true = pd.DataFrame([[1, 0]], columns=["cat", "dog"])
    y_pred = pd.DataFrame([[0, 1]], columns=["dog", "cat"])
    with pytest.raises(ValueError, match=r"same columns in another order.*Reorder"):
        m.cf1_score(y_true, y_pred)
    assert m.cf1_score(y_true, y_pred[y_true.columns]) == 1.0
    assert m.cf1_score(y_true, pd.DataFrame([[1, 0]])) == 1.0
