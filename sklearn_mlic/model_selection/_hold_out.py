"""One stratified hold-out of everything that belongs to the same rows."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples

from sklearn_mlic.model_selection._stratified import MultilabelStratifiedShuffleSplit


def train_test_split_multilabel(
    X: Any,
    y: ArrayLike,
    *arrays: Any,
    test_size: float | None = None,
    train_size: float | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> list:
    """Split into one train and one test part, each with about the same share of every label.

    The multi-label counterpart of `sklearn.model_selection.train_test_split`, whose
    ``stratify=`` refuses most label matrices. Rows keep their order within a part. As the
    labels come first, the parts may differ from the sizes asked for by a few rows.

    Parameters
    ----------
    X : sequence, array, DataFrame or sparse matrix of n_samples rows
        Anything that has rows: lists of paths, images of shape (n, H, W, 3), tables.
    y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the labels. NaN, unknown, counts as not positive.
    *arrays : sequence, array, DataFrame or sparse matrix of n_samples rows
        What else to split in the same way, such as sample weights.
    test_size : float or int, default=None
        Part (0 to 1) or number of rows to test on. None takes what `train_size` leaves, or 0.25
        where that is None too.
    train_size : float or int, default=None
        Part or number of rows to train on. None takes all that `test_size` leaves.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same split at every call. None draws a new one each time and leaves
        numpy's global generator as it is.

    Returns
    -------
    list
        ``X_train, X_test, y_train, y_test`` and two parts of each of `arrays`, each of the type
        that was given.

    Raises
    ------
    ValueError
        If the numbers of rows differ or `y` is not a 0/1 matrix.

    Examples
    --------
    >>> paths = [f"{i}.jpg" for i in range(8)]
    >>> y = [[1, 0]] * 4 + [[0, 1]] * 4
    >>> X_train, X_test, y_train, y_test = train_test_split_multilabel(paths, y, random_state=0)
    >>> len(X_train), y_test
    (6, [[1, 0], [0, 1]])
    """
    n_rows = _num_samples(X)
    for i, array in enumerate(arrays):
        if _num_samples(array) != n_rows:
            raise ValueError(
                f"X has {n_rows} rows and the array {i + 1} after y has {_num_samples(array)}: "
                f"expected the same number."
            )
    if test_size is None and train_size is None:
        test_size = 0.25
    splitter = MultilabelStratifiedShuffleSplit(
        n_splits=1, test_size=test_size, train_size=train_size, random_state=random_state
    )
    parts = next(splitter.split(X, y))
    return list(
        chain.from_iterable([_take(array, rows) for rows in parts] for array in (X, y, *arrays))
    )


def _take(array: Any, rows: np.ndarray) -> Any:
    """Index rows and keep the type, the format of a sparse matrix included."""
    if sparse.issparse(array):
        return array.tocsr()[rows].asformat(array.format)
    return _safe_indexing(array, rows)
