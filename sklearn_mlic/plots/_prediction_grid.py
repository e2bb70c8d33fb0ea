"""Images with what was predicted for them and what is true."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import _safe_indexing

from sklearn_mlic.fitted import predict_both
from sklearn_mlic.plots._figure import COLOURS, add_image, open_grid, shorten
from sklearn_mlic.plots._inputs import (
    LabelTable,
    check_table,
    image_column,
    name_columns,
    rows_of,
    select_rows,
    thumbnail,
)
from sklearn_mlic.utils._numbers import check_count


class _Sign(NamedTuple):
    """What can be said of a label of an image."""

    sign: str
    meaning: str
    colour: str
    applies: Callable[[np.ndarray, np.ndarray], np.ndarray]  # of (y_pred, y_true)


# An image lists them in this order, so that what does not fit is what is right.
_SIGNS = (
    _Sign("-", "missed", COLOURS[0], lambda y_pred, y_true: ~y_pred & (y_true == 1)),
    _Sign("+", "false alarm", "#B54A00", lambda y_pred, y_true: y_pred & (y_true == 0)),
    _Sign("?", "truth unknown", "0.25", lambda y_pred, y_true: y_pred & np.isnan(y_true)),
    _Sign("✓", "right", "#007A59", lambda y_pred, y_true: y_pred & (y_true == 1)),
)
_LINE = 11  # points from one line of text to the next


class PredictionGridDisplay:
    """A grid of images, each with its predicted and its true labels.

    Look at it to see what a model takes for what, and whether the labels themselves are right:
    ``select="worst"`` often finds mislabelled images. Below each image a sign goes before each
    label: ✓ predicted and true, + predicted but not true (false alarm), - true but not
    predicted (missed), ? predicted where the truth is not known. Wrong labels come first. The
    number is the probability. Use `from_estimator` or `from_predictions` to make one.

    Parameters
    ----------
    images : sequence of images
        Paths, PIL images or uint8 arrays, n_images of them.
    y_pred : ndarray of bool, shape (n_images, n_labels)
        Which labels are predicted.
    label_names : sequence of str
        One name a label.
    y_prob : ndarray of shape (n_images, n_labels), optional
        Predicted probabilities.
    y_true : ndarray of shape (n_images, n_labels), optional
        0/1 indicators, NaN where unknown; None gives the labels no signs.
    rows : ndarray of int, shape (n_images,), optional
        Where the images stand in X, for their titles; None counts them.

    Attributes
    ----------
    texts_ : list of list of Text
        The lines below each image.
    axes_ : ndarray of Axes, shape (n_images,)
        One an image.
    figure_ : Figure
        The figure around them.

    Examples
    --------
    >>> from sklearn_mlic import make_multilabel_images
    >>> from sklearn_mlic.plots import PredictionGridDisplay
    >>> scenes = make_multilabel_images(n_samples=2, image_size=48, n_labels=3)
    >>> y_true, y_prob = [[1, 0, 1], [0, 0, 1]], [[0.9, 0.7, 0.2], [0.1, 0.3, 0.8]]
    >>> display = PredictionGridDisplay.from_predictions(
    ...     scenes.data, y_true, y_prob, label_names=scenes.label_names
    ... )
    >>> [text.get_text() for text in display.texts_[0]]
    ['- triangle 0.20', '+ square 0.70', '✓ disc 0.90']
    """

    def __init__(
        self,
        images: Sequence,
        y_pred: np.ndarray,
        label_names: Sequence[str],
        *,
        y_prob: np.ndarray | None = None,
        y_true: np.ndarray | None = None,
        rows: np.ndarray | None = None,
    ):
        self.images = images
        self.y_pred = y_pred
        self.label_names = label_names
        self.y_prob = y_prob
        self.y_true = y_true
        self.rows = rows

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike | None = None,
        *,
        select: str | Sequence[int] = "first",
        n_images: int = 12,
        random_state: Any = None,
        image: str = "image",
        label_names: Sequence[str] | None = None,
        max_labels: int = 5,
        ax: Any = None,
    ) -> PredictionGridDisplay:
        """Predict with a fitted model and draw. Only the rows shown are predicted, if possible.

        Parameters
        ----------
        estimator : estimator
            A fitted multi-label classifier, or a pipeline or search around one.
        X : sequence of images or DataFrame
            In the form that ``fit`` took.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels), optional
            0/1 indicators, NaN where unknown. None shows the predictions alone.
        select : {"first", "random", "worst"} or sequence of int, default="first"
            As for `from_predictions`. ``"worst"`` predicts all rows.
        n_images : int, default=12
            Number of images, where `select` is a name.
        random_state : int, RandomState or None, default=None
            Draws the rows where `select` is ``"random"``.
        image : str, default="image"
            The column of a DataFrame that holds the images.
        label_names : sequence of str, optional
            Other names than those the estimator knows.
        max_labels : int, default=5
            Labels below an image; those beyond are counted.
        ax : Axes, optional
            The place to draw in; None opens a figure.

        Returns
        -------
        PredictionGridDisplay
            The numbers and what was drawn.
        """
        images = image_column(X, image)
        rows = select_rows(select, len(images), n_images, random_state, may_rank=y is not None)
        y_true = None if y is None else rows_of(y, rows, len(images))
        y_pred, y_prob = predict_both(estimator, _safe_indexing(X, rows))
        table = check_table(y_true, name_columns(y_prob, estimator), y_pred, len(rows), label_names)
        return cls._show(images, table, rows, select, n_images).plot(ax, max_labels=max_labels)

    @classmethod
    def from_predictions(
        cls,
        X: Any,
        y_true: ArrayLike | None = None,
        y_prob: ArrayLike | None = None,
        *,
        y_pred: ArrayLike | None = None,
        select: str | Sequence[int] = "first",
        n_images: int = 12,
        random_state: Any = None,
        image: str = "image",
        label_names: Sequence[str] | None = None,
        max_labels: int = 5,
        ax: Any = None,
    ) -> PredictionGridDisplay:
        """Draw given predictions.

        Parameters
        ----------
        X : sequence of images or DataFrame
            Paths, PIL images or uint8 arrays, or a DataFrame with a column of them.
        y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels), optional
            0/1 indicators, NaN where unknown. None shows the predictions alone.
        y_prob : array-like of shape (n_samples, n_labels), optional
            Predicted probabilities.
        y_pred : array-like of shape (n_samples, n_labels), optional
            0/1 predictions; None takes ``y_prob >= 0.5``.
        select : {"first", "random", "worst"} or sequence of int, default="first"
            The first images, random ones, those of the highest mean log loss over known labels
            (without `y_prob`, of the largest part of wrong labels), or rows by number.
        n_images : int, default=12
            Number of images, where `select` is a name.
        random_state : int, RandomState or None, default=None
            Draws the rows where `select` is ``"random"``.
        image : str, default="image"
            The column of a DataFrame that holds the images.
        label_names : sequence of str, optional
            Names for the labels; None takes the columns of `y_true` or of the predictions.
        max_labels : int, default=5
            Labels below an image; those beyond are counted.
        ax : Axes, optional
            The place to draw in; None opens a figure.

        Returns
        -------
        PredictionGridDisplay
            The numbers and what was drawn.

        Raises
        ------
        ValueError
            If shapes do not fit together, or what `select` asks for cannot be found.
        """
        images = image_column(X, image)
        rows = select_rows(select, len(images), n_images, random_state, may_rank=y_true is not None)
        table = check_table(y_true, y_prob, y_pred, len(images), label_names).take(rows)
        return cls._show(images, table, rows, select, n_images).plot(ax, max_labels=max_labels)

    @classmethod
    def _show(
        cls, images: Sequence, table: LabelTable, rows: np.ndarray, select: Any, n_images: int
    ) -> PredictionGridDisplay:
        """Keep of the rows in `table` what is to be drawn."""
        if isinstance(select, str) and select == "worst":
            worst = np.argsort(-table.losses(), kind="stable")[:n_images]
            table, rows = table.take(worst), rows[worst]
        y_true, y_prob, y_pred, names = table
        shown = [images[row] for row in rows]
        return cls(shown, y_pred, names, y_prob=y_prob, y_true=y_true, rows=rows)

    def plot(
        self, ax: Any = None, *, n_columns: int = 4, max_labels: int = 5
    ) -> PredictionGridDisplay:
        """Draw the images and the lines below them.

        Parameters
        ----------
        ax : Axes, optional
            The place to draw in, which the images divide among them; None opens a figure.
        n_columns : int, default=4
            Images side by side.
        max_labels : int, default=5
            Labels below an image; those beyond are counted.

        Returns
        -------
        PredictionGridDisplay
            Itself, with what was drawn.
        """
        check_count("n_columns", n_columns)
        check_count("max_labels", max_labels)
        lines = [self._lines(i, max_labels) for i in range(len(self.images))]
        rows = range(len(lines)) if self.rows is None else self.rows
        n_columns = min(n_columns, len(lines))
        n_rows = -(-len(lines) // n_columns)
        height = 2.3 + _LINE / 72 * max(map(len, lines))
        heights = [1.0] * n_rows + [0.01]  # the last is for the key to the signs
        width = max(2.2 * n_columns, 4.5)
        ax, grid = open_grid(ax, heights, n_columns, width, height * n_rows + 0.3)
        self.figure_ = ax.figure
        self.axes_ = np.empty(len(lines), dtype=object)
        for i, (source, row) in enumerate(zip(self.images, rows, strict=True)):
            pixels = thumbnail(source, row)
            self.axes_[i] = add_image(self.figure_, grid[i], pixels, f"row {row}")
        self.texts_ = [_write(*pair) for pair in zip(self.axes_, lines, strict=True)]
        if self.y_true is not None:
            key = self.figure_.add_subplot(grid[-1, :])
            key.set_axis_off()
            text = "     ".join(f"{sign.sign} {sign.meaning}" for sign in _SIGNS)
            key.text(0.5, 0, text, ha="center", va="top", fontsize="small", color="0.2")
        return self

    def _lines(self, i: int, max_labels: int) -> list[tuple[str, str]]:
        """Return text and colour of each line below an image."""
        names = shorten(self.label_names, 20)
        y_pred = self.y_pred[i]
        y_prob = y_pred.astype(float) if self.y_prob is None else self.y_prob[i]
        y_true = np.full(len(names), np.nan) if self.y_true is None else self.y_true[i]
        lines = []
        for sign in _SIGNS:
            columns = np.flatnonzero(sign.applies(y_pred, y_true))
            before = "" if self.y_true is None else f"{sign.sign} "
            for j in columns[np.argsort(-y_prob[columns], kind="stable")]:
                number = "" if self.y_prob is None else f" {y_prob[j]:.2f}"
                lines.append((f"{before}{names[j].strip()}{number}", sign.colour))
        if not lines:
            is_right = not np.isnan(y_true).any()
            return [("✓ no label", _SIGNS[-1].colour) if is_right else ("no label", "0.35")]
        n_more = len(lines) - max_labels
        return lines[:max_labels] + ([(f"… and {n_more} more", "0.35")] if n_more > 0 else [])


def _write(ax: Any, lines: list[tuple[str, str]]) -> list:
    """Write lines below an image."""
    place = {"xy": (0, 0), "xycoords": "axes fraction", "textcoords": "offset points", "va": "top"}
    return [
        ax.annotate(text, xytext=(0, -4 - k * _LINE), color=colour, fontsize=8.5, **place)
        for k, (text, colour) in enumerate(lines)
    ]
