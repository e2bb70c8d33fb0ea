"""Data to learn from: drawn images, and real ones that a CSV file lists."""

from sklearn_mlic.datasets._csv import load_csv
from sklearn_mlic.datasets._synthetic import make_multilabel_images

__all__ = ["load_csv", "make_multilabel_images"]
