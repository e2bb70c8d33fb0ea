"""Names of labels as vectors: what heads know labels by that were never trained on."""

from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any

import numpy as np
from sklearn.base import clone


def fit_label_encoder(encoder: Any, names: Sequence[str]) -> Any:
    """Return what encodes names from now on, fitted where it is a transformer.

    Parameters
    ----------
    encoder : transformer, object with ``encode``, or callable
        As the estimator's parameter `label_encoder`.
    names : sequence of str
        The labels that are trained on.

    Returns
    -------
    object
        For `encode_labels`.

    Raises
    ------
    TypeError
        If it is none of these.
    """
    if isinstance(encoder, (type, str)) or not any(
        callable(getattr(encoder, name, None)) for name in ("transform", "encode", "__call__")
    ):
        raise TypeError(
            f"label_encoder={encoder!r}; expected a transformer of texts, an object with "
            f"`encode` such as a sentence-transformers model, or a function from a list of names "
            f"to an array (n_labels, n_features)."
        )
    return clone(encoder).fit(list(names), None) if hasattr(encoder, "transform") else encoder


def encode_labels(encoder: Any, names: Sequence[str]) -> np.ndarray:
    """Return the vectors of some labels.

    Parameters
    ----------
    encoder : object
        What `fit_label_encoder` returned.
    names : sequence of str
        Labels, trained on or not.

    Returns
    -------
    ndarray of float32, shape (n_names, n_features)
        A row a name.

    Raises
    ------
    ValueError
        If the names are no list of texts, or the encoder gives something else than a finite row
        for each.
    """
    if isinstance(names, str) or not len(names) or not all(isinstance(n, str) for n in names):
        raise ValueError(
            f"label_names={names!r:.200}; expected a list of the names to score, such as ['beach']."
        )
    names = list(names)
    if hasattr(encoder, "transform"):
        vectors = encoder.transform(names)
    else:
        vectors = encoder.encode(names) if hasattr(encoder, "encode") else encoder(names)
    vectors = vectors.toarray() if hasattr(vectors, "toarray") else np.asarray(vectors)
    if vectors.ndim != 2 or len(vectors) != len(names) or not np.isfinite(vectors).all():
        raise ValueError(
            f"The label encoder gave an array of shape {vectors.shape} for {len(names)} names; "
            f"expected a row of finite numbers for each."
        )
    return vectors.astype(np.float32)


def check_takes_vectors(head: Any, table: Mapping[str, type]) -> None:
    """Refuse a head that has no use for the vectors of its labels.

    Parameters
    ----------
    head : str, type or object
        As the estimator's parameter `head`. A ready one may have been given its vectors.
    table : mapping of str to type
        The named heads.

    Raises
    ------
    ValueError
        If it is a name or a class without the argument ``label_vectors``.
    """
    kind = table.get(head) if isinstance(head, str) else head
    if isinstance(kind, type) and "label_vectors" not in signature(kind).parameters:
        takers = [name for name, h in table.items() if "label_vectors" in signature(h).parameters]
        raise ValueError(
            f"label_encoder is given, and head={head!r} takes no label_vectors. Take one of "
            f"{', '.join(takers)}, or leave label_encoder out."
        )
