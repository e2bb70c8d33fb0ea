"""How often labels occur together, as one matrix of numbers."""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from sklearn_mlic.utils._choices import check_choice


class PairKind(NamedTuple):
    """How the numbers of pairs are drawn."""

    meaning: str
    colours: str
    is_signed: bool
    decimals: int


KINDS = {
    "conditional": PairKind("P(column label | row label)", "Blues", False, 2),
    "phi": PairKind("Correlation of the labels (phi)", "RdBu_r", True, 2),
    None: PairKind("Rows with both labels", "Blues", False, 0),
}


def relate_labels(labels: np.ndarray, normalize: str | None) -> np.ndarray:
    """Return the number of each pair of labels, of a checked matrix with NaN where unknown."""
    if normalize is not None:
        check_choice("normalize", normalize, [kind for kind in KINDS if kind])
    return _MATRICES[normalize](*_count_pairs(labels))


def _count_pairs(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count, for each pair of labels, rows in which both are known.

    Returns three matrices: with both labels, with the row's label, and all such rows.
    """
    known = ~np.isnan(labels)
    positive = sparse.csc_array((labels == 1).astype(np.float64))
    both = (positive.T @ positive).toarray()
    if known.all():
        n_rows = np.full(both.shape, float(len(labels)))
        return both, np.broadcast_to(np.diag(both)[:, None], both.shape), n_rows
    known = known.astype(np.float64)
    return both, positive.T @ known, known.T @ known


def _divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """NaN where nothing is known."""
    undefined = np.full(numerator.shape, np.nan)
    return np.divide(numerator, denominator, out=undefined, where=denominator > 0)


def _phi(both: np.ndarray, with_row: np.ndarray, n_rows: np.ndarray) -> np.ndarray:
    with_column = with_row.T
    spread = with_row * (n_rows - with_row) * with_column * (n_rows - with_column)
    return _divide(n_rows * both - with_row * with_column, np.sqrt(spread))


_MATRICES = {
    "conditional": lambda both, with_row, n_rows: _divide(both, with_row),
    "phi": _phi,
    None: lambda both, with_row, n_rows: both,
}
