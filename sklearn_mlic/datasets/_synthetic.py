"""Drawn scenes with several objects each, their labels and captions."""

import numpy as np
from sklearn.utils import Bunch, check_random_state

from sklearn_mlic.datasets._captions import write_caption
from sklearn_mlic.datasets._shapes import (
    OUTLINES,
    Mask,
    Pose,
    develop,
    draw_background,
    draw_mask,
    paint,
    random_pose,
)
from sklearn_mlic.utils._numbers import check_count

_N_KINDS = len(OUTLINES)
_MIN_VISIBLE = 0.4  # the share of an object that others must leave in sight
_MIN_IMAGE_SIZE = 32
# From here on every label gets a positive; in fewer images that would distort the frequencies.
_MIN_SAMPLES_FOR_ALL = 20
_P_COUNTS = (0.005, 0.285, 0.38, 0.235, 0.095)  # of 0, 1, 2, ... objects in an image
# The kinds that each type of scene favours, which correlates the labels.
_SCENES = (
    ("disc", "square", "ring", "crescent"),
    ("disc", "triangle", "star", "hexagon"),
    ("disc", "star", "cross", "heart"),
    ("square", "triangle", "ring", "cross", "arrow"),
)

_DESCR = """Drawn scenes for multi-label image classification.

{n_samples} images of {image_size} x {image_size} pixels. Each shows up to four objects, seldom
more, of {n_kinds} kinds over a cluttered background; {n_labels} of the kinds are labels
({names}), the others are drawn but not labelled. Objects vary in place, size, rotation, colour
and texture and may hide each other in part. The labels are correlated and imbalanced. The
captions leave objects out, name some that are not there, use several words for one thing, and
are sometimes empty.
"""


def make_multilabel_images(
    n_samples: int = 600,
    *,
    image_size: int = 96,
    n_labels: int = 8,
    random_state: int | np.random.RandomState | None = 0,
) -> Bunch:
    """Draw images of several objects, with labels and captions.

    Choose it to try things out: it needs no download, takes about two seconds for the default
    size, and is hard enough that a model of image and caption beats a model of either.

    Parameters
    ----------
    n_samples : int, default=600
        The number of images.
    image_size : int, default=96
        Height and width in pixels, 32 or more.
    n_labels : int, default=8
        The number of labels, 1 to 10, commonest first. Every image is drawn with objects of all
        ten kinds in mind: those beyond `n_labels` appear without a label, as things do in
        photographs. So the frequency of a label does not depend on `n_labels`.
    random_state : int, RandomState or None, default=0
        The source of randomness. The same int gives the same images, for the same `n_samples`
        and `image_size`; NumPy's global generator is used for None only.

    Returns
    -------
    Bunch
        A dictionary whose keys are attributes too:

        data : DataFrame of shape (n_samples, 2)
            Columns "image", each a uint8 array of shape (image_size, image_size, 3), and
            "caption", each a str, which may be empty.
        target : DataFrame of shape (n_samples, n_labels)
            0/1 indicators; the columns are the label names. From 20 images on every label
            has a positive.
        label_names : list of str
            The names of the labels.
        boxes : list of dict
            For each image, by label name, the box (x0, y0, x1, y1) around the visible part of
            the object in pixels; x1 and y1 are exclusive.
        DESCR : str
            A description.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> from sklearn_mlic.datasets import make_multilabel_images
    >>> scenes = make_multilabel_images(n_samples=20, image_size=48, n_labels=3)
    >>> scenes.label_names
    ['disc', 'square', 'triangle']
    >>> scenes.data["image"][0].shape
    (48, 48, 3)
    >>> scenes.target.shape
    (20, 3)
    """
    import pandas as pd  # slow to import, and needed here only

    check_count("n_samples", n_samples, 1)
    check_count("image_size", image_size, _MIN_IMAGE_SIZE)
    check_count("n_labels", n_labels, 1, _N_KINDS)
    rng = check_random_state(random_state)
    label_names = list(OUTLINES)[:n_labels]
    present = _draw_presence(n_samples, rng)
    images, boxes = np.empty(n_samples, dtype=object), []
    for row in range(n_samples):
        kinds = [list(OUTLINES)[k] for k in np.flatnonzero(present[row])]
        images[row], found = _draw_scene(kinds, image_size, rng)
        boxes.append({name: found[name] for name in label_names if name in found})
    captions = [write_caption(row, rng) for row in present]
    return Bunch(
        data=pd.DataFrame({"image": images, "caption": captions}),
        target=pd.DataFrame(present[:, :n_labels].astype(np.int64), columns=label_names),
        label_names=label_names,
        boxes=boxes,
        DESCR=_DESCR.format(
            n_samples=n_samples,
            image_size=image_size,
            n_kinds=_N_KINDS,
            n_labels=n_labels,
            names=", ".join(label_names),
        ),
    )


