"""A whole column of images read in threads."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from PIL import Image

from sklearn_mlic.images._load import load_image
from sklearn_mlic.images._source import ImageError


def count_threads(column: Sequence, n_jobs: int | None = None) -> int:
    """Return how many threads may decode a column of images.

    Parameters
    ----------
    column : sequence of images
        The "image" column of :func:`as_columns`.
    n_jobs : int, optional
        What the user asked for. None means one a processor, at most 4; -1 one a processor.

    Returns
    -------
    int
        1 where a PIL image is among them: two rows may share one whose file is yet to be read,
        which is not thread-safe.
    """
    if any(isinstance(source, Image.Image) for source in column):
        return 1
    n_processors = os.cpu_count() or 1
    if n_jobs is None:
        return min(4, n_processors)
    return n_processors if n_jobs < 0 else max(1, n_jobs)


def find_unreadable(column: Sequence, n_jobs: int | None = None) -> dict[int, ImageError]:
    """Try to read every image of a column.

    Parameters
    ----------
    column : sequence of images
        The "image" column of :func:`as_columns`.
    n_jobs : int, optional
        The number of threads. None means one a processor, at most 4; -1 one a processor.

    Returns
    -------
    dict of int to ImageError
        The error of every image that cannot be read, by its row, in row order.

    Examples
    --------
    >>> find_unreadable(["missing.jpg"])[0].reason
    'there is no such file'
    """
    n_threads = count_threads(column, n_jobs)

    def failures(start: int) -> list[ImageError]:
        found = []
        for row in range(start, len(column), n_threads):
            try:
                load_image(column[row], row=row)
            except ImageError as error:
                found.append(error)
        return found

    with ThreadPoolExecutor(n_threads) as pool:
        errors = [error for found in pool.map(failures, range(n_threads)) for error in found]
    return {error.row: error for error in sorted(errors, key=lambda error: error.row)}
