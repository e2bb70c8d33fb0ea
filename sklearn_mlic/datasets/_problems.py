"""What can be wrong with a list of image files, and one report of all of it."""

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sklearn_mlic.images import find_unreadable

if TYPE_CHECKING:
    import pandas as pd

_MAX_LISTED = 20


class Problem(NamedTuple):
    """One thing that is wrong with one row, counted from 0, and what to do about it.

    A row of None stands for what belongs to no row.
    """

    row: int | None
    problem: str
    remedy: str


def find_image_problems(
    ids: list[str],
    paths: list[str],
    remedy: str,
    verify: bool,
    may_lack: bool = False,
    may_repeat: bool = False,
) -> Iterator[Problem]:
    """Find the rows whose image has no name, stands in an earlier row or cannot be read.

    The remedy is for files that are not there: it says where they were looked for.
    """
    first_rows: dict[str, int] = {}
    present = []
    for row, (name, path) in enumerate(zip(ids, paths, strict=True)):
        if not name.strip():
            if not may_lack:
                yield Problem(row, "the image name is empty", "Fill in every image name.")
            continue
        first = first_rows.setdefault(os.path.normpath(path), row)
        if first != row and not may_repeat:
            yield Problem(row, f"the same image as row {first + 1}", "Keep one row for each image.")
        elif not os.path.isfile(path):
            yield Problem(row, "there is no such file", remedy)
        else:
            present.append(row)
    if verify:
        unreadable = find_unreadable(np.array([paths[row] for row in present], dtype=object))
        for position, error in unreadable.items():
            yield Problem(present[position], error.reason, "Replace the images that are damaged.")


def settle_problems(
    problems: list[Problem], places: Sequence[str], path: str, rows: str, on_error: str | None
) -> list[int]:
    """Raise all problems in one error, or warn of the rows to leave out; return the others.

    Parameters
    ----------
    problems : list of Problem
        Sorted by row in place.
    places : sequence of str
        What the message calls each row.
    path : str
        The file that has the problems.
    rows : str
        What the rows of that file are, for "in 2 of 5 {rows}".
    on_error : {"raise", "skip"} or None
        What the user chose; None where it would not help to leave rows out.

    Returns
    -------
    list of int
        The rows without a problem.
    """
    problems.sort(key=lambda problem: -1 if problem.row is None else problem.row)
    bad = {problem.row for problem in problems} - {None}
    if problems:
        report = describe_problems(problems, places, len(places), path, rows, on_error)
        if on_error != "skip" or len(bad) == len(places):
            raise ValueError(report)
        warnings.warn(report, UserWarning, stacklevel=3)
    return [row for row in range(len(places)) if row not in bad]


def explain_folder(folder: str) -> str:
    """Say what image names are relative to, and what to do about it."""
    return f"Image names are relative to images={folder!r}; set it to their folder."


def tabulate(found: list[tuple[int, str]], names: Sequence, kind: str, what: str) -> "pd.DataFrame":
    """Make a table of what was found in rows: its columns are ``row``, `kind` and `what`."""
    import pandas as pd

    return pd.DataFrame(
        {
            "row": np.array([row + 1 for row, _ in found], dtype=np.int64),
            kind: [names[row] for row, _ in found],
            what: [text for _, text in found],
        }
    )


def describe_problems(
    problems: list[Problem],
    places: Sequence[str] | Mapping[int, str],
    n_rows: int,
    path: str,
    rows: str,
    on_error: str | None,
) -> str:
    """List the problems and what to do about them.

    `places` needs to know the rows with problems only, of the `n_rows` that were looked at.
    """
    n_bad = len({problem.row for problem in problems} - {None})
    n_beside = sum(problem.row is None for problem in problems)
    beside = f", and {n_beside} outside them" * (n_beside > 0)
    lines = [f"{path!r} has problems in {n_bad} of {n_rows} {rows}{beside}:"]
    for row, problem, _ in problems[:_MAX_LISTED]:
        lines.append(f"  {problem}" if row is None else f"  {places[row]}: {problem}")
    if len(problems) > _MAX_LISTED:
        lines.append(f"  ... and {len(problems) - _MAX_LISTED} more")
    lines += dict.fromkeys(problem.remedy for problem in problems)
    if n_bad == n_rows:
        lines.append("No row is without a problem.")
    elif on_error == "raise":
        lines.append("Or load the file with on_error='skip' to leave these rows out.")
    elif on_error == "skip":
        lines.append("These rows were left out; the attribute `skipped` lists them all.")
    return "\n".join(lines)
