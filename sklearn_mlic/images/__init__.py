"""The one door for images: what users pass in becomes named columns, and files become pixels."""

from sklearn_mlic.images._columns import as_columns
from sklearn_mlic.images._digest import content_digest
from sklearn_mlic.images._fingerprint import digest_data
from sklearn_mlic.images._load import PREPARATION, load_image
from sklearn_mlic.images._scan import count_threads, find_unreadable
from sklearn_mlic.images._source import ImageError, ImageSource
from sklearn_mlic.images._texts import as_texts

__all__ = [
    "PREPARATION",
    "ImageError",
    "ImageSource",
    "as_columns",
    "as_texts",
    "content_digest",
    "count_threads",
    "digest_data",
    "find_unreadable",
    "load_image",
]
