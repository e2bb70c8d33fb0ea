"""The check of X for the few methods that compute with its numbers."""

import os
from typing import Any

import numpy as np
from sklearn.utils import get_tags
from sklearn.utils.validation import validate_data


def check_features(
    estimator: Any, X: Any, *, reset: bool, accept_sparse: bool | str = "csr"
) -> Any:
    """Return X as a 2-D array of numbers or a CSR matrix, or say what to put in front.

    Parameters
    ----------
    estimator : estimator
        Whose ``n_features_in_`` and ``feature_names_in_`` are set or compared with. NaN in X is
        let through where its tags say so.
    X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
        What the user gave.
    reset : bool
        True in ``fit``, False in prediction.
    accept_sparse : bool or str, default="csr"
        The sparse format that is kept; False refuses sparse X.

    Returns
    -------
    ndarray or sparse matrix of shape (n_samples, n_features)
        As scikit-learn's own check returns it.

    Raises
    ------
    ValueError
        If X is not a matrix of numbers. Where it holds images, paths or text, the message names
        the step that turns them into numbers.
    """
    finite = "allow-nan" if get_tags(estimator).input_tags.allow_nan else True
    try:
        return validate_data(
            estimator, X, reset=reset, accept_sparse=accept_sparse, ensure_all_finite=finite
        )
    except (TypeError, ValueError) as error:
        given = _describe(X)
        if given is None:  # numbers in some other disorder: scikit-learn has said it
            raise
        raise ValueError(
            f"X is {given}; {type(estimator).__name__} computes with numbers and expected a matrix "
            f"of shape (n_samples, n_features). For images put sklearn_mlic.ImageEmbedder before "
            f"it in a pipeline; for text a vectorizer."
        ) from error


def _describe(X: Any) -> str | None:
    """Say what X holds where that is images, paths or text; None where it may be numbers."""
    if hasattr(X, "columns") and hasattr(X, "iloc"):
        kinds = {name: _kind(X.iloc[0, j]) for j, name in enumerate(X.columns) if len(X)}
        named = [f"column {name!r} holds {kind}" for name, kind in kinds.items() if kind]
        return f"a DataFrame whose {' and '.join(named[:3])}" if named else None
    if getattr(X, "ndim", 0) > 2:
        return f"an array of shape {tuple(X.shape)} and dtype {X.dtype}"
    if hasattr(X, "tocsr") or not hasattr(X, "__len__") or len(X) == 0:
        return None
    entries = np.asarray(X).flat if hasattr(X, "__array__") else iter(X)
    kind = next(map(_kind, entries), None)
    return f"a {type(X).__name__} of {kind}" if kind else None


def _kind(value: Any) -> str | None:
    """Name what the first entry of X is, if it is no number and no row of numbers."""
    if isinstance(value, (list, tuple)) and len(value):
        value = value[0]
    if isinstance(value, (str, bytes)):
        return "text or paths"
    if isinstance(value, os.PathLike):
        return "paths"
    # PIL by its module's name: the ground floor of the package opens no images.
    if type(value).__module__.startswith("PIL.") or getattr(value, "ndim", 0) > 1:
        return "images"
    return None
