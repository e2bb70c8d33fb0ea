"""What every splitter shares: the check of its input."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils.validation import _num_samples

from sklearn_mlic.utils._labels import as_label_matrix


class MultilabelSplitter(BaseCrossValidator):
    """Check the input; a subclass draws the splits from the labels."""

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of splits.

        Parameters
        ----------
        X, y, groups : object
            Ignored, for compatibility with scikit-learn.

        Returns
        -------
        int
            The number of (train, test) pairs that `split` yields.
        """
        return self.n_splits

    def split(
        self, X: Any, y: ArrayLike, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Draw the splits.

        Parameters
        ----------
        X : sequence, array or DataFrame of n_samples rows
            Only its length is used: paths, images and tables will do.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicators of the labels. NaN, unknown, counts as not positive.
        groups : object
            Not looked at; a warning says so where it is given.

        Returns
        -------
        iterator of (train, test)
            Sorted row numbers, two ndarrays of int a split.

        Raises
        ------
        ValueError
            If `y` is not a 0/1 matrix with a row for each row of `X`, or has too few rows.
        """
        if groups is not None:
            warnings.warn(
                f"{type(self).__name__} does not look at groups: rows of one group may come to "
                f"both sides. Use MultilabelStratifiedGroupKFold to keep groups whole.",
                UserWarning,
                stacklevel=2,
            )
        return self._draw(self._check(X, y))

    def _check(self, X: Any, y: Any) -> np.ndarray:
        """Return a dense matrix of bool: True where the label is known to apply."""
        values, _ = as_label_matrix(
            y, n_samples=_num_samples(X), allow_unknown=True, keep_sparse=True
        )
        return values.astype(bool).toarray() if sparse.issparse(values) else values == 1


def check_enough_rows(n_splits: int, n_rows: int) -> None:
    if n_splits > n_rows:
        raise ValueError(
            f"n_splits={n_splits} is more than n_samples={n_rows}, the rows of y. "
            f"Ask for fewer folds."
        )


def with_empty_rows(labels: np.ndarray) -> np.ndarray:
    """Append "has no label" as a label of its own, where a row has none."""
    without = ~labels.any(axis=1, keepdims=True)
    return np.hstack([labels, without]) if without.any() else labels


def pairs_of_folds(fold: np.ndarray, n_splits: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the rows outside and inside each fold."""
    return ((np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(n_splits))
