"""Feature blocks as modalities: M3LA on blocks as they come, and from images to blocks."""

from typing import TYPE_CHECKING, Any

from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mlic.features import BlockUnion, ImageDescriptors, TextSelector
from sklearn_mlic.thresholds import ThresholdCalibrator
from sklearn_mlic.transformation import BinaryRelevance, LateFusion

if TYPE_CHECKING:
    from sklearn_mlic.features import ImageEmbedder

# What the paper says, and where it is silent the plainest reading.
_PUBLISHED = {
    "hidden_size": 256,
    "embedding_size": None,
    "dropout": 0.0,
    "modality_dropout": 0.0,
    "summary": "last",
    "selector": "argmax",
    "label_activation": "softmax",
    "cost": "f1",
    "cost_params": {"strength": 1.0, "binarize": True, "normalize": False, "reduction": "sum"},
    "optimizer": "adam",
    "lr": 0.01,
    # The sum over the batch has its size as a factor, which Adam does not mind, beside the penalty
    # of 1e-4 times the squared weights, whose gradient is 2e-4 times the weights.
    "batch_size": 64,
    "weight_decay": 64 * 2e-4,
    "schedule": "exponential",
    "schedule_params": {"gamma": 0.99},
    "clip_norm": None,
    "ema_decay": None,
    "max_epochs": 300,
}
# Descriptors of one kind, and of each kind as many principal components: whole, these wide and
# weak blocks drown what a network says of an image.
_KINDS = {
    "colour": ["rgb_histogram", "hsv_histogram", "colour_moments", "correlogram"],
    "texture": ["gabor", "lbp", "visual_words"],
    "edges": ["hog", "edge_histogram"],
}
_N_COMPONENTS = 32
_N_WORDS = 2000


def m3la(
    blocks: Any = None,
    *,
    literal: bool = False,
    max_epochs: int | None = None,
    rule: str = "label_cardinality",
    device: str = "auto",
    random_state: Any = None,
    verbose: int = 0,
) -> ThresholdCalibrator:
    """Feature blocks read one by one, labels corrected at each step (Zhu and Zhang).

    Choose it for X that is blocks of numbers already. A fifth of the rows is held out to tune the
    thresholds, by the paper's rule: labels are as frequent as in training. The paper takes the
    frequencies on the rows to predict, for which there is ``calibrate(X)``.

    Parameters
    ----------
    blocks : mapping of str to slice or list of columns, optional
        The columns of each block; None reads them from names such as ``hog__0``.
    literal : bool, default=False
        True for the published settings, with the argmax that no order is learned by and a softmax
        over the labels; False for those of `M3LAClassifier`.
    max_epochs : int, optional
        Passes over the rows: 30 by default, 300 as published.
    rule : str, default="label_cardinality"
        The threshold rule, see `tune_thresholds`.
    device : str, default="auto"
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    random_state : int, RandomState or None, default=None
        Weights, order and the part held out follow from it.
    verbose : int, default=0
        1 shows a line an epoch.

    Returns
    -------
    ThresholdCalibrator
        Not fitted; around an `M3LAClassifier`.

    References
    ----------
    Zhu, Y. and Zhang, Y. M3LA: a novel approach based on encoder-decoder with attention framework
    for multi-modal multi-label learning.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mlic.recipes import m3la
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 8))
    >>> y = (X[:, [0, 5]] > 0).astype(int)
    >>> blocks = {"colour": slice(0, 4), "edges": slice(4, 8)}
    >>> m3la(blocks, max_epochs=2, random_state=0).fit(X, y).predict(X).shape
    (60, 2)
    """
    from sklearn_mlic.deep import M3LAClassifier  # torch is loaded where it is needed

    settings = dict(_PUBLISHED) if literal else {}
    if max_epochs is not None:
        settings["max_epochs"] = max_epochs
    run = {"device": device, "random_state": random_state, "verbose": verbose}
    model = M3LAClassifier(blocks, **settings, **run)
    return ThresholdCalibrator(model, method=rule, cv=0.2, random_state=random_state)


