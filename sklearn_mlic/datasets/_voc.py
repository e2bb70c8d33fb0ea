"""Images and labels from a folder in PASCAL VOC's layout."""

import os
from collections.abc import Sequence
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
from sklearn.utils import Bunch

from sklearn_mlic.datasets._labels import (
    check_label_names,
    check_mark,
    describe_unknown,
    make_target,
)
from sklearn_mlic.datasets._problems import (
    Problem,
    find_image_problems,
    settle_problems,
    tabulate,
)
from sklearn_mlic.utils._choices import check_choice

_FOLDERS = ("ImageSets/Main", "Annotations", "JPEGImages")


def load_voc(
    root: str | os.PathLike,
    split: str = "trainval",
    *,
    difficult: float | str = "nan",
    label_names: Sequence[str] | None = None,
    verify: bool = False,
    on_error: str = "raise",
) -> Bunch:
    """Load images and labels from a folder in PASCAL VOC's layout.

    A label applies to an image if an object of that class is annotated in it. All problems are
    reported together: images and annotations that are not there, names that occur twice, and
    annotations that cannot be read.

    Parameters
    ----------
    root : str or path
        The folder of one year, such as ``VOCdevkit/VOC2007``, which holds
        ``ImageSets/Main/<split>.txt``, ``Annotations/*.xml`` and ``JPEGImages/*.jpg``.
    split : str, default="trainval"
        The list of images to load, one name a line.
    difficult : {"nan", 0, 1}, default="nan"
        What a label is taken for whose only objects in an image are marked as difficult:
        unknown (NaN), as the official evaluation leaves them out, absent or present. One object
        that is not difficult makes the label present. Where NaN is no use to an estimator, choose
        0 or 1.
    label_names : sequence of str, optional
        The labels that may occur, in the order of the columns of `target`. By default those
        that occur in this split, sorted, which is the official order where all occur. Pass
        those of the training part for other parts.
    verify : bool, default=False
        Also decode every image, which takes some milliseconds each.
    on_error : {"raise", "skip"}, default="raise"
        "raise" reports all problems in one error; "skip" drops the images that have one, and
        warns.

    Returns
    -------
    Bunch
        A dictionary whose keys are attributes too:

        data : DataFrame of shape (n_samples, 1)
            The column ``image`` with the path of each file, in the order of the list.
        target : DataFrame of shape (n_samples, n_labels)
            0/1 indicators (float64 with ``difficult="nan"``); the columns are the label names.
        label_names : list of str
            The names of the labels.
        ids : ndarray of shape (n_samples,)
            The names of the images as they stand in the list.
        skipped : DataFrame
            The problems of the images that were dropped: row, image, problem. Rows are those of
            the list, counted from 1 without blank lines.
        DESCR : str
            A description.

    Raises
    ------
    FileNotFoundError
        If there is no such folder or split.
    ValueError
        If the split is empty, there are problems, or no image or label is left.

    See Also
    --------
    load_coco : The layout of COCO.
    load_csv : Any other data.

    References
    ----------
    Everingham, M. et al. (2010). The Pascal visual object classes (VOC) challenge.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from sklearn_mlic.datasets import load_voc
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("ImageSets/Main", "Annotations", "JPEGImages"):
    ...         Path(folder, name).mkdir(parents=True)
    ...     _ = Path(folder, "ImageSets/Main/trainval.txt").write_text("000005\\n")
    ...     Image.new("RGB", (8, 8)).save(Path(folder, "JPEGImages/000005.jpg"))
    ...     _ = Path(folder, "Annotations/000005.xml").write_text(
    ...         "<annotation><object><name>dog</name></object>"
    ...         "<object><name>car</name><difficult>1</difficult></object></annotation>"
    ...     )
    ...     voc = load_voc(folder)
    >>> voc.target
       car  dog
    0  NaN  1.0
    """
    import pandas as pd  # slow to import, and needed here only

    check_choice("on_error", on_error, ("raise", "skip"))
    mark = check_mark("difficult", difficult)
    label_names = None if label_names is None else check_label_names(label_names)
    root = os.fspath(root)
    path, names = _read_split(root, split)
    folder = os.path.join(root, "JPEGImages")
    images = [os.path.join(folder, f"{name}.jpg") for name in names]
    remedy = f"Each image of the list needs a file in {folder!r}, of type .jpg."
    problems = list(find_image_problems(names, images, remedy, verify))
    objects = [_Objects(set(), set()) for _ in names]
    for row, name in enumerate(names):
        file = os.path.join(root, "Annotations", f"{name}.xml")
        objects[row], wrong = _read_annotation(file, label_names)
        problems += [Problem(row, problem, remedy) for problem, remedy in wrong]

    places = [f"row {row}, image {name!r}" for row, name in enumerate(names, 1)]
    kept = settle_problems(problems, places, path, "rows (without blank lines)", on_error)
    objects = [objects[row] for row in kept]
    label_names = label_names or sorted(set().union(*(a | b for a, b in objects)))
    if not label_names:
        raise ValueError(f"No image of {path!r} has an object; name the labels with label_names.")
    certain, doubtful = zip(*objects, strict=True)
    return Bunch(
        data=pd.DataFrame({"image": [images[row] for row in kept]}),
        target=make_target(certain, label_names, doubtful, mark),
        label_names=label_names,
        ids=np.array([names[row] for row in kept], dtype=object),
        skipped=tabulate([(row, text) for row, text, _ in problems], names, "image", "problem"),
        DESCR=f"{len(kept)} images listed in {path!r}.",
    )


