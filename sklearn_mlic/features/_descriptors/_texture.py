"""Descriptors of texture."""

from functools import lru_cache

import numpy as np
from scipy import fft
from skimage.feature import local_binary_pattern
from skimage.filters import gabor_kernel

from sklearn_mlic.features._descriptors._picture import Picture, cell_histograms

_LBP_CELLS = 2
_N_PATTERNS = 59  # the uniform patterns of 8 neighbours, and one for all others
# Cycles a pixel, an octave apart.
_FREQUENCIES = (0.05, 0.1, 0.2, 0.4)
_N_ORIENTATIONS = 6


def lbp(picture: Picture) -> np.ndarray:
    """Uniform local binary patterns of the 8 nearest pixels, in the cells of a 2 x 2 grid.

    Ojala, T., Pietikäinen, M. and Mäenpää, T. (2002). Multiresolution gray-scale and rotation
    invariant texture classification with local binary patterns. IEEE TPAMI 24.

    Parameters
    ----------
    picture : Picture
        The image.

    Returns
    -------
    ndarray of shape (236,)
        Cell by cell, the root of the frequency of each pattern.
    """
    levels = np.round(picture.grey * 255).astype(np.uint8)
    patterns = local_binary_pattern(levels, P=8, R=1, method="nri_uniform").astype(int)
    return np.sqrt(cell_histograms(patterns, _N_PATTERNS, _LBP_CELLS).ravel())


def gabor(picture: Picture) -> np.ndarray:
    """Mean and spread of the strength of Gabor waves, at 4 scales and 6 orientations.

    Manjunath, B. S. and Ma, W. Y. (1996). Texture features for browsing and retrieval of image
    data. IEEE TPAMI 18.

    Parameters
    ----------
    picture : Picture
        The image.

    Returns
    -------
    ndarray of shape (48,)
        The means, then the standard deviations.
    """
    margin = picture.size // 8  # mirrored, as the transform would join left and right otherwise
    padded = np.pad(picture.grey.astype(np.float32), margin, mode="reflect")
    spectrum = fft.fft2(padded)
    inside = slice(margin, margin + picture.size)
    strengths = (np.abs(fft.ifft2(spectrum * f)[inside, inside]) for f in _filters(len(padded)))
    figures = np.array([(s.mean(), s.std()) for s in strengths])
    return figures.T.ravel()


@lru_cache(maxsize=1)  # 24 spectra weigh 300 MB for a large image
def _filters(size: int) -> np.ndarray:
    """Return the spectra of the waves, shape (24, size, size)."""
    angles = np.arange(_N_ORIENTATIONS) * np.pi / _N_ORIENTATIONS
    return np.array(
        [_spectrum(gabor_kernel(f, theta=a), size) for f in _FREQUENCIES for a in angles]
    )


def _spectrum(kernel: np.ndarray, size: int) -> np.ndarray:
    """Lay a kernel around the corner of a square, wrapped where it is larger; transform it."""
    places = np.ix_(*[(np.arange(n) - n // 2) % size for n in kernel.shape])
    laid = np.zeros((size, size), dtype=np.complex64)
    np.add.at(laid, places, kernel)
    return fft.fft2(laid)
