"""Classic descriptors of images: one function each, from a picture to a vector.

Histograms of colours, patterns and words are roots of frequencies, so that a linear model
compares them by Hellinger's distance, in which a large count does not drown the small ones.
"""

from sklearn_mlic.features._descriptors._batch import DESCRIPTORS
from sklearn_mlic.features._descriptors._kept import describe_images
from sklearn_mlic.features._descriptors._picture import Picture
from sklearn_mlic.features._descriptors._words import count_words, find_words, patches

__all__ = ["DESCRIPTORS", "Picture", "count_words", "describe_images", "find_words", "patches"]
