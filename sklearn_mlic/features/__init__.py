"""Transformers from a column of images or texts to a block of numbers."""

from sklearn_mlic.features._block_union import BlockUnion
from sklearn_mlic.features._char_ngrams import CharNgramCounter
from sklearn_mlic.features._image_descriptors import ImageDescriptors
from sklearn_mlic.features._image_embedder import ImageEmbedder
from sklearn_mlic.features._label_terms import top_terms_per_label
from sklearn_mlic.features._text_embedder import TextEmbedder
from sklearn_mlic.features._text_selector import TextSelector
from sklearn_mlic.features._word_effects import word_effects

__all__ = [
    "BlockUnion",
    "CharNgramCounter",
    "ImageDescriptors",
    "ImageEmbedder",
    "TextEmbedder",
    "TextSelector",
    "top_terms_per_label",
    "word_effects",
]
