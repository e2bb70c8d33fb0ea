"""Networks with published weights, as a report on multi-label images trains them and as we do."""

from typing import Any

from sklearn_mlic.recipes._settings import PUBLISHED_SIZE, build, train_as_chen
from sklearn_mlic.thresholds import ThresholdCalibrator


def resnet18(
    *,
    literal: bool = False,
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
    """Fine-tune a ResNet-18: the first network to try.

    With ``literal=True`` as Chen, Poon and Yang (2025) train it: focal loss (gamma 2.5,
    smoothing 0.1, one alpha from label counts), batches of 16 of which two make a step, strong
    augmentation, a rate of 1e-3 that falls where the validation loss stays, the epoch of best
    micro-F1, thresholds from 0.30, 0.35, …, 0.70. Not in the report and our reading: AdamW, at
    most 30 epochs, patience 5. By default published weights are fine-tuned with binary
    cross-entropy and milder augmentation. A fifth of the rows is held out to tune the
    thresholds; the part that stops the training is another.

    Parameters
    ----------
    literal : bool, default=False
        Whether to train as published, see above.
    pretrained : bool or path, default=True
        True takes published weights (downloaded on first use), False random ones, a path those
        of a file. The report leaves it open.
    image : str, default="image"
        The column of images in a DataFrame X.
    image_size : int, optional
        Side of the network's input, in pixels. None is 224 as published, and by default
        that of the weights.
    max_epochs, rule, device, n_jobs, cache, random_state, verbose : optional
        As in `plain_cnn`.

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
    >>> from sklearn_mlic.recipes import resnet18
    >>> bunch = make_multilabel_images(n_samples=60, image_size=32, random_state=0)
    >>> model = resnet18(pretrained=False, image_size=32, max_epochs=1, random_state=0)
    >>> model.fit(bunch.data, bunch.target).predict(bunch.data).shape
    (60, 8)
    """
    return build(
        {"backbone": "resnet18", "pretrained": pretrained},
        train_as_chen(literal, pretrained),
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


def vgg16(
    *,
    literal: bool = False,
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
    """Fine-tune a VGG-16: large and slow, for comparison with older work.

    With ``literal=True`` as Chen, Poon and Yang (2025) train it: focal loss (gamma 2.5,
    smoothing 0.1, one alpha from label counts), batches of 16 of which two make a step, strong
    augmentation, a rate of 1e-3 that falls where the validation loss stays, the epoch of best
    micro-F1, thresholds from 0.30, 0.35, …, 0.70. Not in the report and our reading: AdamW, at
    most 30 epochs, patience 5. Its softmax output is an error: labels are not exclusive. The
    two hidden layers of 4096 start from random weights; by default a linear layer on the
    averaged map takes their place, and published weights are fine-tuned with binary
    cross-entropy and milder augmentation. From random weights it hardly trains, having no batch
    norm. A fifth of the rows is held out to tune the thresholds; the part that stops the
    training is another.

    Parameters
    ----------
    literal : bool, default=False
        Whether to train as published, see above.
    pretrained : bool or path, default=True
        True takes published weights (downloaded on first use), False random ones, a path those
        of a file. The report leaves it open.
    image : str, default="image"
        The column of images in a DataFrame X.
    image_size : int, optional
        Side of the network's input, in pixels. None is 224 as published, and by default
        that of the weights.
    max_epochs, rule, device, n_jobs, cache, random_state, verbose : optional
        As in `plain_cnn`.

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
    >>> from sklearn_mlic.recipes import vgg16
    >>> bunch = make_multilabel_images(n_samples=60, image_size=32, random_state=0)
    >>> model = vgg16(pretrained=False, image_size=32, max_epochs=1, random_state=0)
    >>> model.fit(bunch.data, bunch.target).predict(bunch.data).shape
    (60, 8)
    """
    size = image_size or (PUBLISHED_SIZE if literal else None)
    head: dict[str, Any] = {}
    if literal:
        n_tokens = (size // 32) ** 2  # five poolings halve the side
        hidden = {"n_tokens": n_tokens, "hidden": (4096, 4096), "dropout": 0.5}
        head = {"head": "mlp", "head_params": hidden}
    return build(
        {"backbone": "vgg16", "pretrained": pretrained, **head},
        train_as_chen(literal, pretrained),
        image=image,
        image_size=size,
        max_epochs=max_epochs,
        rule=rule,
        device=device,
        n_jobs=n_jobs,
        cache=cache,
        random_state=random_state,
        verbose=verbose,
    )


def efficientnet_b4(
    *,
    literal: bool = False,
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
    """Fine-tune an EfficientNet-B4: more accurate than a ResNet-18, and several times slower.

    With ``literal=True`` as Chen, Poon and Yang (2025) train it: focal loss (gamma 2.5,
    smoothing 0.1, one alpha from label counts), batches of 16 of which two make a step, strong
    augmentation, a rate of 1e-3 that falls where the validation loss stays, the epoch of best
    micro-F1, thresholds from 0.30, 0.35, …, 0.70. Not in the report and our reading: AdamW, at
    most 30 epochs, patience 5. It is the best of their five networks. By default published
    weights are fine-tuned with binary cross-entropy and milder augmentation. A fifth of the
    rows is held out to tune the thresholds; the part that stops the training is another.

    Parameters
    ----------
    literal : bool, default=False
        Whether to train as published, see above.
    pretrained : bool or path, default=True
        True takes published weights (downloaded on first use), False random ones, a path those
        of a file. The report leaves it open.
    image : str, default="image"
        The column of images in a DataFrame X.
    image_size : int, optional
        Side of the network's input, in pixels. None is 224 as published, and by default
        that of the weights.
    max_epochs, rule, device, n_jobs, cache, random_state, verbose : optional
        As in `plain_cnn`.

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
    >>> from sklearn_mlic.recipes import efficientnet_b4
    >>> bunch = make_multilabel_images(n_samples=60, image_size=32, random_state=0)
    >>> model = efficientnet_b4(pretrained=False, image_size=32, max_epochs=1, random_state=0)
    >>> model.fit(bunch.data, bunch.target).predict(bunch.data).shape
    (60, 8)
    """
    return build(
        {"backbone": "efficientnet_b4", "pretrained": pretrained},
        train_as_chen(literal, pretrained),
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
