"""What all displays share when they draw: axes, colours, and which labels are shown."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_mlic.utils._numbers import check_count

# Told apart with any kind of colour vision (after Okabe & Ito 2008, without the yellow).
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#444444"]
_LINE_STYLES = ["-", "--", "-.", ":"]
_LONGEST_NAME = 28


def open_axes(ax: Any, width: float, height: float) -> Any:
    """Return `ax`, or the axes of a new figure of this size in inches."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "Drawing needs matplotlib, which is not installed: pip install sklearn-mlic[plot]"
        ) from error
    if ax is not None:
        return ax
    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def open_grid(
    ax: Any, heights: Sequence[float], n_columns: int, width: float, height: float
) -> tuple:
    """Return `ax`, or that of a new figure, emptied, and a grid of places for axes within it.

    `heights` holds the relative height of each row.
    """
    ax = open_axes(ax, width, height)
    ax.set(xticks=[], yticks=[], facecolor="none")
    ax.spines[:].set_visible(False)
    shape = len(heights), n_columns
    place = ax.get_subplotspec()
    if place is not None:
        return ax, place.subgridspec(*shape, height_ratios=heights)
    box = ax.get_position()
    sides = {"left": box.x0, "right": box.x1, "bottom": box.y0, "top": box.y1}
    return ax, ax.figure.add_gridspec(*shape, height_ratios=heights, **sides)


def add_image(figure: Any, place: Any, pixels: np.ndarray, title: str) -> Any:
    """Return new axes that show an image under its title."""
    ax = figure.add_subplot(place)
    ax.imshow(pixels)
    ax.set(xticks=[], yticks=[], anchor="S")
    ax.set_title(title, fontsize="small", color="0.4", loc="left", pad=3)
    ax.spines[:].set_visible(False)
    return ax


def open_curve_axes(ax: Any) -> Any:
    """Return axes for one curve a label, both scales from 0 to 1."""
    ax = open_axes(ax, 7.5, 5)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    ax.grid(color="0.9", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def add_legend(ax: Any, is_own_figure: bool) -> None:
    """List the curves: beside the axes of an own figure, inside axes that were given."""
    place = {"loc": "upper left", "bbox_to_anchor": (1.01, 1)} if is_own_figure else {}
    # About 25 lines fit beside the axes.
    n_columns = 1 + len(ax.get_legend_handles_labels()[1]) // 25
    ax.legend(fontsize="small", frameon=not is_own_figure, ncols=n_columns, **place)


def curve_style(i: int) -> dict:
    """Colour and line style of the i-th curve: the first 7 differ in colour, 28 in all."""
    return {
        "color": COLOURS[i % len(COLOURS)],
        "linestyle": _LINE_STYLES[i // len(COLOURS) % len(_LINE_STYLES)],
    }


def choose_labels(n_positives: np.ndarray, max_labels: int | None) -> np.ndarray:
    """Return the columns to show: the most frequent first, none without a positive."""
    if max_labels is not None:
        check_count("max_labels", max_labels)
    columns = np.argsort(-n_positives, kind="stable")
    columns = columns[n_positives[columns] > 0]
    if not len(columns):
        raise ValueError("No label has a positive: there is nothing to draw.")
    return columns[:max_labels]


def describe_choice(n_positives: np.ndarray, columns: np.ndarray) -> str:
    """Say which labels are not shown; empty if all are."""
    n_without = np.count_nonzero(n_positives == 0)
    parts = []
    if len(columns) < len(n_positives) - n_without:
        parts.append(f"{len(columns)} most frequent of {len(n_positives)} labels")
    if n_without:
        parts.append(f"{n_without} without a positive left out")
    return "; ".join(parts)


def with_note(text: str, note: str) -> str:
    """Return an axis label, the note on a line of its own."""
    return f"{text}\n({note})" if note else text


def shorten(names: Sequence[str], longest: int = _LONGEST_NAME) -> list[str]:
    """Cut long names; mask what matplotlib would read as formula or as "keep off the legend"."""
    short = [n if len(n) <= longest else f"{n[: longest - 1]}…" for n in names]
    return [f" {n}" if n.startswith("_") else n for n in (n.replace("$", r"\$") for n in short)]
