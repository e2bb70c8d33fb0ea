"""Are the probabilities what they say?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.plots._figure import (
    add_legend,
    choose_labels,
    curve_style,
    describe_choice,
    open_curve_axes,
    shorten,
    with_note,
)
from sklearn_mlic.plots._inputs import check_predictions, predict_named
from sklearn_mlic.utils._choices import check_choice
from sklearn_mlic.utils._labels import find_names
from sklearn_mlic.utils._numbers import check_count


class MultilabelCalibrationDisplay:
    """Reliability curve of each label, with its expected calibration error.

    Look at it before probabilities are read as such or compared between labels. Below the
    diagonal a model is too sure that a label is there, above it not sure enough. Draw it on rows
    that the model was not trained on. Use `from_predictions` or `from_estimator` to make one.

    Parameters
    ----------
    prob_true, prob_pred : list of ndarray
        For each label the part of positives and the mean probability of each bin that has rows,
        as `sklearn.calibration.calibration_curve` returns them.
    calibration_error : ndarray of shape (n_labels,)
        Expected calibration error: the mean over rows of the distance between the two in the
        row's bin. It depends on the bins.
    n_positives : ndarray of int, shape (n_labels,)
        Rows that are known to have the label.
    label_names : sequence of str
        One name a label.

    Attributes
    ----------
    lines_ : list of Line2D
        One curve a label shown, the most frequent first.
    diagonal_ : Line2D
        Where a perfectly calibrated model would be.
    ax_ : Axes
        Where it is drawn.
    figure_ : Figure
        The figure around it.

    References
    ----------
    Naeini, M. P., Cooper, G. and Hauskrecht, M. (2015). Obtaining Well Calibrated Probabilities
    Using Bayesian Binning. AAAI 2015.

    Examples
    --------
    >>> from sklearn_mlic.plots import MultilabelCalibrationDisplay
    >>> y_true = [[1, 0], [1, 1], [0, 0], [0, 1]]
    >>> y_prob = [[0.9, 0.1], [0.9, 0.7], [0.1, 0.1], [0.1, 0.7]]
    >>> display = MultilabelCalibrationDisplay.from_predictions(y_true, y_prob)
    >>> display.calibration_error.round(2)
    array([0.1, 0.2])
    """

    def __init__(
        self,
        prob_true: list[np.ndarray],
        prob_pred: list[np.ndarray],
        calibration_error: np.ndarray,
        n_positives: np.ndarray,
        label_names: Sequence[str],
    ):
        self.prob_true = prob_true
        self.prob_pred = prob_pred
        self.calibration_error = calibration_error
        self.n_positives = n_positives
        self.label_names = label_names

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        n_bins: int = 5,
        strategy: str = "uniform",
        label_names: Sequence[str] | None = None,
        max_labels: int | None = 7,
        ax: Any = None,
    ) -> MultilabelCalibrationDisplay:
        """Predict with a fitted model and draw the curves.

        Parameters
        ----------
        estimator : estimator
            A fitted multi-label classifier, or a pipeline or search around one.
        X : array-like of n_samples rows
            In the form that ``fit`` took.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicators, NaN where unknown.
        n_bins : int, default=5
            Number of bins.
        strategy : {"uniform", "quantile"}, default="uniform"
            Bins of the same width, or with the same number of rows.
        label_names : sequence of str, optional
            Other names than the columns of `y` or those the estimator knows.
        max_labels : int or None, default=7
            Number of labels to show, the most frequent; None shows all.
        ax : Axes, optional
            Where to draw; None opens a figure.

        Returns
        -------
        MultilabelCalibrationDisplay
            The numbers and what was drawn.
        """
        return cls.from_predictions(
            y,
            predict_named(estimator, X),
            n_bins=n_bins,
            strategy=strategy,
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
        n_bins: int = 5,
        strategy: str = "uniform",
        label_names: Sequence[str] | None = None,
        max_labels: int | None = 7,
        ax: Any = None,
    ) -> MultilabelCalibrationDisplay:
        """Draw the curves of given probabilities.

        Parameters
        ----------
        y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicators, NaN where unknown. The columns of a DataFrame name the labels.
        y_prob : array-like of shape (n_samples, n_labels)
            Predicted probabilities.
        n_bins : int, default=5
            Number of bins.
        strategy : {"uniform", "quantile"}, default="uniform"
            Bins of the same width, or with the same number of rows. Take ``"quantile"`` for rare
            labels, whose probabilities crowd near 0.
        label_names : sequence of str, optional
            Other names for the labels.
        max_labels : int or None, default=7
            Number of labels to show, the most frequent; None shows all.
        ax : Axes, optional
            Where to draw; None opens a figure.

        Returns
        -------
        MultilabelCalibrationDisplay
            The numbers and what was drawn.
        """
        check_count("n_bins", n_bins)
        check_choice("strategy", strategy, _EDGES)
        predictions = check_predictions(y_true, y_prob)
        n_positives = predictions.n_positives
        names = find_names(label_names, len(n_positives), y_true, y_prob)
        curves = [_curve(y, p, n_bins, strategy) for y, p in predictions.labels()]
        prob_true, prob_pred, errors = zip(*curves, strict=True)
        display = cls(list(prob_true), list(prob_pred), np.array(errors), n_positives, names)
        return display.plot(ax, max_labels=max_labels)

    def plot(self, ax: Any = None, *, max_labels: int | None = 7) -> MultilabelCalibrationDisplay:
        """Draw the curves, labels without a positive left out.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; None opens a figure.
        max_labels : int or None, default=7
            Number of labels to show, the most frequent; None shows all.

        Returns
        -------
        MultilabelCalibrationDisplay
            Itself, with what was drawn.
        """
        columns = choose_labels(self.n_positives, max_labels)
        is_own_figure = ax is None
        ax = open_curve_axes(ax)
        self.ax_, self.figure_ = ax, ax.figure
        self.diagonal_ = ax.plot([0, 1], [0, 1], ":", color="0.4", label="perfectly calibrated")[0]
        names = shorten(self.label_names)
        self.lines_ = [
            ax.plot(
                self.prob_pred[j],
                self.prob_true[j],
                marker="o",
                markersize=5,
                label=f"{names[j]} (ECE = {self.calibration_error[j]:.3f})",
                **curve_style(i),
            )[0]
            for i, j in enumerate(columns)
        ]
        note = describe_choice(self.n_positives, columns)
        ax.set(xlabel=with_note("Mean probability", note), ylabel="Part that has the label")
        add_legend(ax, is_own_figure)
        return self


_EDGES = {
    "uniform": lambda p, n_bins: np.linspace(0, 1, n_bins + 1),
    "quantile": lambda p, n_bins: np.percentile(p, 100 * np.linspace(0, 1, n_bins + 1)),
}


def _curve(
    y: np.ndarray, p: np.ndarray, n_bins: int, strategy: str
) -> tuple[np.ndarray, np.ndarray, float]:
    """One label's curve and expected calibration error; empty without a known row.

    scikit-learn's `calibration_curve` does not tell the sizes of the bins, which the error
    needs.
    """
    if not len(y):
        return np.empty(0), np.empty(0), np.nan
    bins = np.searchsorted(_EDGES[strategy](p, n_bins)[1:-1], p)
    sizes, n_true, sum_p = (np.bincount(bins, w, n_bins) for w in (None, y, p))
    error = np.abs(n_true - sum_p).sum() / len(y)
    used = sizes > 0
    return n_true[used] / sizes[used], sum_p[used] / sizes[used], float(error)
