"""Images, labels and captions from JSON files in COCO's layout."""

import os
from collections import Counter
from typing import Any

import numpy as np
from sklearn.utils import Bunch

from sklearn_mlic.datasets._coco_files import keep_sound, read_lists, walk_annotations
from sklearn_mlic.datasets._labels import check_mark, make_target
from sklearn_mlic.datasets._problems import (
    Problem,
    explain_folder,
    find_image_problems,
    settle_problems,
)
from sklearn_mlic.utils._choices import check_choice


def load_coco(
    instances: str | os.PathLike,
    captions: str | os.PathLike | None = None,
    images: str | os.PathLike | None = None,
    *,
    crowd: float | str = 1,
    include_unannotated: bool = True,
    verify: bool = False,
    on_error: str = "raise",
) -> Bunch:
    """Load images, labels and captions that JSON files in COCO's layout list.

    A label applies to an image if an object of that category is annotated in it. All problems
    are reported together: entries that lack something, ids that occur twice, annotations of
    unknown images or categories, and images that are not there.

    Parameters
    ----------
    instances : str or path
        The file with ``images``, ``annotations`` and ``categories``, such as
        ``instances_val2017.json``.
    captions : str or path, optional
        The file with ``images`` and ``annotations`` that have a ``caption``, such as
        ``captions_val2017.json``. Captions of images that only this file lists are left out.
    images : str or path, optional
        The folder of the image files. None loads the captions alone.
    crowd : {1, 0, "nan"}, default=1
        What a category is taken for whose only annotations in an image are crowds
        (``iscrowd``: a region with many objects that are not told apart): present, as most
        published results have it, absent, or unknown (NaN).
    include_unannotated : bool, default=True
        Whether to keep images without an annotation, as rows of zeros. Figures on COCO are
        reported either way, and not comparable: its 2014 training part has 82,783 images, of
        which 82,081 are annotated (validation: 40,504 and 40,137).
    verify : bool, default=False
        Also decode every image, which takes some milliseconds each.
    on_error : {"raise", "skip"}, default="raise"
        "raise" reports all problems in one error; "skip" drops the images that have one, and
        warns. Problems of the categories are always raised.

    Returns
    -------
    Bunch
        A dictionary whose keys are attributes too:

        data : DataFrame of shape (n_samples, n_columns)
            The column ``image`` with the path of each file, and the columns ``caption_1``,
            ``caption_2``, … up to the most captions of an image; an image with fewer has an
            empty text in the others. Rows are in the order of the file.
        target : DataFrame of shape (n_samples, n_labels)
            0/1 indicators (float64 with ``crowd="nan"``); the columns are the names of the
            categories in the order of their ids.
        label_names : list of str
            The names of the categories.
        ids : ndarray of shape (n_samples,)
            The ids of the images.
        skipped : DataFrame
            The problems that were passed over: id, image, problem. What belongs to no image has
            None for the first two.
        DESCR : str
            A description.

    Raises
    ------
    FileNotFoundError
        If there is no such file or folder.
    ValueError
        If a file is not in this layout, there are problems, or no image is left.

    See Also
    --------
    load_voc : The layout of PASCAL VOC.
    load_csv : Any other data.

    References
    ----------
    Lin, T.-Y. et al. (2014). Microsoft COCO: Common objects in context.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> from sklearn_mlic.datasets import load_coco
    >>> pictures = [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "b.jpg"}]
    >>> objects = {
    ...     "images": pictures,
    ...     "annotations": [{"id": 1, "image_id": 7, "category_id": 18, "iscrowd": 0}],
    ...     "categories": [{"id": 18, "name": "dog"}, {"id": 3, "name": "car"}],
    ... }
    >>> said = [{"id": 1, "image_id": 7, "caption": "A dog."}]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     instances, captions = Path(folder, "instances.json"), Path(folder, "captions.json")
    ...     _ = instances.write_text(json.dumps(objects))
    ...     _ = captions.write_text(json.dumps({"images": pictures, "annotations": said}))
    ...     coco = load_coco(instances, captions)
    >>> coco.target
       car  dog
    0    0    1
    1    0    0
    >>> coco.data["caption_1"].tolist()
    ['A dog.', '']
    """
    import pandas as pd  # slow to import, and needed here only

    check_choice("on_error", on_error, ("raise", "skip"))
    mark = check_mark("crowd", crowd)
    if captions is None and images is None:
        raise ValueError("There is nothing to load labels for; name captions, images, or both.")
    if images is not None and not os.path.isdir(images):
        raise FileNotFoundError(f"images={os.fspath(images)!r}: there is no such folder.")
    path = os.fspath(instances)
    lists = read_lists(path, "instances", ("images", "annotations", "categories"))
    problems: list[Problem] = []
    names = _read_categories(lists["categories"], problems)
    on_error = None if problems else on_error  # no label could be trusted
    pictures = keep_sound(lists["images"], "images", "file_name", problems)
    if not pictures:
        raise ValueError(f"{path!r} lists no image that has an id and a file_name.")
    rows = {picture["id"]: row for row, picture in enumerate(pictures)}
    files = [picture["file_name"] for picture in pictures]
    found = _read_categories_of_images(lists["annotations"], names, rows, problems)
    columns: dict[str, list[str]] = {}
    if images is not None:
        folder = os.fspath(images)
        columns["image"] = [os.path.join(folder, file) for file in files]
        problems += find_image_problems(files, columns["image"], explain_folder(folder), verify)
    if captions is not None:
        columns |= _read_captions(os.fspath(captions), rows, problems)

    places = [f"image {id_!r} ({file!r})" for id_, file in zip(rows, files, strict=True)]
    kept = settle_problems(problems, places, path, "images", on_error)
    kept = [row for row in kept if include_unannotated or found[row]]
    if not kept:
        raise ValueError(f"No image of {path!r} is annotated; set include_unannotated=True.")
    certain = [{name for name, is_crowd in found[row] if not is_crowd} for row in kept]
    doubtful = [{name for name, is_crowd in found[row] if is_crowd} for row in kept]
    ids = list(rows)
    return Bunch(
        data=pd.DataFrame(columns).iloc[kept].reset_index(drop=True),
        target=make_target(certain, list(names.values()), doubtful, mark),
        label_names=list(names.values()),
        ids=np.array([ids[row] for row in kept], dtype=object),
        skipped=pd.DataFrame(
            {
                "id": [None if row is None else ids[row] for row, _, _ in problems],
                "image": [None if row is None else files[row] for row, _, _ in problems],
                "problem": [problem for _, problem, _ in problems],
            },
            dtype=object,
        ),
        DESCR=f"{len(kept)} of the {len(pictures)} images listed in {path!r}.",
    )


