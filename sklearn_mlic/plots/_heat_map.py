"""A matrix as colours, with its numbers in the cells where they can be read."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_mlic.plots._figure import shorten

_MOST_NUMBERS = 15  # cells a side; the numbers of more are too small to read
_DARK = 0.55  # luminance below which text is white
_LUMINANCE = np.array([0.299, 0.587, 0.114])  # of red, green, blue


def draw_heat_map(
    ax: Any,
    values: np.ndarray,
    row_names: Sequence[str],
    column_names: Sequence[str],
    *,
    colours: str,
    limits: tuple[float, float],
    decimals: int,
    aspect: str = "equal",
) -> tuple[Any, list]:
    """Draw a matrix, NaN left empty; return the image and the texts in the cells, row by row."""
    low, high = limits
    image = ax.imshow(values, cmap=colours, vmin=low, vmax=high, aspect=aspect)
    turned = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    ax.set_xticks(np.arange(len(column_names)), shorten(column_names), **turned)
    ax.set_yticks(np.arange(len(row_names)), shorten(row_names))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    if max(values.shape) > _MOST_NUMBERS:
        return image, []
    return image, [_write(image, i, j, value, decimals) for (i, j), value in np.ndenumerate(values)]


def add_colour_bar(image: Any, meaning: str, location: str = "right") -> Any:
    """Draw the scale of a heat map, an arrow where values lie beyond it."""
    from matplotlib.ticker import MaxNLocator

    low, high = image.get_clim()
    values = image.get_array()
    below, above = values.min() < low, values.max() > high
    extend = [["neither", "max"], ["min", "both"]][bool(below)][bool(above)]
    settings = {"shrink": 0.8, "location": location, "label": meaning, "extend": extend}
    settings["ticks"] = MaxNLocator(5)  # at most: small numbers are long
    return image.figure.colorbar(image, ax=image.axes, **settings)


def limits_beside_diagonal(square: np.ndarray, is_signed: bool) -> tuple[float, float]:
    """Return limits of colour, around 0 if signed: the others share them, not the diagonal."""
    beside = abs(square[~np.eye(len(square), dtype=bool)])
    top = np.nanmax(beside, initial=0) or 1.0
    return (-top if is_signed else 0.0), top


def _write(image: Any, i: int, j: int, value: float, decimals: int) -> Any:
    """Put a number into its cell, white on dark."""
    is_dark = image.cmap(image.norm(value))[:3] @ _LUMINANCE < _DARK
    # Rounded first: no -0.00.
    text = "" if np.isnan(value) else f"{round(value, decimals) + 0.0:,.{decimals}f}"
    place = {"ha": "center", "va": "center", "fontsize": "small"}
    return image.axes.text(j, i, text, color="white" if is_dark else "black", **place)
