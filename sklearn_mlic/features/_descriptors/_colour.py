"""Descriptors of colour."""

import numpy as np

from sklearn_mlic.features._descriptors._picture import Picture, cell_histograms, grid_edges

# Levels of red, green and blue: the eye tells the least of blue.
RGB_LEVELS = (8, 8, 4)
# Levels of hue, saturation and value.
HSV_LEVELS = (8, 4, 2)
_FEW_HSV_LEVELS = (6, 2, 3)
_MOMENT_CELLS = 5
_DISTANCES = (1, 3, 5, 7)
# Half of the eight directions: a pair of pixels is the same from either end.
_DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))


def rgb_histogram(picture: Picture) -> np.ndarray:
    """Count colours in red, green and blue.

    Parameters
    ----------
    picture : Picture
        The image.

    Returns
    -------
    ndarray of shape (256,)
        Roots of frequencies.
    """
    return _histogram(picture.rgb / 256, RGB_LEVELS)


def hsv_histogram(picture: Picture) -> np.ndarray:
    """Count colours in hue, saturation and value.

    Parameters
    ----------
    picture : Picture
        The image.

    Returns
    -------
    ndarray of shape (64,)
        Roots of frequencies.
    """
    return _histogram(picture.hsv, HSV_LEVELS)


def colour_moments(picture: Picture) -> np.ndarray:
    """Mean, spread and skew of each Lab channel in the cells of a 5 x 5 grid.

    Stricker, M. and Orengo, M. (1995). Similarity of color images. SPIE 2420.

    Parameters
    ----------
    picture : Picture
        The image.

    Returns
    -------
    ndarray of shape (225,)
        Cell by cell, the three moments of each channel; the third is the cube root of the third
        central moment, so that all are in the unit of the channel.
    """
    edges = grid_edges(picture.size, _MOMENT_CELLS)
    n_pixels = _cell_sums(np.ones(picture.lab.shape), edges)
    powers = [_cell_sums(picture.lab**k, edges) / n_pixels for k in (1, 2, 3)]
    mean, square, cube = powers
    variance = np.maximum(square - mean**2, 0)  # rounding can leave it below 0
    third = cube - 3 * mean * square + 2 * mean**3
    return np.stack([mean, np.sqrt(variance), np.cbrt(third)], axis=-1).ravel()


def correlogram(picture: Picture) -> np.ndarray:
    """Of the neighbours that a pixel of each colour has, the share of the same colour.

    The auto-correlogram, at 36 colours and 4 distances, over neighbours in 8 directions.

    Huang, J., Kumar, S. R., Mitra, M., Zhu, W.-J. and Zabih, R. (1997). Image indexing using
    color correlograms. CVPR.

    Parameters
    ----------
    picture : Picture
        The image.

    Returns
    -------
    ndarray of shape (144,)
        Distance by distance, a share a colour: 0 for one that the image lacks.
    """
    levels, n_levels = _quantise(picture.hsv, _FEW_HSV_LEVELS)
    shares = []
    for distance in _DISTANCES:
        same, all_ = np.zeros(n_levels), np.zeros(n_levels)
        for rows, columns in _DIRECTIONS:
            one, other = _shifted(levels, distance * rows, distance * columns)
            same += 2 * np.bincount(one[one == other], minlength=n_levels)
            all_ += np.bincount(one.ravel(), minlength=n_levels)
            all_ += np.bincount(other.ravel(), minlength=n_levels)
        shares.append(same / np.maximum(all_, 1))
    return np.concatenate(shares)


def _histogram(channels: np.ndarray, n_levels: tuple) -> np.ndarray:
    return np.sqrt(cell_histograms(*_quantise(channels, n_levels), n_cells=1).ravel())


def _quantise(channels: np.ndarray, n_levels: tuple) -> tuple[np.ndarray, int]:
    """Turn channels of 0 to 1 into one number a pixel, and tell how many numbers there are."""
    levels = np.minimum((channels * n_levels).astype(int), np.array(n_levels) - 1)
    return np.ravel_multi_index(tuple(np.moveaxis(levels, -1, 0)), n_levels), np.prod(n_levels)


def _cell_sums(channels: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.add.reduceat(np.add.reduceat(channels, edges, axis=0), edges, axis=1)


def _shifted(levels: np.ndarray, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixels that have a neighbour so far away, and those neighbours."""
    size = len(levels)
    one = levels[: size - rows, max(0, -columns) : size - max(0, columns)]
    other = levels[rows:, max(0, columns) : size - max(0, -columns)]
    return one, other