def _read_categories(entries: list, problems: list[Problem]) -> dict[Any, str]:
    """Return the names of the categories by id, in the order of the ids."""
    categories = keep_sound(entries, "categories", "name", problems)
    categories.sort(key=lambda entry: (isinstance(entry["id"], str), entry["id"]))
    names = {entry["id"]: entry["name"] for entry in categories}
    for name, count in Counter(names.values()).items():
        if count > 1:
            problem = f"{count} categories have the name {name!r}"
            problems.append(Problem(None, problem, "Merge them, or rename all but one."))
    if not names and not problems:
        problem = "there are no categories"
        problems.append(Problem(None, problem, "List the labels in 'categories'."))
    return names


def _read_categories_of_images(
    entries: list, names: dict[Any, str], rows: dict[Any, int], problems: list[Problem]
) -> list[set[tuple[str, bool]]]:
    """Return what is annotated in each row: the category, and whether as a crowd."""
    found: list[set[tuple[str, bool]]] = [set() for _ in rows]
    for row, entry in walk_annotations(entries, "annotations", "category_id", rows, problems):
        category = entry["category_id"]
        if category in names:
            found[row].add((names[category], bool(entry.get("iscrowd", 0))))
        else:
            problem = (
                f"annotation {entry['id']!r} has the category {category!r}, which is not listed"
            )
            problems.append(Problem(row, problem, "List every category in 'categories'."))
    return found


def _read_captions(
    path: str, rows: dict[Any, int], problems: list[Problem]
) -> dict[str, list[str]]:
    """Return columns of captions, as many as the image with the most has."""
    lists = read_lists(path, "captions", ("images", "annotations"))
    elsewhere = {
        entry["id"]
        for entry in keep_sound(lists["images"], "captions' images", "file_name", problems)
    }
    texts: list[list[str]] = [[] for _ in rows]
    kind = "captions' annotations"
    for row, entry in walk_annotations(
        lists["annotations"], kind, "caption", rows, problems, elsewhere
    ):
        texts[row].append(entry["caption"])
    n_columns = max(map(len, texts))
    if not n_columns:
        raise ValueError(f"captions={path!r} has no caption of an image that instances lists.")
    filled = [[*captions, *[""] * (n_columns - len(captions))] for captions in texts]
    return {f"caption_{j + 1}": [captions[j] for captions in filled] for j in range(n_columns)}
