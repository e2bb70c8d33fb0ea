"""From columns to batches: decode the rows of a batch, then augment and stack them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from sklearn_mlic.images import ImageError, load_image

Records = tuple[dict[str, Any], Tensor]


class RecordDataset(Dataset):
    """Rows of named columns, fetched a batch at a time.

    Parameters
    ----------
    columns : dict of str to sequence
        As :func:`sklearn_mlic.images.as_columns` returns them.
    y : ndarray of float32, shape (n_samples, n_labels), optional
        The targets; zeros stand in for them in prediction.
    image_size : int, optional
        Side that images are resized to, in pixels.
    """

    def __init__(self, columns: Mapping[str, Any], y: Any = None, image_size: int | None = None):
        self.columns = columns
        self.n_samples = len(next(iter(columns.values())))
        self.y = np.zeros((self.n_samples, 1), np.float32) if y is None else y
        self.image_size = image_size

    def __len__(self) -> int:
        return self.n_samples

    def __getitem__(self, row: int) -> Records:
        return self.__getitems__([row])

    def __getitems__(self, rows: Sequence[int]) -> Records:
        """Return the columns of `rows`, images decoded as uint8 (B, 3, H, W), and the targets."""
        batch = {name: self._fetch(name, rows) for name in self.columns}
        return batch, torch.from_numpy(self.y[rows])

    def _fetch(self, name: str, rows: Sequence[int]) -> Tensor:
        column = self.columns[name]
        if name != "image":
            return torch.from_numpy(column[rows])
        images = np.stack([load_image(column[row], self.image_size, row) for row in rows])
        # A view: channels last in memory, which is what convolutions are fastest on.
        return torch.from_numpy(images).permute(0, 3, 1, 2)  # (B, H, W, 3) -> (B, 3, H, W)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Cut an image's error that comes from a worker process, with its traceback, to its words."""
    try:
        yield
    except ImageError as error:
        if error.row is not None:
            raise
        raise ImageError(str(error).strip().splitlines()[-1].partition(": ")[2]) from error


class Collate:
    """Augment each image of a batch on its own.

    Parameters
    ----------
    transform : callable, optional
        From one image (3, H, W) to one image. None leaves the batch as it is.
    """

    def __init__(self, transform: Callable[[Tensor], Tensor] | None = None):
        self.transform = transform

    def __call__(self, records: Records) -> Records:
        """Return ``({"image": (B, 3, H, W), ...}, y (B, L))``."""
        batch, y = records
        if self.transform is not None and "image" in batch:
            images = torch.stack([self.transform(image) for image in batch["image"]])
            batch["image"] = images.contiguous(memory_format=torch.channels_last)
        return batch, y
