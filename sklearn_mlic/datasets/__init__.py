"""Data to learn from: drawn images, and real ones from files."""

from sklearn_mlic.datasets._synthetic import make_multilabel_images

__all__ = ["make_multilabel_images"]
