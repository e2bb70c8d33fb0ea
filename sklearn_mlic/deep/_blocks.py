"""Feature blocks on their way into a net: side by side, standardised, missing ones marked."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.preprocessing import StandardScaler


def fit_scaler(X: Any) -> StandardScaler:
    """Return what brings each feature to a deviation of 1, and dense ones to a mean of 0.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features)
        NaN, where a block is missing, has no part in it. A feature that is NaN throughout is
        brought to 0 for good, as nothing is known of its scale.

    Returns
    -------
    StandardScaler
        Fitted; sparse features keep their zeros.
    """
    with np.errstate(invalid="ignore", divide="ignore"):  # no rows, no mean
        scaler = StandardScaler(with_mean=not sparse.issparse(X)).fit(X)
    unknown = np.isnan(scaler.var_)
    scaler.scale_[unknown] = np.inf
    if scaler.mean_ is not None:
        scaler.mean_[unknown] = 0.0
    return scaler


def arrange_blocks(
    X: Any, blocks: Mapping[str, np.ndarray], present: np.ndarray, scaler: Any = None
) -> dict[str, Any]:
    """Return the columns that the network takes.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features)
        The features.
    blocks : mapping of str to ndarray of int
        The columns of each block.
    present : ndarray of bool, shape (n_samples, n_blocks)
        The blocks that each row has.
    scaler : StandardScaler, optional
        Fitted on X.

    Returns
    -------
    dict
        ``features``, the blocks side by side with zeros for NaN, and ``present``.

    Raises
    ------
    ValueError
        If a value is beyond float32.
    """
    if scaler is not None:
        X = scaler.transform(X)
    columns = np.concatenate(list(blocks.values()))
    with np.errstate(over="ignore"):  # said below
        X = X[:, columns].astype(np.float32)
    values = X.data if sparse.issparse(X) else X
    if np.isinf(values).any():
        rows, found = (X.tocoo() if sparse.issparse(X) else X).nonzero()
        first = np.flatnonzero(np.isinf(np.asarray(X[rows, found]).ravel()))[0]
        raise ValueError(
            f"X has a value beyond float32 in row {rows[first]}, column {columns[found[first]]}; "
            f"expected features of a common scale. Look for a broken value, or scale the column."
        )
    values[np.isnan(values)] = 0.0  # the mean of what is standardised
    return {"features": X, "present": present}


def find_present(X: Any, blocks: Mapping[str, np.ndarray]) -> np.ndarray:
    """Tell which blocks each row has.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features)
        A block that is missing is NaN in all its features.
    blocks : mapping of str to ndarray of int
        The columns of each block.

    Returns
    -------
    ndarray of bool, shape (n_samples, n_blocks)
        True where there is one.
    """
    present = np.ones((X.shape[0], len(blocks)), dtype=bool)
    if sparse.issparse(X):
        missing = X.copy()
        missing.data = np.isnan(X.data).astype(int)
    else:
        missing = np.isnan(X)
    if missing.max():
        for k, columns in enumerate(blocks.values()):
            n_missing = np.asarray(missing[:, columns].sum(axis=1)).ravel()
            present[:, k] = n_missing < len(columns)
    return present
