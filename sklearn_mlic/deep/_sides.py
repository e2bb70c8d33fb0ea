"""The two sides of a row, image and text: which it has, and what they are fused by."""

import warnings
from copy import deepcopy
from inspect import signature
from typing import Any

import numpy as np
from torch import nn

from sklearn_mlic.nn.fusion import FUSIONS, Fusion
from sklearn_mlic.nn.heads import HEADS
from sklearn_mlic.nn.model import head_inputs
from sklearn_mlic.utils._choices import make_choice

# Stands where a row has no image; the network is told that there is none.
_NO_IMAGE = np.zeros((1, 1, 3), dtype=np.uint8)


def mark_images(images: np.ndarray) -> dict[str, np.ndarray]:
    """Put a stand-in where a row has no image.

    Parameters
    ----------
    images : ndarray of object, shape (n_samples,)
        Images, or None; changed in place.

    Returns
    -------
    dict of str to ndarray
        The column ``image``, and ``has_image``: which rows have one.
    """
    has_image = np.array([source is not None for source in images])
    for row in np.flatnonzero(~has_image):
        images[row] = _NO_IMAGE
    return {"image": images, "has_image": has_image}


def check_sides(has_image: np.ndarray, has_text: np.ndarray) -> None:
    """Refuse to train where no row has an image; warn of rows that have neither side.

    Parameters
    ----------
    has_image, has_text : ndarray of bool, shape (n_samples,)
        Which rows have what.

    Raises
    ------
    ValueError
        If no row has an image.
    """
    if not has_image.any():
        raise ValueError(
            f"None of the {len(has_image)} rows has an image. Set image=None to fit on text alone."
        )
    n_bare = int((~has_image & ~has_text).sum())
    if n_bare:
        warnings.warn(
            f"{n_bare} of {len(has_image)} rows have neither image nor text: they tell how "
            f"frequent the labels are, and no more.",
            UserWarning,
            stacklevel=5,
        )


def make_fusion(spec: dict[str, Any], n_labels: int) -> Fusion:
    """Build the fusion that ``model_spec_`` describes.

    Parameters
    ----------
    spec : dict
        With ``fusion``, ``fusion_params``, ``n_features`` and ``n_text``.
    n_labels : int
        Number of labels.

    Returns
    -------
    Fusion
        A copy where an instance was given.

    Raises
    ------
    TypeError
        If it is no Fusion.
    """
    fusion = make_choice(
        "fusion",
        deepcopy(spec["fusion"]),
        FUSIONS,
        spec["fusion_params"],
        n_image=spec["n_features"],
        n_text=spec["n_text"],
        n_labels=n_labels,
    )
    if not isinstance(fusion, Fusion):
        raise TypeError(
            f"fusion={spec['fusion']!r}; expected one of {', '.join(FUSIONS)}, or a "
            f"sklearn_mlic.nn.fusion.Fusion or its class."
        )
    return fusion


def takes_text(head: Any) -> bool:
    """Tell whether a head may be made with ``n_text``.

    Parameters
    ----------
    head : str, type or nn.Module
        As the estimator's parameter `head`; an instance is made already.

    Returns
    -------
    bool
        Whether its constructor has that parameter.
    """
    made = HEADS.get(head) if isinstance(head, str) else head
    return isinstance(made, type) and "n_text" in signature(made).parameters


def check_reads_text(head: nn.Module, n_text: int, fusion: Any) -> None:
    """Refuse a head that would leave the text unread.

    Parameters
    ----------
    head : nn.Module
        The head that was made.
    n_text : int
        Width of the text's vector.
    fusion : str, type or Fusion
        What hands the text to the head, for the message.

    Raises
    ------
    ValueError
        If its ``forward`` does not name ``text``, or it is made for text of another width.
    """
    if "text" in head_inputs(head.forward) and getattr(head, "n_text", n_text) == n_text:
        return
    raise ValueError(
        f"fusion={fusion!r} puts the text beside the head's summary of the image, and the head "
        f"{type(head).__name__} does not take a text of {n_text} values. Choose "
        f"head='lstm_transformer', or fusion='concat', which any head takes."
    )
