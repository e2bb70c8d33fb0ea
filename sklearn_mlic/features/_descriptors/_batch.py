"""Several images and several descriptors, as one piece of work."""

from collections.abc import Sequence

import numpy as np

from sklearn_mlic.features._descriptors._colour import (
    colour_moments,
    correlogram,
    hsv_histogram,
    rgb_histogram,
)
from sklearn_mlic.features._descriptors._edges import edge_histogram, hog
from sklearn_mlic.features._descriptors._picture import Picture
from sklearn_mlic.features._descriptors._texture import gabor, lbp
from sklearn_mlic.features._descriptors._words import patches
from sklearn_mlic.images import ImageSource, load_image

# By name, those that are the same whatever the images they are fitted on.
DESCRIPTORS = {
    "hog": hog,
    "rgb_histogram": rgb_histogram,
    "hsv_histogram": hsv_histogram,
    "colour_moments": colour_moments,
    "correlogram": correlogram,
    "edge_histogram": edge_histogram,
    "gabor": gabor,
    "lbp": lbp,
}
_DESCRIBERS = {**DESCRIPTORS, "patches": patches}


def describe_batch(
    sources: Sequence[ImageSource], rows: Sequence[int], names: Sequence[str], size: int
) -> dict[str, list[np.ndarray]]:
    """Load images and describe each: in a process of its own where there are several.

    Parameters
    ----------
    sources : sequence of path, PIL image or uint8 ndarray
        The images.
    rows : sequence of int
        Their places in X, for error messages.
    names : sequence of str
        Descriptors, or ``"patches"``.
    size : int
        Pixels a side.

    Returns
    -------
    dict of str to list of ndarray
        By descriptor an array an image: float32, of patches uint8.
    """
    found: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for source, row in zip(sources, rows, strict=True):
        picture = Picture(load_image(source, size, row))
        for name in names:
            array = _DESCRIBERS[name](picture)
            found[name].append(array if array.dtype == np.uint8 else array.astype(np.float32))
    return found
