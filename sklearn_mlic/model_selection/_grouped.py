"""Folds that keep groups whole and give every fold its share of every label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.model_selection._split import GroupsConsumerMixin

from sklearn_mlic.model_selection._base import (
    MultilabelSplitter,
    pairs_of_folds,
    with_empty_rows,
)
from sklearn_mlic.utils._numbers import check_count
from sklearn_mlic.utils._random import as_generator

# Rounds in which groups may change their fold. Two or three bring nearly all of the gain.
_MAX_ROUNDS = 5


class MultilabelStratifiedGroupKFold(GroupsConsumerMixin, MultilabelSplitter):
    """K folds that keep groups whole, each with about the same share of every label.

    Choose it where rows belong together: several images of a patient, frames of a video, crops
    of a photo. With other folds the test rows have near copies in training, and the scores are
    too good. The largest groups are placed first, each in the fold that has least of its labels
    so far, the frequency of each label being allowed for. A few rounds follow in which a group
    moves if that evens out the shares. Rows without any label and the sizes of the folds are
    balanced in the same way. Large groups set a limit to what can be balanced.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2 and at most the number of groups.
    shuffle : bool, default=True
        Whether to draw lots among groups of equal weight. Without it the folds are the same at
        every call.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same folds at every call. None draws new folds each time and leaves
        numpy's global generator as it is.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [1, 0], [1, 0], [0, 1], [0, 1]])
    >>> patients = ["Ann", "Ann", "Bob", "Bob", "Cid", "Cid", "Dee", "Dee"]
    >>> folds = MultilabelStratifiedGroupKFold(n_splits=2, random_state=0)
    >>> [y[test].sum(axis=0).tolist() for _, test in folds.split(y, y, groups=patients)]
    [[2, 2], [2, 2]]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
    ):
        check_count("n_splits", n_splits, 2)
        self.n_splits = n_splits
        self.shuffle = shuffle
        self.random_state = random_state

    def split(
        self, X: Any, y: ArrayLike, groups: ArrayLike | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Draw the splits.

        Parameters
        ----------
        X : sequence, array or DataFrame of n_samples rows
            Only its length is used: paths, images and tables will do.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicators of the labels. NaN, unknown, counts as not positive.
        groups : array-like of shape (n_samples,)
            The group of each row: numbers, strings or anything else that can be hashed.

        Returns
        -------
        iterator of (train, test)
            Sorted row numbers, two ndarrays of int a split.

        Raises
        ------
        ValueError
            If `groups` is missing, has another length than `y`, has missing entries or fewer
            groups than there are folds; or for what is wrong with `y`.
        """
        labels = self._check(X, y)
        codes = _as_codes(groups, len(labels))
        if codes.max() + 1 < self.n_splits:
            raise ValueError(
                f"n_splits={self.n_splits} is more than the {codes.max() + 1} groups, and a group "
                f"is never divided. Ask for fewer folds."
            )
        rng = as_generator(self.random_state) if self.shuffle else None
        fold = _assign(_count(labels, codes), self.n_splits, rng)
        return pairs_of_folds(fold[codes], self.n_splits)


def _as_codes(groups: Any, n_rows: int) -> np.ndarray:
    """Number the groups from 0 in the order of their first rows."""
    if groups is None:
        raise ValueError(
            "groups is None and MultilabelStratifiedGroupKFold needs the group of each row. Pass "
            "groups= to split, fit or cross_validate (inside another meta-estimator with "
            "scikit-learn's metadata routing switched on), or use MultilabelStratifiedKFold."
        )
    import pandas as pd  # its factorize takes strings, mixed types and missing entries

    values = np.asarray(groups)
    if values.shape != (n_rows,):
        raise ValueError(
            f"groups has shape {values.shape} and y has {n_rows} rows: expected one group a row, "
            f"shape ({n_rows},)."
        )
    codes = pd.factorize(values)[0]
    if (codes < 0).any():
        raise ValueError(
            f"groups has {(codes < 0).sum()} missing entries, the first in row "
            f"{(codes < 0).argmax()}; expected a group for every row. Give a row that belongs to "
            f"no other a group of its own."
        )
    return codes


def _count(labels: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Count in each group the rows of each label, those without a label, and all.

    Returns floats of shape (n_groups, n_counts); whole numbers, so sums of them are exact.
    """
    columns = with_empty_rows(labels)
    rows = np.arange(len(codes))
    member = sparse.csr_array((np.ones(len(codes)), (codes, rows)))
    return np.column_stack([member @ columns, np.bincount(codes)])


def _assign(counts: np.ndarray, n_splits: int, rng: np.random.RandomState | None) -> np.ndarray:
    """Give each group a fold so that the sum of squared shares is small.

    The sum runs over folds and counts; a fold's share of a count is its part of the total. All
    folds together have share 1, so the sum is least where the shares are equal. Adding a group
    to a fold raises it by a constant plus twice the product of the group's shares and the
    fold's: one matrix-vector product compares all folds. An empty fold has product 0 and any
    other a greater one, as the group sizes are among the counts; so no fold stays empty.
    """
    totals = counts.sum(axis=0)
    weighted = counts / np.maximum(totals, 1) ** 2
    order = np.arange(len(counts)) if rng is None else rng.permutation(len(counts))
    weight = (weighted * counts).sum(axis=1)
    order = order[np.argsort(-weight[order], kind="stable")]
    fold = np.full(len(counts), -1)
    in_fold = np.zeros((n_splits, counts.shape[1]))
    for _ in range(1 + _MAX_ROUNDS):
        before = fold.copy()
        for group in order:
            old = fold[group]
            if old >= 0:
                in_fold[old] -= counts[group]
            products = in_fold @ weighted[group]
            best = products.argmin()
            # Equal but for rounding: stay, or groups would change places for ever.
            if old >= 0 and products[old] <= products[best] * (1 + 1e-9):
                best = old
            fold[group] = best
            in_fold[best] += counts[group]
        if np.array_equal(fold, before):
            break
    return fold if rng is None else rng.permutation(n_splits)[fold]