class _Objects(NamedTuple):
    """The classes of objects in an image, by whether they are easy to tell."""

    certain: set[str]
    doubtful: set[str]


def _read_split(root: str, split: str) -> tuple[str, list[str]]:
    """Return the path of the list and the names in it."""
    absent = [name for name in _FOLDERS if not os.path.isdir(os.path.join(root, name))]
    if absent:
        inside = sorted(os.listdir(root)) if os.path.isdir(root) else []
        years = [name for name in inside if os.path.isdir(os.path.join(root, name, _FOLDERS[0]))]
        advice = f" Pass {os.path.join(root, years[0])!r}." if years else ""
        raise FileNotFoundError(
            f"root={root!r} has no folder {' and no folder '.join(map(repr, absent))}; expected "
            f"the folder of one year in VOC's layout.{advice}"
        )
    folder = os.path.join(root, _FOLDERS[0])
    path = os.path.join(folder, f"{split}.txt")
    if not os.path.isfile(path):
        there = [name[:-4] for name in sorted(os.listdir(folder)) if name.endswith(".txt")]
        raise FileNotFoundError(
            f"split={split!r}: there is no file {path!r}. The splits that do not belong to one "
            f"label are {', '.join(repr(name) for name in there if '_' not in name)}."
        )
    with open(path, encoding="utf-8-sig") as file:
        names = [line.strip() for line in file if line.strip()]
    if not names:
        raise ValueError(f"{path!r} is empty; expected the name of an image on each line.")
    return path, names


def _read_annotation(
    path: str, label_names: list[str] | None
) -> tuple[_Objects, list[tuple[str, str]]]:
    """Return the objects of an image, and what is wrong beside what to do about it."""
    objects, wrong = _Objects(set(), set()), []
    try:
        root = ElementTree.parse(path).getroot()
    except FileNotFoundError:
        remedy = "Each image of the list needs a file in 'Annotations'."
        return objects, [("there is no annotation", remedy)]
    except (ElementTree.ParseError, LookupError, ValueError) as error:  # or its encoding is odd
        return objects, [(f"its annotation is no XML ({error})", "Mend or restore that file.")]
    for number, item in enumerate(root.findall("object"), 1):
        name = (item.findtext("name") or "").strip()
        flag = (item.findtext("difficult") or "0").strip()
        if not name:
            wrong.append((f"object {number} has no name", "Name the class of each object."))
        elif label_names is not None and name not in label_names:
            remedy = "Correct the unknown labels, or add them to label_names."
            wrong.append((describe_unknown(name, label_names), remedy))
        elif flag not in ("0", "1"):
            remedy = "Write 1 for objects that are difficult to tell, and 0 for others."
            wrong.append((f"object {number} ({name!r}) has difficult={flag!r}", remedy))
        else:
            (objects.certain if flag == "0" else objects.doubtful).add(name)
    return objects, wrong
