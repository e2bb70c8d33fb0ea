"""Names of labels as vectors: what heads know labels by that were never trained on."""

import warnings
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
    ValueError
        If the labels have no names of their own.
    """
    if isinstance(encoder, (type, str)) or not any(
        callable(getattr(encoder, name, None)) for name in ("transform", "encode", "__call__")
    ):
        raise TypeError(
            f"label_encoder={encoder!r}; expected a transformer of texts, an object with "
            f"`encode` such as a sentence-transformers model, or a function from a list of names "
            f"to an array (n_labels, n_features)."
        )
    if list(names) == [f"label_{j}" for j in range(len(names))]:
        raise ValueError(
            "label_encoder reads the names of the labels, and y has none. Pass y as a DataFrame "
            "whose columns are the names."
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
    if hasattr(vectors, "detach"):  # a tensor, perhaps on an accelerator
        vectors = vectors.detach().cpu().float()
    vectors = vectors.toarray() if hasattr(vectors, "toarray") else np.asarray(vectors)
    if vectors.ndim != 2 or len(vectors) != len(names) or not np.isfinite(vectors).all():
        raise ValueError(
            f"The label encoder gave an array of shape {vectors.shape} for {len(names)} names; "
            f"expected a row of finite numbers for each."
        )
    blank = [name for name, vector in zip(names, vectors, strict=True) if not vector.any()]
    if blank:
        warnings.warn(
            f"The label encoder knows nothing of {blank!s:.200}: their vectors are all zeros, and "
            f"they get the same score. Take an encoder that knows these words.",
            UserWarning,
            stacklevel=4,
        )
    return vectors.astype(np.float32)


def check_takes_vectors(head: Any, params: Mapping | None, table: Mapping[str, type]) -> None:
    """Refuse a head that has no use for the vectors of its labels.

    Parameters
    ----------
    head : str, type or object
        As the estimator's parameter `head`. A ready one may have been given its vectors.
    params : mapping or None
        As the estimator's parameter `head_params`.
    table : mapping of str to type
        The named heads.

    Raises
    ------
    ValueError
        If it is a name or a class without the argument ``label_vectors``, or is given it twice.
    """
    if "label_vectors" in (params or {}):
        raise ValueError(
            "head_params holds label_vectors beside label_encoder, which makes them. Leave one of "
            "the two out."
        )
    kind = table.get(head) if isinstance(head, str) else head
    if isinstance(kind, type) and "label_vectors" not in signature(kind).parameters:
        takers = [name for name, h in table.items() if "label_vectors" in signature(h).parameters]
        raise ValueError(
            f"label_encoder is given, and head={head!r} takes no label_vectors. Take one of "
            f"{', '.join(takers)}, or leave label_encoder out."
        )
