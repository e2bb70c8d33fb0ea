"""How loss and score changed from epoch to epoch."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mlic.plots._figure import COLOURS, open_grid
from sklearn_mlic.plots._inputs import find_holder
from sklearn_mlic.utils._choices import check_choice

_LOSSES = {
    "train_loss": ("training", COLOURS[0], "-"),
    "valid_loss": ("validation", COLOURS[1], "--"),
}
# What skorch writes down of validation beside the scores.
_NO_SCORES = {"valid_loss", "valid_loss_best", "valid_batch_count"}
_MOST_MARKERS = 40  # epochs; with more the marks run into one another


class LearningCurveDisplay:
    """Training and validation loss over epochs, above the validation score, best epoch marked.

    Look at it to choose `max_epochs` and `lr`: curves that still fall want more epochs, a
    validation loss that rises while the training loss falls means overfitting, and jumps a
    learning rate that is too high. The best epoch is that of the highest score, or, where there
    is no score, of the lowest validation loss. Use `from_estimator` or `from_history` to make
    one.

    Parameters
    ----------
    history : DataFrame
        One row an epoch, with columns ``epoch`` and ``train_loss``, and where rows were held out
        ``valid_loss`` and the score. NaN where a number is not known.
    score : str, optional
        The column of the score, such as ``"valid_mAP"``; None draws the losses alone.
    best_epoch : int, optional
        The epoch to mark.

    Attributes
    ----------
    lines_ : dict of str to Line2D
        The curve of each column drawn.
    best_lines_ : list of Line2D
        The mark of the best epoch in each panel; empty without one.
    axes_ : ndarray of Axes, shape (1,) or (2,)
        The panel of the losses, and below it that of the score, if there is one.
    figure_ : Figure
        The figure around them.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mlic.plots import LearningCurveDisplay
    >>> history = pd.DataFrame(
    ...     {
    ...         "epoch": [1, 2, 3],
    ...         "train_loss": [0.7, 0.4, 0.2],
    ...         "valid_loss": [0.6, 0.5, 0.55],
    ...         "valid_mAP": [0.5, 0.7, 0.8],
    ...     }
    ... )
    >>> display = LearningCurveDisplay.from_history(history)
    >>> display.best_epoch
    3
    """

    def __init__(self, history: Any, score: str | None = None, best_epoch: int | None = None):
        self.history = history
        self.score = score
        self.best_epoch = best_epoch

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, score: str | None = None, ax: Any = None
    ) -> LearningCurveDisplay:
        """Draw the history of a fitted model.

        Parameters
        ----------
        estimator : estimator
            A fitted deep classifier, such as `ImageClassifier`, or a `ThresholdCalibrator`,
            pipeline or search around one.
        score : str, optional
            The column of ``history_`` for the lower panel; None takes the first score there is.
        ax : Axes, optional
            The place to draw in; None opens a figure.

        Returns
        -------
        LearningCurveDisplay
            The numbers and what was drawn.

        Raises
        ------
        ValueError
            If no estimator in it keeps ``history_``.
        """
        holder, _ = find_holder(estimator, "history_", "a fitted deep classifier")
        return cls.from_history(holder.history_, score=score, ax=ax)

    @classmethod
    def from_history(
        cls, history: Any, *, score: str | None = None, ax: Any = None
    ) -> LearningCurveDisplay:
        """Draw a given history.

        Parameters
        ----------
        history : DataFrame
            One row an epoch, with columns ``epoch`` and ``train_loss``, and where rows were held
            out ``valid_loss`` and a score, ``valid_`` and its name. Higher scores are better.
        score : str, optional
            The column for the lower panel; None takes the first score there is.
        ax : Axes, optional
            The place to draw in; None opens a figure.

        Returns
        -------
        LearningCurveDisplay
            The numbers and what was drawn.

        Raises
        ------
        ValueError
            If a column is missing, there is no epoch, or `score` names no score.
        """
        import pandas as pd

        history = pd.DataFrame(history)
        absent = [name for name in ("epoch", "train_loss") if name not in history]
        if absent or not len(history):
            raise ValueError(
                f"history has {len(history)} epochs and the columns {list(history.columns)}; "
                f"expected one row an epoch with 'epoch' and 'train_loss' at least. Pass the "
                f"history_ of a fitted deep classifier."
            )
        score = _find_score(history, score)
        return cls(history, score, _find_best(history, score)).plot(ax)

    def plot(self, ax: Any = None) -> LearningCurveDisplay:
        """Draw the curves.

        Parameters
        ----------
        ax : Axes, optional
            The place to draw in, which the panels divide among them; None opens a figure.

        Returns
        -------
        LearningCurveDisplay
            Itself, with what was drawn.
        """
        n_panels = 1 if self.score is None else 2
        ax, grid = open_grid(ax, [1] * n_panels, 1, 7, 1.2 + 2.2 * n_panels)
        self.figure_, self.lines_, self.best_lines_ = ax.figure, {}, []
        top = self.figure_.add_subplot(grid[0, 0])
        panels = [top]
        for name, (label, colour, style) in _LOSSES.items():
            if name in self.history:
                self._draw_line(top, name, label=label, color=colour, linestyle=style)
        top.set(ylabel="Loss")
        if self.score is not None:
            bottom = self.figure_.add_subplot(grid[1, 0], sharex=top)
            self._draw_line(bottom, self.score, label="validation", color=COLOURS[2])
            bottom.set(ylabel=self.score.removeprefix("valid_").replace("$", r"\$"))
            top.tick_params(labelbottom=False)
            panels.append(bottom)
        self.axes_ = np.array(panels)
        if self.best_epoch is not None:
            self.best_lines_ = [self._mark_best(panel) for panel in panels]
        self._finish()
        return self

    def _draw_line(self, ax: Any, name: str, **style: Any) -> None:
        """Draw one column; epochs without a number are passed over."""
        values = _numbers(self.history, name)
        known = np.isfinite(values)
        marker = "o" if known.sum() <= _MOST_MARKERS else None
        epochs = self.history["epoch"].to_numpy()[known]
        self.lines_[name] = ax.plot(epochs, values[known], marker=marker, markersize=4, **style)[0]

    def _mark_best(self, ax: Any) -> Any:
        row = int(np.argmax(self.history["epoch"].to_numpy() == self.best_epoch))
        name = self.score if ax is not self.axes_[0] else "valid_loss"
        value = _numbers(self.history, name)[row] if name in self.history else np.nan
        told = f": {value:.3g}" if np.isfinite(value) else ""
        style = {"color": "0.3", "linestyle": ":", "linewidth": 1.2, "zorder": 1}
        return ax.axvline(self.best_epoch, label=f"best epoch {self.best_epoch}{told}", **style)

    def _finish(self) -> None:
        for panel in self.axes_:
            panel.grid(color="0.9", linewidth=0.8)
            panel.set_axisbelow(True)
            panel.spines[["top", "right"]].set_visible(False)
            panel.legend(fontsize="small")
        epochs = self.history["epoch"]
        if epochs.min() == epochs.max():
            panel.set_xlim(epochs.min() - 0.5, epochs.max() + 0.5)
        panel.set_xlabel("Epoch")
        panel.locator_params(axis="x", integer=True, min_n_ticks=1)


def _numbers(history: Any, name: str) -> np.ndarray:
    return history[name].to_numpy(dtype=np.float64, na_value=np.nan)


def _find_score(history: Any, score: str | None) -> str | None:
    """Return the column of the score: the one asked for, or the first; None if there is none."""
    scores = [n for n in history if str(n).startswith("valid_") and n not in _NO_SCORES]
    if score is None:
        return scores[0] if scores else None
    if not scores:
        raise ValueError(
            f"score={score!r}, but history has no score: its columns are {list(history)}. Fit "
            f"with a validation part, or leave score out."
        )
    check_choice("score", score, scores)
    return score


def _find_best(history: Any, score: str | None) -> int | None:
    """Return the first epoch of the highest score, else of the lowest validation loss."""
    for name, find in ((score, np.nanargmax), ("valid_loss", np.nanargmin)):
        if name in history:
            values = _numbers(history, name)
            if not np.isnan(values).all():
                return int(history["epoch"].iloc[int(find(values))])
    return None
