"""Classifiers on what is known without training a network."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mlic.adaptation import MLkNN
from sklearn_mlic.features import TextSelector
from sklearn_mlic.thresholds import ThresholdCalibrator
from sklearn_mlic.transformation import (
    BinaryRelevance,
    ClassifierChain,
    ClassifierChainEnsemble,
    LabelPowerset,
    LabelPrior,
    RAkEL,
)
from sklearn_mlic.utils._choices import check_choice

if TYPE_CHECKING:  # the recipes without a network load no torch
    from sklearn_mlic.features import ImageEmbedder


#: What may stand on the features of a probe, by name: (logistic regression, seed) -> classifier.
CLASSIFIERS: dict[str, Callable[[Any, Any], Any]] = {
    "binary_relevance": lambda logistic, seed: BinaryRelevance(logistic),
    "classifier_chain": lambda logistic, seed: ClassifierChain(logistic, order="frequency"),
    "chain_ensemble": lambda logistic, seed: ClassifierChainEnsemble(logistic, random_state=seed),
    "label_powerset": lambda logistic, seed: LabelPowerset(logistic),
    "rakel": lambda logistic, seed: RAkEL(logistic, random_state=seed),
    "mlknn": lambda logistic, seed: MLkNN(),
}


def label_prior(
    random_state: Any = None, *, strategy: str = "prior", rule: str = "f1"
) -> ThresholdCalibrator:
    """Predict the same for every image, from the labels alone: the row to beat.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Shuffles the folds that tune the thresholds.
    strategy : {"prior", "most_frequent_set"}, default="prior"
        See `LabelPrior`.
    rule : str, default="f1"
        The threshold rule, see `tune_thresholds`.

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
    return ThresholdCalibrator(LabelPrior(strategy), method=rule, random_state=random_state)


def text_probe(
    text: Any = "text",
    *,
    vectorizer: Any = None,
    C: float = 3.0,
    classifier: str = "binary_relevance",
    rule: str = "f1",
    random_state: Any = None,
) -> Pipeline:
    """Logistic regression a label on TF-IDF word weights: the text alone.

    Parameters
    ----------
    text : str or list of str, default="text"
        The column of text in a DataFrame X, or several, whose texts become one. Missing text is
        an empty one.
    vectorizer : transformer, optional
        Turns texts into features: ``TfidfVectorizer()`` by default; `CharNgramCounter` and
        `TextEmbedder` are others.
    C : float, default=3.0
        Inverse regularisation strength of the logistic regression.
    classifier : str, default="binary_relevance"
        A name in `CLASSIFIERS`. All but ``"mlknn"`` wrap the logistic regression.
    rule : str, default="f1"
        The threshold rule, see `tune_thresholds`.
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
    words = _vectorize(text, vectorizer)
    return _calibrated_probe(words, C, classifier, rule, random_state)


def image_probe(
    embedder: "ImageEmbedder",
    *,
    C: float = 0.003,
    classifier: str = "binary_relevance",
    rule: str = "f1",
    random_state: Any = None,
) -> Pipeline:
    """Logistic regression a label on a frozen network's features: the image alone.

    Parameters
    ----------
    embedder : ImageEmbedder
        The frozen network.
    C : float, default=0.003
        Inverse regularisation strength: many features, standardised, ask for a small one.
    classifier : str, default="binary_relevance"
        A name in `CLASSIFIERS`. All but ``"mlknn"`` wrap the logistic regression.
    rule : str, default="f1"
        The threshold rule, see `tune_thresholds`.
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
    features = make_pipeline(embedder, StandardScaler())
    return _calibrated_probe(features, C, classifier, rule, random_state)


def image_text_probe(
    embedder: "ImageEmbedder",
    text: Any = "text",
    *,
    C: float = 3.0,
    classifier: str = "binary_relevance",
    rule: str = "f1",
    random_state: Any = None,
) -> Pipeline:
    """Logistic regression a label on a frozen network's features beside TF-IDF word weights.

    Parameters
    ----------
    embedder : ImageEmbedder
        The frozen network; its parameter ``image`` names the column of images.
    text : str or list of str, default="text"
        The column of text in a DataFrame X, or several, whose texts become one. Missing text is
        an empty one.
    C : float, default=3.0
        Inverse regularisation strength of the logistic regression.
    classifier : str, default="binary_relevance"
        A name in `CLASSIFIERS`. All but ``"mlknn"`` wrap the logistic regression.
    rule : str, default="f1"
        The threshold rule, see `tune_thresholds`.
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
        ("text", _vectorize(text), text if isinstance(text, list) else [text]),
    ]
    # Hundreds of standardised features beside text rows of length 1: a tenth evens them out.
    columns = ColumnTransformer(sides, transformer_weights={"image": 0.1})
    return _calibrated_probe(columns, C, classifier, rule, random_state)


def _vectorize(text: Any, vectorizer: Any = None) -> Pipeline:
    """From the columns of text to features."""
    return make_pipeline(TextSelector(text), vectorizer or TfidfVectorizer())


def _calibrated_probe(
    features: Any, C: float, classifier: str, rule: str, random_state: Any
) -> Pipeline:
    check_choice("classifier", classifier, CLASSIFIERS)
    logistic = LogisticRegression(C=C, max_iter=1000)
    probe = CLASSIFIERS[classifier](logistic, random_state)
    # The calibrator stands behind the features: they are computed once, not once a fold.
    return make_pipeline(
        features, ThresholdCalibrator(probe, method=rule, random_state=random_state)
    )
