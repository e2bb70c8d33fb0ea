"""Which labels occur together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from sklearn_mlic.plots._figure import (
    choose_labels,
    describe_choice,
    open_axes,
    shorten,
)
from sklearn_mlic.utils._choices import check_choice
from sklearn_mlic.utils._labels import as_label_matrix, find_names

# normalize -> what the colour means, colour map, whether below 0 as well, format of a number
_KINDS = {
    "conditional": ("P(column label | row label)", "Blues", False, ".2f"),
    "phi": ("Correlation of the labels (phi)", "RdBu_r", True, ".2f"),
    None: ("Rows with both labels", "Blues", False, ",.0f"),
}
_MOST_NUMBERS = 15  # labels a side; the numbers of more are too small to read


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
        if normalize is not None:
            check_choice("normalize", normalize, [kind for kind in _KINDS if kind])
        labels, _ = as_label_matrix(y, allow_unknown=True)
        names = find_names(label_names, labels.shape[1], y)
        matrix = _MATRICES[normalize](*_count_pairs(labels))
        display = cls(matrix, (labels == 1).sum(axis=0), names, normalize)
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
        meaning, colours, is_signed, number = _KINDS[self.normalize]
        size = min(2.5 + 0.45 * len(columns), 10)
        ax = open_axes(ax, size + 1, size)
        self.ax_, self.figure_ = ax, ax.figure
        shown = self.matrix[np.ix_(columns, columns)]
        # The diagonal says little: the others share out the colours.
        beside = abs(shown[~np.eye(len(shown), dtype=bool)])
        top = np.nanmax(beside, initial=0) or 1.0
        self.image_ = ax.imshow(shown, cmap=colours, vmin=-top if is_signed else 0, vmax=top)
        names = shorten([self.label_names[j] for j in columns])
        places = np.arange(len(columns))
        ax.set_xticks(places, names, rotation=45, ha="right", rotation_mode="anchor")
        ax.set_yticks(places, names)
        ax.set_xlabel(describe_choice(self.n_positives, columns))
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        extend = "max" if np.nanmax(shown) > top else "neither"
        self.figure_.colorbar(self.image_, ax=ax, label=meaning, shrink=0.8, extend=extend)
        self.texts_ = self._write(shown, top, number) if len(columns) <= _MOST_NUMBERS else []
        return self

    def _write(self, shown: np.ndarray, top: float, number: str) -> list:
        """Put the numbers into the cells, white on dark."""
        return [
            self.ax_.text(
                j,
                i,
                "" if np.isnan(value) else format(round(value, 2) + 0.0, number),  # no -0.00
                ha="center",
                va="center",
                fontsize="small",
                color="white" if abs(value) > 0.6 * top else "black",
            )
            for (i, j), value in np.ndenumerate(shown)
        ]


def _count_pairs(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count, for each pair of labels, rows in which both are known.

    Returns three matrices: with both labels, with the row's label, and all such rows.
    """
    known = ~np.isnan(labels)
    positive = sparse.csc_array((labels == 1).astype(np.float64))
    both = (positive.T @ positive).toarray()
    if known.all():
        n_rows = np.full(both.shape, float(len(labels)))
        return both, np.broadcast_to(np.diag(both)[:, None], both.shape), n_rows
    known = known.astype(np.float64)
    return both, positive.T @ known, known.T @ known


def _divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """NaN where nothing is known."""
    undefined = np.full(numerator.shape, np.nan)
    return np.divide(numerator, denominator, out=undefined, where=denominator > 0)


def _phi(both: np.ndarray, with_row: np.ndarray, n_rows: np.ndarray) -> np.ndarray:
    with_column = with_row.T
    spread = with_row * (n_rows - with_row) * with_column * (n_rows - with_column)
    return _divide(n_rows * both - with_row * with_column, np.sqrt(spread))


_MATRICES = {
    "conditional": lambda both, with_row, n_rows: _divide(both, with_row),
    "phi": _phi,
    None: lambda both, with_row, n_rows: both,
}
