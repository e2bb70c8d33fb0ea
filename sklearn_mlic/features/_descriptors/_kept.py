"""Many images described batch by batch, each once: what is known comes from the cache."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from skimage import __version__ as skimage_version
from sklearn.utils.parallel import delayed

from sklearn_mlic.features._cache import open_cache
from sklearn_mlic.features._descriptors._batch import describe_batch
from sklearn_mlic.images import PREPARATION, ImageSource, content_digest
from sklearn_mlic.utils._calls import stream
from sklearn_mlic.utils._progress import track

# A part of the keys of caches: change it when a descriptor comes out otherwise.
_EDITION = 1
_BATCH = 32


def describe_images(
    sources: Sequence[ImageSource],
    rows: Sequence[int],
    names: Sequence[str],
    size: int,
    *,
    shorten: Mapping[str, Callable[[np.ndarray], np.ndarray]] | None = None,
    cache: Any = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> dict[str, list[np.ndarray]]:
    """Return arrays by descriptor, one a row, from the cache or computed and kept there.

    Parameters
    ----------
    sources : sequence of path, PIL image or uint8 ndarray
        The images.
    rows : sequence of int
        Those to describe.
    names : sequence of str
        Descriptors, or ``"patches"``.
    size : int
        Pixels a side.
    shorten : mapping of str to callable, optional
        By name what is made of each array before the next batch comes, where those of all rows
        together would fill the memory. The cache keeps the arrays as they are.
    cache : path or "ram", optional
        As `open_cache` takes it.
    n_jobs : int, optional
        As joblib takes it.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    dict of str to list of ndarray
        In the order of the rows.

    Raises
    ------
    ImageError
        If an image cannot be read.
    """
    shorten = shorten or {}
    caches = {name: open_cache(cache, _setup(name, size)) for name in names}
    keys: dict[int, Hashable] = {
        row: row if cache is None else content_digest(sources[row], row) for row in rows
    }
    known: dict[str, dict[Hashable, np.ndarray]] = {name: {} for name in names}

    def take(name: str, contents: Iterable[Hashable], arrays: Iterable[np.ndarray]) -> None:
        short = map(shorten[name], arrays) if name in shorten else arrays
        known[name].update(zip(contents, short, strict=True))

    if cache is not None:
        for batch in _batches(rows):
            for name in names:
                found = caches[name].get([keys[row] for row in batch])
                take(name, found.keys(), found.values())
    absent = [name for name in names if any(key not in known[name] for key in keys.values())]
    missing = [row for row in rows if any(keys[row] not in known[name] for name in absent)]
    batches = _batches(missing)
    calls = (
        delayed(describe_batch)([sources[row] for row in batch], batch, absent, size)
        for batch in batches
    )
    steps = zip(batches, stream(calls, n_jobs), strict=True)
    for batch, arrays in track(steps, len(batches), "Describing images", verbose):
        contents = [keys[row] for row in batch]
        for name in absent:
            if cache is not None:
                caches[name].put(contents, arrays[name])
            take(name, contents, arrays[name])
    return {name: [known[name][key] for key in keys.values()] for name in names}


def _batches(rows: Sequence[int]) -> list[Sequence[int]]:
    return [rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH)]


def _setup(name: str, size: int) -> str:
    """Everything but the image that decides a descriptor, as the cache's key."""
    parts = (_EDITION, name, size, PREPARATION, f"scikit-image {skimage_version}")
    return f"descriptor {' '.join(map(str, parts))}"
