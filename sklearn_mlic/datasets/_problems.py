"""What can be wrong with a list of image files, and one report of all of it."""

import os
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sklearn_mlic.images import find_unreadable

_MAX_LISTED = 20


class Problem(NamedTuple):
    """One thing that is wrong with one row, counted from 0, and what to do about it."""

    row: int
    problem: str
    remedy: str


def find_image_problems(
    ids: list[str], paths: list[str], folder: str, verify: bool
) -> Iterator[Problem]:
    """Find the rows whose image has no name, stands in an earlier row or cannot be read."""
    first_rows: dict[str, int] = {}
    present = []
    for row, (name, path) in enumerate(zip(ids, paths, strict=True)):
        if not name.strip():
            yield Problem(row, "the image name is empty", "Fill in every image name.")
            continue
        first = first_rows.setdefault(os.path.normpath(path), row)
        if first != row:
            remedy = "Keep one row for each image."
            yield Problem(row, f"the same image as row {first + 1}", remedy)
        elif not os.path.isfile(path):
            remedy = f"Image names are relative to images={folder!r}; set it to their folder."
            yield Problem(row, "there is no such file", remedy)
        else:
            present.append(row)
    if verify:
        unreadable = find_unreadable(np.array([paths[row] for row in present], dtype=object))
        for position, error in unreadable.items():
            yield Problem(present[position], error.reason, "Replace the images that are damaged.")


def describe_problems(problems: list[Problem], ids: list[str], path: str, on_error: str) -> str:
    """List the problems and what to do about them."""
    n_bad = len({problem.row for problem in problems})
    lines = [
        f"{path!r} has problems in {n_bad} of {len(ids)} rows (numbered from 1 below "
        f"the header; they need not be line numbers, for blank lines do not count and a quoted "
        f"cell may span lines):"
    ]
    for row, problem, _ in problems[:_MAX_LISTED]:
        lines.append(f"  row {row + 1}, image {ids[row]!r}: {problem}")
    if len(problems) > _MAX_LISTED:
        lines.append(f"  ... and {len(problems) - _MAX_LISTED} more")
    lines += dict.fromkeys(problem.remedy for problem in problems)
    if n_bad == len(ids):
        lines.append("No row is without a problem.")
    elif on_error == "raise":
        lines.append("Or load the file with on_error='skip' to leave these rows out.")
    else:
        lines.append("These rows were left out; the attribute `skipped` lists them all.")
    return "\n".join(lines)
