"""What the contract's checks fit: features, images or images with text that tell the labels."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

_N_FEATURES = 6


def takes_images(estimator: Any) -> bool:
    """Tell whether an estimator names a column of images.

    Parameters
    ----------
    estimator : estimator
        Fitted or not.

    Returns
    -------
    bool
        True where it has a parameter ``image`` that is not None.
    """
    return estimator.get_params(deep=False).get("image") is not None


def find_text_columns(estimator: Any) -> list[str]:
    """Return the columns of text that an estimator names.

    Parameters
    ----------
    estimator : estimator
        Fitted or not.

    Returns
    -------
    list of str
        What its parameter ``text`` says; empty where it has none, or None.
    """
    text = estimator.get_params(deep=False).get("text")
    return [text] if isinstance(text, str) else list(text or ())


def make_data(estimator: Any, n_labels: int = 3, n_samples: int = 60) -> tuple:
    """Make X that an estimator takes and y that can be learned from it.

    Parameters
    ----------
    estimator : estimator
        One that names a column of images gets images, one that names columns of text a DataFrame
        with both, in which some rows lack one of them; any other gets features.
    n_labels, n_samples : int
        The shape of y.

    Returns
    -------
    X : ndarray (n_samples, 6), uint8 ndarray (n_samples, 16, 16, 3) or DataFrame
        Features, images, or images with text.
    y : ndarray of int, shape (n_samples, n_labels)
        0/1 labels; none is constant.
    """
    rng = np.random.RandomState(0)
    features = rng.normal(size=(n_samples, _N_FEATURES))
    weights, biases = rng.normal(size=(_N_FEATURES, n_labels)), rng.normal(size=n_labels)
    y = (features @ weights + biases > 0).astype(int)
    y[0], y[1] = 0, 1
    if find_text_columns(estimator):
        return _as_frame(features, estimator), y
    return (as_images(features) if takes_images(estimator) else features), y


def as_images(features: np.ndarray) -> np.ndarray:
    """Paint each row of 6 features as a 16-pixel picture of 6 coloured tiles.

    Parameters
    ----------
    features : ndarray of shape (n_samples, 6)
        Any numbers.

    Returns
    -------
    uint8 ndarray of shape (n_samples, 16, 16, 3)
        The pictures.
    """
    tiles = (255 / (1 + np.exp(-features))).astype(np.uint8).reshape(-1, 2, 1, 3)
    return np.ascontiguousarray(tiles.repeat(8, axis=1).repeat(16, axis=2))


def image_forms(images: np.ndarray, folder: Path) -> Iterator[list]:
    """Yield the same images as arrays, PIL images, paths and names of files.

    Parameters
    ----------
    images : uint8 ndarray of shape (n_samples, H, W, 3)
        The images.
    folder : path
        Where to write files.

    Yields
    ------
    list
        An element an image.
    """
    yield list(images)
    pil = [Image.fromarray(pixels) for pixels in images]
    yield pil
    paths = [folder / f"{i}.png" for i in range(len(pil))]
    for image, path in zip(pil, paths, strict=True):
        image.save(path)
    yield paths
    yield [str(path) for path in paths]


def as_column(values: list, name: str) -> pd.Series:
    """Put anything into a column, images too, which numpy would take apart.

    Parameters
    ----------
    values : list
        An element a row.
    name : str
        What the column is called.

    Returns
    -------
    Series of object
        The values as they are.
    """
    column = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        column[row] = value
    return pd.Series(column, name=name)


def _as_frame(features: np.ndarray, estimator: Any) -> pd.DataFrame:
    """Show each row as a picture, and tell of it in words: each column has its share of them."""
    columns = []
    if takes_images(estimator):
        images = list(as_images(features))
        images[2::9] = [None] * len(images[2::9])
        columns.append(as_column(images, estimator.image))
    names = find_text_columns(estimator)
    for k, name in enumerate(names):
        texts = [_describe(row, range(k, _N_FEATURES, len(names))) for row in features]
        texts[4::9] = [None] * len(texts[4::9])
        columns.append(as_column(texts, name))
    return pd.concat(columns, axis=1)


def _describe(row: np.ndarray, places: range) -> str:
    return " ".join(f"{'bright' if row[place] > 0 else 'dark'}{place}" for place in places)
