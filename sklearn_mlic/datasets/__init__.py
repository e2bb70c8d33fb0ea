"""Data to learn from: drawn images, and real ones that a CSV file lists."""

from sklearn_mlic.datasets._csv import NO_LABEL, load_csv
from sklearn_mlic.datasets._synthetic import make_multilabel_images

__all__ = ["NO_LABEL", "load_csv", "make_multilabel_images"]
