"""Whole systems as one-line constructors, each inside its threshold rule."""

from typing import TYPE_CHECKING, Any

from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mlic.thresholds import ThresholdCalibrator
from sklearn_mlic.transformation import BinaryRelevance

if TYPE_CHECKING:  # the recipes without a network load no torch
    from sklearn_mlic.deep import ImageClassifier
    from sklearn_mlic.features import ImageEmbedder


def label_prior(random_state: Any = None) -> ThresholdCalibrator:
    """Predict each label's frequency in training, whatever the image: the row to beat.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Shuffles the folds that tune the thresholds.

    Returns
    -------
    ThresholdCalibrator
        Not fitted; takes any X.

    Examples
    --------
    >>> from sklearn_mlic.recipes import label_prior
    >>> model = label_prior(random_state=0).fit([[0.0]] * 10, [[1, 0]] * 5 + [[1, 1]] * 5)
    >>> model.predict_proba([[0.0]])
    array([[1. , 0.5]])
    """
    prior = BinaryRelevance(DummyClassifier(strategy="prior"))
    return ThresholdCalibrator(prior, random_state=random_state)


def text_probe(text: str = "text", *, C: float = 3.0, random_state: Any = None) -> Pipeline:
    """Logistic regression a label on TF-IDF word weights: the text alone.

    Parameters
    ----------
    text : str, default="text"
        The column of text in a DataFrame X.
    C : float, default=3.0
        Inverse regularisation strength of the logistic regression.
    random_state : int, RandomState or None, default=None
        Shuffles the folds that tune the thresholds.

    Returns
    -------
    Pipeline
        Not fitted; its last step is a ThresholdCalibrator.

    Examples
    --------
    >>> from sklearn_mlic import make_multilabel_images
    >>> from sklearn_mlic.recipes import text_probe
    >>> bunch = make_multilabel_images(n_samples=60, random_state=0)
    >>> model = text_probe("caption", random_state=0).fit(bunch.data, bunch.target)
    >>> model.predict(bunch.data).shape
    (60, 8)
    """
    columns = ColumnTransformer([("text", TfidfVectorizer(), text)])
    return _calibrated_logistic(columns, C, random_state)


def image_probe(
    embedder: "ImageEmbedder", *, C: float = 0.003, random_state: Any = None
) -> Pipeline:
    """Logistic regression a label on a frozen network's features: the image alone.

    Parameters
    ----------
    embedder : ImageEmbedder
        The frozen network.
    C : float, default=0.003
        Inverse regularisation strength: many features, standardised, ask for a small one.
    random_state : int, RandomState or None, default=None
        Shuffles the folds that tune the thresholds.

    Returns
    -------
    Pipeline
        Not fitted; its last step is a ThresholdCalibrator.

    Examples
    --------
    >>> from sklearn_mlic import ImageEmbedder, make_multilabel_images
    >>> from sklearn_mlic.recipes import image_probe
    >>> bunch = make_multilabel_images(n_samples=60, random_state=0)
    >>> embedder = ImageEmbedder("test_resnet", pretrained=False, image_size=64, random_state=0)
    >>> model = image_probe(embedder, random_state=0).fit(bunch.data, bunch.target)
    >>> model.predict(bunch.data).shape
    (60, 8)
    """
    return _calibrated_logistic(make_pipeline(embedder, StandardScaler()), C, random_state)


def image_text_probe(
    embedder: "ImageEmbedder", text: str = "text", *, C: float = 3.0, random_state: Any = None
) -> Pipeline:
    """Logistic regression a label on a frozen network's features beside TF-IDF word weights.

    Parameters
    ----------
    embedder : ImageEmbedder
        The frozen network; its parameter ``image`` names the column of images.
    text : str, default="text"
        The column of text in a DataFrame X.
    C : float, default=3.0
        Inverse regularisation strength of the logistic regression.
    random_state : int, RandomState or None, default=None
        Shuffles the folds that tune the thresholds.

    Returns
    -------
    Pipeline
        Not fitted; its last step is a ThresholdCalibrator.

    Examples
    --------
    >>> from sklearn_mlic import ImageEmbedder, make_multilabel_images
    >>> from sklearn_mlic.recipes import image_text_probe
    >>> bunch = make_multilabel_images(n_samples=60, random_state=0)
    >>> embedder = ImageEmbedder("test_resnet", pretrained=False, image_size=64, random_state=0)
    >>> model = image_text_probe(embedder, "caption", random_state=0)
    >>> model.fit(bunch.data, bunch.target).predict(bunch.data).shape
    (60, 8)
    """
    sides = [
        ("image", make_pipeline(embedder, StandardScaler()), [embedder.image]),
        ("text", TfidfVectorizer(), text),
    ]
    # Hundreds of standardised features beside text rows of length 1: a tenth evens them out.
    columns = ColumnTransformer(sides, transformer_weights={"image": 0.1})
    return _calibrated_logistic(columns, C, random_state)


def fine_tuned(classifier: "ImageClassifier", random_state: Any = None) -> ThresholdCalibrator:
    """A network trained on the images; a fifth of them is held out for the thresholds.

    Parameters
    ----------
    classifier : ImageClassifier
        The network. One fit is made, and its model kept.
    random_state : int, RandomState or None, default=None
        Draws the held-out part.

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
    return ThresholdCalibrator(classifier, cv=0.2, random_state=random_state)


def _calibrated_logistic(features: Any, C: float, random_state: Any) -> Pipeline:
    logistic = BinaryRelevance(LogisticRegression(C=C, max_iter=1000))
    # The calibrator stands behind the features: they are computed once, not once a fold.
    return make_pipeline(features, ThresholdCalibrator(logistic, random_state=random_state))
