"""The columns of a CSV file, each read into what it stands for; what is wrong is noted beside."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sklearn_mlic.datasets._labels import drop_unknown, find_label_problems, split_labels
from sklearn_mlic.datasets._problems import Problem, explain_folder, find_image_problems

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Findings:
    """What is wrong with rows, and what was changed in rows that are all right now."""

    problems: list[Problem] = field(default_factory=list)
    changes: list[tuple[int, str]] = field(default_factory=list)


def read_texts(
    table: "pd.DataFrame", texts: list[str], overflow: dict[int, str], findings: Findings
) -> "pd.DataFrame":
    """Take the columns of text; what stands behind the last column belongs to its text."""
    data, last = table[texts].copy(), table.columns[-1]
    for row, rest in overflow.items():
        if last in texts:
            column = data.columns.get_loc(last)
            data.iat[row, column] = f"{data.iat[row, column]}, {rest}"
            change = f"text that ran on behind a comma joined: {rest!r}"
            findings.changes.append((row, change))
        else:
            remedy = (
                "Put cells that contain commas in double quotes. Text in the last column with a "
                "name is joined where it is named with text."
            )
            problem = f"the row goes on behind the last column with a name: {rest!r}"
            findings.problems.append(Problem(row, problem, remedy))
    return data


def check_parts(
    images: str | os.PathLike | None, image: str | None, texts: list[str], may_lack_image: bool
) -> None:
    """Refuse what leaves no data, or asks for the folder of images that are not read."""
    if image is None and not texts:
        raise ValueError("image=None leaves text to load; name its columns with text.")
    if image is None and images is not None:
        raise ValueError(
            f"images={os.fspath(images)!r} was given with image=None, which reads no images; "
            f"name their column with image, or set images=None."
        )
    if may_lack_image and (image is None or not texts):
        raise ValueError(
            "may_lack_image=True is for rows that have text instead of an image; name the "
            "columns of both with image and text."
        )


def find_folder(path: str, images: str | os.PathLike | None) -> str:
    """Return the folder that image names are relative to."""
    folder = os.path.dirname(os.path.abspath(path)) if images is None else os.fspath(images)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"images={folder!r}: there is no such folder.")
    return folder


def read_images(
    names: list[str],
    folder: str,
    findings: Findings,
    *,
    verify: bool = False,
    may_lack: bool = False,
    may_repeat: bool = False,
) -> list[str | None]:
    """Turn the names of images into paths, None where there is no name."""
    paths = [os.path.join(folder, name) for name in names]
    findings.problems += find_image_problems(
        names, paths, explain_folder(folder), verify, may_lack, may_repeat
    )
    return [path if name.strip() else None for name, path in zip(names, paths, strict=True)]


def find_bare_rows(data: "pd.DataFrame", image: str) -> Iterator[Problem]:
    """Find the rows without an image that have no text either."""
    has_text = (data.drop(columns=image).apply(lambda column: column.str.strip()) != "").any(axis=1)
    for row in (data[image].isna() & ~has_text).to_numpy().nonzero()[0].tolist():
        remedy = "Only rows with text may lack their image: fill in either."
        yield Problem(row, "there is neither an image nor text", remedy)


def name_rows(images: list[str], first: int = 1) -> list[str | int]:
    """Call rows by their image, or where they have none by their number."""
    return [image if image.strip() else row for row, image in enumerate(images, first)]


def find_clashes(names: list[str | int], column: str) -> Iterator[Problem]:
    """Find the rows without an image that are called like the image of another."""
    taken = {name for name in names if isinstance(name, str)}
    remedy = f"Name a column that tells all rows apart with ids, for {column!r} does not."
    for name in names:
        if isinstance(name, int) and str(name) in taken:
            what = f"the row has no image and an image is called {str(name)!r} like its number"
            yield Problem(name - 1, what, remedy)


def read_labels(
    cells: list[str], sep: str, label_names: list[str] | None, unknown: str, findings: Findings
) -> list[list[str] | None]:
    """Part the labels of each cell."""
    label_sets = [split_labels(cell, sep) for cell in cells]
    if unknown == "drop":
        for row, label in drop_unknown(label_sets, label_names):
            findings.changes.append((row, f"unknown label {label!r} left out"))
    findings.problems += find_label_problems(label_sets, label_names)
    return label_sets


def read_marks(cells: list[str], column: str, findings: Findings) -> list[str]:
    """Take cells that must not be empty: parts, or what rows are called by."""
    marks = [cell.strip() for cell in cells]
    remedy = f"Fill in every cell of {column!r}."
    findings.problems += [
        Problem(row, f"the cell of {column!r} is empty", remedy)
        for row, mark in enumerate(marks)
        if not mark
    ]
    return marks


def find_repeats(marks: list[str], column: str) -> Iterator[Problem]:
    """Find the rows that are called what an earlier one is called."""
    first_rows: dict[str, int] = {}
    for row, mark in enumerate(marks):
        first = first_rows.setdefault(mark, row)
        if mark and first != row:
            remedy = f"Give each row a cell of its own in {column!r}."
            yield Problem(row, f"{column!r} is {mark!r} as in row {first + 1}", remedy)
