"""A CSV file as it comes, in cells of text."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def read_table(path: str, columns: list[tuple[str, str]]) -> tuple["pd.DataFrame", dict[int, str]]:
    """Read the named columns of a CSV file, and what stands to the right of them.

    Parameters
    ----------
    path : str
        The file.
    columns : list of (parameter, column)
        The columns that must be there, each beside our parameter that names it.

    Returns
    -------
    table : DataFrame of str
        All columns but unnamed ones at the right end.
    overflow : dict of int to str
        What the cells of those hold, by row: the rest of a cell that contains commas and no
        quotes. Rows that hold nothing there do not occur.
    """
    return next(read_chunks(path, columns, None))


def read_chunks(
    path: str, columns: list[tuple[str, str]], chunk_size: int | None
) -> Iterator[tuple["pd.DataFrame", dict[int, str]]]:
    """Read a CSV file some rows at a time, each chunk as `read_table` would return it.

    Parameters
    ----------
    path : str
        The file.
    columns : list of (parameter, column)
        As for `read_table`.
    chunk_size : int or None
        Rows a chunk; None reads all at once.

    Yields
    ------
    table : DataFrame of str
        The rows of the chunk, counted from 0.
    overflow : dict of int to str
        By row of the chunk.
    """
    asked = {name for _, name in columns}
    for number, table in enumerate(_parse(path, chunk_size)):
        if number == 0:
            _check_columns(path, list(table.columns), columns)
            if table.empty:
                raise ValueError(f"{path!r} has a header but no rows.")
        yield _part_overflow(table.reset_index(drop=True), asked)


def _part_overflow(table: "pd.DataFrame", asked: set[str]) -> tuple["pd.DataFrame", dict[int, str]]:
    """Take unnamed columns off the right end, and tell what they hold."""
    n_named = table.shape[1]
    # This is what pandas calls a column without a name.
    while (last := table.columns[n_named - 1]) == f"Unnamed: {n_named - 1}" and last not in asked:
        n_named -= 1
    rest = table.iloc[:, n_named:].to_numpy(dtype=object)
    overflow = {}
    for row in np.flatnonzero((rest != "").any(axis=1)).tolist():
        cells = [cell.strip() for cell in rest[row]]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            overflow[row] = ", ".join(cells)  # parsing took the space behind each comma
    return table.iloc[:, :n_named], overflow


def _parse(path: str, chunk_size: int | None) -> Iterator["pd.DataFrame"]:
    import pandas as pd

    if not os.path.isfile(path):
        raise FileNotFoundError(f"{path!r}: there is no such CSV file.")
    with _explained(path):
        reader = pd.read_csv(
            path,
            dtype=str,
            na_filter=False,  # "NA" and "None" are labels like any other
            skipinitialspace=True,
            index_col=False,
            encoding="utf-8-sig",
            iterator=True,
        )
    with reader:
        while True:
            with _explained(path):
                try:
                    table = reader.read(chunk_size)
                except StopIteration:
                    return
            yield table
            if chunk_size is None:
                return


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """Say in our terms what pandas finds wrong with the file."""
    import pandas as pd

    try:
        with warnings.catch_warnings():
            # pandas only warns when it drops the cells of rows longer than the header.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            yield
    except pd.errors.EmptyDataError:
        raise ValueError(f"{path!r} is empty; expected a header line and rows.") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path!r} is not in UTF-8 ({error}); save it in that encoding.") from None
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise ValueError(
            f"{path!r} cannot be parsed: {str(error).strip()} Expected comma-separated rows no "
            f"longer than the header; put cells that contain commas in double quotes."
        ) from None


def _check_columns(path: str, there: list[str], columns: list[tuple[str, str]]) -> None:
    """Refuse columns that are missing or named by two parameters."""
    missing = [(parameter, name) for parameter, name in columns if name not in there]
    if missing:
        wanted = " and ".join(f"{name!r} ({parameter}=)" for parameter, name in missing)
        parameters = list(dict.fromkeys(parameter for parameter, _ in missing))
        advice = " or labels=None when there are no labels to read" * ("labels" in parameters)
        raise ValueError(
            f"{path!r} has no column {wanted}. Its columns, separated by commas, are: "
            f"{', '.join(map(repr, there))}. "
            f"Set {' and '.join(parameters)} to one of them{advice}."
        )
    # The images may well be what rows are called by.
    names = [name for parameter, name in columns if parameter != "ids"]
    if len(set(names)) < len(names):
        listing = ", ".join(f"{parameter}={name!r}" for parameter, name in columns)
        raise ValueError(f"One column is named twice: {listing}. Expected a column for each.")
