"""The label sets of a matrix of labels: finding them, and doing without the rare ones."""

from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse

_BATCH = 1000  # sets compared with all kept ones at a time


def find_label_sets(labels: np.ndarray | sparse.csc_array) -> tuple[Any, np.ndarray]:
    """Find the distinct rows of a checked label matrix.

    Parameters
    ----------
    labels : ndarray or csc_array of int, shape (n_samples, n_labels)
        0 and 1.

    Returns
    -------
    label_sets : ndarray or csr_array of int, shape (n_sets, n_labels)
        The most frequent first, ties in the order of appearance: an order that does not depend
        on that of the columns.
    row_set : ndarray of int, shape (n_samples,)
        The number of each row's set.
    """
    rows = labels.tocsr() if sparse.issparse(labels) else labels
    numbers: dict[bytes, int] = {}
    found = np.array([numbers.setdefault(key, len(numbers)) for key in _keys(rows)])
    _, first_row, counts = np.unique(found, return_index=True, return_counts=True)
    by_frequency = np.argsort(-counts, kind="stable")
    return rows[first_row[by_frequency]], np.argsort(by_frequency)[found]


def _keys(rows: Any) -> list[bytes]:
    """Give each row a key that equal rows share: the places of its ones, or its bits."""
    if sparse.issparse(rows):
        rows.sort_indices()
        return [rows.indices[start:stop].tobytes() for start, stop in pairwise(rows.indptr)]
    packed = np.packbits(rows.astype(bool, order="C"), axis=1)
    return packed.view(f"V{packed.shape[1]}").ravel().tolist()


def find_stand_ins(label_sets: Any, n_kept: int) -> np.ndarray:
    """Tell which kept set stands for each set: the largest within it, or none.

    Parameters
    ----------
    label_sets : ndarray or csr_array of int, shape (n_sets, n_labels)
        The most frequent first.
    n_kept : int
        How many of them, from the first on, are kept.

    Returns
    -------
    stand_in : ndarray of int, shape (n_sets,)
        The number of a kept set; its own for a kept one. Of several as large, the most frequent.
        -1 where no kept set but the empty one lies within.
    """
    sets = sparse.csr_array(label_sets)
    kept = sets[:n_kept]
    sizes = kept.sum(axis=1)
    stand_in = np.arange(sets.shape[0])
    for start in range(n_kept, sets.shape[0], _BATCH):
        rare = slice(start, start + _BATCH)
        shared = (sets[rare] @ kept.T).toarray()
        size_within = np.where(shared == sizes, sizes, 0)
        stand_in[rare] = np.where(size_within.any(axis=1), size_within.argmax(axis=1), -1)
    return stand_in
