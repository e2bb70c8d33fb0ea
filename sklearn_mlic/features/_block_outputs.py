"""The outputs of several transformers: checked, measured and put side by side."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn.pipeline import Pipeline

from sklearn_mlic.features._block_inputs import AS_IS
from sklearn_mlic.utils._blocks import SEPARATOR, block_slices

if TYPE_CHECKING:
    import pandas as pd


def check_outputs(outputs: Sequence, transformers: Sequence[tuple], n_samples: int) -> list:
    """Return the outputs as arrays or CSR, or name the block that is no matrix.

    Parameters
    ----------
    outputs : sequence
        What the transformers gave.
    transformers : sequence of (str, transformer, columns) tuples
        In the same order.
    n_samples : int
        Rows that each must have.

    Returns
    -------
    list of ndarray or csr_array
        Matrices of numbers.

    Raises
    ------
    ValueError
        If one is something else.
    """
    checked = []
    for (name, transformer, _), output in zip(transformers, outputs, strict=True):
        array = sparse.csr_array(output) if sparse.issparse(output) else _as_numbers(output)
        is_matrix = array.ndim == 2 and array.shape[0] == n_samples
        if not is_matrix or array.dtype.kind not in "biuf":
            raise ValueError(
                f"The block {name!r}, {type(transformer).__name__}, is of shape {array.shape} and "
                f"dtype {array.dtype}; expected a matrix of numbers with {n_samples} rows. Give it "
                f"columns that it can turn into one."
            )
        checked.append(array)
    return checked


def _as_numbers(output: Any) -> np.ndarray:
    """Return an array, of numbers where it holds objects that are some."""
    array = np.asarray(output)
    if array.dtype.kind != "O":
        return array
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        return array


def find_blocks(outputs: Sequence, transformers: Sequence[tuple]) -> dict[str, slice]:
    """Return where each block lies; a transformer that has blocks itself gives one for each.

    Parameters
    ----------
    outputs : sequence of ndarray or csr_array
        From `check_outputs`.
    transformers : sequence of (str, transformer, columns) tuples
        Fitted, in the same order.

    Returns
    -------
    dict of str to slice
        Without those that have no columns.
    """
    widths: dict[str, int] = {}
    for (name, transformer, _), output in zip(transformers, outputs, strict=True):
        inner = getattr(_last_step(transformer), "blocks_", None)
        if inner is not None:
            named = {f"{name}{SEPARATOR}{block}": s.stop - s.start for block, s in inner.items()}
            widths.update(named)
        elif output.shape[1]:
            widths[name] = output.shape[1]
    return block_slices(widths)


def _last_step(transformer: Any) -> Any:
    """Return what makes the columns: the last step of a pipeline that changes anything."""
    while isinstance(transformer, Pipeline):
        steps = [step for _, step in transformer.steps if step not in (None, AS_IS)]
        transformer = steps[-1] if steps else None
    return transformer


def is_worth_sparse(outputs: Sequence, threshold: float) -> bool:
    """Tell whether the outputs stay sparse together.

    Parameters
    ----------
    outputs : sequence of ndarray or csr_array
        From `check_outputs`.
    threshold : float
        The largest share of numbers other than 0.

    Returns
    -------
    bool
        False where none is sparse.
    """
    if not any(sparse.issparse(output) for output in outputs):
        return False
    n_stored = sum(o.nnz if sparse.issparse(o) else np.count_nonzero(o) for o in outputs)
    return n_stored <= threshold * sum(o.shape[0] * o.shape[1] for o in outputs)


def stack_outputs(outputs: Sequence, blocks: dict[str, slice], is_sparse: bool) -> Any:
    """Put outputs side by side.

    Parameters
    ----------
    outputs : sequence of ndarray or csr_array
        From `check_outputs`.
    blocks : dict of str to slice
        What they are to fill.
    is_sparse : bool
        Whether to return CSR.

    Returns
    -------
    ndarray or csr_matrix of shape (n_samples, n_columns)
        The whole.

    Raises
    ------
    ValueError
        If there are more or fewer columns than the blocks have.
    """
    n_columns = sum(output.shape[1] for output in outputs)
    expected = max((columns.stop for columns in blocks.values()), default=0)
    if n_columns != expected:
        raise ValueError(
            f"The blocks have {n_columns} columns together; in fit they had {expected}. Expected "
            f"transformers whose width stays the same."
        )
    if is_sparse:
        return sparse.csr_matrix(sparse.hstack(outputs))
    return np.hstack([o.toarray() if sparse.issparse(o) else o for o in outputs])


def as_named_frame(stacked: Any, names: np.ndarray, index: Any) -> "pd.DataFrame":
    """Put a matrix into a DataFrame; a sparse one into sparse columns.

    Parameters
    ----------
    stacked : ndarray or csr_matrix of shape (n_samples, n_columns)
        From `stack_outputs`.
    names : ndarray of str, shape (n_columns,)
        The columns.
    index : Index or None
        Of the rows.

    Returns
    -------
    DataFrame
        The same numbers.
    """
    import pandas as pd  # slow to import, and needed here only

    make = pd.DataFrame.sparse.from_spmatrix if sparse.issparse(stacked) else pd.DataFrame
    return make(stacked, index=index, columns=names)
