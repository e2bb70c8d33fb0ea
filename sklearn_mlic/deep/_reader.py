"""Rows of an image column as pixels, decoded once where a cache is asked for."""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

from sklearn_mlic.deep._memory import check_memory
from sklearn_mlic.features._cache import ArrayCache, open_cache
from sklearn_mlic.images import PREPARATION, content_digest, count_threads, load_image


class ImageReader:
    """Decode the images of rows, and remember them.

    It may be sent to worker processes, by fork or by spawn.

    Parameters
    ----------
    column : sequence of images
        The "image" column of :func:`sklearn_mlic.images.as_columns`.
    size : int
        Side that images are resized to, in pixels.
    cache : None, "ram" or path, default=None
        Where decoded images are kept: nowhere; in memory, for as long as the reader lives; or in
        a folder by the content of the files, for other readers, processes and runs.
    n_threads : int, default=1
        Threads that decode the rows of a batch; -1 is one a processor. PIL images are decoded
        in one.
    shared : bool, default=False
        With ``cache="ram"``: True lets worker processes share the memory.
    rows : ndarray of int, optional
        The rows of `column` that are read, which are then counted from 0; all by default. The
        column is not copied.

    Raises
    ------
    ValueError
        If the images do not fit into the memory that is free.

    Examples
    --------
    >>> import numpy as np
    >>> reader = ImageReader([np.zeros((6, 4), np.uint8)] * 3, size=2, cache="ram")
    >>> reader.read([2, 0]).shape
    (2, 2, 2, 3)
    """

    def __init__(
        self,
        column: Sequence,
        size: int,
        cache: Any = None,
        n_threads: int = 1,
        shared: bool = False,
        rows: np.ndarray | None = None,
    ):
        self.column = column
        self.rows = np.arange(len(column)) if rows is None else rows
        self.size = size
        self.n_threads = count_threads(column, n_threads)
        shape = (len(self.rows), size, size, 3)
        self._is_ready = isinstance(column, np.ndarray) and column.shape[1:] == shape[1:]
        self._kept: _Memory | _Folder | None = None
        if self._is_ready or cache is None:
            return
        if isinstance(cache, str) and cache == "ram":
            self._kept = _Memory(shape, shared)
        else:
            self._kept = _Folder(self, open_cache(cache, f"decoded {size} {PREPARATION}"))

    def __len__(self) -> int:
        return len(self.rows)

    def digest(self, row: int) -> bytes:
        """Return the digest of the content of a row, as caches ask for it."""
        return content_digest(self.column[self.rows[row]], int(self.rows[row]))

    def read(self, rows: Sequence[int]) -> np.ndarray:
        """Return the images of some rows.

        Parameters
        ----------
        rows : sequence of int
            Row numbers from 0, in any order.

        Returns
        -------
        ndarray of uint8, shape (B, size, size, 3)
            RGB, 0 to 255, in memory of its own.

        Raises
        ------
        ImageError
            If an image cannot be read; it names the row and the file.
        """
        rows = [int(row) for row in rows]
        if self._is_ready:
            return self.column[self.rows[rows]]
        images = np.empty((len(rows), self.size, self.size, 3), np.uint8)
        missing = list(range(len(rows)))
        if self._kept is not None:
            missing = self._kept.fill(images, rows)
        if missing:
            self._decode(images, rows, missing)
        if missing and self._kept is not None:
            self._kept.keep([rows[place] for place in missing], images[missing])
        return images

    def _decode(self, images: np.ndarray, rows: list[int], places: list[int]) -> None:
        def decode(place: int) -> None:
            row = int(self.rows[rows[place]])
            images[place] = load_image(self.column[row], self.size, row)

        if min(self.n_threads, len(places)) == 1:
            for place in places:
                decode(place)
            return
        # A pool a batch: one that is kept could not be sent to another process.
        with ThreadPoolExecutor(min(self.n_threads, len(places))) as pool:
            list(pool.map(decode, places))


class _Memory:
    """Decoded images by row, each there from its first use on, whichever process that was in."""

    def __init__(self, shape: tuple[int, ...], shared: bool):
        what = f'cache="ram" of {shape[0]} images of {shape[1]} x {shape[2]} pixels'
        check_memory(math.prod(shape), what, "Pass a folder as cache=", shared=shared)
        if shared:
            # As torch's own collate does: share_memory_() would copy every page. All the memory
            # is taken now, so that a later write cannot find none.
            storage = torch.UntypedStorage._new_shared(math.prod(shape))
            self.pixels = torch.empty(0, dtype=torch.uint8).set_(storage).view(shape)
            self.done = torch.zeros(shape[0], dtype=torch.bool).share_memory_()
        else:
            self.pixels = torch.empty(shape, dtype=torch.uint8)  # a page is taken at its first use
            self.done = torch.zeros(shape[0], dtype=torch.bool)

    def fill(self, images: np.ndarray, rows: list[int]) -> list[int]:
        """Write what is there into `images`, and return the places of the rest."""
        # Tensors are what processes share; as arrays they are read with less ado.
        pixels, done = self.pixels.numpy(), self.done.numpy()
        missing = []
        for place, row in enumerate(rows):  # several times as fast as indexing with a mask
            if done[row]:
                images[place] = pixels[row]
            else:
                missing.append(place)
        return missing

    def keep(self, rows: list[int], images: np.ndarray) -> None:
        self.pixels.numpy()[rows] = images
        # Last: a row that is marked is whole. Two processes may write one row, both the same.
        self.done.numpy()[rows] = True


class _Folder:
    """Decoded images in a folder, by the content of what they were decoded from."""

    def __init__(self, reader: ImageReader, cache: ArrayCache):
        self.digest = reader.digest
        self.cache = cache
        self.digests: dict[int, bytes] = {}  # a file is hashed once

    def _keys(self, rows: list[int]) -> list[bytes]:
        for row in rows:
            if row not in self.digests:
                self.digests[row] = self.digest(row)
        return [self.digests[row] for row in rows]

    def fill(self, images: np.ndarray, rows: list[int]) -> list[int]:
        """Write what is there into `images`, and return the places of the rest."""
        keys = self._keys(rows)
        found = self.cache.get(set(keys))
        for place, key in enumerate(keys):
            if key in found:
                images[place] = found[key]
        return [place for place, key in enumerate(keys) if key not in found]

    def keep(self, rows: list[int], images: np.ndarray) -> None:
        self.cache.put(self._keys(rows), images)
