"""Which labels occur together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.plots._figure import choose_labels, describe_choice, open_axes
from sklearn_mlic.plots._heat_map import add_colour_bar, draw_heat_map, limits_beside_diagonal
from sklearn_mlic.plots._label_pairs import KINDS, relate_labels
from sklearn_mlic.utils._labels import as_label_matrix, find_names


class LabelCooccurrenceDisplay:
    """Heat map of how often labels occur together.

    Look at it to see whether labels depend on each other, which is what classifier chains and
    label powersets learn, and to find labels that contain each other or are never together.
    Use `from_labels` to make one.

    Parameters
    ----------
    matrix : ndarray of shape (n_labels, n_labels)
        A number for each pair of labels.
    n_positives : ndarray of int, shape (n_labels,)
        Rows that are known to have the label.
    label_names : sequence of str
        One name a label.
    normalize : {"conditional", "phi", None}, default="conditional"
        What `matrix` holds, see `from_labels`.

    Attributes
    ----------
    image_ : AxesImage
        The heat map.
    texts_ : list of Text
        The numbers in the cells, row by row; empty with more than 15 labels.
    ax_ : Axes
        Where it is drawn.
    figure_ : Figure
        The figure around it.

    Examples
    --------
    >>> from sklearn_mlic.plots import LabelCooccurrenceDisplay
    >>> y = [[1, 0], [1, 1], [0, 0], [1, 0]]
    >>> display = LabelCooccurrenceDisplay.from_labels(y, label_names=["cat", "kitten"])
    >>> display.matrix.round(2)
    array([[1.  , 0.33],
           [1.  , 1.  ]])
    """

    def __init__(
        self,
        matrix: np.ndarray,
        n_positives: np.ndarray,
        label_names: Sequence[str],
        normalize: str | None = "conditional",
    ):
        self.matrix = matrix
        self.n_positives = n_positives
        self.label_names = label_names
        self.normalize = normalize

    @classmethod
    def from_labels(
        cls,
        y: ArrayLike,
        *,
        normalize: str | None = "conditional",
        label_names: Sequence[str] | None = None,
        max_labels: int | None = 20,
        ax: Any = None,
    ) -> LabelCooccurrenceDisplay:
        """Count pairs of labels in a label matrix and draw them.

        Parameters
        ----------
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicators, NaN where unknown: for each pair of labels the rows count in which
            both are known. The columns of a DataFrame name the labels.
        normalize : {"conditional", "phi", None}, default="conditional"
            ``"conditional"``: among the rows with the row's label, the part that has the
            column's label too. ``"phi"``: the correlation of the two indicators, from -1 to 1,
            which allows for the frequencies. None: the number of rows with both.
        label_names : sequence of str, optional
            Other names for the labels.
        max_labels : int or None, default=20
            Number of labels to show, the most frequent; None shows all.
        ax : Axes, optional
            Where to draw; None opens a figure.

        Returns
        -------
        LabelCooccurrenceDisplay
            The numbers and what was drawn.
        """
        labels, _ = as_label_matrix(y, allow_unknown=True)
        names = find_names(label_names, labels.shape[1], y)
        display = cls(relate_labels(labels, normalize), (labels == 1).sum(axis=0), names, normalize)
        return display.plot(ax, max_labels=max_labels)

    def plot(self, ax: Any = None, *, max_labels: int | None = 20) -> LabelCooccurrenceDisplay:
        """Draw the heat map, labels without a positive left out.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; None opens a figure.
        max_labels : int or None, default=20
            Number of labels to show, the most frequent; None shows all.

        Returns
        -------
        LabelCooccurrenceDisplay
            Itself, with what was drawn.
        """
        columns = choose_labels(self.n_positives, max_labels)
        kind = KINDS[self.normalize]
        size = min(2.5 + 0.45 * len(columns), 10)
        ax = open_axes(ax, size + 1, size)
        self.ax_, self.figure_ = ax, ax.figure
        shown = self.matrix[np.ix_(columns, columns)]
        names = [self.label_names[j] for j in columns]
        limits = limits_beside_diagonal(shown, kind.is_signed)
        style = {"colours": kind.colours, "limits": limits, "decimals": kind.decimals}
        self.image_, self.texts_ = draw_heat_map(ax, shown, names, names, **style)
        ax.set_xlabel(describe_choice(self.n_positives, columns))
        add_colour_bar(self.image_, kind.meaning)
        return self
