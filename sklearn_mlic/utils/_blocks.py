"""Feature blocks: which columns of X belong to which modality."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

# Stands between a block's name and the rest in the name of a column.
SEPARATOR = "__"
# The one block of an X that names none.
WHOLE = "features"


def resolve_blocks(blocks: Any, X: Any, n_features: int) -> dict[str, np.ndarray]:
    """Return the columns of each block, or say what is wrong with the blocks.

    Parameters
    ----------
    blocks : mapping of str to slice or sequence, or None
        By name of the block its columns: a slice, numbers, a boolean mask, or names where X is a
        DataFrame. Columns of no block are left out. None reads the blocks from the names of a
        DataFrame's columns: what stands before the last ``__``, as in ``hog__0``; an X without
        such names is one block, with a warning.
    X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
        What the user gave; only its column names are read.
    n_features : int
        How many columns it has.

    Returns
    -------
    dict of str to ndarray of int
        The column numbers of each block, in the order of `blocks` or of the columns.

    Raises
    ------
    TypeError
        If `blocks` is no mapping, or X lacks the names that it asks for.
    ValueError
        If a block is empty, asks for a column that is not there or repeats one, two blocks share
        one, or some columns are named after a block and others are not.

    Examples
    --------
    >>> import pandas as pd
    >>> resolve_blocks({"colour": slice(0, 2), "edges": [3, 2]}, None, 4)
    {'colour': array([0, 1]), 'edges': array([3, 2])}
    >>> resolve_blocks(None, pd.DataFrame([[1.0, 2, 3]], columns=["a__0", "b__0", "a__1"]), 3)
    {'a': array([0, 2]), 'b': array([1])}
    """
    names = [str(name) for name in X.columns] if hasattr(X, "columns") else None
    if blocks is None:
        return _by_names(names or [], n_features)
    if not isinstance(blocks, Mapping):
        raise TypeError(
            f"blocks={blocks!r:.200} is a {type(blocks).__name__}; expected a mapping of names to "
            f"columns, such as {{'colour': slice(0, 64), 'edges': slice(64, 144)}}, or None."
        )
    if not blocks:
        raise ValueError(
            "blocks={}; expected one block at least. None takes the blocks that the columns of a "
            "DataFrame are named after."
        )
    found = {}
    for name, columns in blocks.items():
        if not isinstance(name, str) or not name:
            raise TypeError(f"blocks has the name {name!r}; expected a str for each block.")
        found[name] = _columns(name, columns, names, n_features)
    _refuse_shared(found)
    return found


def resolve_costs(costs: Any, names: Sequence[str]) -> dict[str, float]:
    """Return what reading each block costs, or say what is wrong with the costs.

    Parameters
    ----------
    costs : mapping of str to float, or None
        By name of the block a number, 0 or more. None is 1 each.
    names : sequence of str
        The blocks.

    Returns
    -------
    dict of str to float
        In the order of `names`.

    Raises
    ------
    TypeError
        If `costs` is no mapping.
    ValueError
        If a block has no cost, a cost no block, or one is below 0.

    Examples
    --------
    >>> resolve_costs({"text": 1, "image": 5}, ["image", "text"])
    {'image': 5.0, 'text': 1.0}
    """
    if costs is None:
        return dict.fromkeys(names, 1.0)
    if not isinstance(costs, Mapping):
        raise TypeError(
            f"costs={costs!r:.200}; expected a mapping of the blocks to what they cost, such as "
            f"{{{names[0]!r}: 1.0}}, or None."
        )
    if set(costs) != set(names):
        raise ValueError(
            f"costs are given for {sorted(map(str, costs))}, and the blocks are {sorted(names)}; "
            f"expected one cost for each."
        )
    for name, cost in costs.items():
        if not (isinstance(cost, Real) and 0 <= cost < np.inf):
            raise ValueError(f"The cost of {name!r} is {cost!r}; expected a number, 0 or more.")
    return {name: float(costs[name]) for name in names}


def block_slices(widths: Mapping[str, int]) -> dict[str, slice]:
    """Return where each block lies when they stand side by side.

    Parameters
    ----------
    widths : mapping of str to int
        The number of columns by name of the block.

    Returns
    -------
    dict of str to slice
        In the same order.

    Examples
    --------
    >>> block_slices({"hog": 3, "lbp": 2})
    {'hog': slice(0, 3, None), 'lbp': slice(3, 5, None)}
    """
    stops = np.cumsum(list(widths.values())).tolist()
    ends = zip(widths.items(), stops, strict=True)
    return {name: slice(stop - width, stop) for (name, width), stop in ends}


def name_columns(blocks: Mapping[str, slice]) -> np.ndarray:
    """Name columns after their block, so that `resolve_blocks` finds the blocks again.

    Parameters
    ----------
    blocks : mapping of str to slice
        Blocks side by side.

    Returns
    -------
    ndarray of object
        Such as ``hog__0`` and ``hog__1``.

    Examples
    --------
    >>> name_columns({"hog": slice(0, 2), "lbp": slice(2, 3)}).tolist()
    ['hog__0', 'hog__1', 'lbp__0']
    """
    return np.array(
        [f"{name}{SEPARATOR}{i}" for name, s in blocks.items() for i in range(s.stop - s.start)],
        dtype=object,
    )


def _by_names(names: list[str], n_features: int) -> dict[str, np.ndarray]:
    """Group columns by what stands before the last separator."""
    unnamed = [name for name in names if not name.rpartition(SEPARATOR)[0]]
    if len(unnamed) == len(names):
        warnings.warn(
            f"X names no blocks: all {n_features} columns are read as one. Pass blocks=, or a "
            f"DataFrame with names such as 'hog__0'; a transformer in front keeps them after "
            f"set_output(transform='pandas'). If one is meant: blocks={{{WHOLE!r}: slice(None)}}.",
            UserWarning,
            stacklevel=4,
        )
        return {WHOLE: np.arange(n_features)}
    if unnamed:
        raise ValueError(
            f"X has columns named after a block, as {_first(set(names) - set(unnamed), names)!r} "
            f"is, and {len(unnamed)} that are not, the first {unnamed[0]!r}. Expected "
            f"'<block>{SEPARATOR}<rest>' for all: rename them, or say with blocks= which columns "
            f"belong together."
        )
    groups: dict[str, list[int]] = {}
    for column, name in enumerate(names):
        groups.setdefault(name.rpartition(SEPARATOR)[0], []).append(column)
    return {name: np.array(columns) for name, columns in groups.items()}


def _first(some: set[str], names: list[str]) -> str:
    return next(name for name in names if name in some)


def _columns(block: str, columns: Any, names: list[str] | None, n_features: int) -> np.ndarray:
    """Return the column numbers of one block."""
    if isinstance(columns, (Integral, tuple)):
        raise TypeError(
            f"The block {block!r} is {columns!r}; expected a slice, such as slice(0, 64), or a "
            f"list of columns."
        )
    if isinstance(columns, slice):
        found = _from_slice(block, columns, n_features)
    else:
        is_several = isinstance(columns, Iterable) and not isinstance(columns, str)
        items = np.asarray(list(columns) if is_several else [columns])
        if items.dtype == bool:
            found = _from_mask(block, items, n_features)
        elif items.dtype.kind in "OU":
            found = _from_names(block, items.tolist(), names)
        else:
            found = _from_numbers(block, items, n_features)
    if len(found) == 0:
        raise ValueError(
            f"The block {block!r} has no columns ({columns!r:.200}); expected one at least. Leave "
            f"the block out."
        )
    if len(np.unique(found)) < len(found):
        raise ValueError(
            f"The block {block!r} has a column more than once ({columns!r:.200}); expected each "
            f"column once."
        )
    return found


def _from_slice(block: str, columns: slice, n_features: int) -> np.ndarray:
    ends = (columns.start, columns.stop)
    if not all(end is None or isinstance(end, Integral) for end in (*ends, columns.step)):
        raise TypeError(
            f"The block {block!r} is {columns!r}; expected a slice of whole numbers. For a range "
            f"of names list them."
        )
    # Python's slices end quietly where the columns do.
    if any(end is not None and not -n_features <= end <= n_features for end in ends):
        raise ValueError(
            f"The block {block!r} is {columns!r}, but X has {n_features} columns. Expected column "
            f"numbers up to that."
        )
    return np.arange(n_features)[columns]


def _from_mask(block: str, mask: np.ndarray, n_features: int) -> np.ndarray:
    if mask.shape != (n_features,):
        raise ValueError(
            f"The block {block!r} is a mask of shape {mask.shape}; expected one entry for each of "
            f"the {n_features} columns of X."
        )
    return np.flatnonzero(mask)


def _from_names(block: str, wanted: list, names: list[str] | None) -> np.ndarray:
    if names is None:
        raise TypeError(
            f"The block {block!r} asks for columns by name ({wanted[0]!r}, ...), but X has no "
            f"column names. Pass a DataFrame, put set_output(transform='pandas') on the step "
            f"before, or give the columns as numbers."
        )
    places = {name: column for column, name in enumerate(names)}
    absent = [name for name in wanted if name not in places]
    if absent:
        raise ValueError(
            f"The block {block!r} asks for {len(absent)} column(s) that X does not have, the first "
            f"{absent[0]!r}. Its columns are {', '.join(map(repr, names[:5]))}, ..."
        )
    return np.array([places[name] for name in wanted])


def _from_numbers(block: str, numbers: np.ndarray, n_features: int) -> np.ndarray:
    if numbers.ndim != 1 or (numbers.size and numbers.dtype.kind not in "iu"):
        raise TypeError(
            f"The block {block!r} is an array of shape {numbers.shape} and dtype {numbers.dtype}; "
            f"expected a slice, or column numbers, names or a mask in one dimension."
        )
    outside = numbers[(numbers < -n_features) | (numbers >= n_features)]
    if len(outside):
        raise ValueError(
            f"The block {block!r} asks for column {outside[0]}, but X has {n_features} columns, "
            f"numbered from 0."
        )
    return np.arange(n_features)[numbers.astype(int)]


def _refuse_shared(found: dict[str, np.ndarray]) -> None:
    owner: dict[int, str] = {}
    for name, columns in found.items():
        for column in columns.tolist():
            if column in owner:
                raise ValueError(
                    f"Column {column} of X is in the blocks {owner[column]!r} and {name!r}; "
                    f"expected each column in one block."
                )
            owner[column] = name
