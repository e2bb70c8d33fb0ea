"""Any network inside its threshold rule, alone or beside a probe."""

from typing import TYPE_CHECKING, Any

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_mlic.thresholds import ThresholdCalibrator
from sklearn_mlic.transformation import BinaryRelevance, LateFusion

if TYPE_CHECKING:  # torch is loaded where a network is made
    from sklearn_mlic.deep import ImageClassifier
    from sklearn_mlic.features import ImageEmbedder


def fine_tuned(
    classifier: "ImageClassifier", random_state: Any = None, *, rule: str = "f1"
) -> ThresholdCalibrator:
    """A network trained on the images; a fifth of them is held out for the thresholds.

    Parameters
    ----------
    classifier : ImageClassifier
        The network. One fit is made, and its model kept.
    random_state : int, RandomState or None, default=None
        Draws the held-out part.
    rule : str, default="f1"
        The threshold rule, see `tune_thresholds`.

    Returns
    -------
    ThresholdCalibrator
        Not fitted.

    Examples
    --------
    >>> from sklearn_mlic import ImageClassifier, make_multilabel_images
    >>> from sklearn_mlic.recipes import fine_tuned
    >>> bunch = make_multilabel_images(n_samples=60, random_state=0)
    >>> network = ImageClassifier("test_resnet", pretrained=False, image_size=64, max_epochs=1)
    >>> model = fine_tuned(network, random_state=0).fit(bunch.data, bunch.target)
    >>> model.predict(bunch.data).shape
    (60, 8)
    """
    return ThresholdCalibrator(classifier, method=rule, cv=0.2, random_state=random_state)


def probe_and_network(
    embedder: "ImageEmbedder",
    classifier: "ImageClassifier",
    *,
    C: float = 0.01,
    rule: str = "f1",
    random_state: Any = None,
) -> ThresholdCalibrator:
    """A linear probe and a trained network, averaged: a fifth is held out for the thresholds.

    Choose it over `fine_tuned` where photographs are few: probe and network err in different
    ways, and the probe costs little beside the network.

    Parameters
    ----------
    embedder : ImageEmbedder
        The frozen network under the probe; its parameter ``image`` names the column of images.
    classifier : ImageClassifier
        The network that is trained. One fit is made, and its model kept.
    C : float, default=0.01
        Inverse regularisation strength of the probe's logistic regression, whose features are
        not standardised.
    rule : str, default="f1"
        The threshold rule, see `tune_thresholds`.
    random_state : int, RandomState or None, default=None
        Draws the held-out part.

    Returns
    -------
    ThresholdCalibrator
        Not fitted; around a `LateFusion` of ``"probe"`` and ``"network"``.

    Examples
    --------
    >>> from sklearn_mlic import ImageClassifier, ImageEmbedder, make_multilabel_images
    >>> from sklearn_mlic.recipes import probe_and_network
    >>> bunch = make_multilabel_images(n_samples=60, random_state=0)
    >>> small = {"pretrained": False, "image_size": 64, "random_state": 0}
    >>> embedder = ImageEmbedder("test_resnet", **small)
    >>> network = ImageClassifier("test_resnet", max_epochs=1, **small)
    >>> model = probe_and_network(embedder, network, random_state=0)
    >>> model.fit(bunch.data, bunch.target).predict(bunch.data).shape
    (60, 8)
    """
    logistic = LogisticRegression(C=C, max_iter=1000)
    probe = make_pipeline(embedder, BinaryRelevance(logistic))
    fusion = LateFusion([("probe", probe), ("network", classifier)])
    return ThresholdCalibrator(fusion, method=rule, cv=0.2, random_state=random_state)
