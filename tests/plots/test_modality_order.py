"""Shares of the blocks read at a step, label by label."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_mlic import M3LAClassifier
from sklearn_mlic.plots import ModalityOrderDisplay

ORDER = [["bow", "hog"], ["bow", None], ["hog", "bow"], [None, None]]
Y = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 0], [0, 1, 0]])
NAMES = ["sea", "trees", "nothing"]
draw = ModalityOrderDisplay.from_order


def names(axis):
    return [text.get_text() for text in axis.get_ticklabels()]


def test_shares_of_the_rows_of_a_label():
    display = draw(ORDER, Y, label_names=NAMES)
    assert names(display.ax_.yaxis) == ["all rows", "sea", "trees"]
    assert names(display.ax_.xaxis) == ["bow", "hog", "(nothing)"]
    wanted = [[0.5, 0.25, 0.25], [2 / 3, 1 / 3, 0], [0.5, 0, 0.5]]
    np.testing.assert_allclose(display.image_.get_array(), wanted)
    assert "read the block first" in display.image_.colorbar.ax.get_xlabel()
    assert "1 without a positive left out" in display.ax_.get_xlabel()
    assert [text.get_text() for text in display.texts_][3] == "0.67"


def test_any_step_can_be_shown():
    display = draw(ORDER, Y).plot(step=1)
    wanted = [[0.25, 0.25, 0.5], [1 / 3, 1 / 3, 1 / 3], [0, 0, 1]]
    np.testing.assert_allclose(display.image_.get_array(), wanted)
    assert "at step 1" in display.image_.colorbar.ax.get_xlabel()
    with pytest.raises(ValueError, match="step=2; expected a whole number from 0 to 1"):
        display.plot(step=2)


def test_without_a_step_it_is_the_mean_of_those_that_read_the_block():
    shown = draw(ORDER, Y, step=None).image_.get_array()
    np.testing.assert_allclose(shown[:2], [[1 / 3, 0.5], [1 / 3, 0.5]])
    np.testing.assert_array_equal(shown.mask[2], [False, True])  # no row with trees reads hog
    assert shown[2, 0] == 0


def test_rows_of_a_label_that_read_all_blocks_add_up():
    rng = np.random.default_rng(0)
    order = np.array([rng.permutation(["a", "b", "c"]) for _ in range(40)], dtype=object)
    display = draw(order, rng.integers(0, 2, (40, 4)))
    assert names(display.ax_.xaxis) == ["a", "b", "c"]  # nobody stops: no further column
    np.testing.assert_allclose(display.image_.get_array().sum(axis=1), 1)
    assert (display.counts.sum(axis=0) == display.n_positives[:, None]).all()


def test_unknown_labels_count_for_no_label():
    y = Y.astype(float)
    y[0, 0] = np.nan
    np.testing.assert_array_equal(draw(ORDER, y).counts[0, 0], [1, 1])


def test_blocks_that_nobody_reads_keep_their_column():
    display = draw(ORDER, Y, block_names=["hog", "fv", "bow"])
    np.testing.assert_array_equal(display.totals[0], [1, 0, 2])


def test_the_order_of_a_fitted_network_from_inside_a_pipeline():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 5))
    X[::4, 2:] = np.nan
    y = pd.DataFrame((np.nan_to_num(X[:, [0, 4]]) > 0).astype(int), columns=["sea", "trees"])
    blocks = {"colour": slice(0, 2), "edges": slice(2, 5)}
    settings = {"hidden_size": 8, "embedding_size": 4, "max_epochs": 1, "random_state": 0}
    model = make_pipeline(FunctionTransformer(), M3LAClassifier(blocks, **settings)).fit(X, y)
    display = ModalityOrderDisplay.from_estimator(model, X, y.to_numpy(), step=1)
    wanted = draw(model[-1].modality_order_(X), y, block_names=list(blocks), step=1)
    np.testing.assert_array_equal(display.counts, wanted.counts)
    assert display.label_names == list(y)
    assert names(display.ax_.xaxis) == ["colour", "edges", "(nothing)"]
    with pytest.raises(ValueError, match="same labels in another order"):
        ModalityOrderDisplay.from_estimator(model, X, y[["trees", "sea"]])
    with pytest.raises(ValueError, match="X has 40 rows and y has 39"):
        ModalityOrderDisplay.from_estimator(model, X, y[:39])


def test_a_new_figure_or_the_axes_given():
    display = draw(ORDER, Y, label_names=["$x", "_" * 80, "a"], max_labels=1)
    assert "1 most frequent of 3 labels" in display.ax_.get_xlabel()
    figure, axes = plt.subplots(1, 2)
    assert display.plot(axes[1]) is display
    assert display.ax_ is axes[1]
    assert not axes[0].has_data()
    figure.canvas.draw()


def test_bad_settings():
    with pytest.raises(ValueError, match=r"order has shape \(4,\); expected \(n_samples, n_steps"):
        draw(["bow"] * 4, Y)
    with pytest.raises(ValueError, match="None of the 2 rows reads a block"):
        draw([[None, None]] * 2, Y[:2])
    with pytest.raises(ValueError, match=r"order has the block\(s\) 'hog'; expected those of"):
        draw(ORDER, Y, block_names=["bow"])
    with pytest.raises(ValueError, match="max_labels=0; expected"):
        draw(ORDER, Y, max_labels=0)
    with pytest.raises(ValueError, match="has no modality_order_.*such as M3LAClassifier"):
        ModalityOrderDisplay.from_estimator(FunctionTransformer(), np.ones((4, 2)), Y)
