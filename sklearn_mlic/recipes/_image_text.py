"""Our best for images with text, and for text alone: networks beside probes of the text."""

from os import PathLike
from typing import Any

from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from sklearn_mlic.features import TextEmbedder, TextSelector
from sklearn_mlic.thresholds import ThresholdCalibrator
from sklearn_mlic.transformation import BinaryRelevance, LateFusion

_SENTENCES = "sentence-transformers/all-MiniLM-L6-v2"
# What is frozen is run once; the rest is small, and asks for a short fit at a high rate.
_TRAINING = {
    "loss": "bce",
    "optimizer": "adamw",
    "lr": 1e-3,
    "weight_decay": 1e-2,
    "schedule": "one_cycle",
    "clip_norm": 1.0,
    "batch_size": 64,
}


def image_text(
    *,
    backbone: str = "resnet18",
    pretrained: Any = True,
    backbone_params: dict | None = None,
    image_size: int | None = None,
    text_encoder: Any = _SENTENCES,
    text: Any = "text",
    image: str = "image",
    max_epochs: int = 12,
    rule: str = "f1",
    device: str = "auto",
    n_jobs: int | None = None,
    cache: Any = "ram",
    random_state: Any = None,
    verbose: int = 0,
) -> ThresholdCalibrator:
    """A network on a frozen image and a frozen text network, beside probes of the text.

    Choose it first where there is text: it costs about as much as three logistic regressions, for
    each image and each text goes through its network once or twice, and rows may lack either
    side. The log-odds of a hidden layer over both, and of logistic regressions on TF-IDF weights
    of letter n-grams and on vectors of the text network, are averaged; a fifth of the rows is held
    out to tune the thresholds. They suit rows like those: where prediction lacks a side
    everywhere, the order of rows holds up better than the thresholds.

    Parameters
    ----------
    backbone : str, default="resnet18"
        The frozen network for images, a timm name.
    pretrained : bool or path, default=True
        True takes published weights (downloaded on first use), a path those of a file.
    backbone_params : dict, optional
        Further arguments for ``timm.create_model``.
    image_size : int, optional
        Side of the network's input, in pixels. None is that of the weights.
    text_encoder : str, path or transformer, default="sentence-transformers/all-MiniLM-L6-v2"
        The frozen network for texts, as `ImageTextClassifier` takes it.
    text : str or list of str, default="text"
        The column of text in a DataFrame X, or several.
    image : str, default="image"
        The column of images in a DataFrame X.
    max_epochs : int, default=12
        Passes over the rows.
    rule : str, default="f1"
        The threshold rule, see `tune_thresholds`.
    device : str, default="auto"
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    n_jobs : int, optional
        Processes that decode images.
    cache : None, "ram" or path, default="ram"
        Where what the frozen networks make of images and texts is kept: nowhere, in memory for
        as long as the process lives, or in a folder.
    random_state : int, RandomState or None, default=None
        Weights, order and the part held out follow from it.
    verbose : int, default=0
        1 shows a progress bar and a line an epoch.

    Returns
    -------
    ThresholdCalibrator
        Not fitted; around a `LateFusion` of ``"network"``, ``"letters"`` and ``"sentences"``.

    Examples
    --------
    >>> from sklearn_mlic import CharNgramCounter, make_multilabel_images
    >>> from sklearn_mlic.recipes import image_text
    >>> bunch = make_multilabel_images(n_samples=60, image_size=32, random_state=0)
    >>> model = image_text(
    ...     backbone="test_resnet",
    ...     pretrained=False,
    ...     image_size=32,
    ...     text_encoder=CharNgramCounter(2, norm="log1p"),
    ...     text="caption",
    ...     random_state=0,
    ... )
    >>> model.fit(bunch.data, bunch.target).predict(bunch.data).shape
    (60, 8)
    """
    from sklearn_mlic.deep import ImageTextClassifier  # torch is loaded where it is needed

    network = ImageTextClassifier(
        backbone,
        head="mlp",
        head_params={"hidden": 512},
        text_encoder=text_encoder,
        fusion="concat",
        # More than the default: images alone are to be labelled about as well as without text.
        modality_dropout=0.4,
        text=text,
        image=image,
        pretrained=pretrained,
        backbone_params=backbone_params,
        image_size=image_size,
        freeze="backbone",
        augmentation="none",
        max_epochs=max_epochs,
        cache=cache,
        n_jobs=n_jobs,
        device=device,
        random_state=random_state,
        verbose=verbose,
        **_TRAINING,
    )
    if isinstance(text_encoder, (str, PathLike)):
        text_encoder = TextEmbedder(text_encoder, device=device, cache=cache, verbose=verbose)
    members = [
        ("network", network),
        ("letters", _letters(text)),
        ("sentences", _probe(text, clone(text_encoder), 1.0)),
    ]
    return ThresholdCalibrator(LateFusion(members), method=rule, cv=0.2, random_state=random_state)


