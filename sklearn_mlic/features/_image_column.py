"""The images of X, for transformers that take nothing else."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_mlic.images import as_columns


def image_column(owner: Any, X: Any) -> Sequence:
    """Return the images, or say that X holds none.

    Parameters
    ----------
    owner : estimator
        Whose parameter ``image`` names the column of a DataFrame.
    X : sequence of paths, PIL images or uint8 arrays, or DataFrame
        What the user gave.

    Returns
    -------
    sequence
        A path, PIL image or array a row.

    Raises
    ------
    TypeError, ValueError
        If X has no images.
    """
    columns = as_columns(X, image=owner.image)
    if "image" not in columns:
        raise ValueError(
            f"{type(owner).__name__} takes images (paths, PIL images, uint8 arrays) or a "
            f"DataFrame with a column of them; got a table of numbers of shape {np.shape(X)}."
        )
    return columns["image"]
