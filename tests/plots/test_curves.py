"""Numbers and artists of the precision-recall and calibration curves."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    precision_score,
    recall_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers import random_case
from sklearn_mlic import BinaryRelevance, ThresholdCalibrator
from sklearn_mlic.plots import MultilabelCalibrationDisplay, MultilabelPrecisionRecallDisplay

Y_TRUE, Y_PROB = (values[:, :6] for values in random_case(0))
BY_FREQUENCY = np.argsort(-Y_TRUE.sum(axis=0), kind="stable")


def test_curves_and_areas_are_those_of_scikit_learn():
    y_true, y_prob = random_case(1, decimals=3)
    display = MultilabelPrecisionRecallDisplay.from_predictions(y_true, y_prob)
    for j in range(6):
        wanted = precision_recall_curve(y_true[:, j], y_prob[:, j], drop_intermediate=True)
        np.testing.assert_array_equal(display.precision[j], wanted[0])
        np.testing.assert_array_equal(display.recall[j], wanted[1])
    np.testing.assert_allclose(
        display.average_precision[:6],
        average_precision_score(y_true[:, :6], y_prob[:, :6], average=None),
    )
    assert np.isnan(display.average_precision[6])


def test_legend_names_the_area_and_the_mark():
    display = MultilabelPrecisionRecallDisplay.from_predictions(Y_TRUE, Y_PROB, thresholds=0.5)
    first = BY_FREQUENCY[0]
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts[0] == f"label_{first} (AP = {display.average_precision[first]:.2f})"
    assert texts[-1] == "chosen threshold"
    assert len(texts) == 7
    bare = MultilabelPrecisionRecallDisplay.from_predictions(Y_TRUE, Y_PROB)
    assert bare.points_ == []
    assert len(bare.ax_.get_legend().get_texts()) == 6


@pytest.mark.parametrize("thresholds", [0.5, np.linspace(0.3, 0.7, 6)], ids=["one", "each"])
def test_marks_are_precision_and_recall_at_the_threshold(thresholds):
    display = MultilabelPrecisionRecallDisplay.from_predictions(
        Y_TRUE, Y_PROB, thresholds=thresholds
    )
    y_pred = (thresholds <= Y_PROB).astype(int)
    recall = recall_score(Y_TRUE, y_pred, average=None)
    precision = precision_score(Y_TRUE, y_pred, average=None)
    marks = np.array([point.get_xydata()[0] for point in display.points_])
    np.testing.assert_allclose(marks, np.column_stack([recall, precision])[BY_FREQUENCY])


def test_a_threshold_that_predicts_nothing_has_no_mark():
    display = MultilabelPrecisionRecallDisplay.from_predictions([[1], [0]], [[0.5], [0.2]])
    assert display.operating_points is None
    display = MultilabelPrecisionRecallDisplay.from_predictions(
        [[1], [0]], [[0.5], [0.2]], thresholds=0.9
    )
    np.testing.assert_array_equal(display.operating_points, [[0, np.nan]])


def test_fitted_thresholds_are_marked_also_from_inside_a_pipeline():
    tuned = ThresholdCalibrator(BinaryRelevance(LogisticRegression()), cv=2, random_state=0)
    model = make_pipeline(StandardScaler(), tuned).fit(Y_PROB, Y_TRUE)
    display = MultilabelPrecisionRecallDisplay.from_estimator(model, Y_PROB, Y_TRUE)
    wanted = recall_score(Y_TRUE, model.predict(Y_PROB), average=None)
    np.testing.assert_allclose(display.operating_points[:, 0], wanted)
    plain = BinaryRelevance(LogisticRegression()).fit(Y_PROB, Y_TRUE)
    display = MultilabelPrecisionRecallDisplay.from_estimator(plain, Y_PROB, Y_TRUE)
    wanted = recall_score(Y_TRUE, plain.predict(Y_PROB), average=None)
    np.testing.assert_allclose(display.operating_points[:, 0], wanted)


def test_bad_thresholds():
    with pytest.raises(ValueError, match=r"thresholds have shape \(2,\); expected one number"):
        MultilabelPrecisionRecallDisplay.from_predictions(Y_TRUE, Y_PROB, thresholds=[0.1, 0.2])


@pytest.mark.parametrize("decimals", [1, 6])  # with many ties and with none
@pytest.mark.parametrize("n_bins", [1, 4, 10])
@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_bins_are_those_of_scikit_learn(strategy, n_bins, decimals):
    y_true, y_prob = (values[:, :6] for values in random_case(2, decimals=decimals))
    settings = {"n_bins": n_bins, "strategy": strategy}
    display = MultilabelCalibrationDisplay.from_predictions(y_true, y_prob, **settings)
    order = np.argsort(-y_true.sum(axis=0), kind="stable")
    for line, j in zip(display.lines_, order, strict=True):
        wanted = calibration_curve(y_true[:, j], y_prob[:, j], **settings)
        np.testing.assert_allclose((display.prob_true[j], display.prob_pred[j]), wanted)
        np.testing.assert_allclose(line.get_xydata().T, wanted[::-1])


def test_calibration_error_is_the_mean_distance():
    # Bins 0..0.5 and 0.5..1 of three rows and one: |1/3 - 0.2| and |1 - 0.6|.
    y_true, y_prob = [[0], [1], [0], [1]], [[0.1], [0.2], [0.3], [0.6]]
    display = MultilabelCalibrationDisplay.from_predictions(y_true, y_prob, n_bins=2)
    wanted = 0.75 * (1 / 3 - 0.2) + 0.25 * 0.4
    np.testing.assert_allclose(display.calibration_error, [wanted])
    assert display.lines_[0].get_label() == f"label_0 (ECE = {wanted:.3f})"


def test_calibrated_probabilities_lie_on_the_diagonal():
    rng = np.random.default_rng(0)
    y_prob = rng.random((40000, 2))
    y_true = (rng.random(y_prob.shape) < y_prob).astype(int)
    calibrated = MultilabelCalibrationDisplay.from_predictions(y_true, y_prob)
    assert (calibrated.calibration_error < 0.02).all()
    too_sure = MultilabelCalibrationDisplay.from_predictions(y_true, (y_prob > 0.5).astype(float))
    np.testing.assert_allclose(too_sure.calibration_error, 0.25, atol=0.02)
    x, y = calibrated.diagonal_.get_data()
    np.testing.assert_array_equal(x, y)


def test_bad_bins():
    with pytest.raises(ValueError, match="Unknown strategy 'equal'. .*Choose one of: 'uniform'"):
        MultilabelCalibrationDisplay.from_predictions(Y_TRUE, Y_PROB, strategy="equal")
    with pytest.raises(ValueError, match="n_bins=0; expected a whole number of 1 or more"):
        MultilabelCalibrationDisplay.from_predictions(Y_TRUE, Y_PROB, n_bins=0)
