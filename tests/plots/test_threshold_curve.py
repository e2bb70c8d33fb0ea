"""Numbers and artists of the curves of score against threshold."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import metrics
from sklearn.linear_model import LogisticRegression

from helpers import random_case
from sklearn_mlic import BinaryRelevance, ThresholdCalibrator
from sklearn_mlic.plots import ThresholdCurveDisplay
from sklearn_mlic.plots._score_curves import METRICS

Y_TRUE, Y_PROB = (values[:, :3] for values in random_case(0, n_samples=200, decimals=2))
BY_HAND = {
    "f1": metrics.f1_score,
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "jaccard": metrics.jaccard_score,
    "matthews_corrcoef": metrics.matthews_corrcoef,
    "precision": lambda y, p: metrics.precision_score(y, p, zero_division=np.nan),
    "recall": metrics.recall_score,
}


def calibrator(y=Y_TRUE, cv=3, **settings):
    base = BinaryRelevance(LogisticRegression())
    return ThresholdCalibrator(base, cv=cv, random_state=0, **settings).fit(Y_PROB, y)


@pytest.mark.parametrize("metric", BY_HAND)
def test_scores_are_those_of_scikit_learn_at_every_cut(metric):
    display = ThresholdCurveDisplay.from_predictions(Y_TRUE, Y_PROB, metric=metric)
    for i in range(0, len(display.cuts), 10):
        y_pred = (display.cuts[i] <= Y_PROB).astype(int)
        wanted = [BY_HAND[metric](Y_TRUE[:, j], y_pred[:, j]) for j in range(3)]
        np.testing.assert_allclose(display.scores[:, i], wanted, atol=1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_is_drawn_within_the_axes(metric):
    display = ThresholdCurveDisplay.from_predictions(Y_TRUE, Y_PROB, metric=metric, thresholds=0.4)
    low, high = display.ax_.get_ylim()
    for line in (*display.lines_, *display.points_):
        y = line.get_ydata()
        assert np.all((low <= y[~np.isnan(y)]) & (y[~np.isnan(y)] <= high))


def test_marks_are_the_scores_at_the_thresholds():
    thresholds = np.array([0.333, 0.41, 0.5001])
    display = ThresholdCurveDisplay.from_predictions(Y_TRUE, Y_PROB, thresholds=thresholds)
    wanted = metrics.f1_score(Y_TRUE, thresholds <= Y_PROB, average=None)
    np.testing.assert_allclose(display.threshold_scores, wanted)
    marks = [point.get_xydata()[0] for point in display.points_]
    np.testing.assert_allclose(marks, np.column_stack([thresholds, wanted]))  # frequent first
    assert display.bands_ == []


def test_folds_give_the_mean_and_the_spread():
    folds = np.arange(len(Y_TRUE)) % 4
    display = ThresholdCurveDisplay.from_predictions(Y_TRUE, Y_PROB, folds=folds, thresholds=0.5)
    alone = [
        ThresholdCurveDisplay.from_predictions(Y_TRUE[folds == k], Y_PROB[folds == k]).scores
        for k in range(4)
    ]
    np.testing.assert_allclose(display.scores, np.mean(alone, axis=0))
    np.testing.assert_allclose(display.score_std, np.std(alone, axis=0))
    assert len(display.bands_) == 3
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts == ["label_0", "label_1", "label_2", "chosen threshold", "± std over folds"]


def test_folds_without_a_positive_do_not_count():
    y_true = np.array([[1, 0], [1, 1], [0, 0], [1, 0]])
    y_prob = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.9], [0.7, 0.3]])
    folds = ["a", "a", "b", "b"]
    display = ThresholdCurveDisplay.from_predictions(y_true, y_prob, folds=folds)
    wanted = ThresholdCurveDisplay.from_predictions(y_true[:2], y_prob[:2])
    np.testing.assert_allclose(display.scores[1], wanted.scores[1])
    np.testing.assert_allclose(display.score_std[1], 0)


def test_a_fitted_calibrator_shows_what_it_saw():
    model = calibrator(store_cv_results=True)
    display = ThresholdCurveDisplay.from_estimator(model, Y_TRUE)
    results = model.cv_results_
    wanted = ThresholdCurveDisplay.from_predictions(
        Y_TRUE[results["rows"]],
        results["y_prob"],
        folds=results["fold"],
        thresholds=model.thresholds_,
    )
    np.testing.assert_array_equal(display.scores, wanted.scores)
    np.testing.assert_array_equal(display.score_std, wanted.score_std)
    np.testing.assert_array_equal(display.thresholds, model.thresholds_)


def test_the_threshold_of_one_hold_out_is_on_the_top():
    model = calibrator(cv=0.4, store_cv_results=True)
    display = ThresholdCurveDisplay.from_estimator(model, Y_TRUE)
    assert display.score_std is None
    np.testing.assert_allclose(display.threshold_scores, model.best_scores_)
    assert (display.threshold_scores >= display.scores.max(axis=1) - 1e-12).all()


@pytest.mark.parametrize("as_kind", [np.ndarray.tolist, pd.DataFrame, sparse.coo_array])
def test_the_container_of_y_makes_no_difference(as_kind):
    model = calibrator(store_cv_results=True)
    wanted = ThresholdCurveDisplay.from_estimator(model, Y_TRUE).scores
    y = as_kind(Y_TRUE)
    if isinstance(y, pd.DataFrame):
        y.columns, y.index = model.label_names_, range(1000, 1200)
    np.testing.assert_array_equal(ThresholdCurveDisplay.from_estimator(model, y).scores, wanted)


def test_labels_in_another_order_are_found():
    y = pd.DataFrame(Y_TRUE, columns=["cat", "dog", "eel"])
    model = calibrator(y, store_cv_results=True)
    assert ThresholdCurveDisplay.from_estimator(model, Y_TRUE).lines_[0].get_label() == "cat"
    with pytest.raises(ValueError, match="same columns in another order"):
        ThresholdCurveDisplay.from_estimator(model, y[["eel", "dog", "cat"]])


def test_bad_input():
    with pytest.raises(ValueError, match="fitted with store_cv_results=True"):
        ThresholdCurveDisplay.from_estimator(calibrator(), Y_TRUE)
    with pytest.raises(ValueError, match="y has 100 rows and the estimator was fitted on at least"):
        ThresholdCurveDisplay.from_estimator(calibrator(store_cv_results=True), Y_TRUE[:100])
    with pytest.raises(ValueError, match="Unknown metric 'f_1'. Did you mean 'f1'"):
        ThresholdCurveDisplay.from_predictions(Y_TRUE, Y_PROB, metric="f_1")
    with pytest.raises(ValueError, match=r"folds has shape \(2,\); expected one fold a row"):
        ThresholdCurveDisplay.from_predictions(Y_TRUE, Y_PROB, folds=[0, 1])
