"""The learned matrix and the counted one, side by side on the same labels."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers import random_case
from sklearn_mlic import M3LAClassifier
from sklearn_mlic.plots import LabelCooccurrenceDisplay, LabelCorrelationDisplay

Y = random_case(0)[0]  # seven labels from frequent to rare, the last without a positive
NAMES = list("abcdefg")
LEARNED = np.random.default_rng(0).normal(size=(7, 7)) / 20
ORDER = np.argsort(-Y.sum(axis=0), kind="stable")[:6]


class Learned(BaseEstimator):
    label_correlation_ = pd.DataFrame(LEARNED, NAMES, NAMES)


def draw(y=Y, **settings):
    return LabelCorrelationDisplay.from_estimator(Learned(), y, **settings)


def names(axis):
    return [text.get_text() for text in axis.get_ticklabels()]


def test_both_have_the_labels_in_the_same_order():
    display = draw()
    for image, matrix in zip(display.images_, (LEARNED, display.cooccurrence), strict=True):
        np.testing.assert_array_equal(image.get_array(), matrix[np.ix_(ORDER, ORDER)])
    for panel in display.axes_:
        assert names(panel.xaxis) == [NAMES[j] for j in ORDER]
    assert names(display.axes_[0].yaxis) == [NAMES[j] for j in ORDER]
    assert "1 without a positive left out" in display.axes_[0].get_xlabel()


@pytest.mark.parametrize("normalize", ["phi", "conditional", None])
def test_the_counted_one_is_that_of_the_cooccurrence(normalize):
    wanted = LabelCooccurrenceDisplay.from_labels(Y, normalize=normalize)
    display = draw(normalize=normalize)
    np.testing.assert_array_equal(display.cooccurrence, wanted.matrix)
    assert display.images_[1].get_clim() == wanted.image_.get_clim()
    assert display.images_[1].colorbar.ax.get_xlabel() == wanted.image_.colorbar.ax.get_ylabel()


def test_colours_of_the_learned_one_are_centred_at_0():
    low, high = draw().images_[0].get_clim()
    shown = LEARNED[np.ix_(ORDER, ORDER)]
    assert -low == high == abs(shown[~np.eye(6, dtype=bool)]).max()
    assert "Learned" in draw().images_[0].colorbar.ax.get_xlabel()


def test_small_weights_keep_two_digits():
    zeros = np.zeros((2, 2))
    matrix = np.array([[0.0, 0.00123], [-0.0004, 0.0]])
    display = LabelCorrelationDisplay(matrix, zeros, np.ones(2, int), ["a", "b"]).plot()
    texts = [text.get_text() for text in display.texts_[0]]
    assert texts == ["0.0000", "0.0012", "-0.0004", "0.0000"]
    untrained = LabelCorrelationDisplay(zeros, zeros, np.ones(2, int), ["a", "b"]).plot()
    assert {text.get_text() for text in untrained.texts_[0]} == {"0.00"}


def test_a_matrix_of_a_fitted_network_from_inside_a_pipeline():
    X = np.random.default_rng(0).normal(size=(60, 4))
    y = pd.DataFrame(Y[:, :3], columns=["sea", "trees", "sunset"])
    settings = {
        "blocks": {"one": slice(None)},
        "hidden_size": 8,
        "embedding_size": 4,
        "max_epochs": 1,
        "random_state": 0,
    }
    model = make_pipeline(StandardScaler(), M3LAClassifier(**settings)).fit(X, y)
    display = LabelCorrelationDisplay.from_estimator(model, y)
    np.testing.assert_array_equal(display.matrix, model[-1].label_correlation_)
    assert display.label_names == list(y)
    with pytest.raises(ValueError, match="same labels in another order"):
        LabelCorrelationDisplay.from_estimator(model, y[["trees", "sea", "sunset"]])
    without = M3LAClassifier(**settings, label_correlation=False).fit(X, y)
    with pytest.raises(ValueError, match=r"no label_correlation_.*\(label_correlation=True\)"):
        LabelCorrelationDisplay.from_estimator(without, y)


def test_a_new_figure_or_the_axes_given():
    display = draw(max_labels=3)
    assert "3 most frequent of 7 labels" in display.axes_[0].get_xlabel()
    figure, axes = plt.subplots(1, 2, layout="constrained")
    assert display.plot(axes[1]) is display
    figure.canvas.draw()
    assert display.figure_ is figure
    assert all(panel.get_position().x0 > 0.45 for panel in display.axes_)


def test_odd_and_other_names_are_drawn():
    odd = ["a" * 80, "_hidden", "$x", "d", "é", "f", "g"]
    display = draw(label_names=odd)
    display.figure_.canvas.draw()
    assert display.label_names == odd


def test_bad_settings():
    with pytest.raises(ValueError, match="y has 2 labels and the model 7"):
        draw(Y[:, :2])
    with pytest.raises(ValueError, match="Unknown normalize 'pfi'. Did you mean 'phi'"):
        draw(normalize="pfi")
    with pytest.raises(ValueError, match="max_labels=0; expected"):
        draw(max_labels=0)
    with pytest.raises(ValueError, match="This StandardScaler has no label_correlation_"):
        LabelCorrelationDisplay.from_estimator(StandardScaler(), Y)
