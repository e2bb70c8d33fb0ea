"""Numbers and artists of the displays of labels alone."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import matthews_corrcoef

from helpers import random_case
from sklearn_mlic.plots import LabelCooccurrenceDisplay, LabelFrequencyDisplay

Y = random_case(0)[0][:, :6]
UNKNOWN = np.where(np.random.default_rng(0).random(Y.shape) < 0.2, np.nan, Y)


def test_bars_are_the_sorted_counts():
    display = LabelFrequencyDisplay.from_labels(Y)
    widths = [bar.get_width() for bar in display.bars_]
    assert widths == sorted(Y.sum(axis=0), reverse=True)
    assert display.bars_[0].get_y() < display.bars_[1].get_y()
    assert display.ax_.get_ylim()[0] > display.ax_.get_ylim()[1]  # the first is on top


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ([1, 1, 0, 0], "2 (50%)"),
        ([1, 0, 0, np.nan], "1 (33%), 25% unknown"),
        ([0, 0, 0, 0], "0 (0%)"),
        ([np.nan] * 4, "0, 100% unknown"),
        ([1] + [0] * 399, "1 (0.25%)"),
        ([1] * 1500 + [0] * 500, "1,500 (75%)"),
    ],
)
def test_text_at_the_end_of_a_bar(column, text):
    display = LabelFrequencyDisplay.from_labels(np.array([column]).T)
    assert [t.get_text() for t in display.texts_] == [text]
    assert ("in which it is known" in display.ax_.get_xlabel()) == bool(np.isnan(column).any())


def test_labels_without_a_positive_are_counted_where_not_shown():
    y = np.hstack([Y, np.zeros((60, 2), int)])
    display = LabelFrequencyDisplay.from_labels(y, max_labels=4)
    assert "4 most frequent of 8 labels; 2 without a positive" in display.ax_.get_xlabel()


def by_hand(y, normalize):
    """One pair of labels after the other, on the rows in which both are known."""
    matrix = np.empty((y.shape[1],) * 2)
    for i, j in np.ndindex(matrix.shape):
        a, b = y[~np.isnan(y[:, [i, j]]).any(axis=1)][:, [i, j]].T
        matrix[i, j] = {
            None: (a * b).sum(),
            "conditional": (a * b).sum() / a.sum(),
            "phi": matthews_corrcoef(a, b),
        }[normalize]
    return matrix


@pytest.mark.parametrize("y", [Y.astype(float), UNKNOWN], ids=["known", "unknown"])
@pytest.mark.parametrize("normalize", [None, "conditional", "phi"])
def test_matrix_is_that_of_each_pair(normalize, y):
    display = LabelCooccurrenceDisplay.from_labels(y, normalize=normalize)
    np.testing.assert_allclose(display.matrix, by_hand(y, normalize), atol=1e-12)
    order = np.argsort(-np.nansum(y, axis=0), kind="stable")
    np.testing.assert_array_equal(display.image_.get_array(), display.matrix[np.ix_(order, order)])


def test_sparse_labels_give_the_same_matrix():
    dense, light = (LabelCooccurrenceDisplay.from_labels(y) for y in (Y, sparse.csr_array(Y)))
    np.testing.assert_array_equal(light.matrix, dense.matrix)


def test_numbers_stand_in_the_cells_of_few_labels():
    y = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 1], [1, 0, 0]])
    display = LabelCooccurrenceDisplay.from_labels(y)
    texts = [text.get_text() for text in display.texts_]
    assert texts == ["1.00", "0.25", "0.25", "1.00", "1.00", "0.00", "1.00", "0.00", "1.00"]
    counts = LabelCooccurrenceDisplay.from_labels(y, normalize=None, max_labels=1)
    assert [text.get_text() for text in counts.texts_] == ["4"]
    # The first label is on in every row: its correlation is undefined.
    phi = LabelCooccurrenceDisplay.from_labels(y, normalize="phi")
    texts = [text.get_text() for text in phi.texts_]
    assert texts == ["", "", "", "", "1.00", "-0.33", "", "-0.33", "1.00"]
    wide = LabelCooccurrenceDisplay.from_labels(np.eye(20, dtype=int))
    assert wide.texts_ == []


def test_unknown_kind_of_number():
    with pytest.raises(ValueError, match="Unknown normalize 'pfi'. Did you mean 'phi'"):
        LabelCooccurrenceDisplay.from_labels(Y, normalize="pfi")
