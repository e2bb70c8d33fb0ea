"""Which block a model reads first for which label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.fitted import find_label_names
from sklearn_mlic.plots._figure import choose_labels, describe_choice, open_axes, with_note
from sklearn_mlic.plots._heat_map import add_colour_bar, draw_heat_map
from sklearn_mlic.plots._inputs import find_holder
from sklearn_mlic.plots._model_labels import labels_beside
from sklearn_mlic.utils._labels import as_label_matrix, find_names
from sklearn_mlic.utils._numbers import check_count

_ALL_ROWS = "all rows"
_NOTHING = "(nothing)"
# colours, what they mean
_SHARE = "Blues", "Share of the rows that read the block {}"
_MEAN = "Blues_r", "Mean step at which the block is read, from 0"


class ModalityOrderDisplay:
    """Heat map of the block that is read at a step, for the rows of each label.

    Look at it to see which kind of features a model that chooses, such as `M3LAClassifier`, turns
    to first, and whether that depends on what a row shows: a label whose line differs from the
    top line, that of all rows, has a block of its own. Each line adds up to 1; a last column
    counts rows that read nothing at that step, as they had stopped or had no block left. Use
    `from_estimator` or `from_order` to make one.

    Parameters
    ----------
    counts : ndarray of int, shape (n_steps, n_labels, n_blocks)
        Rows with the label that read the block at the step.
    n_positives : ndarray of int, shape (n_labels,)
        Rows that are known to have the label.
    totals : ndarray of int, shape (n_steps, n_blocks)
        Rows that read the block at the step, whatever their labels.
    n_samples : int
        Number of rows.
    block_names : sequence of str
        One name a block.
    label_names : sequence of str
        One name a label.

    Attributes
    ----------
    image_ : AxesImage
        The heat map; its first line is that of all rows.
    texts_ : list of Text
        The numbers in the cells, row by row; empty with more than 15 lines or columns.
    ax_ : Axes
        Where it is drawn.
    figure_ : Figure
        The figure around it.

    Examples
    --------
    >>> from sklearn_mlic.plots import ModalityOrderDisplay
    >>> order = [["colour", "edges"], ["colour", None], ["edges", "colour"]]
    >>> y = [[1, 0], [1, 0], [0, 1]]
    >>> display = ModalityOrderDisplay.from_order(order, y, label_names=["sea", "trees"])
    >>> display.block_names
    ['colour', 'edges']
    >>> display.counts[0]
    array([[2, 0],
           [0, 1]])
    """

    def __init__(
        self,
        counts: np.ndarray,
        n_positives: np.ndarray,
        totals: np.ndarray,
        n_samples: int,
        block_names: Sequence[str],
        label_names: Sequence[str],
    ):
        self.counts = counts
        self.n_positives = n_positives
        self.totals = totals
        self.n_samples = n_samples
        self.block_names = block_names
        self.label_names = label_names

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        step: int | None = 0,
        label_names: Sequence[str] | None = None,
        max_labels: int | None = 20,
        ax: Any = None,
    ) -> ModalityOrderDisplay:
        """Read rows with a fitted model and draw which block it took.

        Parameters
        ----------
        estimator : estimator
            A fitted classifier with ``modality_order_``, such as `M3LAClassifier`, or a
            `ThresholdCalibrator`, pipeline or search around one.
        X : array-like or DataFrame of n_samples rows
            In the form that ``fit`` took.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            Their labels: 0/1 indicators, NaN where unknown.
        step : int or None, default=0
            The step to show, from 0; None shows the mean step at which each block is read.
        label_names : sequence of str, optional
            Other names than those the estimator knows.
        max_labels : int or None, default=20
            Number of labels to show, the most frequent; None shows all.
        ax : Axes, optional
            Where to draw; None opens a figure.

        Returns
        -------
        ModalityOrderDisplay
            The numbers and what was drawn.

        Raises
        ------
        ValueError
            If no estimator in it has ``modality_order_``, or there is no such step.
        """
        expected = "a fitted classifier that chooses what to read, such as M3LAClassifier"
        holder, reaching = find_holder(estimator, "modality_order_", expected, X)
        order = holder.modality_order_(reaching)
        names = find_label_names(holder)
        return cls.from_order(
            order,
            labels_beside(y, names, len(order)),
            block_names=list(holder.blocks_),
            step=step,
            label_names=names if label_names is None else label_names,
            max_labels=max_labels,
            ax=ax,
        )

    @classmethod
    def from_order(
        cls,
        order: ArrayLike,
        y: ArrayLike,
        *,
        block_names: Sequence[str] | None = None,
        step: int | None = 0,
        label_names: Sequence[str] | None = None,
        max_labels: int | None = 20,
        ax: Any = None,
    ) -> ModalityOrderDisplay:
        """Draw a given order.

        Parameters
        ----------
        order : array-like of object, shape (n_samples, n_steps)
            The name of the block that each row reads at each step; None where it reads nothing.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicators, NaN where unknown. The columns of a DataFrame name the labels.
        block_names : sequence of str, optional
            The blocks in the order of the columns; None takes those in `order`, sorted.
        step : int or None, default=0
            The step to show, from 0; None shows the mean step at which each block is read.
        label_names : sequence of str, optional
            Other names for the labels.
        max_labels : int or None, default=20
            Number of labels to show, the most frequent; None shows all.
        ax : Axes, optional
            Where to draw; None opens a figure.

        Returns
        -------
        ModalityOrderDisplay
            The numbers and what was drawn.

        Raises
        ------
        ValueError
            If `order` is no matrix, names an unknown block, or nothing is read in it.
        """
        order = np.asarray(order, dtype=object)
        if order.ndim != 2:
            raise ValueError(
                f"order has shape {order.shape}; expected (n_samples, n_steps), the name of the "
                f"block that each row reads at each step, None for nothing."
            )
        labels, _ = as_label_matrix(y, n_samples=len(order), allow_unknown=True)
        names = find_names(label_names, labels.shape[1], y)
        block_names = _check_blocks(order, block_names)
        positive = (labels == 1).astype(np.int64)
        is_read = np.stack([order == name for name in block_names], axis=2)  # (n, steps, blocks)
        counts = np.stack([positive.T @ is_read[:, i] for i in range(order.shape[1])])
        totals = is_read.sum(axis=0)
        display = cls(counts, positive.sum(axis=0), totals, len(order), block_names, names)
        return display.plot(ax, step=step, max_labels=max_labels)

    def plot(
        self, ax: Any = None, *, step: int | None = 0, max_labels: int | None = 20
    ) -> ModalityOrderDisplay:
        """Draw the heat map, labels without a positive left out.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; None opens a figure.
        step : int or None, default=0
            The step to show, from 0; None shows the mean step at which each block is read.
        max_labels : int or None, default=20
            Number of labels to show, the most frequent; None shows all.

        Returns
        -------
        ModalityOrderDisplay
            Itself, with what was drawn.
        """
        columns = choose_labels(self.n_positives, max_labels)
        if step is not None:
            check_count("step", step, 0, len(self.counts) - 1)
        counts = np.concatenate([self.totals[:, None], self.counts[:, columns]], axis=1)
        n_rows = np.append(self.n_samples, self.n_positives[columns])
        names, blocks = [_ALL_ROWS, *(self.label_names[j] for j in columns)], self.block_names
        if step is None:
            shown, style = _find_means(counts), _MEAN
            limits = 0, max(1, len(counts) - 1)
        else:
            shown, style, limits = _find_shares(counts[step], n_rows), _SHARE, (0, 1)
            blocks = [*blocks, _NOTHING][: shown.shape[1]]
        ax = open_axes(ax, 4 + 0.6 * len(blocks), min(2.4 + 0.4 * len(names), 12))
        self.ax_, self.figure_ = ax, ax.figure
        settings = {"decimals": 2, "limits": limits, "colours": style[0], "aspect": "auto"}
        self.image_, self.texts_ = draw_heat_map(ax, shown, names, blocks, **settings)
        ax.axhline(0.5, color="white", linewidth=4)  # sets all rows apart
        ax.set_xlabel(with_note("Block", describe_choice(self.n_positives, columns)))
        add_colour_bar(self.image_, style[1].format(_tell_step(step)), "top")
        return self


def _check_blocks(order: np.ndarray, block_names: Sequence[str] | None) -> list[str]:
    """Return the names of the blocks: those given, else those read."""
    read = sorted({name for name in order.ravel() if name is not None})
    if not read:
        raise ValueError(
            f"None of the {len(order)} rows reads a block: there is nothing to draw. Pass rows "
            f"that have one block at least."
        )
    unknown = [name for name in read if block_names is not None and name not in block_names]
    if unknown:
        raise ValueError(
            f"order has the block(s) {', '.join(map(repr, unknown))}; expected those of "
            f"block_names, {list(block_names)}, and None for nothing."
        )
    return read if block_names is None else list(block_names)


def _find_shares(counts: np.ndarray, n_rows: np.ndarray) -> np.ndarray:
    """Divide by the rows; add a column of those that read nothing, if there are any."""
    nothing = n_rows - counts.sum(axis=1)
    if nothing.any():
        counts = np.column_stack([counts, nothing])
    return counts / n_rows[:, None]


def _find_means(counts: np.ndarray) -> np.ndarray:
    """Return the mean step at which a block is read, NaN where it never is."""
    n_read = counts.sum(axis=0)
    steps = np.tensordot(np.arange(len(counts)), counts, 1)
    return np.divide(steps, n_read, out=np.full(n_read.shape, np.nan), where=n_read > 0)


def _tell_step(step: int | None) -> str:
    return "first" if step == 0 else f"at step {step}"
