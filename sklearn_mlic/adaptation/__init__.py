"""Algorithm adaptation: classifiers that are multi-label by nature, one method a file."""

from sklearn_mlic.adaptation._mlknn import MLkNN

__all__ = ["MLkNN"]
