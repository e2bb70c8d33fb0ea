"""From columns to batches: which rows in which order, their images decoded, augmented, stacked."""

from collections.abc import Iterator, Mapping, Sequence
from threading import current_thread, main_thread
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from sklearn_mlic.deep._reader import ImageReader
from sklearn_mlic.deep._records import Records
from sklearn_mlic.deep._transforms import Augmentation

Batch = tuple[dict[str, Tensor], dict[str, Tensor]]


class Rows(list):
    """The row numbers of one training batch, with the seed of its augmentation.

    The seed travels with the rows, so that a batch comes out the same whichever process makes it.

    Parameters
    ----------
    rows : sequence of int
        Row numbers.
    seed : int
        Seeds what is drawn for the batch.
    """

    def __init__(self, rows: Sequence[int], seed: int):
        super().__init__(rows)
        self.seed = seed


class EpochBatches(Sampler):
    """The batches of an epoch, drawn from the seed and the number of the epoch alone.

    So the number of worker processes does not matter, and a fit that is resumed at an epoch
    sees the rows that it would have seen.

    Parameters
    ----------
    n_samples : int
        Number of rows.
    batch_size : int
        Rows a batch; a last batch of one row (a process) joins the one before, as batch norm
        needs two.
    seed : int
        Draws the order and the seeds of the augmentation.
    weights : ndarray of shape (n_samples,), optional
        Chances of the rows, which are then drawn with replacement.
    rank, n_ranks : int, default=0 and 1
        Which of several processes this is: each yields its part of every batch.
    y : ndarray of shape (n_samples, n_labels), optional
        Unknown labels (NaN) do not count in `n_rows`.
    """

    def __init__(
        self,
        n_samples: int,
        batch_size: int,
        seed: int,
        weights: np.ndarray | None = None,
        rank: int = 0,
        n_ranks: int = 1,
        y: np.ndarray | None = None,
    ):
        self.n_samples = n_samples
        self.seed = seed
        self.weights = weights
        self.rank, self.n_ranks = rank, n_ranks
        self.epoch = 0
        starts = np.arange(0, n_samples, batch_size)
        self._known = np.ones(n_samples) if y is None else (~np.isnan(y)).mean(axis=1)
        self._shares: list[tuple[float, int]] = []
        is_short = len(starts) > 1 and n_samples - starts[-1] < 2 * n_ranks
        self._cuts = starts[1 : len(starts) - is_short]

    def __len__(self) -> int:
        return len(self._cuts) + 1

    def __iter__(self) -> Iterator[Rows]:
        rng = np.random.default_rng((self.seed, self.epoch))
        if self.weights is None:
            order = rng.permutation(self.n_samples)
        else:
            order = rng.choice(self.n_samples, self.n_samples, p=self.weights)
        seeds = rng.integers(2**31, size=(len(self), self.n_ranks))[:, self.rank]
        self._shares = []
        for rows, seed in zip(np.split(order, self._cuts), seeds, strict=True):
            own = rows[self.rank :: self.n_ranks]
            known = self._known[rows].sum()
            share = self._known[own].sum() / known if known else len(own) / len(rows)
            self._shares.append((float(share), len(rows)))
            yield Rows(own.tolist(), int(seed))

    def weight(self, number: int) -> float:
        """Return what the mean loss of this process counts in a batch, 1 where it is alone.

        Parameters
        ----------
        number : int
            Of the batch in the present epoch.

        Returns
        -------
        float
            By the labels that are known; the mean over the processes is 1.
        """
        return self._shares[number][0] * self.n_ranks

    def n_rows(self, number: int) -> float:
        """Return how many rows of a batch this process stands for.

        Parameters
        ----------
        number : int
            Of the batch in the present epoch.

        Returns
        -------
        float
            All processes together stand for the rows of the batch.
        """
        share, n_rows = self._shares[number]
        return share * n_rows


def balanced_weights(y: np.ndarray) -> np.ndarray:
    """Return chances of the rows under which each label is drawn about as often.

    A label is chosen, then one of its rows; rows without any label count as one label more.

    Parameters
    ----------
    y : ndarray of shape (n_samples, n_labels)
        1 where a label applies; NaN counts as not.

    Returns
    -------
    ndarray of shape (n_samples,)
        They sum to 1.
    """
    positive = np.column_stack([y == 1, ~(y == 1).any(axis=1)])
    counts = positive.sum(axis=0)
    chances = positive[:, counts > 0] @ (1 / counts[counts > 0])
    return chances / chances.sum()


