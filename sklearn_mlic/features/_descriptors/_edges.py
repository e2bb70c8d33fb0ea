"""Descriptors of edges."""

import numpy as np
from skimage.feature import hog as oriented_gradients

from sklearn_mlic.features._descriptors._picture import Picture, cell_histograms

_HOG_CELLS = 5
_EDGE_CELLS = 4
# MPEG-7: about so many blocks an image, and the least strength of an edge, of 255 levels.
_N_BLOCKS = 1100
_LEAST_EDGE = 11 / 255
_ROOT = np.sqrt(2)
# The weights of a block's four quarters, left to right and down: vertical, horizontal, both
# diagonals, and an edge of no direction.
_EDGE_FILTERS = np.array(
    [
        [1, -1, 1, -1],
        [1, 1, -1, -1],
        [_ROOT, 0, 0, -_ROOT],
        [0, _ROOT, -_ROOT, 0],
        [2, -2, -2, 2],
    ]
)


def hog(picture: Picture) -> np.ndarray:
    """Histograms of oriented gradients: 9 orientations, 5 x 5 cells, blocks of 2 x 2 cells.

    Dalal, N. and Triggs, B. (2005). Histograms of oriented gradients for human detection. CVPR.

    Parameters
    ----------
    picture : Picture
        The image.

    Returns
    -------
    ndarray of shape (576,)
        Block by block.
    """
    cell = picture.size // _HOG_CELLS
    return oriented_gradients(
        picture.grey, orientations=9, pixels_per_cell=(cell, cell), cells_per_block=(2, 2)
    )


def edge_histogram(picture: Picture) -> np.ndarray:
    """Share of blocks with an edge of each of 5 kinds, in the cells of a 4 x 4 grid.

    The edge histogram of MPEG-7.

    Manjunath, B. S., Ohm, J.-R., Vasudevan, V. V. and Yamada, A. (2001). Color and texture
    descriptors. IEEE Transactions on Circuits and Systems for Video Technology 11.

    Parameters
    ----------
    picture : Picture
        The image.

    Returns
    -------
    ndarray of shape (80,)
        Cell by cell: vertical, horizontal, at 45 and 135 degrees, without direction.
    """
    half = max(1, int(picture.size / np.sqrt(_N_BLOCKS) / 2))
    n_blocks = picture.size // (2 * half)
    pixels = picture.grey[: 2 * half * n_blocks, : 2 * half * n_blocks]
    quarters = pixels.reshape(n_blocks, 2, half, n_blocks, 2, half).mean(axis=(2, 5))
    quarters = quarters.transpose(0, 2, 1, 3).reshape(n_blocks, n_blocks, 4)
    strengths = np.abs(quarters @ _EDGE_FILTERS.T)
    kinds = np.where(strengths.max(axis=2) >= _LEAST_EDGE, strengths.argmax(axis=2), 5)
    return cell_histograms(kinds, 6, _EDGE_CELLS)[:, :, :5].ravel()
