"""Labels, probabilities and images as the displays read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from scipy import sparse
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples

from sklearn_mlic.fitted import find_label_names, label_probabilities
from sklearn_mlic.images import as_columns, load_image
from sklearn_mlic.metrics._checks import as_scores, check_pair, check_range
from sklearn_mlic.metrics._counts import mean_of
from sklearn_mlic.utils._choices import check_choice
from sklearn_mlic.utils._labels import as_label_matrix, check_same_columns, find_names
from sklearn_mlic.utils._numbers import check_count
from sklearn_mlic.utils._random import as_generator

_LARGEST_SIDE = 400  # pixels: more cannot be seen in a grid, and are slow to draw
_EPSILON = 1e-15  # probabilities of 0 and 1 are taken to be this far from it


class Predictions(NamedTuple):
    """Checked matrices of shape (n_samples, n_labels)."""

    positive: np.ndarray  # bool: known and true
    y_prob: np.ndarray
    known: np.ndarray  # bool

    @property
    def n_positives(self) -> np.ndarray:
        return self.positive.sum(axis=0)

    def labels(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield (is_true, probabilities) of the known rows of each label."""
        for y, p, known in zip(self.positive.T, self.y_prob.T, self.known.T, strict=True):
            yield y[known], p[known]

    def rows(self, rows: np.ndarray) -> Predictions:
        return Predictions(*(values[rows] for values in self))


def check_predictions(y_true: Any, y_prob: Any) -> Predictions:
    """Check shapes, 0/1/NaN labels and probabilities."""
    pair = check_pair(y_true, y_prob, "y_prob")
    check_range(pair.other)
    return Predictions(pair.positive, pair.other, pair.known)


class LabelTable(NamedTuple):
    """What is known of each row."""

    y_true: np.ndarray | None  # float, NaN where unknown
    y_prob: np.ndarray | None
    y_pred: np.ndarray  # bool
    label_names: list[str]

    def take(self, rows: np.ndarray) -> LabelTable:
        parts = (None if part is None else part[rows] for part in self[:3])
        return LabelTable(*parts, self.label_names)

    def losses(self) -> np.ndarray:
        """Mean log loss of the known labels of each row, NaN where none is known.

        Predictions without probabilities count as 0 and 1: the loss goes with the wrong part.
        """
        y_prob = (self.y_pred if self.y_prob is None else self.y_prob).astype(np.float64)
        p_true = np.where(self.y_true == 1, y_prob, 1 - y_prob)
        return mean_of(-np.log(p_true.clip(_EPSILON)), ~np.isnan(self.y_true))


def check_table(
    y_true: Any, y_prob: Any, y_pred: Any, n_rows: int, label_names: Sequence[str] | None
) -> LabelTable:
    """Check labels and predictions of one set of rows."""
    if y_prob is None and y_pred is None:
        raise ValueError("There are no predictions; pass y_prob, y_pred, or both.")
    given = {}
    if y_true is not None:
        labels, _ = as_label_matrix(y_true, "y_true", n_rows, allow_unknown=True)
        given["y_true"] = labels.astype(np.float64)
    if y_prob is not None:
        given["y_prob"] = as_scores(y_prob, "y_prob")
        check_range(given["y_prob"])
        check_same_columns(y_true, y_prob, "y_prob")
    if y_pred is not None:
        given["y_pred"] = as_label_matrix(y_pred, "y_pred", n_rows)[0] == 1
        check_same_columns(y_true, y_pred, "y_pred")
    positive = given["y_pred"] if y_pred is not None else given["y_prob"] >= 0.5
    shapes = {name: values.shape for name, values in given.items()}
    if len(set(shapes.values())) > 1 or len(positive) != n_rows:
        told = ", ".join(f"{name} has shape {shape}" for name, shape in shapes.items())
        raise ValueError(
            f"X has {n_rows} rows, {told}; expected the same shape (n_samples, n_labels)."
        )
    names = find_names(label_names, positive.shape[1], y_true, y_prob, y_pred)
    return LabelTable(given.get("y_true"), given.get("y_prob"), positive, names)


def select_rows(
    select: Any, n_rows: int, n_images: int, random_state: Any, may_rank: bool
) -> np.ndarray:
    """Return the rows to look at: those to show, or all where the worst are to be found."""
    check_count("n_images", n_images)
    if not isinstance(select, str):
        try:
            rows = np.arange(n_rows)[np.asarray(select)]
        except IndexError:
            rows = np.empty(0, dtype=int)
        if rows.ndim != 1 or not len(rows):
            raise ValueError(
                f"select={select!r}; expected 'first', 'random', 'worst' or a list of rows, each "
                f"a whole number below {n_rows}."
            )
        return rows
    check_choice("select", select, ["first", "random", "worst"])
    n_images = min(n_images, n_rows)
    if select == "random":
        return np.sort(as_generator(random_state).choice(n_rows, n_images, replace=False))
    if select == "first":
        return np.arange(n_images)
    if not may_rank:
        raise ValueError(
            "select='worst' compares predictions with true labels, and there are none. Pass "
            "them, or select 'first' or 'random'."
        )
    return np.arange(n_rows)


def rows_of(y: Any, rows: np.ndarray, n_rows: int) -> Any:
    """Return some rows of labels of any form."""
    n_given = _num_samples(y)
    if n_given != n_rows:
        raise ValueError(f"X has {n_rows} rows and y has {n_given}; expected the same number.")
    return _safe_indexing(y.tocsr() if sparse.issparse(y) else y, rows)


def predict_named(estimator: Any, X: Any) -> Any:
    """Return the probabilities, as a DataFrame where the estimator names the labels.

    The columns let later checks find labels in another order than those of y.
    """
    return name_columns(label_probabilities(estimator, X), estimator)


def name_columns(y_prob: np.ndarray, estimator: Any) -> Any:
    """Put the label names of a fitted estimator above its probabilities."""
    try:
        names = find_label_names(estimator)
    except ValueError:  # a classifier of another package
        return y_prob
    import pandas as pd

    return pd.DataFrame(y_prob, columns=names)


def find_holder(model: Any, attribute: str, expected: str, X: Any = None) -> tuple[Any, Any]:
    """Go down to the estimator that has `attribute`; return it and `X` as it reaches it.

    Steps of pipelines on the way transform `X`, where it is given.
    """
    outermost = type(model).__name__
    while not hasattr(model, attribute):
        if hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        elif hasattr(model, "estimator_"):
            model = model.estimator_
        elif hasattr(model, "steps"):
            if X is not None and len(model.steps) > 1:
                X = model[:-1].transform(X)
            model = model.steps[-1][1]
        elif members := [m for m in _members(model) if hasattr(m, attribute)]:
            model = members[0]
        else:
            raise ValueError(
                f"This {outermost} has no {attribute}. Expected {expected}, or a "
                f"ThresholdCalibrator, pipeline or search around one."
            )
    return model, X


def _members(model: Any) -> list:
    """The estimators of a fusion, which all get the same X."""
    return list(getattr(model, "named_estimators_", {}).values())


def image_column(X: Any, image: Any) -> Sequence:
    """Return the images of X, unread; `image` names the column of a DataFrame."""
    columns = as_columns(X, image=image)
    if "image" not in columns:
        raise ValueError(
            "X holds numbers; expected images to show: paths, PIL images, uint8 arrays, or a "
            "DataFrame with a column of them, which `image` names."
        )
    return columns["image"]


def thumbnail(source: Any, row: int) -> np.ndarray:
    """Read an image for a small place, its aspect ratio kept."""
    picture = Image.fromarray(load_image(source, row=row))
    picture.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
    return np.asarray(picture)
