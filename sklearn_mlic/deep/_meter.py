"""The loss of an epoch as it runs."""

import torch
from torch import Tensor


class LossMeter:
    """The mean loss of an epoch, and the first batch whose loss is no number.

    Both are kept on the device: reading them makes the host wait, so it is done now and then.

    Parameters
    ----------
    device : torch.device
        Where the losses are.
    """

    def __init__(self, device: torch.device):
        self.total = torch.zeros((), device=device)
        self.n_samples = self.n_batches = 0
        self._first_bad = torch.full((), -1, device=device)
        self._interval = 1 if device.type == "cpu" else 10

    def add(self, loss: Tensor, n_samples: float) -> None:
        """Take in the mean loss of a batch."""
        is_bad = ~torch.isfinite(loss) & (self._first_bad < 0)
        self._first_bad = torch.where(is_bad, self.n_batches, self._first_bad)
        self.total += loss * n_samples
        self.n_samples += n_samples
        self.n_batches += 1

    def bad_batch(self, *, now: bool = False) -> int | None:
        """The number of the first bad batch, counted from 1; looked for every few batches."""
        if not now and self.n_batches % self._interval:
            return None
        number = int(self._first_bad)
        return None if number < 0 else number + 1

    def mean(self) -> float:
        """The mean loss of the rows so far."""
        return float(self.total) / max(self.n_samples, 1)
