"""Transformers from a column of images to a block of numbers."""

from sklearn_mlic.features._image_embedder import ImageEmbedder

__all__ = ["ImageEmbedder"]
