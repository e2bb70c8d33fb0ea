"""What the learning curve reads from a history, and whose history it finds."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_mlic import BinaryRelevance, ThresholdCalibrator
from sklearn_mlic.plots import LearningCurveDisplay

HISTORY = pd.DataFrame(
    {
        "epoch": [1, 2, 3, 4],
        "train_loss": [0.9, 0.6, 0.4, 0.3],
        "dur": 1.0,
        "lr": 0.01,
        "valid_loss": [0.8, 0.5, 0.6, 0.7],
        "valid_mAP": [0.5, 0.6, 0.7, 0.7],
    }
)
WITHOUT_VALIDATION = HISTORY[["epoch", "train_loss", "dur", "lr"]]


class Trained(BaseEstimator):
    """What a fitted deep classifier shows of itself."""

    def fit(self, X, y):
        self.label_names_ = np.array([f"label_{j}" for j in range(y.shape[1])], dtype=object)
        self.classes_ = np.array([[0, 1]] * y.shape[1])
        self.history_ = HISTORY
        return self

    def predict_proba(self, X):
        return np.asarray(X)


def test_curves_are_the_columns_in_two_panels_that_share_epochs():
    display = LearningCurveDisplay.from_history(HISTORY)
    assert list(display.lines_) == ["train_loss", "valid_loss", "valid_mAP"]
    for name, line in display.lines_.items():
        np.testing.assert_array_equal(line.get_xydata(), HISTORY[["epoch", name]])
    losses, scores = display.axes_
    assert display.lines_["valid_loss"].axes is losses
    assert display.lines_["valid_mAP"].axes is scores
    assert losses.get_shared_x_axes().joined(losses, scores)
    assert (losses.get_ylabel(), scores.get_ylabel()) == ("Loss", "mAP")
    assert scores.get_xlabel() == "Epoch"


def test_best_epoch_is_the_first_of_the_highest_score():
    display = LearningCurveDisplay.from_history(HISTORY)
    assert display.best_epoch == 3
    assert [line.get_xdata()[0] for line in display.best_lines_] == [3, 3]
    told = [line.get_label() for line in display.best_lines_]
    assert told == ["best epoch 3: 0.6", "best epoch 3: 0.7"]


def test_what_skorch_writes_beside_the_scores_is_no_score():
    history = HISTORY.drop(columns="valid_mAP").assign(valid_batch_count=1, valid_loss_best=True)
    assert LearningCurveDisplay.from_history(history).score is None
    assert (
        LearningCurveDisplay.from_history(history.assign(valid_neg_loss=-1)).score
        == "valid_neg_loss"
    )


def test_best_epoch_without_a_score_is_that_of_the_lowest_validation_loss():
    display = LearningCurveDisplay.from_history(HISTORY.drop(columns="valid_mAP"))
    assert display.best_epoch == 2
    assert len(display.axes_) == len(display.best_lines_) == 1


def test_without_validation_there_is_no_best_epoch():
    display = LearningCurveDisplay.from_history(WITHOUT_VALIDATION)
    assert display.best_epoch is None
    assert display.best_lines_ == []
    assert list(display.lines_) == ["train_loss"]


@pytest.mark.parametrize("history", [HISTORY[:1], WITHOUT_VALIDATION[:1]])
def test_one_epoch_is_a_point_on_a_whole_number(history):
    display = LearningCurveDisplay.from_history(history)
    display.figure_.canvas.draw()
    assert display.lines_["train_loss"].get_marker() == "o"
    low, high = display.axes_[-1].get_xlim()
    ticks = [tick for tick in display.axes_[-1].get_xticks() if low <= tick <= high]
    assert ticks == [1]


def test_epochs_without_a_number_are_passed_over():
    history = HISTORY.astype({"valid_mAP": object})
    history.loc[2, "valid_mAP"] = None
    history.loc[1, "train_loss"] = np.nan
    history["valid_loss"] = np.nan
    display = LearningCurveDisplay.from_history(history)
    display.figure_.canvas.draw()
    assert display.best_epoch == 4
    assert display.lines_["train_loss"].get_xdata().tolist() == [1, 3, 4]
    assert display.lines_["valid_mAP"].get_xdata().tolist() == [1, 2, 4]
    assert display.best_lines_[0].get_label() == "best epoch 4"
    history["valid_mAP"] = np.nan
    assert LearningCurveDisplay.from_history(history).best_epoch is None


def test_another_score_can_be_chosen():
    history = HISTORY.assign(valid_macro_F1=[0.9, 0.1, 0.1, 0.1])
    display = LearningCurveDisplay.from_history(history, score="valid_macro_F1")
    assert display.best_epoch == 1
    assert display.axes_[1].get_ylabel() == "macro_F1"
    with pytest.raises(ValueError, match="Unknown score 'valid_map'. Did you mean 'valid_mAP'"):
        LearningCurveDisplay.from_history(history, score="valid_map")
    with pytest.raises(ValueError, match="history has no score: its columns are"):
        LearningCurveDisplay.from_history(WITHOUT_VALIDATION, score="valid_mAP")


@pytest.mark.parametrize("history", [HISTORY[["epoch"]], HISTORY[:0], pd.DataFrame()])
def test_a_history_must_have_epochs_and_a_loss(history):
    with pytest.raises(ValueError, match="expected one row an epoch with 'epoch' and 'train_loss'"):
        LearningCurveDisplay.from_history(history)


def test_the_history_is_found_inside_other_estimators():
    y = np.tile([[0, 1], [1, 0]], (5, 1))
    model = Trained().fit(None, y)
    wrapped = ThresholdCalibrator(FrozenEstimator(model), method="f1").fit(0.5 * y, y)
    for outer in (model, wrapped, make_pipeline("passthrough", wrapped), FrozenEstimator(model)):
        display = LearningCurveDisplay.from_estimator(outer)
        pd.testing.assert_frame_equal(display.history, HISTORY)


def test_estimators_without_a_history():
    y = np.tile([[0, 1], [1, 0]], (5, 1))
    model = ThresholdCalibrator(BinaryRelevance(LogisticRegression())).fit(y, y)
    with pytest.raises(ValueError, match="This ThresholdCalibrator has no history_. Expected a"):
        LearningCurveDisplay.from_estimator(model)
    with pytest.raises(ValueError, match="This Trained has no history_"):
        LearningCurveDisplay.from_estimator(Trained())


@pytest.mark.parametrize("has_place", [True, False])
def test_panels_lie_within_the_axes_given(has_place):
    figure = plt.figure()
    ax = figure.subplots(1, 2)[1] if has_place else figure.add_axes([0.5, 0.1, 0.4, 0.8])
    display = LearningCurveDisplay.from_history(HISTORY, ax=ax)
    figure.canvas.draw()
    assert display.figure_ is figure
    assert len(plt.get_fignums()) == 1
    outer = ax.get_position().padded(1e-6)
    for panel in display.axes_:
        assert outer.containsx(panel.get_position().x0)
        assert outer.containsx(panel.get_position().x1)
        assert outer.containsy(panel.get_position().y0)
        assert outer.containsy(panel.get_position().y1)
