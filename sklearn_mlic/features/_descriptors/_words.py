"""Bags of visual words: patches of the image, counted by the word of a codebook nearest to each."""

from collections.abc import Sequence

import numpy as np
from skimage.feature import hog as oriented_gradients
from sklearn.cluster import MiniBatchKMeans

from sklearn_mlic.features._descriptors._picture import Picture

_CELL = 4  # pixels
_CELLS_PER_PATCH = 4
_STEP = 2  # cells between patches
# More patches hardly change the words.
_MOST_PATCHES = 50_000


def patches(picture: Picture) -> np.ndarray:
    """Describe patches of 16 pixels, one every 8, by their gradients.

    As SIFT does on a dense grid: 4 x 4 cells of 8 orientations.

    Parameters
    ----------
    picture : Picture
        The image.

    Returns
    -------
    uint8 ndarray of shape (n_patches, 128)
        A patch a row.
    """
    gradients = oriented_gradients(
        picture.grey,
        orientations=8,
        pixels_per_cell=(_CELL, _CELL),
        cells_per_block=(_CELLS_PER_PATCH, _CELLS_PER_PATCH),
        feature_vector=False,
    )[::_STEP, ::_STEP]
    # In a byte each, as SIFT is kept: no number of a normalised patch is above 1.
    return np.round(gradients.reshape(-1, gradients[0, 0].size) * 255).astype(np.uint8)


def find_words(
    images: Sequence[np.ndarray], n_words: int, rng: np.random.RandomState
) -> np.ndarray:
    """Cluster the patches of many images.

    Parameters
    ----------
    images : sequence of ndarray (n_patches, 128)
        What `patches` returned for each image.
    n_words : int
        Words of the codebook.
    rng : RandomState
        Draws the patches and the first words.

    Returns
    -------
    float32 ndarray of shape (n_words, 128)
        The codebook.

    Raises
    ------
    ValueError
        If there are fewer patches than words.
    """
    all_ = np.concatenate(images)
    if len(all_) < n_words:
        raise ValueError(
            f"n_words={n_words}, but the {len(images)} image(s) have {len(all_)} patches. Expected "
            f"as many patches as words: pass more images, or fewer words."
        )
    if len(all_) > _MOST_PATCHES:
        all_ = all_[rng.choice(len(all_), _MOST_PATCHES, replace=False)]
    model = MiniBatchKMeans(n_words, n_init=1, random_state=rng)
    return model.fit(all_.astype(np.float32)).cluster_centers_


def count_words(found: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Count the patches of one image by the nearest word.

    Parameters
    ----------
    found : ndarray of shape (n_patches, 128)
        The image's patches.
    words : float32 ndarray of shape (n_words, 128)
        The codebook.

    Returns
    -------
    ndarray of shape (n_words,)
        Roots of frequencies.
    """
    # The patch's own length is the same for all words.
    distances = (words**2).sum(axis=1) - 2 * found.astype(np.float32) @ words.T
    return np.sqrt(np.bincount(distances.argmin(axis=1), minlength=len(words)) / len(found))
