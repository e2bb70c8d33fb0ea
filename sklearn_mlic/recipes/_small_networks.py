"""Networks that reports on multi-label images train from random weights."""

from typing import Any

from sklearn_mlic.recipes._settings import CHEN_POON_YANG, MENDED, NGUYEN, build
from sklearn_mlic.thresholds import ThresholdCalibrator


def simple_cnn(
    *,
    literal: bool = False,
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
    """Three small convolutions and a linear layer: the quickest network.

    With ``literal=True`` as Chen, Poon and Yang (2025) train it: focal loss (gamma 2.5,
    smoothing 0.1, one alpha from label counts), batches of 16 of which two make a step, strong
    augmentation, a rate of 1e-3 that falls where the validation loss stays, the epoch of best
    micro-F1, thresholds from 0.30, 0.35, …, 0.70. Not in the report and our reading: AdamW, at
    most 30 epochs, patience 5, the widths of the layers. By default it is trained for longer,
    with binary cross-entropy and milder augmentation. A fifth of the rows is held out to tune
    the thresholds; the part that stops the training is another.

    Parameters
    ----------
    literal : bool, default=False
        Whether to train as published, see above.
    image : str, default="image"
        The column of images in a DataFrame X.
    image_size : int, optional
        Side of the network's input, in pixels. None is 224.
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
    >>> from sklearn_mlic.recipes import simple_cnn
    >>> bunch = make_multilabel_images(n_samples=60, image_size=32, random_state=0)
    >>> model = simple_cnn(image_size=32, max_epochs=1, random_state=0)
    >>> model.fit(bunch.data, bunch.target).predict(bunch.data).shape
    (60, 8)
    """
    return build(
        {"backbone": "simple_cnn", "pretrained": False},
        CHEN_POON_YANG if literal else MENDED["random"],
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


def deep_cnn(
    *,
    literal: bool = False,
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
    """Ten convolutions with batch norm: to train from scratch on some thousand images.

    With ``literal=True`` as Chen, Poon and Yang (2025) train their CNN2: focal loss (gamma 2.5,
    smoothing 0.1, one alpha from label counts), batches of 16 of which two make a step, strong
    augmentation, a rate of 1e-3 that falls where the validation loss stays, the epoch of best
    micro-F1, thresholds from 0.30, 0.35, …, 0.70. Not in the report and our reading: AdamW, at
    most 30 epochs, patience 5, the widths of the layers. By default it is trained for longer,
    with binary cross-entropy and milder augmentation. A fifth of the rows is held out to tune
    the thresholds; the part that stops the training is another.

    Parameters
    ----------
    literal : bool, default=False
        Whether to train as published, see above.
    image : str, default="image"
        The column of images in a DataFrame X.
    image_size : int, optional
        Side of the network's input, in pixels. None is 224.
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
    >>> from sklearn_mlic.recipes import deep_cnn
    >>> bunch = make_multilabel_images(n_samples=60, image_size=32, random_state=0)
    >>> model = deep_cnn(image_size=32, max_epochs=1, random_state=0)
    >>> model.fit(bunch.data, bunch.target).predict(bunch.data).shape
    (60, 8)
    """
    return build(
        {
            "backbone": "deep_cnn",
            "head": "mlp",
            "head_params": {"n_tokens": 4, "hidden": 512, "dropout": 0.5},
            "pretrained": False,
        },
        CHEN_POON_YANG if literal else MENDED["random"],
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


def advanced_cnn(
    *,
    literal: bool = False,
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
    """A ResNet-18 from random weights: where published weights may not be used.

    With ``literal=True`` as Nguyen trains it: dropout 0.5 before the linear layer, binary
    cross-entropy, Adam at 1e-3, halved when the validation loss stays for 2 epochs, at most 100
    epochs, ended by 5 without a lower validation loss, horizontal flips, and as threshold of
    each label the score of best F1. The batch size (32 here) is not in the report. By default it is
    trained on a fixed course of the rate, and a threshold lies halfway to the next score. A fifth
    of the rows is held out for the thresholds; the part that stops the training is another.

    Parameters
    ----------
    literal : bool, default=False
        Whether to train as published, see above.
    image : str, default="image"
        The column of images in a DataFrame X.
    image_size : int, optional
        Side of the network's input, in pixels. None is 224.
    max_epochs, rule, device, n_jobs, cache, random_state, verbose : optional
        As in `plain_cnn`.

    Returns
    -------
    ThresholdCalibrator
        Not fitted.

    References
    ----------
    Nguyen, D. T. Multi-label image classification using CNN. Project report.

    Examples
    --------
    >>> from sklearn_mlic import make_multilabel_images
    >>> from sklearn_mlic.recipes import advanced_cnn
    >>> bunch = make_multilabel_images(n_samples=60, image_size=32, random_state=0)
    >>> model = advanced_cnn(image_size=32, max_epochs=1, random_state=0)
    >>> model.fit(bunch.data, bunch.target).predict(bunch.data).shape
    (60, 8)
    """
    return build(
        {
            "backbone": "advanced_cnn",
            "head_params": {"dropout": 0.5},
            "pretrained": False,
        },
        NGUYEN if literal else MENDED["random"],
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
