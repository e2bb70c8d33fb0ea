"""Images, labels and text from a CSV file and a folder, with all problems reported at once."""

import os
import warnings
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils import Bunch

from sklearn_mlic.datasets._problems import Problem, describe_problems, find_image_problems
from sklearn_mlic.utils._choices import check_choice

if TYPE_CHECKING:
    import pandas as pd

NO_LABEL = "-"


def load_csv(
    path: str | os.PathLike,
    images: str | os.PathLike | None = None,
    *,
    image: str = "image",
    labels: str | None = "labels",
    text: str | None = None,
    sep: str = " ",
    label_names: Sequence[str] | None = None,
    verify: bool = False,
    on_error: str = "raise",
) -> Bunch:
    """Load images, their labels and optionally text that a CSV file lists.

    Problems are found before anything is trained, and all of them are reported together: image
    names that are empty, occur twice or lead to no file, and label cells that are empty or hold
    a label outside `label_names`; with ``verify=True`` also images that cannot be decoded.

    Parameters
    ----------
    path : str or path
        A comma-separated file in UTF-8 with a header line.
    images : str or path, optional
        The folder that the image names are relative to; by default the folder of the CSV file.
        Absolute names stand for themselves.
    image : str, default="image"
        The column of image names.
    labels : str or None, default="labels"
        The column of labels, several in a cell. An image to which none of the labels applies
        has ``-`` in this column: an empty cell is a problem, for it may as well be a gap in the
        annotation. None loads images without labels, to predict them.
    text : str, optional
        A column of text to load beside the images; an empty cell is an empty text.
    sep : str, default=" "
        What separates the labels in a cell. White space around labels and repeated labels do
        no harm.
    label_names : sequence of str, optional
        The labels that may occur, in the order of the columns of `target`. By default the
        labels that do occur, sorted.
    verify : bool, default=False
        Also decode every image, which takes some milliseconds each.
    on_error : {"raise", "skip"}, default="raise"
        "raise" reports all problems in one error; "skip" drops the rows that have one, also
        those with an unknown label, and warns. Of rows with the same image the first is kept.

    Returns
    -------
    Bunch
        A dictionary whose keys are attributes too:

        data : DataFrame of shape (n_samples, 1) or (n_samples, 2)
            The column `image` with the path of each file and, if asked for, the column `text`.
        target : DataFrame of shape (n_samples, n_labels) or None
            0/1 indicators; the columns are the label names.
        label_names : list of str or None
            The names of the labels.
        ids : ndarray of shape (n_samples,)
            The image names as they stand in the file.
        skipped : DataFrame
            The problems of the rows that were dropped: row, image, problem. Rows are records
            of the file, counted from 1 below the header.
        DESCR : str
            A description.

    Raises
    ------
    FileNotFoundError
        If there is no such file or folder.
    ValueError
        If the file cannot be parsed, a column is missing, there are problems, or no row is left.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from sklearn_mlic.datasets import load_csv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("a.png", "b.png"):
    ...         Image.new("RGB", (8, 8)).save(Path(folder, name))
    ...     path = Path(folder, "labels.csv")
    ...     _ = path.write_text("image,labels\\na.png,cat dog\\nb.png,-\\n")
    ...     pets = load_csv(path)
    >>> pets.target
       cat  dog
    0    1    1
    1    0    0
    """
    import pandas as pd  # slow to import, and needed here only

    check_choice("on_error", on_error, ("raise", "skip"))
    label_names = _check_label_names(label_names, labels, sep)
    path = os.fspath(path)
    table = _read_table(path, {"image": image, "labels": labels, "text": text})
    folder = os.path.dirname(os.path.abspath(path)) if images is None else os.fspath(images)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"images={folder!r}: there is no such folder.")

    ids = table[image].tolist()
    paths = [os.path.join(folder, name) for name in ids]
    problems = list(find_image_problems(ids, paths, folder, verify))
    label_sets = [_split(cell, sep) for cell in table[labels]] if labels is not None else None
    if label_sets is not None:
        problems += _find_label_problems(label_sets, label_names)
    problems.sort(key=lambda problem: problem.row)
    bad = {problem.row for problem in problems}
    if bad and (on_error == "raise" or len(bad) == len(table)):
        raise ValueError(describe_problems(problems, ids, path, on_error))
    if bad:
        warnings.warn(describe_problems(problems, ids, path, on_error), UserWarning, stacklevel=2)

    kept = [row for row in range(len(table)) if row not in bad]
    data = pd.DataFrame({image: [paths[row] for row in kept]})
    if text is not None:
        data[text] = table[text].iloc[kept].tolist()
    target = None
    if label_sets is not None:
        target = _make_target([label_sets[row] for row in kept], label_names, path, labels)
    return Bunch(
        data=data,
        target=target,
        label_names=None if target is None else target.columns.tolist(),
        ids=np.array([ids[row] for row in kept], dtype=object),
        skipped=pd.DataFrame(
            {
                "row": np.array([problem.row + 1 for problem in problems], dtype=np.int64),
                "image": [ids[problem.row] for problem in problems],
                "problem": [problem.problem for problem in problems],
            }
        ),
        DESCR=f"{len(kept)} images listed in {path!r}; {len(bad)} rows were skipped.",
    )


