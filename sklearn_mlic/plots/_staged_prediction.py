"""How the prediction of one row changes while its blocks are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples

from sklearn_mlic.plots._figure import COLOURS, add_legend, open_axes, shorten, with_note
from sklearn_mlic.plots._inputs import find_holder
from sklearn_mlic.plots._model_labels import labels_beside
from sklearn_mlic.utils._labels import find_names
from sklearn_mlic.utils._numbers import check_count

_MARKERS = "os^Dv"  # those of one colour differ in these
# True label -> line style, what it means
_STYLES = {1: ("-", "has the label"), 0: ("--", "has it not"), None: (":", "not known")}


class StagedPredictionDisplay:
    """Probability of the labels of one row after each block that was read.

    Look at it to see how a model that reads block by block, such as `M3LAClassifier`, corrects
    itself: which block brings a label over 0.5, and whether the last ones change anything. The
    labels shown are the true ones, where they are given, and the most probable at any step. Use
    `from_estimator` to make one, or pass the numbers and call `plot`.

    Parameters
    ----------
    y_prob : ndarray of shape (n_steps, n_labels)
        Probability of each label after each step that read a block.
    read : sequence of str
        The block read at each step.
    label_names : sequence of str
        One name a label.
    y_true : ndarray of shape (n_labels,), optional
        The row's true labels, 0 or 1, NaN where unknown.
    row : int, optional
        Which row it is, for the title.

    Attributes
    ----------
    shown_ : ndarray of int, shape (n_labels_shown,)
        Columns of the labels drawn, the most probable after the last step first.
    lines_ : list of Line2D
        Their lines.
    threshold_line_ : Line2D
        The line at 0.5.
    ax_ : Axes
        Where it is drawn.
    figure_ : Figure
        The figure around it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mlic.plots import StagedPredictionDisplay
    >>> y_prob = np.array([[0.4, 0.6], [0.9, 0.2]])
    >>> display = StagedPredictionDisplay(y_prob, ["colour", "edges"], ["sea", "trees"]).plot()
    >>> [line.get_label() for line in display.lines_]
    ['sea 0.90', 'trees 0.20']
    """

    def __init__(
        self,
        y_prob: np.ndarray,
        read: Sequence[str],
        label_names: Sequence[str],
        y_true: np.ndarray | None = None,
        row: int | None = None,
    ):
        self.y_prob = y_prob
        self.read = read
        self.label_names = label_names
        self.y_true = y_true
        self.row = row

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        y: ArrayLike | None = None,
        row: int = 0,
        label_names: Sequence[str] | None = None,
        max_labels: int | None = 10,
        ax: Any = None,
    ) -> StagedPredictionDisplay:
        """Read one row with a fitted model and draw what it said on the way.

        Parameters
        ----------
        estimator : estimator
            A fitted classifier with ``explain``, such as `M3LAClassifier`, or a
            `ThresholdCalibrator`, pipeline or search around one.
        X : array-like or DataFrame of n_samples rows
            In the form that ``fit`` took. Only the one row is read.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels), optional
            Their true labels: 0/1 indicators, NaN where unknown.
        row : int, default=0
            Which row, from 0.
        label_names : sequence of str, optional
            Other names than those the estimator knows.
        max_labels : int or None, default=10
            Number of labels to show; None shows all.
        ax : Axes, optional
            Where to draw; None opens a figure.

        Returns
        -------
        StagedPredictionDisplay
            The numbers and what was drawn.

        Raises
        ------
        ValueError
            If no estimator in it has ``explain``, there is no such row, the row has no block to
            read, or `y` has other labels.
        """
        n_samples = _num_samples(X)
        check_count("row", row, 0, n_samples - 1)
        expected = "a fitted classifier that reads block by block, such as M3LAClassifier"
        own = _safe_indexing(X, [row])
        holder, reaching = find_holder(estimator, "explain", expected, own)
        lines = holder.explain(reaching)
        if lines.empty:
            raise ValueError(
                f"Row {row} reads no block, as all of its blocks are missing (NaN): there are no "
                f"steps to draw. Pass another row."
            )
        y_prob = lines["probability"]
        y_true = None if y is None else labels_beside(y, y_prob.columns, n_samples)[row]
        names = find_names(label_names, y_prob.shape[1], y_prob)
        read = lines["read", "block"].tolist()
        return cls(y_prob.to_numpy(), read, names, y_true, row).plot(ax, max_labels=max_labels)

    def plot(self, ax: Any = None, *, max_labels: int | None = 10) -> StagedPredictionDisplay:
        """Draw a line a label.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; None opens a figure.
        max_labels : int or None, default=10
            Number of labels to show; None shows all.

        Returns
        -------
        StagedPredictionDisplay
            Itself, with what was drawn.
        """
        self.shown_ = self._choose(max_labels)
        is_own_figure = ax is None
        steps = np.arange(len(self.read))
        ax = open_axes(ax, 5 + 0.7 * len(steps), 4.5)
        self.ax_, self.figure_ = ax, ax.figure
        self.threshold_line_ = ax.axhline(0.5, color="0.5", linewidth=1, zorder=1)
        names = shorten(self.label_names)
        self.lines_ = []
        for i, j in enumerate(self.shown_):
            label = f"{names[j]} {self.y_prob[-1, j]:.2f}"
            self.lines_ += ax.plot(steps, self.y_prob[:, j], label=label, **self._style(i, j))
        self._explain_styles()
        turned = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"}
        ax.set_xticks(steps, shorten(self.read), **turned)
        ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
        ax.set(xlim=(-0.3, len(steps) - 0.7), ylim=(-0.03, 1.03), ylabel="Probability")
        ax.set_xlabel(with_note("Block read, one after the other", self._note()))
        if self.row is not None:
            ax.set_title(f"row {self.row}", loc="left", fontsize="medium")
        ax.grid(color="0.92", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
        add_legend(ax, is_own_figure)
        return self

    def _choose(self, max_labels: int | None) -> np.ndarray:
        """Return the columns to draw: true ones before others, by their highest probability."""
        if max_labels is not None:
            check_count("max_labels", max_labels)
        is_true = np.zeros(self.y_prob.shape[1], bool) if self.y_true is None else self.y_true == 1
        columns = np.lexsort([-self.y_prob.max(axis=0), ~is_true])[:max_labels]
        return columns[np.argsort(-self.y_prob[-1, columns], kind="stable")]

    def _truth(self, column: int) -> int | None:
        value = self.y_true[column]
        return None if np.isnan(value) else int(value)

    def _style(self, i: int, column: int) -> dict:
        truth = 1 if self.y_true is None else self._truth(column)
        return {
            "color": COLOURS[i % len(COLOURS)],
            "marker": _MARKERS[i // len(COLOURS) % len(_MARKERS)],
            "linestyle": _STYLES[truth][0],
            "markersize": 5,
            "clip_on": False,
        }

    def _explain_styles(self) -> None:
        """Say in the legend what a line style means, of those that are drawn."""
        if self.y_true is None:
            return
        drawn = {self._truth(j) for j in self.shown_}
        for truth, (style, meaning) in _STYLES.items():
            if truth in drawn:
                self.ax_.plot([], [], color="0.4", linestyle=style, label=meaning)

    def _note(self) -> str:
        n_labels, n_shown = self.y_prob.shape[1], len(self.shown_)
        if n_shown == n_labels:
            return ""
        true_first = "" if self.y_true is None else "true or "
        return f"the {n_shown} {true_first}most probable of {n_labels} labels"
