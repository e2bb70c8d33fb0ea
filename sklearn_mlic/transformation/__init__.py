"""Problem transformation: one method a file, over any scikit-learn classifier."""

from sklearn_mlic.transformation._binary_relevance import BinaryRelevance

__all__ = ["BinaryRelevance"]
