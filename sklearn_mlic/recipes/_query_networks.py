"""Networks whose labels look at the image, as published and as we train them."""

from typing import Any

from sklearn_mlic.recipes._settings import (
    MENDED,
    ML_DECODER,
    QUERY2LABEL,
    WANG_ZHONG_LIN,
    Settings,
    build,
)
from sklearn_mlic.thresholds import ThresholdCalibrator

_PUBLISHED_SIZE = 448
_FIRST_TO_TRY = "resnet18"


def two_stage_transformer(
    *,
    literal: bool = False,
    backbone: str | None = None,
    pretrained: Any = True,
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
    """Fine-tune a network whose tokens look at each other, and whose labels look at the tokens.

    With ``literal=True`` as Wang, Zhong and Lin train it: a ResNet-101 at 448 px, one encoder
    layer with image relative position encoding, two decoder layers without self-attention, the
    asymmetric polynomial loss (gamma+ 0, gamma- 2), cutout and RandAugment, AdamW (decay 5e-3,
    betas 0.9 and 0.9999), one cycle up to 5e-5 over 80 epochs. Not in the paper and our reading:
    positions on the keys (its equations have them on queries and values too, which is
    ``set_params(estimator__head_params={"rpe_on": "qkv"})``), the width of 512 with 8 heads,
    batches of 64, an average of the weights (0.9997), and 0.5 as the threshold. By default a
    smaller network learns in fewer epochs at a higher rate with milder augmentation, and a fifth
    of the rows tunes the thresholds.

    Parameters
    ----------
    literal : bool, default=False
        Whether to train as published, see above.
    backbone : str, optional
        A name that `ImageClassifier` takes. None is ``"resnet101"`` as published, and
        ``"resnet18"`` by default. A larger one is worth more than any head.
    pretrained : bool or path, default=True
        True takes published weights (downloaded on first use), False random ones, a path those
        of a file.
    image : str, default="image"
        The column of images in a DataFrame X.
    image_size : int, optional
        Side of the network's input, in pixels. None is 448 as published, and by default
        that of the weights.
    max_epochs, rule, device, n_jobs, cache, random_state, verbose : optional
        As in `plain_cnn`.

    Returns
    -------
    ThresholdCalibrator
        Not fitted.

    References
    ----------
    Wang, Z.-J., Zhong, N. and Lin, X. A novel transformer-based two stage framework for
    multi-label image classification.

    Examples
    --------
    >>> from sklearn_mlic import make_multilabel_images
    >>> from sklearn_mlic.recipes import two_stage_transformer
    >>> bunch = make_multilabel_images(n_samples=60, image_size=32, random_state=0)
    >>> small = {"image_size": 32, "max_epochs": 1, "random_state": 0}
    >>> model = two_stage_transformer(backbone="test_resnet", pretrained=False, **small)
    >>> model.fit(bunch.data, bunch.target).predict(bunch.data).shape
    (60, 8)
    """
    return build(
        _network("two_stage", backbone, "resnet101", literal, pretrained),
        _choose(WANG_ZHONG_LIN, literal, pretrained),
        image=image,
        image_size=image_size or (_PUBLISHED_SIZE if literal else None),
        max_epochs=max_epochs,
        rule=rule,
        device=device,
        n_jobs=n_jobs,
        cache=cache,
        random_state=random_state,
        verbose=verbose,
    )


def query2label(
    *,
    literal: bool = False,
    backbone: str | None = None,
    pretrained: Any = True,
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
    """Fine-tune a network whose label queries look at the tokens.

    With ``literal=True`` as Liu et al. (2021) train it on COCO: a ResNet-101 at 448 px, a
    transformer of width 2048 with 4 heads, the asymmetric loss (gamma+ 0, gamma- 2, no clipping),
    cutout and RandAugment, AdamW (decay 1e-2), one cycle up to 1e-4 over 80 epochs, stopped after
    8 without a better mAP, an average of the weights (0.9997), batches of 128, 0.5 as the
    threshold; of a ResNet the batch norm, the stem and the first stage do not train. What
    differs: a map of its own brings the tokens to 2048 values, biases and norms do not decay, and
    a tenth of the rows says when to stop, where theirs is the test part. By default a smaller
    network learns in fewer epochs at a higher rate with milder augmentation, and a fifth of the
    rows tunes the thresholds.

    Parameters
    ----------
    literal : bool, default=False
        Whether to train as published, see above.
    backbone : str, optional
        A name that `ImageClassifier` takes. None is ``"resnet101"`` as published, and
        ``"resnet18"`` by default. A larger one is worth more than any head.
    pretrained : bool or path, default=True
        True takes published weights (downloaded on first use), False random ones, a path those
        of a file.
    image : str, default="image"
        The column of images in a DataFrame X.
    image_size : int, optional
        Side of the network's input, in pixels. None is 448 as published, and by default
        that of the weights.
    max_epochs, rule, device, n_jobs, cache, random_state, verbose : optional
        As in `plain_cnn`.

    Returns
    -------
    ThresholdCalibrator
        Not fitted.

    References
    ----------
    Liu, S., Zhang, L., Yang, X., Su, H. and Zhu, J. (2021). Query2Label: a simple transformer way
    to multi-label classification.

    Examples
    --------
    >>> from sklearn_mlic import make_multilabel_images
    >>> from sklearn_mlic.recipes import query2label
    >>> bunch = make_multilabel_images(n_samples=60, image_size=32, random_state=0)
    >>> small = {"image_size": 32, "max_epochs": 1, "random_state": 0}
    >>> model = query2label(backbone="test_resnet", pretrained=False, **small)
    >>> model.fit(bunch.data, bunch.target).predict(bunch.data).shape
    (60, 8)
    """
    network = _network("query2label", backbone, "resnet101", literal, pretrained)
    if literal:
        network["head_params"] = {"width": 2048, "n_heads": 4, "n_hidden": 8192}
        if network["backbone"].startswith("resnet"):
            network["freeze"] = ("bn", 2)
    return build(
        network,
        _choose(QUERY2LABEL, literal, pretrained),
        image=image,
        image_size=image_size or (_PUBLISHED_SIZE if literal else None),
        max_epochs=max_epochs,
        rule=rule,
        device=device,
        n_jobs=n_jobs,
        cache=cache,
        random_state=random_state,
        verbose=verbose,
    )


def ml_decoder(
    *,
    literal: bool = False,
    backbone: str | None = None,
    pretrained: Any = True,
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
    """Fine-tune a network with a decoder that also serves thousands of labels.

    With ``literal=True`` as Ridnik et al. (2023) train it on COCO: a TResNet-L at 448 px, the
    asymmetric loss (gamma+ 0, gamma- 4, clipped at 0.05), cutout and RandAugment, Adam with
    decoupled decay 1e-4, one cycle up to 1e-4 over 40 epochs, an average of the weights (0.9997),
    batches of 56, 0.5 as the threshold. By default a smaller network learns in fewer epochs at a
    higher rate with milder augmentation, and a fifth of the rows tunes the thresholds.

    Parameters
    ----------
    literal : bool, default=False
        Whether to train as published, see above.
    backbone : str, optional
        A name that `ImageClassifier` takes. None is ``"tresnet_l"`` as published, and
        ``"resnet18"`` by default. A larger one is worth more than any head.
    pretrained : bool or path, default=True
        True takes published weights (downloaded on first use), False random ones, a path those
        of a file.
    image : str, default="image"
        The column of images in a DataFrame X.
    image_size : int, optional
        Side of the network's input, in pixels. None is 448 as published, and by default
        that of the weights.
    max_epochs, rule, device, n_jobs, cache, random_state, verbose : optional
        As in `plain_cnn`.

    Returns
    -------
    ThresholdCalibrator
        Not fitted.

    References
    ----------
    Ridnik, T., Sharir, G., Ben-Cohen, A., Ben-Baruch, E. and Noy, A. (2023). ML-Decoder: scalable
    and versatile classification head. WACV.

    Examples
    --------
    >>> from sklearn_mlic import make_multilabel_images
    >>> from sklearn_mlic.recipes import ml_decoder
    >>> bunch = make_multilabel_images(n_samples=60, image_size=32, random_state=0)
    >>> small = {"image_size": 32, "max_epochs": 1, "random_state": 0}
    >>> model = ml_decoder(backbone="test_resnet", pretrained=False, **small)
    >>> model.fit(bunch.data, bunch.target).predict(bunch.data).shape
    (60, 8)
    """
    return build(
        _network("ml_decoder", backbone, "tresnet_l", literal, pretrained),
        _choose(ML_DECODER, literal, pretrained),
        image=image,
        image_size=image_size or (_PUBLISHED_SIZE if literal else None),
        max_epochs=max_epochs,
        rule=rule,
        device=device,
        n_jobs=n_jobs,
        cache=cache,
        random_state=random_state,
        verbose=verbose,
    )


def _network(
    head: str, backbone: str | None, published: str, literal: bool, pretrained: Any
) -> dict[str, Any]:
    named = backbone or (published if literal else _FIRST_TO_TRY)
    return {"backbone": named, "head": head, "pretrained": pretrained}


def _choose(published: Settings, literal: bool, pretrained: Any) -> Settings:
    if literal:
        return published
    return MENDED["random" if pretrained is False else "queries"]