class RecordDataset(Dataset):
    """Rows of named columns, fetched a batch at a time.

    Parameters
    ----------
    columns : mapping of str to ImageReader, ndarray or sparse matrix
        What the network takes, by the names of its ``forward``. Sparse rows become dense ones.
    y : ndarray of float32, shape (n_samples, n_labels), optional
        The targets; zeros stand in for them in prediction.
    sample_weight : ndarray of float32, shape (n_samples,), optional
        Weights of the rows in the loss.
    rows : ndarray of int, optional
        The rows of the arrays among the columns that are meant; all by default. A reader knows
        its own.
    """

    def __init__(
        self,
        columns: Mapping[str, Any],
        y: Any = None,
        sample_weight: Any = None,
        rows: np.ndarray | None = None,
    ):
        self.columns = columns
        self.rows = rows
        self.n_samples = len(Records(columns, rows=rows))
        self.targets = {"y": np.zeros((self.n_samples, 1), np.float32) if y is None else y}
        if sample_weight is not None:
            self.targets["sample_weight"] = sample_weight

    def __len__(self) -> int:
        return self.n_samples

    def __getitem__(self, row: int) -> tuple:
        return self.__getitems__([row])

    def __getitems__(self, rows: Sequence[int]) -> tuple:
        """Return the columns of `rows`, their targets, and the seed that came with them."""
        batch = {name: self._fetch(name, rows) for name in self.columns}
        targets = {name: torch.from_numpy(values[rows]) for name, values in self.targets.items()}
        return batch, targets, getattr(rows, "seed", None)

    def _fetch(self, name: str, rows: Sequence[int]) -> Tensor:
        column = self.columns[name]
        if not isinstance(column, ImageReader):
            values = column[rows if self.rows is None else self.rows[rows]]
            return torch.from_numpy(values.toarray() if sparse.issparse(values) else values)
        # A view: channels last in memory, which is what convolutions are fastest on.
        return torch.from_numpy(column.read(rows)).permute(0, 3, 1, 2)  # (B, 3, H, W)


class Collate:
    """Augment the images of a batch, each on its own and then together.

    Parameters
    ----------
    augmentation : Augmentation, optional
        None leaves the batch as it is.
    """

    def __init__(self, augmentation: Augmentation | None = None):
        self.augmentation = augmentation

    def __call__(self, records: tuple) -> Batch:
        """Return ``({"image": (B, 3, H, W), ...}, {"y": (B, L), ...})``."""
        columns, targets, seed = records
        if self.augmentation is None or "image" not in columns:
            return columns, targets
        with torch.random.fork_rng(devices=[]):
            # Not torch.manual_seed, which seeds the accelerators too.
            torch.default_generator.manual_seed(seed)
            images, y = columns["image"], targets["y"]
            if self.augmentation.image is not None:
                images = torch.stack([self.augmentation.image(image) for image in images])
            if self.augmentation.batch is not None:
                images, y = self.augmentation.batch((images, y))
        images = images.contiguous(memory_format=torch.channels_last)
        return {**columns, "image": images}, {**targets, "y": y}


def make_loader(
    dataset: RecordDataset,
    batches: EpochBatches | int,
    collate: Collate,
    *,
    n_workers: int,
    device: torch.device,
    settings: Mapping[str, Any] | None = None,
) -> DataLoader:
    """Return the loader that fetches batches, in worker processes where there are any.

    Parameters
    ----------
    dataset : RecordDataset
        The rows.
    batches : EpochBatches or int
        The batches of each epoch, or a batch size to go through the rows in order.
    collate : Collate
        Turns fetched rows into a batch.
    n_workers : int
        Worker processes; 0 fetches in this one, and so do all threads but the main one.
    device : torch.device
        Where the batches go: on CUDA they are put in pinned memory.
    settings : mapping, optional
        Further arguments of ``DataLoader``, which count before these.

    Returns
    -------
    DataLoader
        Its workers stay from epoch to epoch.
    """
    order = {"batch_size": batches} if isinstance(batches, int) else {"batch_sampler": batches}
    if current_thread() is not main_thread():
        n_workers = 0  # threads that start processes get into each other's way
    own = {
        "collate_fn": collate,
        "num_workers": n_workers,
        "persistent_workers": n_workers > 0,
        "pin_memory": device.type == "cuda",
        # A loader draws a number when it starts: not from the global generator.
        "generator": torch.Generator(),
    }
    return DataLoader(dataset, **{**order, **own, **(settings or {})})
