"""Texts as vectors: encoded once, before the first epoch."""

import os
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone

from sklearn_mlic.features import TextEmbedder


def fit_text_encoder(encoder: Any, texts: np.ndarray, **settings: Any) -> Any:
    """Return what encodes texts from now on.

    Parameters
    ----------
    encoder : str, path or transformer
        As the estimator's parameter `text_encoder`.
    texts : ndarray of object, shape (n_samples,) or (n_samples, n_columns)
        Each a str, or None for a missing one; the encoder is fitted on the others.
    **settings : dict
        Of the `TextEmbedder` that a name stands for.

    Returns
    -------
    transformer
        A fitted clone.

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If no row has text, or none has a word that the encoder keeps.
    """
    if isinstance(encoder, (str, os.PathLike)):
        encoder = TextEmbedder(encoder, **settings)
    if isinstance(encoder, type) or not hasattr(encoder, "transform"):
        raise TypeError(
            f"text_encoder={encoder!r}; expected the name or folder of a sentence-transformers "
            f"model, or a transformer of texts such as TfidfVectorizer() or CharNgramCounter()."
        )
    given = [text for text in texts.ravel() if text is not None]
    if not given:
        raise ValueError(
            f"None of the {len(texts)} rows has text. Set text=None to fit on images alone."
        )
    try:
        return clone(encoder).fit(given)
    except ValueError as error:
        raise ValueError(
            f"text_encoder {type(encoder).__name__} cannot be fitted on the {len(given)} texts: "
            f"{error}"
        ) from error


def encode_texts(encoder: Any, texts: np.ndarray) -> Any:
    """Return the vectors of texts, zeros for missing ones.

    Parameters
    ----------
    encoder : transformer
        What `fit_text_encoder` returned.
    texts : ndarray of object, shape (n_samples,) or (n_samples, n_columns)
        Each a str, or None.

    Returns
    -------
    ndarray of float32, shape (n_samples, E) or (n_samples, T, E), or sparse matrix
        A vector a text, or one a token. Those of several columns side by side: of shape
        (n_samples, n_columns * E), or tokens behind each other. Sparse where the encoder gives
        that.

    Raises
    ------
    ValueError
        If the encoder gives another shape, or a value that is no finite number.
    """
    if texts.ndim == 1:
        return _encode_column(encoder, texts)
    blocks = [_encode_column(encoder, column) for column in texts.T]
    return sparse.hstack(blocks, "csr") if sparse.issparse(blocks[0]) else np.hstack(blocks)


def _encode_column(encoder: Any, texts: np.ndarray) -> Any:
    has_text = np.array([text is not None for text in texts])
    # Where all are missing, a stand-in tells the width.
    given = texts[has_text].tolist() or ["none"]
    found = encoder.transform(given)
    values = found.data if sparse.issparse(found) else np.asarray(found)
    if found.ndim not in (2, 3) or found.shape[0] != len(given):
        raise ValueError(
            f"text_encoder {type(encoder).__name__} gives an array of shape {found.shape} for "
            f"{len(given)} texts; expected a row for each."
        )
    if not np.isfinite(values).all():
        raise ValueError(
            f"text_encoder {type(encoder).__name__} gives NaN or infinite values; expected finite "
            f"numbers."
        )
    if has_text.all() and not sparse.issparse(found):
        return np.asarray(found, dtype=np.float32)
    rows = np.flatnonzero(has_text)
    if sparse.issparse(found):
        # Row i of the texts that are there becomes row rows[i].
        cells = (np.ones(len(rows)), (rows, np.arange(len(rows))))
        place = sparse.csr_matrix(cells, shape=(len(texts), found.shape[0]))
        return sparse.csr_matrix(place @ found, dtype=np.float32)
    vectors = np.zeros((len(texts), *found.shape[1:]), dtype=np.float32)
    vectors[rows] = values[: len(rows)]
    return vectors
