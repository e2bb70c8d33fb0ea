"""Neural classifiers that hold a skorch net and keep scikit-learn's rules."""

from sklearn_mlic.deep._image import ImageClassifier
from sklearn_mlic.deep._m3la import M3LAClassifier
from sklearn_mlic.deep._multimodal import ImageTextClassifier
from sklearn_mlic.deep._transforms import Augmentation

__all__ = ["Augmentation", "ImageClassifier", "ImageTextClassifier", "M3LAClassifier"]
