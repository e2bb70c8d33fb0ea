"""True labels that are read beside what a fitted model tells of its labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_mlic.utils._labels import as_label_matrix


def labels_beside(y: Any, label_names: Sequence[str], n_samples: int | None = None) -> np.ndarray:
    """Check that y has the labels of a model, in its order; NaN where unknown."""
    labels, _ = as_label_matrix(y, n_samples=n_samples, allow_unknown=True)
    own, given = (
        [str(name) for name in names] for names in (label_names, getattr(y, "columns", ()))
    )
    if labels.shape[1] != len(own):
        raise ValueError(
            f"y has {labels.shape[1]} labels and the model {len(own)}; expected the labels that it "
            f"was fitted on."
        )
    if given != own and sorted(given) == sorted(own):
        raise ValueError(
            f"y and the model have the same labels in another order: {given} and {own}. Reorder "
            f"y: y[list(model.label_names_)]."
        )
    return labels
