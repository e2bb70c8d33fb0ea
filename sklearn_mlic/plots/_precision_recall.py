"""Precision against recall, label by label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import average_precision_score, precision_recall_curve

from sklearn_mlic.fitted import find_thresholds
from sklearn_mlic.metrics._checks import as_thresholds
from sklearn_mlic.plots._figure import (
    add_legend,
    choose_labels,
    curve_style,
    describe_choice,
    open_curve_axes,
    shorten,
    with_note,
)
from sklearn_mlic.plots._inputs import Predictions, check_predictions, predict_named
from sklearn_mlic.utils._labels import find_names


class MultilabelPrecisionRecallDisplay:
    """Precision-recall curve of each label, with a mark at the chosen threshold.

    Look at it to see which labels are hard, and what a threshold trades for what. Draw it on rows
    that the model was not trained on. Use `from_predictions` or `from_estimator` to make one.

    Parameters
    ----------
    precision, recall : list of ndarray
        One curve a label, as `sklearn.metrics.precision_recall_curve` returns it; empty for a
        label without a positive.
    average_precision : ndarray of shape (n_labels,)
        Area under each curve, without interpolation; NaN without a positive.
    n_positives : ndarray of int, shape (n_labels,)
        Rows that are known to have the label.
    label_names : sequence of str
        One name a label.
    operating_points : ndarray of shape (n_labels, 2), optional
        Recall and precision at the chosen threshold; a NaN leaves the mark out.

    Attributes
    ----------
    lines_ : list of Line2D
        One curve a label shown, the most frequent first.
    points_ : list of Line2D
        The marks, in the same order; empty without thresholds.
    ax_ : Axes
        Where it is drawn.
    figure_ : Figure
        The figure around it.

    Examples
    --------
    >>> from sklearn_mlic.plots import MultilabelPrecisionRecallDisplay
    >>> y_true = [[1, 0], [1, 1], [0, 0], [0, 1]]
    >>> y_prob = [[0.9, 0.1], [0.4, 0.7], [0.2, 0.8], [0.1, 0.9]]
    >>> display = MultilabelPrecisionRecallDisplay.from_predictions(y_true, y_prob, thresholds=0.5)
    >>> display.average_precision.round(2)
    array([1.  , 0.83])
    """

    def __init__(
        self,
        precision: list[np.ndarray],
        recall: list[np.ndarray],
        average_precision: np.ndarray,
        n_positives: np.ndarray,
        label_names: Sequence[str],
        operating_points: np.ndarray | None = None,
    ):
        self.precision = precision
        self.recall = recall
        self.average_precision = average_precision
        self.n_positives = n_positives
        self.label_names = label_names
        self.operating_points = operating_points

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        label_names: Sequence[str] | None = None,
        max_labels: int | None = 7,
        ax: Any = None,
    ) -> MultilabelPrecisionRecallDisplay:
        """Predict with a fitted model and draw the curves and its thresholds.

        Parameters
        ----------
        estimator : estimator
            A fitted multi-label classifier, or a pipeline or search around one. Its
            ``thresholds_`` are marked, or 0.5 where it has none.
        X : array-like of n_samples rows
            In the form that ``fit`` took.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicators, NaN where unknown.
        label_names : sequence of str, optional
            Other names than the columns of `y` or those the estimator knows.
        max_labels : int or None, default=7
            Number of labels to show, the most frequent; None shows all.
        ax : Axes, optional
            Where to draw; None opens a figure.

        Returns
        -------
        MultilabelPrecisionRecallDisplay
            The numbers and what was drawn.
        """
        return cls.from_predictions(
            y,
            predict_named(estimator, X),
            thresholds=thresholds_of(estimator),
            label_names=label_names,
            max_labels=max_labels,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_prob: ArrayLike,
        *,
        thresholds: ArrayLike | None = None,
        label_names: Sequence[str] | None = None,
        max_labels: int | None = 7,
        ax: Any = None,
    ) -> MultilabelPrecisionRecallDisplay:
        """Draw the curves of given probabilities.

        Parameters
        ----------
        y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicators, NaN where unknown. The columns of a DataFrame name the labels.
        y_prob : array-like of shape (n_samples, n_labels)
            Predicted probabilities.
        thresholds : float or array-like of shape (n_labels,), optional
            Where to put the marks; a label is predicted iff its probability is at least this.
        label_names : sequence of str, optional
            Other names for the labels.
        max_labels : int or None, default=7
            Number of labels to show, the most frequent; None shows all.
        ax : Axes, optional
            Where to draw; None opens a figure.

        Returns
        -------
        MultilabelPrecisionRecallDisplay
            The numbers and what was drawn.
        """
        predictions = check_predictions(y_true, y_prob)
        n_positives = predictions.n_positives
        names = find_names(label_names, len(n_positives), y_true, y_prob)
        curves = [_curve(y, p) for y, p in predictions.labels()]
        precision, recall, average_precision = zip(*curves, strict=True)
        points = None if thresholds is None else _operating_points(predictions, thresholds)
        display = cls(
            list(precision), list(recall), np.array(average_precision), n_positives, names, points
        )
        return display.plot(ax, max_labels=max_labels)

    def plot(
        self, ax: Any = None, *, max_labels: int | None = 7
    ) -> MultilabelPrecisionRecallDisplay:
        """Draw the curves, labels without a positive left out.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; None opens a figure.
        max_labels : int or None, default=7
            Number of labels to show, the most frequent; None shows all.

        Returns
        -------
        MultilabelPrecisionRecallDisplay
            Itself, with what was drawn.
        """
        columns = choose_labels(self.n_positives, max_labels)
        is_own_figure = ax is None
        ax = open_curve_axes(ax)
        self.ax_, self.figure_ = ax, ax.figure
        self.lines_, self.points_ = [], []
        names = shorten(self.label_names)
        for i, j in enumerate(columns):
            label = f"{names[j]} (AP = {self.average_precision[j]:.2f})"
            # Steps, as the average precision does not interpolate either.
            self.lines_ += ax.plot(
                self.recall[j],
                self.precision[j],
                drawstyle="steps-post",
                label=label,
                **curve_style(i),
            )
        if self.operating_points is not None:
            self.points_ = [self._mark(j, i) for i, j in enumerate(columns)]
            ax.plot([], [], "o", color="0.4", markeredgecolor="white", label="chosen threshold")
        note = describe_choice(self.n_positives, columns)
        ax.set(xlabel=with_note("Recall", note), ylabel="Precision")
        add_legend(ax, is_own_figure)
        return self

    def _mark(self, label: int, i: int) -> Any:
        recall, precision = self.operating_points[label]
        style = {"markersize": 8, "markeredgecolor": "white", "zorder": 3}
        return self.ax_.plot([recall], [precision], "o", color=curve_style(i)["color"], **style)[0]


def thresholds_of(estimator: Any) -> Any:
    """The thresholds of a fitted model; 0.5 for a classifier of another package."""
    try:
        return find_thresholds(estimator)
    except ValueError:
        return 0.5


def _curve(y: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """One label's precision, recall and average precision; empty without a positive."""
    if not y.any():
        return np.empty(0), np.empty(0), np.nan
    precision, recall, _ = precision_recall_curve(y, p, drop_intermediate=True)
    return precision, recall, float(average_precision_score(y, p))


def _operating_points(predictions: Predictions, thresholds: ArrayLike) -> np.ndarray:
    """Recall and precision of each label at its threshold; NaN where undefined."""
    positive, y_prob, known = predictions
    predicted = (y_prob >= as_thresholds(thresholds, y_prob.shape[1])) & known
    n_hits = (predicted & positive).sum(axis=0)
    points = np.full((y_prob.shape[1], 2), np.nan)
    for k, n in enumerate((positive.sum(axis=0), predicted.sum(axis=0))):
        np.divide(n_hits, n, out=points[:, k], where=n > 0)
    return points