def _check_label_names(
    label_names: Sequence[str] | None, labels: str | None, sep: str
) -> list[str] | None:
    """Return the label names as a list, or say why they cannot occur in a cell."""
    if not sep:
        raise ValueError("sep=''; expected the text between two labels, such as ' ' or '|'.")
    if label_names is None:
        return None
    if labels is None:
        raise ValueError("label_names was given with labels=None; name the column of labels.")
    if isinstance(label_names, str):
        raise ValueError(
            f"label_names={label_names!r} is one string; expected a list of names. "
            f"Pass [{label_names!r}] for one label."
        )
    names = [str(name) for name in label_names]
    if not names:
        raise ValueError("label_names is empty; expected one name or more, or None.")
    if len(set(names)) < len(names):
        repeated = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"label_names holds {repeated} more than once; remove the repeats.")
    for name in names:
        if _split(name, sep) != [name]:
            raise ValueError(
                f"label_names holds {name!r}, which cannot be read from a cell whose labels "
                f"are separated by sep={sep!r} and where {NO_LABEL!r} stands for no label. "
                f"Set sep, or rename the label."
            )
    return names


def _read_table(path: str, columns: dict[str, str | None]) -> "pd.DataFrame":
    """Parse the file into str cells; `columns` maps our parameters to the columns they name."""
    import pandas as pd

    if not os.path.isfile(path):
        raise FileNotFoundError(f"{path!r}: there is no such CSV file.")
    try:
        with warnings.catch_warnings():
            # pandas only warns when it drops the cells of rows longer than the header.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                path,
                dtype=str,
                na_filter=False,  # "NA" and "None" are labels like any other
                skipinitialspace=True,
                index_col=False,
                encoding="utf-8-sig",
            )
    except pd.errors.EmptyDataError:
        raise ValueError(f"{path!r} is empty; expected a header line and rows.") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path!r} is not in UTF-8 ({error}); save it in that encoding.") from None
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise ValueError(
            f"{path!r} cannot be parsed: {str(error).strip()} Expected comma-separated rows no "
            f"longer than the header; put cells that contain commas in double quotes."
        ) from None

    named = {parameter: name for parameter, name in columns.items() if name is not None}
    missing = {parameter: name for parameter, name in named.items() if name not in table}
    if missing:
        wanted = " and ".join(f"{name!r} ({parameter}=)" for parameter, name in missing.items())
        there = ", ".join(map(repr, table.columns))
        advice = " or labels=None when there are no labels to read" * ("labels" in missing)
        raise ValueError(
            f"{path!r} has no column {wanted}. Its columns, separated by commas, are: {there}. "
            f"Set {' and '.join(missing)} to one of them{advice}."
        )
    if len(set(named.values())) < len(named):
        raise ValueError(f"One column is named twice: {named}. Expected a column for each.")
    if table.empty:
        raise ValueError(f"{path!r} has a header but no rows.")
    return table


def _split(cell: str, sep: str) -> list[str] | None:
    """Return the labels of a cell without repeats; None when it is empty."""
    found = list(dict.fromkeys(filter(None, map(str.strip, cell.split(sep)))))
    return [] if found == [NO_LABEL] else found or None


def _find_label_problems(
    label_sets: list[list[str] | None], label_names: list[str] | None
) -> Iterator[Problem]:
    known = set(label_names or ())
    for row, found in enumerate(label_sets):
        if found is None:
            remedy = f"Write {NO_LABEL!r} where none of the labels applies."
            yield Problem(row, "the label cell is empty", remedy)
            continue
        for label in found:
            if label == NO_LABEL:
                remedy = f"Keep either {NO_LABEL!r} or the labels."
                yield Problem(row, f"{NO_LABEL!r} (no label) beside labels", remedy)
            elif label_names is not None and label not in known:
                remedy = "Correct the unknown labels, add them to label_names, or set sep."
                close = get_close_matches(label, label_names, n=1)
                hint = f" (did you mean {close[0]!r}?)" if close else ""
                yield Problem(row, f"unknown label {label!r}{hint}", remedy)


def _make_target(
    label_sets: list[list[str]], label_names: list[str] | None, path: str, labels: str
) -> "pd.DataFrame":
    import pandas as pd

    if label_names is None:
        label_names = sorted({label for found in label_sets for label in found})
    if not label_names:
        raise ValueError(
            f"No row of {path!r} has a label in column {labels!r}; name the labels with "
            f"label_names, or set labels=None."
        )
    columns = {name: j for j, name in enumerate(label_names)}
    indicators = np.zeros((len(label_sets), len(columns)), dtype=np.int64)
    for row, found in enumerate(label_sets):
        indicators[row, [columns[label] for label in found]] = 1
    return pd.DataFrame(indicators, columns=label_names)
