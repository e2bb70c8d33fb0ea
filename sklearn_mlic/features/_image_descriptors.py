"""Classic image descriptors as a transformer: images in, one named block a descriptor out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_mlic.features._image_column import image_column
from sklearn_mlic.utils._blocks import block_slices, name_columns
from sklearn_mlic.utils._choices import check_choice
from sklearn_mlic.utils._numbers import check_count
from sklearn_mlic.utils._random import as_generator
from sklearn_mlic.utils._state import plain_paths

WORDS = "visual_words"
_PATCHES = "patches"  # what words are counted of, as `describe_images` names it
# A codebook needs no more images than these.
_MOST_IMAGES = 500
_SMALLEST = 32


class ImageDescriptors(TransformerMixin, BaseEstimator):
    """Describe images by their colours, edges and textures, without a network.

    Choose it for several views of an image that err in different ways: each descriptor is a
    block of columns of its own, which `M3LAClassifier`, `ModalityChain` and `BlockFusion` read
    as a modality. Alone it predicts less well than an `ImageEmbedder`; beside one it can add
    what the network left out, colour most of all. Scale the blocks for a linear model.

    Parameters
    ----------
    descriptors : sequence of str, optional
        Any of ``"hog"`` (576 columns), ``"rgb_histogram"`` (256), ``"hsv_histogram"`` (64),
        ``"colour_moments"`` (225), ``"correlogram"`` (144), ``"edge_histogram"`` (80),
        ``"gabor"`` (48), ``"lbp"`` (236) and ``"visual_words"`` (`n_words`), in the order of the
        blocks. None takes all.
    image_size : int, default=128
        Images are resized to this square, in pixels, without cropping; 32 or more.
    n_words : int, default=500
        Visual words. They are clusters of patches of the images that ``fit`` gets, the only thing
        that is learned.
    cache : path or "ram", optional
        A folder that keeps the descriptors, keyed by image content and image size. Several
        processes may share it. ``"ram"`` keeps them in memory instead.
    image : str, default="image"
        The column that holds the images when X is a DataFrame.
    n_jobs : int, optional
        Number of processes. None means 1 unless in a ``joblib.parallel_config`` context, -1 all
        processors.
    random_state : int, RandomState or None, default=None
        Draws the patches that words are learned from, and the first words.
    verbose : int, default=0
        1 shows a progress bar.

    Attributes
    ----------
    blocks_ : dict of str to slice
        The columns of each descriptor.
    n_features_out_ : int
        Number of columns.
    words_ : float32 ndarray of shape (n_words, 128)
        The codebook, where there are visual words.

    Notes
    -----
    The histograms of colours, patterns and words are roots of frequencies, by which a linear
    model compares them as Hellinger's distance does.

    References
    ----------
    Csurka, G., Dance, C. R., Fan, L., Willamowski, J. and Bray, C. (2004). Visual categorization
    with bags of keypoints. ECCV workshop on statistical learning in computer vision.

    Dalal, N. and Triggs, B. (2005). Histograms of oriented gradients for human detection. CVPR.

    Huang, J., Kumar, S. R., Mitra, M., Zhu, W.-J. and Zabih, R. (1997). Image indexing using
    color correlograms. CVPR.

    Manjunath, B. S. and Ma, W. Y. (1996). Texture features for browsing and retrieval of image
    data. IEEE TPAMI 18.

    Manjunath, B. S., Ohm, J.-R., Vasudevan, V. V. and Yamada, A. (2001). Color and texture
    descriptors. IEEE Transactions on Circuits and Systems for Video Technology 11.

    Ojala, T., Pietikäinen, M. and Mäenpää, T. (2002). Multiresolution gray-scale and rotation
    invariant texture classification with local binary patterns. IEEE TPAMI 24.

    Stricker, M. and Orengo, M. (1995). Similarity of color images. SPIE 2420.

    Examples
    --------
    >>> from sklearn_mlic import ImageDescriptors
    >>> from sklearn_mlic.datasets import make_multilabel_images
    >>> images = make_multilabel_images(n_samples=4, random_state=0).data["image"]
    >>> describe = ImageDescriptors(["hsv_histogram", "lbp"])
    >>> describe.fit_transform(images).shape
    (4, 300)
    >>> describe.blocks_
    {'hsv_histogram': slice(0, 64, None), 'lbp': slice(64, 300, None)}
    """

    def __init__(
        self,
        descriptors=None,
        *,
        image_size=128,
        n_words=500,
        cache=None,
        image="image",
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.descriptors = descriptors
        self.image_size = image_size
        self.n_words = n_words
        self.cache = cache
        self.image = image
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> "ImageDescriptors":
        """Learn the visual words, where they are asked for; else nothing.

        Parameters
        ----------
        X : sequence of paths, PIL images or uint8 arrays, or DataFrame
            The images.
        y : object, optional
            Ignored.

        Returns
        -------
        self : ImageDescriptors
            The fitted transformer.

        Raises
        ------
        ImageError
            If an image that words are learned from cannot be read.
        ValueError
            If X has no images, too few for the words, or a setting is unknown.
        """
        from sklearn_mlic.features._descriptors import DESCRIPTORS, Picture, find_words

        sources = image_column(self, X)
        names = self._check_settings([*DESCRIPTORS, WORDS])
        blank = Picture(np.zeros((self.image_size, self.image_size, 3), dtype=np.uint8))
        widths = {
            name: self.n_words if name == WORDS else DESCRIPTORS[name](blank).size for name in names
        }
        if WORDS in names:
            rng = as_generator(self.random_state)
            drawn = np.sort(rng.permutation(len(sources))[:_MOST_IMAGES])
            patches = self._describe(sources, drawn.tolist(), [_PATCHES], {})[_PATCHES]
            self.words_ = find_words(patches, self.n_words, rng)
        elif hasattr(self, "words_"):
            del self.words_
        self.blocks_ = block_slices(widths)
        self.n_features_out_ = sum(widths.values())
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Describe images.

        Parameters
        ----------
        X : sequence of paths, PIL images or uint8 arrays, or DataFrame
            The images.

        Returns
        -------
        blocks : ndarray of float32, shape (n_samples, n_features_out_)
            The descriptors side by side; ``blocks_`` says which columns are whose.

        Raises
        ------
        ImageError
            If an image cannot be read; it names the row and the file.
        """
        from sklearn_mlic.features._descriptors import count_words

        check_is_fitted(self)
        sources = image_column(self, X)
        asked = [_PATCHES if name == WORDS else name for name in self.blocks_]
        # The patches of all images are more than many memories hold.
        shorten = {_PATCHES: lambda patches: count_words(patches, self.words_)}
        found = self._describe(sources, range(len(sources)), asked, shorten)
        if WORDS in self.blocks_:
            found[WORDS] = found.pop(_PATCHES)
        block = np.empty((len(sources), self.n_features_out_), np.float32)
        for name, columns in self.blocks_.items():
            block[:, columns] = found[name]
        return block

    def _check_settings(self, known: list[str]) -> list[str]:
        """Return the names of the descriptors, checked."""
        check_count("image_size", self.image_size, low=_SMALLEST)
        check_count("n_words", self.n_words)
        if self.descriptors is None:
            return known
        if isinstance(self.descriptors, str) or not len(self.descriptors):
            raise ValueError(
                f"descriptors={self.descriptors!r}; expected a list of names, such as ['hog'], or "
                f"None for all."
            )
        names = list(self.descriptors)
        for name in names:
            check_choice("descriptor", name, known)
        if len(set(names)) < len(names):
            raise ValueError(f"descriptors={names}; expected each descriptor once.")
        return names

    def _describe(self, X: Any, rows: Sequence[int], names: list[str], shorten: dict) -> dict:
        """Return arrays by descriptor, one a row."""
        from sklearn_mlic.features._descriptors import describe_images

        settings = {"cache": self.cache, "n_jobs": self.n_jobs, "verbose": self.verbose}
        return describe_images(X, rows, names, self.image_size, shorten=shorten, **settings)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the columns: the descriptor's name and a number.

        Parameters
        ----------
        input_features : object, optional
            Ignored.

        Returns
        -------
        names : ndarray of object, shape (n_features_out_,)
            Such as ``hog__0`` and ``hog__1``.
        """
        check_is_fitted(self)
        return name_columns(self.blocks_)

    def __getstate__(self) -> dict:
        """Keep all, with a path of the cache as text."""
        return plain_paths(super().__getstate__())

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags
