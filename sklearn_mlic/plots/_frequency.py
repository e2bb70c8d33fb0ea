"""How often each label occurs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.plots._figure import COLOURS, open_axes, shorten, with_note
from sklearn_mlic.utils._labels import as_label_matrix, find_names
from sklearn_mlic.utils._numbers import check_count


class LabelFrequencyDisplay:
    """Bars of the number of positives of each label, the most frequent on top.

    Look at it before any training: it shows which labels are too rare to learn or to split into
    folds, and which have many unknown entries. Use `from_labels` to make one.

    Parameters
    ----------
    n_positives : ndarray of int, shape (n_labels,)
        Rows that are known to have the label.
    n_known : ndarray of int, shape (n_labels,)
        Rows in which the label is known.
    n_samples : int
        Number of rows.
    label_names : sequence of str
        One name a label.

    Attributes
    ----------
    bars_ : BarContainer
        One bar a label shown, from top to bottom.
    texts_ : list of Text
        What stands at the ends of the bars.
    ax_ : Axes
        Where it is drawn.
    figure_ : Figure
        The figure around it.

    Examples
    --------
    >>> from sklearn_mlic.plots import LabelFrequencyDisplay
    >>> y = [[1, 0], [1, 1], [0, 0], [1, float("nan")]]
    >>> display = LabelFrequencyDisplay.from_labels(y, label_names=["cat", "dog"])
    >>> [text.get_text() for text in display.texts_]
    ['3 (75%)', '1 (33%), 25% unknown']
    """

    def __init__(
        self,
        n_positives: np.ndarray,
        n_known: np.ndarray,
        n_samples: int,
        label_names: Sequence[str],
    ):
        self.n_positives = n_positives
        self.n_known = n_known
        self.n_samples = n_samples
        self.label_names = label_names

    @classmethod
    def from_labels(
        cls,
        y: ArrayLike,
        *,
        label_names: Sequence[str] | None = None,
        max_labels: int | None = 20,
        ax: Any = None,
    ) -> LabelFrequencyDisplay:
        """Count the positives of a label matrix and draw them.

        Parameters
        ----------
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicators, NaN where unknown. The columns of a DataFrame name the labels.
        label_names : sequence of str, optional
            Other names for the labels.
        max_labels : int or None, default=20
            Number of labels to show, the most frequent; None shows all.
        ax : Axes, optional
            Where to draw; None opens a figure.

        Returns
        -------
        LabelFrequencyDisplay
            The numbers and what was drawn.
        """
        labels, _ = as_label_matrix(y, allow_unknown=True)
        known = ~np.isnan(labels)
        names = find_names(label_names, labels.shape[1], y)
        display = cls((labels == 1).sum(axis=0), known.sum(axis=0), len(labels), names)
        return display.plot(ax, max_labels=max_labels)

    def plot(self, ax: Any = None, *, max_labels: int | None = 20) -> LabelFrequencyDisplay:
        """Draw the bars. A label without a positive has a bar of length 0.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; None opens a figure.
        max_labels : int or None, default=20
            Number of labels to show, the most frequent; None shows all.

        Returns
        -------
        LabelFrequencyDisplay
            Itself, with what was drawn.
        """
        if max_labels is not None:
            check_count("max_labels", max_labels)
        columns = np.argsort(-np.asarray(self.n_positives), kind="stable")[:max_labels]
        ax = open_axes(ax, 7, 1.2 + 0.3 * len(columns))
        self.ax_, self.figure_ = ax, ax.figure
        self.bars_ = ax.barh(
            np.arange(len(columns)), self.n_positives[columns], height=0.7, color=COLOURS[0]
        )
        names = shorten([self.label_names[j] for j in columns])
        ax.set_yticks(np.arange(len(columns)), names)
        ax.set_ylim(len(columns) - 0.4, -0.6)
        self.texts_ = ax.bar_label(
            self.bars_, [self._describe(j) for j in columns], padding=4, fontsize="small"
        )
        # Room for the text at the end of the longest bar.
        ax.set_xlim(0, 1.35 * max(1, self.n_positives.max()))
        ax.set_xlabel(with_note("Rows with the label, and their share", self._note(columns)))
        ax.locator_params(axis="x", integer=True)
        ax.xaxis.set_major_formatter("{x:,.0f}")
        ax.grid(axis="x", color="0.9", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        ax.spines[["top", "right"]].set_visible(False)
        return self

    def _describe(self, column: int) -> str:
        n_positives, n_known = self.n_positives[column], self.n_known[column]
        share = f" ({_as_percent(n_positives / n_known)})" if n_known else ""
        unknown = 1 - n_known / self.n_samples
        return f"{n_positives:,}{share}" + (f", {_as_percent(unknown)} unknown" if unknown else "")

    def _note(self, columns: np.ndarray) -> str:
        notes = []
        if len(columns) < len(self.n_positives):
            n_without = np.count_nonzero(self.n_positives == 0)
            notes.append(f"{len(columns)} most frequent of {len(self.n_positives)} labels")
            notes += [f"{n_without} without a positive"] if n_without else []
        if np.any(self.n_known < self.n_samples):
            notes.append("share of the rows in which it is known")
        return "; ".join(notes)


def _as_percent(share: float) -> str:
    """Two significant digits below 1 %, where whole numbers would say 0."""
    return f"{share:.0%}" if share >= 0.01 or share == 0 else f"{100 * share:.2g}%"
