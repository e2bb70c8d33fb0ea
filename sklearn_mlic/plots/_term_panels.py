"""A panel a label, and the terms in it as bars or as a word cloud."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sklearn_mlic.plots._figure import COLOURS, open_grid, shorten

_N_COLUMNS = 3
_LONGEST_TERM = 20
_LONGEST_WORD = 28  # in a cloud
_CLOUD_HEIGHT, _CLOUD_WIDTH = 360, 540  # pixels

CloudMaker = Callable[[Sequence[str], Sequence[float]], np.ndarray]


def open_panels(ax: Any, titles: Sequence[str], height: float, text: str) -> tuple:
    """Return an array of axes in rows of three, and the text below them."""
    n_columns = min(_N_COLUMNS, len(titles))
    n_rows = -(-len(titles) // n_columns)
    heights = [1.0] * n_rows + [0.01]  # the last is for the text
    width = max(3.2 * n_columns, 4.5)
    ax, grid = open_grid(ax, heights, n_columns, width, height * n_rows + 0.4)
    panels = np.empty(len(titles), dtype=object)
    for i, title in enumerate(titles):
        panels[i] = ax.figure.add_subplot(grid[i])
        panels[i].set_title(title, loc="left", fontsize="medium")
    below = ax.figure.add_subplot(grid[-1, :])
    below.set_axis_off()
    place = {"ha": "center", "va": "top", "transform": below.transAxes}
    return panels, below.text(0.5, 0, text, fontsize="small", color="0.2", **place)


def draw_bars(
    panel: Any, terms: Sequence[str], values: np.ndarray, n_places: int, limits: tuple
) -> Any:
    """Draw bars from the top down, in as many places as the other panels have."""
    places = np.arange(len(terms))
    bars = panel.barh(places, values, height=0.7, color=list(map(_colour, values)))
    panel.set_yticks(places, shorten(terms, _LONGEST_TERM), fontsize="small")
    panel.set(xlim=limits, ylim=(n_places - 0.4, -0.6))
    panel.axvline(0, color="0.4", linewidth=0.8)
    panel.grid(axis="x", color="0.9", linewidth=0.8)
    panel.set_axisbelow(True)
    panel.tick_params(axis="y", length=0)
    panel.tick_params(axis="x", labelsize="small")
    panel.locator_params(axis="x", nbins=4)
    panel.spines[["top", "right", "left"]].set_visible(False)
    if not len(terms):
        _say_empty(panel)
    return bars


def find_limits(values: np.ndarray) -> tuple[float, float]:
    """Return a range for all values and 0, with some room at the ends that have bars."""
    low, high = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
    room = 0.04 * (high - low)
    return (low - room * (low < 0), high + room * (high > 0)) if room else (0.0, 1.0)


def draw_cloud(
    panel: Any, make_cloud: CloudMaker, terms: Sequence[str], values: np.ndarray
) -> None:
    """Draw a word cloud."""
    panel.set(xticks=[], yticks=[])
    panel.spines[:].set_color("0.85")
    if np.any(values):
        panel.imshow(make_cloud(terms, values), interpolation="bilinear")
    else:
        _say_empty(panel)


def load_cloud_maker() -> CloudMaker:
    """Return a function (words, weights) -> RGB image, or tell how to get one."""
    try:
        from matplotlib.font_manager import FontProperties, findfont
        from wordcloud import WordCloud
    except ImportError as error:
        raise ImportError(
            f"Word clouds need wordcloud and matplotlib, and {error.name} is not installed: "
            f"pip install sklearn-mlic[plot]"
        ) from error
    font = findfont(FontProperties())

    def make_cloud(words: Sequence[str], weights: Sequence[float]) -> np.ndarray:
        # A word without room is left out, and a long one would seldom find any.
        words = [w if len(w) <= _LONGEST_WORD else f"{w[: _LONGEST_WORD - 1]}…" for w in words]
        weight_of = dict(zip(words, weights, strict=True))
        cloud = WordCloud(
            font_path=font,
            width=_CLOUD_WIDTH,
            height=_CLOUD_HEIGHT,
            background_color="white",
            prefer_horizontal=1,
            color_func=lambda word, **_: _colour(weight_of[word]),
            random_state=0,
        )
        sizes = {word: abs(float(weight)) for word, weight in weight_of.items()}
        return cloud.generate_from_frequencies(sizes).to_array()

    return make_cloud


def _colour(value: float) -> str:
    return COLOURS[0] if value > 0 else COLOURS[1]


def _say_empty(panel: Any) -> None:
    middle = {"ha": "center", "va": "center", "transform": panel.transAxes}
    panel.text(0.5, 0.5, "no terms", color="0.4", **middle)