def _draw_presence(n_samples: int, rng: np.random.RandomState) -> np.ndarray:
    """Draw which kinds of object each image shows, as a bool array (n_samples, n_kinds).

    An image has a scene type that favours some kinds, which correlates the labels, and a number
    of objects; the objects are then drawn without replacement by weight.
    """
    favoured = np.array([[kind in scene for kind in OUTLINES] for scene in _SCENES])
    weights = 0.8 ** np.arange(_N_KINDS) * np.where(favoured, 3.0, 0.7)
    scene = rng.randint(len(_SCENES), size=n_samples)
    counts = rng.choice(len(_P_COUNTS), size=n_samples, p=_P_COUNTS)
    # The largest of log-weights plus Gumbel noise are a weighted draw without replacement.
    keys = np.log(weights[scene]) + rng.gumbel(size=(n_samples, _N_KINDS))
    ranks = (-keys).argsort(axis=1).argsort(axis=1)
    present = ranks < counts[:, None]
    if n_samples >= _MIN_SAMPLES_FOR_ALL:
        for kind in np.flatnonzero(~present.any(axis=0)):
            # In one of the emptier half of the images, so that it does not get crowded.
            n_objects = present.sum(axis=1)
            emptier = np.flatnonzero(n_objects <= np.median(n_objects))
            present[rng.choice(emptier), kind] = True
    return present


def _draw_scene(
    kinds: list[str], image_size: int, rng: np.random.RandomState
) -> tuple[np.ndarray, dict[str, tuple[int, int, int, int]]]:
    """Draw one image with these objects; return it and the visible box of each object."""
    order = [kinds[k] for k in rng.permutation(len(kinds))]
    placed, owner = _place(order, image_size, rng)
    image = draw_background(image_size, rng)
    for kind, (pose, mask) in zip(order, placed, strict=True):
        paint(image, kind, pose, mask, rng)
    boxes = {kind: _box(owner == index) for index, kind in enumerate(order)}
    return develop(image, rng), boxes


def _place(
    kinds: list[str], image_size: int, rng: np.random.RandomState
) -> tuple[list[tuple[Pose, Mask]], np.ndarray]:
    """Find a pose for each object, later ones in front, that leaves all of them in sight.

    Returns the poses and masks, and the index of the object that owns each pixel (-1: none).
    """
    placed: list[tuple[Pose, Mask]] = []
    owner = np.full((image_size, image_size), -1, dtype=np.int8)
    areas: list[int] = []
    for index, kind in enumerate(kinds):
        scale = 1.0
        while True:
            pose = random_pose(image_size, scale, rng)
            mask = draw_mask(kind, pose, image_size)
            candidate = owner.copy()
            candidate[mask.window][mask.solid] = index
            visible = np.bincount(candidate[candidate >= 0], minlength=index)[:index]
            if np.all(visible >= _MIN_VISIBLE * np.array(areas)):
                break
            # Shrinking by and by ends the search however crowded the image is.
            scale *= 0.97
        owner = candidate
        areas.append(int(mask.solid.sum()))
        placed.append((pose, mask))
    return placed, owner


def _box(visible: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(visible.any(axis=1)), np.flatnonzero(visible.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
