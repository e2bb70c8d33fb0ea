"""What a model learned of how labels go together, beside how they do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.plots._figure import choose_labels, describe_choice, open_grid
from sklearn_mlic.plots._heat_map import add_colour_bar, draw_heat_map, limits_beside_diagonal
from sklearn_mlic.plots._inputs import find_holder
from sklearn_mlic.plots._label_pairs import KINDS, relate_labels
from sklearn_mlic.plots._model_labels import labels_beside
from sklearn_mlic.utils._labels import find_names

_LEARNED = "Learned: row label supports column label"


class LabelCorrelationDisplay:
    """Heat map of a learned label-correlation matrix beside the co-occurrence of the labels.

    Look at it to see whether a model that corrects its labels by one another, such as
    `M3LAClassifier`, uses what the training labels hold: pairs that are red on both sides are
    learned, pairs that are red on the right alone are not, and a left side of one colour
    throughout says that no pair matters more than the others. Both sides have the same labels in
    the same order. Use `from_estimator` to make one, or pass the matrices and call `plot`.

    Parameters
    ----------
    matrix : ndarray of shape (n_labels, n_labels)
        The learned matrix: how the label of a row supports (above 0) or opposes the label of a
        column.
    cooccurrence : ndarray of shape (n_labels, n_labels)
        A number for each pair of labels, such as the matrix of a `LabelCooccurrenceDisplay`.
    n_positives : ndarray of int, shape (n_labels,)
        Rows that are known to have the label.
    label_names : sequence of str
        One name a label.
    normalize : {"phi", "conditional", None}, default="phi"
        What `cooccurrence` holds, see `from_estimator`.

    Attributes
    ----------
    images_ : list of AxesImage
        The heat maps: learned, and counted.
    texts_ : list of list of Text
        The numbers in the cells of each, row by row; empty with more than 15 labels.
    axes_ : ndarray of Axes, shape (2,)
        Where they are drawn.
    figure_ : Figure
        The figure around them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mlic import M3LAClassifier
    >>> from sklearn_mlic.plots import LabelCorrelationDisplay
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 8))
    >>> y = (X[:, [0, 5]] > 0).astype(int)
    >>> blocks = {"colour": slice(0, 4), "edges": slice(4, 8)}
    >>> model = M3LAClassifier(blocks, hidden_size=16, max_epochs=2, random_state=0).fit(X, y)
    >>> LabelCorrelationDisplay.from_estimator(model, y).cooccurrence.shape
    (2, 2)
    """

    def __init__(
        self,
        matrix: np.ndarray,
        cooccurrence: np.ndarray,
        n_positives: np.ndarray,
        label_names: Sequence[str],
        normalize: str | None = "phi",
    ):
        self.matrix = matrix
        self.cooccurrence = cooccurrence
        self.n_positives = n_positives
        self.label_names = label_names
        self.normalize = normalize

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        y: ArrayLike,
        *,
        normalize: str | None = "phi",
        label_names: Sequence[str] | None = None,
        max_labels: int | None = 20,
        ax: Any = None,
    ) -> LabelCorrelationDisplay:
        """Draw what a fitted model learned beside what its labels hold.

        Parameters
        ----------
        estimator : estimator
            A fitted classifier with ``label_correlation_``, such as `M3LAClassifier`, or a
            `ThresholdCalibrator`, pipeline or search around one.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            The labels that it was fitted on: 0/1 indicators, NaN where unknown.
        normalize : {"phi", "conditional", None}, default="phi"
            ``"phi"``: the correlation of the two indicators, from -1 to 1. ``"conditional"``:
            among the rows with the row's label, the part that has the column's label too; it has
            a direction, as the learned matrix has. None: the number of rows with both.
        label_names : sequence of str, optional
            Other names than those the estimator knows.
        max_labels : int or None, default=20
            Number of labels to show, the most frequent; None shows all.
        ax : Axes, optional
            The place to draw in, which the two divide among them; None opens a figure.

        Returns
        -------
        LabelCorrelationDisplay
            The numbers and what was drawn.

        Raises
        ------
        ValueError
            If no estimator in it has such a matrix, which is also so after a fit with
            ``label_correlation=False``, or `y` has other labels.
        """
        expected = "a fitted classifier that learns one: M3LAClassifier(label_correlation=True)"
        holder, _ = find_holder(estimator, "label_correlation_", expected)
        learned = holder.label_correlation_
        labels = labels_beside(y, learned.columns)
        display = cls(
            learned.to_numpy(),
            relate_labels(labels, normalize),
            (labels == 1).sum(axis=0),
            find_names(label_names, labels.shape[1], learned),
            normalize,
        )
        return display.plot(ax, max_labels=max_labels)

    def plot(self, ax: Any = None, *, max_labels: int | None = 20) -> LabelCorrelationDisplay:
        """Draw the two heat maps, labels without a positive left out.

        Parameters
        ----------
        ax : Axes, optional
            The place to draw in, which the two divide among them; None opens a figure.
        max_labels : int or None, default=20
            Number of labels to show, the most frequent; None shows all.

        Returns
        -------
        LabelCorrelationDisplay
            Itself, with what was drawn.
        """
        columns = choose_labels(self.n_positives, max_labels)
        size = min(2.5 + 0.45 * len(columns), 9)
        ax, grid = open_grid(ax, [1], 2, 2 * size + 0.5, size + 1)
        self.figure_ = ax.figure
        self.axes_ = np.array([self.figure_.add_subplot(grid[0, i]) for i in range(2)])
        names = [self.label_names[j] for j in columns]
        kind = KINDS[self.normalize]
        shown = [matrix[np.ix_(columns, columns)] for matrix in (self.matrix, self.cooccurrence)]
        limits = [limits_beside_diagonal(shown[0], True)]
        limits += [limits_beside_diagonal(shown[1], kind.is_signed)]
        styles = [
            {"colours": "RdBu_r", "decimals": _count_decimals(limits[0][1])},
            {"colours": kind.colours, "decimals": kind.decimals},
        ]
        self.images_, self.texts_ = [], []
        for panel, values, bounds, style in zip(self.axes_, shown, limits, styles, strict=True):
            image, texts = draw_heat_map(panel, values, names, names, limits=bounds, **style)
            self.images_.append(image)
            self.texts_.append(texts)
        # The rows are those of the left.
        self.axes_[1].set_yticklabels([])
        self.axes_[0].set_xlabel(describe_choice(self.n_positives, columns))
        for image, meaning in zip(self.images_, (_LEARNED, kind.meaning), strict=True):
            add_colour_bar(image, meaning, "top")
        return self


def _count_decimals(top: float) -> int:
    """Return how many decimals give two digits to a number, 2 at least: weights may be small."""
    return max(2, 1 - int(np.floor(np.log10(top))))
