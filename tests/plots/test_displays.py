"""What all displays promise: where they draw, which labels they show, what they refuse."""

import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier

from helpers import ColumnClassifier, random_case
from sklearn_mlic import BinaryRelevance
from sklearn_mlic.plots import (
    LabelCooccurrenceDisplay,
    LabelFrequencyDisplay,
    MultilabelCalibrationDisplay,
    MultilabelPrecisionRecallDisplay,
    ThresholdCurveDisplay,
)

Y_TRUE, Y_PROB = random_case(0)  # seven labels from frequent to rare, the last without a positive
OF_LABELS = {
    "frequency": LabelFrequencyDisplay.from_labels,
    "cooccurrence": LabelCooccurrenceDisplay.from_labels,
}
OF_PREDICTIONS = {
    "precision_recall": MultilabelPrecisionRecallDisplay.from_predictions,
    "calibration": MultilabelCalibrationDisplay.from_predictions,
    "threshold_curve": ThresholdCurveDisplay.from_predictions,
}
DRAW = OF_LABELS | {
    name: lambda y, draw=draw, **settings: draw(y, Y_PROB[:, : np.shape(y)[1]], **settings)
    for name, draw in OF_PREDICTIONS.items()
}
all_displays = pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW)
curve_displays = pytest.mark.parametrize("draw", OF_PREDICTIONS.values(), ids=OF_PREDICTIONS)


def shown_names(display):
    """Names of the labels that are drawn, in their order."""
    if hasattr(display, "lines_"):
        return [line.get_label().split(" (")[0] for line in display.lines_]
    return [text.get_text() for text in display.ax_.get_yticklabels()]


@all_displays
def test_a_new_figure_or_the_axes_given(draw):
    display = draw(Y_TRUE)
    assert display.figure_ is display.ax_.figure
    assert len(plt.get_fignums()) == 1
    _, axes = plt.subplots(1, 2)
    again = display.plot(axes[1])
    assert again is display
    assert display.ax_ is axes[1]
    assert display.figure_ is axes[1].figure
    assert not axes[0].has_data()
    assert len(plt.get_fignums()) == 2


@all_displays
def test_drawing_to_pixels_gives_no_warning(draw):
    draw(Y_TRUE, label_names=["a" * 80, "_hidden", "$x", "d", "é", "f", "g"]).figure_.canvas.draw()


@all_displays
def test_names_come_from_columns_or_the_argument(draw):
    y = pd.DataFrame(Y_TRUE, columns=list("abcdefg"))
    by_frequency = np.argsort(-Y_TRUE.sum(axis=0), kind="stable")
    n_shown = len(shown_names(draw(y)))
    assert shown_names(draw(y)) == ["abcdefg"[j] for j in by_frequency][:n_shown]
    assert shown_names(draw(y, label_names=range(7)))[0] == str(by_frequency[0])
    assert shown_names(draw(Y_TRUE))[0] == f"label_{by_frequency[0]}"


@all_displays
def test_many_labels_show_the_most_frequent_and_say_so(draw):
    display = draw(Y_TRUE, max_labels=3)
    by_frequency = np.argsort(-Y_TRUE.sum(axis=0), kind="stable")
    assert shown_names(display) == [f"label_{j}" for j in by_frequency[:3]]
    assert "3 most frequent of 7 labels" in display.ax_.get_xlabel()
    assert "most frequent" not in draw(Y_TRUE, max_labels=None).ax_.get_xlabel()
    assert len(shown_names(display.plot(max_labels=2))) == 2


@pytest.mark.parametrize("name", ["cooccurrence", *OF_PREDICTIONS])
def test_a_label_without_a_positive_is_left_out_with_a_note(name):
    display = DRAW[name](Y_TRUE)
    assert len(shown_names(display)) == 6
    assert "1 without a positive left out" in display.ax_.get_xlabel()
    assert "left out" not in DRAW[name](Y_TRUE[:, :3]).ax_.get_xlabel()
    with pytest.raises(ValueError, match="No label has a positive"):
        DRAW[name](np.zeros((60, 2)))


@all_displays
def test_bad_settings(draw):
    with pytest.raises(ValueError, match="label_names has 2 names for 7 labels"):
        draw(Y_TRUE, label_names=["a", "b"])
    with pytest.raises(ValueError, match="max_labels=0; expected a whole number of 1 or more"):
        draw(Y_TRUE, max_labels=0)
    with pytest.raises(ValueError, match="not 0 or 1, the first in row 0"):
        draw(Y_TRUE + 1)


@curve_displays
def test_bad_predictions(draw):
    with pytest.raises(ValueError, match=r"y_true has shape \(60, 7\) and y_prob has shape"):
        draw(Y_TRUE, Y_PROB[:, :2])
    with pytest.raises(ValueError, match=r"entries outside 0\.\.1.*expit"):
        draw(Y_TRUE, 3 * Y_PROB)
    with pytest.raises(ValueError, match="y_prob holds NaN, first in row 0"):
        draw(Y_TRUE, Y_PROB * np.nan)


@curve_displays
def test_unknown_entries_are_left_out(draw):
    y_true = Y_TRUE.astype(float)
    y_true[::3, 0] = np.nan
    known = np.arange(60) % 3 != 0
    ours, wanted = (
        draw(y, p, max_labels=None).lines_
        for y, p in ((y_true[:, :1], Y_PROB[:, :1]), (Y_TRUE[known, :1], Y_PROB[known, :1]))
    )
    np.testing.assert_allclose(ours[0].get_xydata(), wanted[0].get_xydata())


@pytest.mark.parametrize(
    "display", [MultilabelPrecisionRecallDisplay, MultilabelCalibrationDisplay]
)
def test_from_estimator_takes_any_classifier(display):
    # Without the names that a model of ours knows; its columns are Y_PROB itself.
    by_column = display.from_estimator(ColumnClassifier(), Y_PROB, Y_TRUE)
    wanted = display.from_predictions(Y_TRUE, Y_PROB)
    for line, wanted_line in zip(by_column.lines_, wanted.lines_, strict=True):
        np.testing.assert_array_equal(line.get_xydata(), wanted_line.get_xydata())
    listed = MultiOutputClassifier(LogisticRegression()).fit(Y_PROB, Y_TRUE[:, :3])
    assert len(display.from_estimator(listed, Y_PROB, Y_TRUE[:, :3]).lines_) == 3


@pytest.mark.parametrize(
    "display", [MultilabelPrecisionRecallDisplay, MultilabelCalibrationDisplay]
)
def test_from_estimator_knows_the_names_and_their_order(display):
    y = pd.DataFrame(Y_TRUE[:, :3], columns=["cat", "dog", "eel"])
    model = BinaryRelevance(LogisticRegression()).fit(Y_PROB, y)
    assert shown_names(display.from_estimator(model, Y_PROB, y.to_numpy())) == list(y)
    with pytest.raises(ValueError, match="same columns in another order"):
        display.from_estimator(model, Y_PROB, y[["dog", "cat", "eel"]])


def test_without_matplotlib_the_way_to_get_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install sklearn-mlic\[plot\]"):
        LabelFrequencyDisplay.from_labels(Y_TRUE)


def test_importing_the_displays_loads_no_matplotlib():
    code = "import sys, sklearn_mlic.plots; print({'matplotlib', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
