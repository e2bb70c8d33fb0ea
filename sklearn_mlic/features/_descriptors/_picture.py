"""One image in the colour spaces that descriptors read, each computed once."""

from functools import cached_property

import numpy as np
from skimage.color import rgb2gray, rgb2hsv, rgb2lab


class Picture:
    """Square pixels, and what several descriptors make of them.

    Parameters
    ----------
    rgb : uint8 ndarray of shape (S, S, 3)
        The pixels.
    """

    def __init__(self, rgb: np.ndarray):
        self.rgb = rgb

    @property
    def size(self) -> int:
        """Pixels a side."""
        return len(self.rgb)

    @cached_property
    def grey(self) -> np.ndarray:
        """Luminance, 0 to 1, shape (S, S)."""
        return rgb2gray(self.rgb)

    @cached_property
    def hsv(self) -> np.ndarray:
        """Hue, saturation and value, 0 to 1, shape (S, S, 3)."""
        return rgb2hsv(self.rgb)

    @cached_property
    def lab(self) -> np.ndarray:
        """CIELAB under daylight, shape (S, S, 3)."""
        return rgb2lab(self.rgb)


def grid_edges(size: int, n_cells: int) -> np.ndarray:
    """Return where the cells of a grid begin along a side, as ``np.add.reduceat`` takes it.

    Parameters
    ----------
    size : int
        Pixels a side.
    n_cells : int
        Cells a side; where `size` is no multiple, some are a pixel wider.

    Returns
    -------
    ndarray of int, shape (n_cells,)
        The first pixel of each.
    """
    return np.arange(n_cells) * size // n_cells


def cell_histograms(levels: np.ndarray, n_levels: int, n_cells: int) -> np.ndarray:
    """Count levels in each cell of a grid; each cell sums to 1.

    Parameters
    ----------
    levels : ndarray of int, shape (S, S)
        From 0 to ``n_levels - 1``.
    n_levels : int
        How many there are.
    n_cells : int
        Cells a side.

    Returns
    -------
    ndarray of shape (n_cells, n_cells, n_levels)
        Frequencies.
    """
    size = len(levels)
    cell = np.zeros(size, dtype=int)
    cell[grid_edges(size, n_cells)[1:]] = 1
    cell = cell.cumsum()
    place = (cell[:, None] * n_cells + cell) * n_levels + levels
    counts = np.bincount(place.ravel(), minlength=n_cells**2 * n_levels)
    counts = counts.reshape(n_cells, n_cells, n_levels)
    return counts / counts.sum(axis=2, keepdims=True)
