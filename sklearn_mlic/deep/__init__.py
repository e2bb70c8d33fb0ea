"""Neural classifiers that hold a skorch net and keep scikit-learn's rules."""

from sklearn_mlic.deep._image import ImageClassifier

__all__ = ["ImageClassifier"]
