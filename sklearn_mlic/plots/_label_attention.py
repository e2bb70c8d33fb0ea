"""Where in the image a model looks for a label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image
from sklearn.utils import _safe_indexing

from sklearn_mlic.metrics._checks import as_scores, check_range
from sklearn_mlic.plots._figure import add_image, open_grid, shorten
from sklearn_mlic.plots._inputs import find_holder, image_column, predict_named, thumbnail
from sklearn_mlic.utils._choices import check_choice
from sklearn_mlic.utils._labels import find_names
from sklearn_mlic.utils._numbers import check_count

_STRONGEST = 0.75  # opacity of the hottest place; the coldest is clear
_FAINTEST = 0.2  # part of it that is left to a label of probability 0


class LabelAttentionDisplay:
    """Images with the places that speak for each label, one row an image.

    Look at it to see whether a label is found for the right reason: on the object, or on what
    often surrounds it. Each map is scaled on its own, from its lowest value (clear) to its
    highest (yellow): it tells where, and the probability above it how sure the model is. Maps
    of different labels cannot be compared in strength. Use `from_estimator` or `from_maps` to
    make one.

    Parameters
    ----------
    images : sequence of images
        Paths, PIL images or uint8 arrays, n_images of them.
    maps : ndarray of shape (n_images, n_labels, h, w)
        One map an image and label, over the whole image: high where it speaks for the label.
    y_prob : ndarray of shape (n_images, n_labels)
        Predicted probabilities.
    label_names : sequence of str
        One name a label.

    Attributes
    ----------
    shown_ : ndarray of int, shape (n_images, n_labels_shown)
        Columns of the labels shown beside each image.
    axes_ : ndarray of Axes, shape (n_images, 1 + n_labels_shown)
        The image and its maps in each row.
    figure_ : Figure
        The figure around them.

    References
    ----------
    Zhou, B., Khosla, A., Lapedriza, A., Oliva, A. and Torralba, A. (2016). Learning Deep
    Features for Discriminative Localization. CVPR 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mlic import make_multilabel_images
    >>> from sklearn_mlic.plots import LabelAttentionDisplay
    >>> scenes = make_multilabel_images(n_samples=2, image_size=48, n_labels=3)
    >>> maps = np.random.default_rng(0).random((2, 3, 4, 4))
    >>> y_prob = [[0.9, 0.2, 0.6], [0.1, 0.3, 0.8]]
    >>> display = LabelAttentionDisplay.from_maps(
    ...     scenes.data, maps, y_prob, label_names=scenes.label_names, n_labels=2
    ... )
    >>> [ax.get_title("left") for ax in display.axes_[0]]
    ['row 0', 'disc 0.90', 'triangle 0.60']
    """

    def __init__(
        self,
        images: Sequence,
        maps: np.ndarray,
        y_prob: np.ndarray,
        label_names: Sequence[str],
    ):
        self.images = images
        self.maps = maps
        self.y_prob = y_prob
        self.label_names = label_names

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        labels: Sequence[str] | None = None,
        n_labels: int = 3,
        n_images: int = 4,
        image: str = "image",
        ax: Any = None,
    ) -> LabelAttentionDisplay:
        """Predict the first images with a fitted model and draw where it looks.

        Parameters
        ----------
        estimator : estimator
            A fitted classifier with ``attention_maps``, such as `ImageClassifier`, or a
            `ThresholdCalibrator`, pipeline or search around one.
        X : sequence of images or DataFrame
            In the form that ``fit`` took. Only the first `n_images` rows are read: pass those
            of interest.
        labels : sequence of str, optional
            The labels to show. None shows the most probable of each image.
        n_labels : int, default=3
            Number of labels an image, where `labels` is None.
        n_images : int, default=4
            Number of images.
        image : str, default="image"
            The column of a DataFrame that holds the images.
        ax : Axes, optional
            The place to draw in; None opens a figure.

        Returns
        -------
        LabelAttentionDisplay
            The numbers and what was drawn.

        Raises
        ------
        ValueError
            If no estimator in it has ``attention_maps``, or `labels` names no label.
        """
        check_count("n_images", n_images)
        n_rows = min(n_images, len(image_column(X, image)))
        X = _safe_indexing(X, np.arange(n_rows))
        holder, reaching = find_holder(
            estimator, "attention_maps", "a fitted image classifier that tells where it looks", X
        )
        return cls.from_maps(
            X,
            holder.attention_maps(reaching),
            predict_named(estimator, X),
            labels=labels,
            n_labels=n_labels,
            n_images=n_images,
            image=image,
            ax=ax,
        )

    @classmethod
    def from_maps(
        cls,
        X: Any,
        maps: ArrayLike,
        y_prob: ArrayLike,
        *,
        label_names: Sequence[str] | None = None,
        labels: Sequence[str] | None = None,
        n_labels: int = 3,
        n_images: int = 4,
        image: str = "image",
        ax: Any = None,
    ) -> LabelAttentionDisplay:
        """Draw given maps over the first images.

        Parameters
        ----------
        X : sequence of images or DataFrame
            Paths, PIL images or uint8 arrays, or a DataFrame with a column of them.
        maps : array-like of shape (n_samples, n_labels, h, w)
            One map an image and label, over the whole image: high where it speaks for the
            label.
        y_prob : array-like of shape (n_samples, n_labels)
            Predicted probabilities. The columns of a DataFrame name the labels.
        label_names : sequence of str, optional
            Other names for the labels.
        labels : sequence of str, optional
            The labels to show. None shows the most probable of each image.
        n_labels : int, default=3
            Number of labels an image, where `labels` is None.
        n_images : int, default=4
            Number of images.
        image : str, default="image"
            The column of a DataFrame that holds the images.
        ax : Axes, optional
            The place to draw in; None opens a figure.

        Returns
        -------
        LabelAttentionDisplay
            The numbers and what was drawn.

        Raises
        ------
        ValueError
            If shapes do not fit together, a map is not finite, or `labels` names no label.
        """
        check_count("n_images", n_images)
        images = image_column(X, image)
        probabilities = as_scores(y_prob, "y_prob")
        check_range(probabilities)
        maps = np.asarray(maps, dtype=np.float64)
        expected = (len(images), probabilities.shape[1])
        if maps.ndim != 4 or maps.shape[:2] != expected or len(probabilities) != len(images):
            raise ValueError(
                f"X has {len(images)} images, y_prob has shape {probabilities.shape} and maps has "
                f"shape {maps.shape}; expected maps of shape (n_samples, n_labels, h, w), here "
                f"({expected[0]}, {expected[1]}, h, w), and one row of y_prob for each image."
            )
        if not np.isfinite(maps).all():
            raise ValueError("maps holds NaN or infinity; expected finite numbers.")
        names = find_names(label_names, expected[1], y_prob)
        shown = slice(n_images)
        display = cls(images[shown], maps[shown], probabilities[shown], names)
        return display.plot(ax, labels=labels, n_labels=n_labels)

    def plot(
        self, ax: Any = None, *, labels: Sequence[str] | None = None, n_labels: int = 3
    ) -> LabelAttentionDisplay:
        """Draw the images and their maps.

        Parameters
        ----------
        ax : Axes, optional
            The place to draw in, which the images divide among them; None opens a figure.
        labels : sequence of str, optional
            The labels to show. None shows the most probable of each image.
        n_labels : int, default=3
            Number of labels an image, where `labels` is None.

        Returns
        -------
        LabelAttentionDisplay
            Itself, with what was drawn.
        """
        self.shown_ = self._choose(labels, n_labels)
        n_rows, n_columns = len(self.images), 1 + self.shown_.shape[1]
        ax, grid = open_grid(ax, [1] * n_rows, n_columns, 2.1 * n_columns, 2.2 * n_rows)
        self.figure_ = ax.figure
        self.axes_ = np.empty((n_rows, n_columns), dtype=object)
        names = shorten(self.label_names, 18)
        for i, source in enumerate(self.images):
            pixels = thumbnail(source, i)
            self.axes_[i, 0] = add_image(self.figure_, grid[i, 0], pixels, f"row {i}")
            for k, j in enumerate(self.shown_[i], start=1):
                title = f"{names[j]} {self.y_prob[i, j]:.2f}"
                self.axes_[i, k] = add_image(self.figure_, grid[i, k], _as_grey(pixels), title)
                heat = _resize(_scale(self.maps[i, j]), pixels.shape[:2])
                # What is improbable glows faintly: its map tells where it would be, if it were.
                alpha = _STRONGEST * heat * (_FAINTEST + (1 - _FAINTEST) * self.y_prob[i, j])
                self.axes_[i, k].imshow(heat, "inferno", vmin=0, vmax=1, alpha=alpha)
        return self

    def _choose(self, labels: Sequence[str] | None, n_labels: int) -> np.ndarray:
        """Return the columns of the labels to show, in their order, for each image."""
        if labels is None:
            check_count("n_labels", n_labels)
            return np.argsort(-self.y_prob, axis=1, kind="stable")[:, :n_labels]
        labels = [labels] if isinstance(labels, str) else list(labels)
        if not labels:
            raise ValueError("labels is empty; expected names of labels, or None.")
        names = list(self.label_names)
        for label in labels:
            check_choice("label", label, names)
        return np.tile([names.index(label) for label in labels], (len(self.images), 1))


def _scale(values: np.ndarray) -> np.ndarray:
    """Bring a map to 0..1; one that is the same everywhere points nowhere, and becomes 0."""
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def _resize(values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    picture = Image.fromarray(values.astype(np.float32))
    return np.asarray(picture.resize(shape[::-1], Image.Resampling.BILINEAR)).clip(0, 1)


def _as_grey(pixels: np.ndarray) -> np.ndarray:
    """Take the colours from an image: those above it are the map's."""
    return np.asarray(Image.fromarray(pixels).convert("L").convert("RGB"))
