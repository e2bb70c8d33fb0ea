"""The CNN-only system of Cho and Lu, and the grid that they search."""

from typing import Any

from sklearn_mlic.recipes._settings import CHO_LU, MENDED, build
from sklearn_mlic.thresholds import ThresholdCalibrator


def plain_cnn(
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
    """Three convolutions and a hidden layer: a baseline that trains in minutes.

    With ``literal=True`` it is the CNN-only system of Cho and Lu: the whole map is flattened into
    1024 hidden units (51 million weights at 224 px), dropout 0.5, soft-margin loss, Adam at 1e-3,
    batches of 100, one epoch, thresholds of 0.5; a row without a label gets the most frequent
    one, as theirs gets a catch-all class. Of their augmentation, whose settings are not given, the
    horizontal flip is kept. By default the map is averaged down to 4x4 first, and the network is
    trained for longer; a fifth of the rows is held out to tune the thresholds.

    Parameters
    ----------
    literal : bool, default=False
        Whether to train as published, see above.
    image : str, default="image"
        The column of images in a DataFrame X.
    image_size : int, optional
        Side of the network's input, in pixels. None is 224.
    max_epochs : int, optional
        Passes over the images; the recipe's own by default.
    rule : str, optional
        A threshold rule in place of the recipe's own, see `tune_thresholds`.
    device : str, default="auto"
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    n_jobs : int, optional
        Processes that decode and augment images.
    cache : None, "ram" or path, default=None
        Where decoded images are kept.
    random_state : int, RandomState or None, default=None
        Weights, order, augmentation and the part held out follow from it.
    verbose : int, default=0
        1 shows a progress bar and a line an epoch.

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
    >>> from sklearn_mlic.recipes import plain_cnn
    >>> bunch = make_multilabel_images(n_samples=60, image_size=32, random_state=0)
    >>> model = plain_cnn(image_size=32, max_epochs=1, random_state=0)
    >>> model.fit(bunch.data, bunch.target).predict(bunch.data).shape
    (60, 8)
    """
    return build(
        {
            "backbone": "plain_cnn",
            "backbone_params": {"grid": None if literal else 4},
            "head": "mlp",
            "head_params": _plain_head(literal, image_size),
            "pretrained": False,
        },
        CHO_LU if literal else MENDED["random"],
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


def plain_cnn_grid(*, literal: bool = False, image_size: int | None = None) -> dict[str, list]:
    """Give the 16 settings that Cho and Lu search, for ``GridSearchCV(plain_cnn(), ...)``.

    They search them for the network with captions; the parameters are those of `plain_cnn`.

    Parameters
    ----------
    literal : bool, default=False
        As `plain_cnn` is given it.
    image_size : int, optional
        As `plain_cnn` is given it.

    Returns
    -------
    dict of str to list
        Epochs, dropout, batch size and learning rate, two values each.

    References
    ----------
    Cho, Y. J. and Lu, R. Multi-label image classification. Course report, COMP5329 Deep
    Learning, University of Sydney.

    Examples
    --------
    >>> from sklearn.model_selection import ParameterGrid
    >>> from sklearn_mlic.recipes import plain_cnn_grid
    >>> len(ParameterGrid(plain_cnn_grid()))
    16
    """
    head = _plain_head(literal, image_size)
    return {
        "estimator__max_epochs": [1, 3],
        "estimator__head_params": [{**head, "dropout": dropout} for dropout in (0.5, 0.7)],
        "estimator__batch_size": [30, 50],
        "estimator__lr": [0.01, 0.001],
    }


def _plain_head(literal: bool, image_size: int | None) -> dict[str, Any]:
    """The hidden layer reads the whole map, an eighth of the image's side, or a grid of 4x4."""
    side = (image_size or 224) // 8 if literal else 4
    return {"n_tokens": side**2, "hidden": 1024, "dropout": 0.5}
