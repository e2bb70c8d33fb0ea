"""Images, labels and text from a CSV file and a folder, with all problems reported at once."""

import os
from collections.abc import Sequence

import numpy as np
from sklearn.utils import Bunch

from sklearn_mlic.datasets._columns import (
    Findings,
    check_parts,
    find_bare_rows,
    find_clashes,
    find_folder,
    find_repeats,
    name_rows,
    read_images,
    read_labels,
    read_marks,
    read_texts,
)
from sklearn_mlic.datasets._labels import check_label_names, check_sep, make_target
from sklearn_mlic.datasets._problems import settle_problems, tabulate
from sklearn_mlic.datasets._table import read_table
from sklearn_mlic.utils._choices import check_choice

_ROWS = (
    "rows (numbered from 1 below the header; they need not be line numbers, for blank lines do "
    "not count and a quoted cell may span lines)"
)


def load_csv(
    path: str | os.PathLike,
    images: str | os.PathLike | None = None,
    *,
    image: str | None = "image",
    labels: str | None = "labels",
    text: str | Sequence[str] | None = None,
    split: str | None = None,
    ids: str | None = None,
    sep: str = " ",
    label_names: Sequence[str] | None = None,
    unknown: str = "raise",
    may_lack_image: bool = False,
    verify: bool = False,
    on_error: str = "raise",
) -> Bunch:
    """Load images, their labels and optionally text that a CSV file lists.

    Problems are found before anything is trained, and all of them are reported together: image
    names that are empty, occur twice or lead to no file, label cells that are empty or hold
    a label outside `label_names`, cells in columns without a name, and empty cells of
    `split` and `ids`; with ``verify=True`` also images that cannot be decoded.

    Parameters
    ----------
    path : str or path
        A comma-separated file in UTF-8 with a header line. Cells may be quoted and span lines,
        and columns without a name may end each line.
    images : str or path, optional
        The folder that the image names are relative to; by default the folder of the CSV file.
        Absolute names stand for themselves.
    image : str or None, default="image"
        The column of image names. None loads text and labels alone.
    labels : str or None, default="labels"
        The column of labels, several in a cell. An image to which none of the labels applies
        has ``-`` in this column: an empty cell is a problem, for it may as well be a gap in the
        annotation. None loads images without labels, to predict them.
    text : str or list of str, optional
        The columns of text to load, each a column of the data; an empty cell is an empty text,
        which means that there is none. Where text of the file's last column was written with
        commas and without quotes, so that it runs on into columns without a name, it is joined
        again, and `changes` says so.
    split : str, optional
        A column that says which part a row belongs to, such as ``train`` or ``val``.
    ids : str, optional
        The column that the rows are called by. By default that of the images; a row without one
        is called by its number.
    sep : str, default=" "
        What separates the labels in a cell. White space around labels and repeated labels do
        no harm.
    label_names : sequence of str, optional
        The labels that may occur, in the order of the columns of `target`. By default the
        labels that do occur, sorted.
    unknown : {"raise", "drop"}, default="raise"
        What is done about labels outside `label_names`: "raise" takes them for problems; "drop"
        leaves them out, and `changes` lists them. A row may then be left without a label:
        ``target.any(axis=1)`` tells which have one.
    may_lack_image : bool, default=False
        Whether the cell of a row's image may be empty if it has text: the image is then missing
        (None or NaN). Set `ids` as well where such rows are to have names of their own.
    verify : bool, default=False
        Also decode every image, which takes some milliseconds each.
    on_error : {"raise", "skip"}, default="raise"
        "raise" reports all problems in one error; "skip" drops the rows that have one, also
        those with an unknown label, and warns. Of rows with the same image the first is kept.

    Returns
    -------
    Bunch
        A dictionary whose keys are attributes too:

        data : DataFrame of shape (n_samples, n_columns)
            The column `image` with the path of each file, and the columns `text`, where asked
            for.
        target : DataFrame of shape (n_samples, n_labels) or None
            0/1 indicators; the columns are the label names.
        label_names : list of str or None
            The names of the labels.
        split : ndarray of shape (n_samples,) or None
            The part of each row: ``data[split == "train"]``.
        ids : ndarray of shape (n_samples,)
            The image names as they stand in the file, or the cells of `ids`; the number of the
            row (an int) where there is no image and no `ids`.
        skipped : DataFrame
            The problems of the rows that were dropped: row, image, problem. Rows are records
            of the file, counted from 1 below the header. Without images, ``id`` stands for
            ``image`` here and below.
        changes : DataFrame
            What was left out of or joined in rows that were kept: row, image, change.
        DESCR : str
            A description.

    Raises
    ------
    FileNotFoundError
        If there is no such file or folder.
    ValueError
        If the file cannot be parsed, a column is missing, there are problems, or no row is left.

    See Also
    --------
    write_predictions : Write labels in this form.

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

    A competition with the labels 1 to 19 without 12, of which the captions are at hand and the
    images are not; whatever else stands among the labels is left out:

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "train.csv")
    ...     _ = path.write_text("ImageID,Labels,Caption,\\n0.jpg,1 12 x,a man, alone\\n")
    ...     known = [str(label) for label in range(1, 20) if label != 12]
    ...     captions = load_csv(path, image=None, ids="ImageID", labels="Labels", text="Caption",
    ...                         label_names=known, unknown="drop")
    >>> captions.data["Caption"].item()
    'a man, alone'
    >>> captions.changes["change"].tolist()
    ["text that ran on behind a comma joined: 'alone'", "unknown label '12' left out", \
"unknown label 'x' left out"]
    """
    check_choice("on_error", on_error, ("raise", "skip"))
    check_choice("value of unknown", unknown, ("raise", "drop"))
    texts = [text] if isinstance(text, str) else list(text or ())
    check_parts(images, image, texts, may_lack_image)
    label_names = _check_labels(labels, sep, label_names, unknown)

    path = os.fspath(path)
    columns = [("image", image), ("labels", labels), *(("text", name) for name in texts)]
    columns = [pair for pair in (*columns, ("split", split), ("ids", ids)) if pair[1] is not None]
    table, overflow = read_table(path, columns)
    findings = Findings()
    data = read_texts(table, texts, overflow, findings)
    names = called = list(range(1, len(table) + 1))
    if ids is not None:
        names = called = read_marks(table[ids].tolist(), ids, findings)
        findings.problems += find_repeats(names, ids)
    if image is not None:
        called = table[image].tolist()
        if ids is None:
            names = name_rows(called)
            findings.problems += find_clashes(names, image)
        folder = find_folder(path, images)
        paths = read_images(called, folder, findings, verify=verify, may_lack=may_lack_image)
        data.insert(0, image, paths)
        findings.problems += find_bare_rows(data, image) if may_lack_image else ()
    parts = None if split is None else read_marks(table[split].tolist(), split, findings)
    label_sets = None
    if labels is not None:
        label_sets = read_labels(table[labels].tolist(), sep, label_names, unknown, findings)

    kind = "id" if image is None else "image"
    places = [f"row {row}, {kind} {name!r}" for row, name in enumerate(called, 1)]
    kept = settle_problems(findings.problems, places, path, _ROWS, on_error)
    if label_sets is not None:
        label_sets = [label_sets[row] for row in kept]
        label_names = label_names or _find_label_names(label_sets, path, labels)
    skipped = [(row, problem) for row, problem, _ in findings.problems]
    in_place = set(kept)
    changes = [(row, change) for row, change in findings.changes if row in in_place]
    changes.sort(key=lambda found: found[0])
    return Bunch(
        data=data.iloc[kept].reset_index(drop=True),
        target=None if label_sets is None else make_target(label_sets, label_names),
        label_names=label_names,
        split=None if parts is None else np.array([parts[row] for row in kept]),
        ids=np.array([names[row] for row in kept], dtype=object),
        skipped=tabulate(skipped, called, kind, "problem"),
        changes=tabulate(changes, called, kind, "change"),
        DESCR=f"{len(kept)} {'rows' if image is None else 'images'} listed in {path!r}; "
        f"{len(table) - len(kept)} rows were skipped, {len({row for row, _ in changes})} changed.",
    )


def _check_labels(
    labels: str | None, sep: str, label_names: Sequence[str] | None, unknown: str
) -> list[str] | None:
    """Return the label names as a list, or say what does not go together."""
    if label_names is not None and labels is None:
        raise ValueError("label_names was given with labels=None; name the column of labels.")
    if label_names is None and unknown == "drop":
        raise ValueError("unknown='drop' needs the labels that are known; set label_names.")
    names = None if label_names is None else check_label_names(label_names)
    check_sep(sep, names or ())
    return names


def _find_label_names(label_sets: list[list[str]], path: str, labels: str) -> list[str]:
    found = sorted({label for labels_of_row in label_sets for label in labels_of_row})
    if not found:
        raise ValueError(
            f"No row of {path!r} has a label in column {labels!r}; name the labels with "
            f"label_names, or set labels=None."
        )
    return found
