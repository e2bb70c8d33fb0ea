"""Published systems for images with captions."""

from typing import Any

from sklearn_mlic.features import CharNgramCounter
from sklearn_mlic.recipes._settings import (
    CHO_LU,
    MENDED,
    PUBLISHED_SIZE,
    Settings,
    build,
    train_as_chen,
)
from sklearn_mlic.thresholds import ThresholdCalibrator

# The grid's best row: batches of 50, one epoch, half of the hidden layer dropped.
_CHO_LU_CAPTIONS = Settings({**CHO_LU.training, "batch_size": 50}, CHO_LU.calibration)


def cnn_lstm_transformer(
    *,
    literal: bool = False,
    text: Any = "text",
    image: str = "image",
    image_size: int | None = None,
    max_epochs: int | None = None,
    rule: str | None = None,
    device: str = "auto",
    n_jobs: int | None = None,
    cache: Any = None,
    random_state: Any = None,
    verbose: int = 0,
) -> ThresholdCalibrator:
    """Convolutions, an LSTM and a transformer, with letter trigrams of the captions beside them.

    With ``literal=True`` it is the hybrid of Cho and Lu: 128 values of the image beside 17,576
    counts in front of a hidden layer of 1024; soft-margin loss, Adam at 1e-3, batches of 50, one
    epoch, thresholds of 0.5; a row without a label gets the most frequent one. The report leaves
    open how the map becomes a sequence; all 784 places are read here, and the encoder is given
    the last step, as it says. By default the map has 14 x 14 places at most, the encoder is given
    all of them, the counts are on a log scale, training is longer and now and then hides a side,
    and a fifth of the rows is held out to tune the thresholds.

    Parameters
    ----------
    literal : bool, default=False
        Whether to train as published, see above.
    text : str, list of str or None, default="text"
        The column of captions in a DataFrame X; None for images alone.
    image : str, default="image"
        The column of images in a DataFrame X.
    image_size, max_epochs, rule, device, n_jobs, cache, random_state, verbose : optional
        As in `plain_cnn`.

    Returns
    -------
    ThresholdCalibrator
        Not fitted.

    References
    ----------
    Cho, Y. J. and Lu, R. Multi-label image classification. Course report, COMP5329 Deep
    Learning, University of Sydney.

    Examples
    --------
    >>> from sklearn_mlic import make_multilabel_images
    >>> from sklearn_mlic.recipes import cnn_lstm_transformer
    >>> bunch = make_multilabel_images(n_samples=60, image_size=32, random_state=0)
    >>> model = cnn_lstm_transformer(text="caption", image_size=32, max_epochs=1, random_state=0)
    >>> model.fit(bunch.data, bunch.target).predict(bunch.data).shape
    (60, 8)
    """
    reading = {"max_side": None, "attend": "last"} if literal else {}
    return build(
        {
            "backbone": "plain_cnn",
            "backbone_params": {"grid": None},
            "head": "lstm_transformer",
            "head_params": reading,
            "text_encoder": CharNgramCounter(3, norm=None if literal else "log1p"),
            "fusion": "summary_concat",
            "modality_dropout": 0.0 if literal else 0.2,
            "pretrained": False,
        },
        _CHO_LU_CAPTIONS if literal else MENDED["random"],
        text=text,
        image=image,
        image_size=image_size,
        max_epochs=max_epochs,
        rule=rule,
        device=device,
        n_jobs=n_jobs,
        cache=cache,
        random_state=random_state,
        verbose=verbose,
    )


def efficientnet_captions(
    *,
    literal: bool = False,
    backbone: str = "efficientnet_b4",
    pretrained: Any = True,
    text: Any = "text",
    image: str = "image",
    image_size: int | None = None,
    max_epochs: int | None = None,
    rule: str | None = None,
    device: str = "auto",
    n_jobs: int | None = None,
    cache: Any = None,
    random_state: Any = None,
    verbose: int = 0,
) -> ThresholdCalibrator:
    """An EfficientNet-B4 with letter bigrams of the captions beside its features.

    With ``literal=True`` as Chen, Poon and Yang (2025) train their networks, see `vgg16`: 1,792
    values of the image beside 676 counts in front of one linear layer. The report does not say
    how the two meet; this is the plainest reading. By default the counts are on a log scale and
    go through a layer of their own, training now and then hides a side, and published weights are
    fine-tuned with binary cross-entropy. A fifth of the rows is held out to tune the thresholds.

    Parameters
    ----------
    literal : bool, default=False
        Whether to train as published, see above.
    backbone : str, default="efficientnet_b4"
        Another timm network in its place.
    pretrained : bool or path, default=True
        True takes published weights (downloaded on first use), False random ones, a path those
        of a file. The report leaves it open.
    text : str, list of str or None, default="text"
        The column of captions in a DataFrame X; None for images alone.
    image : str, default="image"
        The column of images in a DataFrame X.
    image_size, max_epochs, rule, device, n_jobs, cache, random_state, verbose : optional
        As in `efficientnet_b4`.

    Returns
    -------
    ThresholdCalibrator
        Not fitted.

    References
    ----------
    Chen, T., Poon, K. N. A. and Yang, Z. (2025). Course report, COMP5329 Deep Learning,
    University of Sydney.

    Examples
    --------
    >>> from sklearn_mlic import make_multilabel_images
    >>> from sklearn_mlic.recipes import efficientnet_captions
    >>> bunch = make_multilabel_images(n_samples=60, image_size=32, random_state=0)
    >>> model = efficientnet_captions(
    ...     backbone="test_efficientnet",
    ...     pretrained=False,
    ...     text="caption",
    ...     image_size=32,
    ...     max_epochs=1,
    ...     random_state=0,
    ... )
    >>> model.fit(bunch.data, bunch.target).predict(bunch.data).shape
    (60, 8)
    """
    return build(
        {
            "backbone": backbone,
            "pretrained": pretrained,
            "text_encoder": CharNgramCounter(2, norm=None if literal else "log1p"),
            "fusion": "concat",
            "fusion_params": {"hidden": None, "dropout": 0.0} if literal else None,
            "modality_dropout": 0.0 if literal else 0.2,
        },
        train_as_chen(literal, pretrained),
        text=text,
        image=image,
        image_size=image_size or (PUBLISHED_SIZE if literal else None),
        max_epochs=max_epochs,
        rule=rule,
        device=device,
        n_jobs=n_jobs,
        cache=cache,
        random_state=random_state,
        verbose=verbose,
    )