def text_network(
    *,
    text_encoder: Any = _SENTENCES,
    max_tokens: int = 32,
    text: Any = "text",
    max_epochs: int = 3,
    rule: str = "fixed",
    device: str = "auto",
    cache: Any = None,
    random_state: Any = None,
    verbose: int = 0,
) -> ThresholdCalibrator:
    """A network whose labels look at the words of a text, beside probes of words and letters.

    Choose it for captions and titles of some thousand rows or more, where the probes alone leave
    something to gain; the token vectors of all texts must fit into memory. The log-odds of an
    ML-Decoder on the tokens of a frozen sentence network and of logistic regressions on TF-IDF
    weights of words and of letters are averaged. A label applies from a probability of 0.5, which
    on captions no tuned rule betters, and a row without a label gets its most probable one.

    Parameters
    ----------
    text_encoder : str or path, default="sentence-transformers/all-MiniLM-L6-v2"
        Name or folder of the frozen network, as `TextEmbedder` takes it.
    max_tokens : int, default=32
        Tokens of a text that are kept.
    text : str or list of str, default="text"
        The column of text in a DataFrame X, or several.
    max_epochs : int, default=3
        Passes over the texts.
    rule : str, default="fixed"
        The threshold rule, see `tune_thresholds`. All others hold a fifth of the rows out.
    device : str, default="auto"
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    cache : None, "ram" or path, default=None
        Where the tokens are kept for later fits.
    random_state : int, RandomState or None, default=None
        Weights, order and the part held out follow from it.
    verbose : int, default=0
        1 shows a progress bar and a line an epoch.

    Returns
    -------
    ThresholdCalibrator
        Not fitted; around a `LateFusion` of ``"network"``, ``"words"`` and ``"letters"``.

    References
    ----------
    Ridnik, T., Sharir, G., Ben-Cohen, A., Ben-Baruch, E. and Noy, A. (2023). ML-Decoder: scalable
    and versatile classification head. WACV.

    Examples
    --------
    >>> from sklearn_mlic.recipes import text_network
    >>> model = text_network(text="caption", cache="ram", random_state=0)
    >>> [name for name, _ in model.estimator.estimators]
    ['network', 'words', 'letters']
    """
    from sklearn_mlic.deep import ImageTextClassifier

    tokens = TextEmbedder(
        text_encoder,
        output="tokens",
        max_tokens=max_tokens,
        precision="auto",
        device=device,
        cache=cache,
        verbose=verbose,
    )
    network = ImageTextClassifier(
        head="ml_decoder",
        head_params={"width": 192, "n_heads": 4, "n_hidden": 384},
        text_encoder=tokens,
        text=text,
        image=None,
        ema_decay=0.99,
        max_epochs=max_epochs,
        device=device,
        random_state=random_state,
        verbose=verbose,
        **{**_TRAINING, "lr": 5e-4},
    )
    members = [("network", network), ("words", _words(text)), ("letters", _letters(text))]
    return ThresholdCalibrator(
        LateFusion(members), method=rule, fallback="argmax", cv=0.2, random_state=random_state
    )


def _words(text: Any) -> Pipeline:
    """Logistic regression a label on TF-IDF weights of words and pairs of words."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    return _probe(text, vectorizer, 10.0)


def _letters(text: Any) -> Pipeline:
    """Logistic regression a label on TF-IDF weights of letter n-grams within words."""
    vectorizer = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True
    )
    return _probe(text, vectorizer, 4.0)


def _probe(text: Any, vectorizer: Any, C: float) -> Pipeline:
    logistic = LogisticRegression(C=C, max_iter=1000)
    return make_pipeline(TextSelector(text), vectorizer, BinaryRelevance(logistic))
