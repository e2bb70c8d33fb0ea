"""The score of each label at every threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples

from sklearn_mlic.fitted import find_classifier
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
from sklearn_mlic.plots._inputs import check_predictions, name_columns
from sklearn_mlic.plots._score_curves import CUTS, METRICS, divide_by_fold, mean_curves
from sklearn_mlic.utils._choices import check_choice
from sklearn_mlic.utils._labels import find_names


class ThresholdCurveDisplay:
    """Score against threshold for each label, with the chosen threshold and the fold spread.

    Look at it to see whether a threshold matters: a flat top says that any will do, a sharp peak
    or a wide band that the chosen one may be luck. Use `from_estimator` with a fitted
    `ThresholdCalibrator`, or `from_predictions`, to make one.

    Parameters
    ----------
    cuts : ndarray of shape (n_cuts,)
        Thresholds, rising.
    scores : ndarray of shape (n_labels, n_cuts)
        Score of each label at each of them; the mean over folds, if there are any.
    n_positives : ndarray of int, shape (n_labels,)
        Rows that are known to have the label.
    label_names : sequence of str
        One name a label.
    score_std : ndarray of shape (n_labels, n_cuts), optional
        Standard deviation over folds: the band.
    thresholds : ndarray of shape (n_labels,), optional
        The chosen thresholds.
    threshold_scores : ndarray of shape (n_labels,), optional
        Scores at `thresholds`; expected with them.
    metric : str, default="f1"
        Name of the score.

    Attributes
    ----------
    lines_ : list of Line2D
        One curve a label shown, the most frequent first.
    bands_ : list
        The spread around each curve; empty without folds.
    points_ : list of Line2D
        Marks at the chosen thresholds; empty without them.
    ax_ : Axes
        Where it is drawn.
    figure_ : Figure
        The figure around it.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mlic import BinaryRelevance, ThresholdCalibrator
    >>> from sklearn_mlic.plots import ThresholdCurveDisplay
    >>> X, y = make_multilabel_classification(n_classes=3, random_state=0)
    >>> model = ThresholdCalibrator(
    ...     BinaryRelevance(LogisticRegression()), store_cv_results=True, random_state=0
    ... )
    >>> display = ThresholdCurveDisplay.from_estimator(model.fit(X, y), y)
    >>> display.scores.shape
    (3, 201)
    """

    def __init__(
        self,
        cuts: np.ndarray,
        scores: np.ndarray,
        n_positives: np.ndarray,
        label_names: Sequence[str],
        *,
        score_std: np.ndarray | None = None,
        thresholds: np.ndarray | None = None,
        threshold_scores: np.ndarray | None = None,
        metric: str = "f1",
    ):
        self.cuts = cuts
        self.scores = scores
        self.n_positives = n_positives
        self.label_names = label_names
        self.score_std = score_std
        self.thresholds = thresholds
        self.threshold_scores = threshold_scores
        self.metric = metric

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        y: ArrayLike,
        *,
        metric: str = "f1",
        label_names: Sequence[str] | None = None,
        max_labels: int | None = 7,
        ax: Any = None,
    ) -> ThresholdCurveDisplay:
        """Draw what a fitted `ThresholdCalibrator` saw when it tuned.

        Parameters
        ----------
        estimator : ThresholdCalibrator
            Fitted with ``store_cv_results=True``.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            The labels that it was fitted on.
        metric : str, default="f1"
            Name of the score: one that ``tune_thresholds`` takes and that counts of right and
            wrong predictions tell, or ``"precision"`` or ``"recall"``.
        label_names : sequence of str, optional
            Other names than those the estimator knows.
        max_labels : int or None, default=7
            Number of labels to show, the most frequent; None shows all.
        ax : Axes, optional
            Where to draw; None opens a figure.

        Returns
        -------
        ThresholdCurveDisplay
            The numbers and what was drawn.

        Raises
        ------
        ValueError
            If the estimator did not keep its out-of-fold probabilities, or `y` is too short.
        """
        estimator = find_classifier(estimator)
        results = getattr(estimator, "cv_results_", {})
        if "y_prob" not in results:
            raise ValueError(
                f"This {type(estimator).__name__} keeps no out-of-fold probabilities. Expected a "
                f"ThresholdCalibrator fitted with store_cv_results=True; else use "
                f"from_predictions."
            )
        rows = results["rows"]
        if rows.max() >= _num_samples(y):
            raise ValueError(
                f"y has {_num_samples(y)} rows and the estimator was fitted on at least "
                f"{rows.max() + 1}. Pass the labels that it was fitted on."
            )
        return cls.from_predictions(
            _safe_indexing(y.tocsr() if sparse.issparse(y) else y, rows),
            name_columns(results["y_prob"], estimator),
            thresholds=estimator.thresholds_,
            folds=results["fold"],
            metric=metric,
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
        folds: ArrayLike | None = None,
        metric: str = "f1",
        label_names: Sequence[str] | None = None,
        max_labels: int | None = 7,
        ax: Any = None,
    ) -> ThresholdCurveDisplay:
        """Draw the curves of given probabilities.

        Parameters
        ----------
        y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicators, NaN where unknown. The columns of a DataFrame name the labels.
        y_prob : array-like of shape (n_samples, n_labels)
            Probabilities of rows that the model was not trained on.
        thresholds : float or array-like of shape (n_labels,), optional
            The chosen thresholds, to be marked.
        folds : array-like of shape (n_samples,), optional
            The fold of each row. The curve is then the mean over the folds in which the label
            has a positive, and the band their standard deviation.
        metric : str, default="f1"
            As for `from_estimator`.
        label_names : sequence of str, optional
            Other names for the labels.
        max_labels : int or None, default=7
            Number of labels to show, the most frequent; None shows all.
        ax : Axes, optional
            Where to draw; None opens a figure.

        Returns
        -------
        ThresholdCurveDisplay
            The numbers and what was drawn.
        """
        check_choice("metric", metric, METRICS)
        predictions = check_predictions(y_true, y_prob)
        n_positives = predictions.n_positives
        n_labels = len(n_positives)
        names = find_names(label_names, n_labels, y_true, y_prob)
        parts = divide_by_fold(predictions, folds)
        scores, spread = mean_curves(parts, np.tile(CUTS, (n_labels, 1)), metric)
        at = None
        if thresholds is not None:
            thresholds = as_thresholds(thresholds, n_labels)
            at = mean_curves(parts, thresholds[:, None], metric)[0][:, 0]
        display = cls(
            CUTS,
            scores,
            n_positives,
            names,
            score_std=spread if len(parts) > 1 else None,
            thresholds=thresholds,
            threshold_scores=at,
            metric=metric,
        )
        return display.plot(ax, max_labels=max_labels)

    def plot(self, ax: Any = None, *, max_labels: int | None = 7) -> ThresholdCurveDisplay:
        """Draw the curves, labels without a positive left out.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; None opens a figure.
        max_labels : int or None, default=7
            Number of labels to show, the most frequent; None shows all.

        Returns
        -------
        ThresholdCurveDisplay
            Itself, with what was drawn.
        """
        columns = choose_labels(self.n_positives, max_labels)
        is_own_figure = ax is None
        ax = open_curve_axes(ax)
        self.ax_, self.figure_ = ax, ax.figure
        self.lines_, self.bands_, self.points_ = [], [], []
        names = shorten(self.label_names)
        for i, j in enumerate(columns):
            style = curve_style(i)
            self.lines_ += ax.plot(self.cuts, self.scores[j], label=names[j], **style)
            if self.score_std is not None:
                low, high = self.scores[j] - self.score_std[j], self.scores[j] + self.score_std[j]
                band = {"color": style["color"], "alpha": 0.12, "linewidth": 0}
                self.bands_.append(ax.fill_between(self.cuts, low, high, **band))
            if self.thresholds is not None:
                self.points_.append(self._mark(j, style["color"]))
        if self.thresholds is not None:
            ax.plot([], [], "o", color="0.4", markeredgecolor="white", label="chosen threshold")
        if self.score_std is not None:
            ax.fill_between([], [], color="0.4", alpha=0.2, label="± std over folds")
        note = describe_choice(self.n_positives, columns)
        # Scores such as a correlation may fall below 0.
        lowest = np.nanmin(self.scores[columns])
        ax.set(
            xlabel=with_note("Threshold", note),
            ylabel=self.metric.replace("_", " ").capitalize(),
            ylim=(min(-0.02, lowest - 0.02), 1.02),
        )
        add_legend(ax, is_own_figure)
        return self

    def _mark(self, label: int, colour: str) -> Any:
        at = [self.thresholds[label]], [self.threshold_scores[label]]
        style = {"markersize": 8, "markeredgecolor": "white", "zorder": 3}
        return self.ax_.plot(*at, "o", color=colour, **style)[0]