def image_modalities(
    embedder: "ImageEmbedder",
    text: Any = None,
    *,
    max_epochs: int = 30,
    rule: str = "f1",
    random_state: Any = None,
) -> Pipeline:
    """Images, and text beside them, as blocks that M3LA reads one by one, beside a linear model.

    Choose it where colours, textures and edges may add to what a frozen network makes of the
    images, or to see which of them a prediction goes by. The log-odds of an `M3LAClassifier` and
    of logistic regressions on the same blocks are averaged; a fifth of the rows is held out from
    both, not from the blocks, to tune the thresholds. It needs some 50 rows. The
    displays of `sklearn_mlic.plots` show what M3LA read; for more it is
    ``model[-1].estimator_.named_estimators_["m3la"]``, behind ``model[0]``.

    Parameters
    ----------
    embedder : ImageEmbedder
        The frozen network; its ``image``, ``cache``, ``n_jobs``, ``device`` and ``verbose``
        are those of the rest too.
    text : str or list of str, optional
        The column of text in a DataFrame X, or several, whose words are a block. None reads
        none.
    max_epochs : int, default=30
        Passes of `M3LAClassifier` over the rows.
    rule : str, default="f1"
        The threshold rule, see `tune_thresholds`.
    random_state : int, RandomState or None, default=None
        Visual words, weights, order and the part held out follow from it.

    Returns
    -------
    Pipeline
        Not fitted: a `BlockUnion` and a ThresholdCalibrator around a `LateFusion` of ``"m3la"``
        and ``"linear"``.

    Examples
    --------
    >>> from sklearn_mlic import ImageEmbedder, make_multilabel_images
    >>> from sklearn_mlic.recipes import image_modalities
    >>> bunch = make_multilabel_images(n_samples=60, image_size=32, random_state=0)
    >>> embedder = ImageEmbedder("test_resnet", pretrained=False, image_size=32, random_state=0)
    >>> model = image_modalities(embedder, "caption", max_epochs=2, random_state=0)
    >>> model.fit(bunch.data, bunch.target).predict(bunch.data).shape
    (60, 8)
    >>> list(model[0].blocks_)
    ['network', 'colour', 'texture', 'edges', 'words']
    """
    from sklearn_mlic.deep import M3LAClassifier

    blocks: list[tuple] = [("network", embedder)]
    blocks += [(kind, _describe(names, embedder, random_state)) for kind, names in _KINDS.items()]
    if text:
        words = TfidfVectorizer(max_features=_N_WORDS, sublinear_tf=True)
        blocks.append(("words", make_pipeline(TextSelector(text), words)))
    run = {"device": embedder.device, "verbose": embedder.verbose, "random_state": random_state}
    logistic = LogisticRegression(C=0.003, max_iter=1000)
    members = [
        ("m3la", M3LAClassifier(max_epochs=max_epochs, **run)),
        ("linear", make_pipeline(StandardScaler(), BinaryRelevance(logistic))),
    ]
    fusion = LateFusion(members)
    # Words alone are sparse, and the rest is not: one form for all.
    return make_pipeline(
        BlockUnion(blocks, sparse_threshold=0.0),
        ThresholdCalibrator(fusion, method=rule, cv=0.2, random_state=random_state),
    )


def _describe(names: list[str], embedder: "ImageEmbedder", random_state: Any) -> Pipeline:
    """Principal components of some descriptors of the images."""
    describe = ImageDescriptors(
        names,
        image=embedder.image,
        cache=embedder.cache,
        n_jobs=embedder.n_jobs,
        random_state=random_state,
        verbose=embedder.verbose,
    )
    return make_pipeline(describe, StandardScaler(), PCA(_N_COMPONENTS, random_state=random_state))
