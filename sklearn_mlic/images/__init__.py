"""The one door for images: what users pass in becomes named columns, and files become pixels."""

from sklearn_mlic.images._columns import as_columns
from sklearn_mlic.images._load import (
    ImageError,
    ImageSource,
    content_digest,
    count_threads,
    find_unreadable,
    load_image,
)

__all__ = [
    "ImageError",
    "ImageSource",
    "as_columns",
    "content_digest",
    "count_threads",
    "find_unreadable",
    "load_image",
]
