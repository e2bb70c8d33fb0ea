"""The processes that train one network together: mostly one, alone."""

import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

import numpy as np
import torch
from joblib.parallel import get_active_backend
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from sklearn_mlic.deep._meter import LossMeter
from sklearn_mlic.deep._records import Records
from sklearn_mlic.nn.runtime import resolve_device

T = TypeVar("T")

# How gloo and NCCL say that another process is gone.
_GONE = re.compile("closed by peer|reset by peer|[Bb]roken pipe|[Tt]imed? ?out|remote process|NCCL")


class Team:
    """One process that trains alone: what several would exchange, it has.

    Parameters
    ----------
    device : torch.device
        Where this process computes.
    """

    rank, size = 0, 1
    #: The network whose gradients are those of all processes, once `train` was told of it.
    model: nn.Module

    def __init__(self, device: torch.device):
        self.device = device

    def first(self, value: T) -> T:
        """Return what the first process has."""
        return value

    def check_same(self, what: str, value: Any) -> None:
        """Refuse to train where another process has another value."""

    def share(self, records: Records) -> Records:
        """Return the rows that this process scores."""
        return records

    def gather(self, rows: np.ndarray) -> np.ndarray:
        """Return the rows of all processes, in the order in which they were shared out."""
        return rows

    def mean(self, meter: LossMeter) -> float:
        """Return the mean loss over the rows of all processes."""
        return meter.mean()

    def train(self, model: nn.Module) -> None:
        """Take the network that is to be trained."""
        self.model = model

    def align(self, *models: nn.Module) -> None:
        """Give all processes the first one's running statistics."""

    def keep_to_itself(self) -> AbstractContextManager:
        """Hold gradients back inside a ``with`` block: others are to be added first."""
        return nullcontext()

    def clear_errors(self) -> AbstractContextManager:
        """Say in our words that another process is gone."""
        return nullcontext()


class LaunchedTeam(Team):
    """Processes that were launched together, each on its own device.

    Parameters
    ----------
    state : accelerate.PartialState
        Knows them; it has joined the process group.
    """

    def __init__(self, state: Any):
        super().__init__(state.device)
        self.rank, self.size = state.process_index, state.num_processes

    def first(self, value: T) -> T:
        from accelerate.utils import broadcast_object_list

        return broadcast_object_list([value])[0]

    def check_same(self, what: str, value: Any) -> None:
        from accelerate.utils import gather_object

        found = gather_object([value])
        others = [rank for rank, other in enumerate(found) if other != found[0]]
        if others:
            raise ValueError(
                f"Processes {others} have other {what} than process 0, and all must have the same: "
                f"each is given all rows and takes its part of every batch. Read the same files in "
                f"the same order, and set random_state where folds or rows are drawn."
            )

    def share(self, records: Records) -> Records:
        if len(records) < self.size:
            raise ValueError(
                f"The validation part has {len(records)} row(s), and {self.size} processes score "
                f"it. Hold out more, or start fewer processes."
            )
        return records.take(np.array_split(np.arange(len(records)), self.size)[self.rank])

    def gather(self, rows: np.ndarray) -> np.ndarray:
        from accelerate.utils import gather_object

        return np.concatenate(gather_object([rows]))

    def mean(self, meter: LossMeter) -> float:
        from accelerate.utils import reduce

        sums = torch.stack([meter.total, torch.full_like(meter.total, meter.n_samples)])
        total, n_samples = reduce(sums, "sum").tolist()
        return total / n_samples

    def train(self, model: nn.Module) -> None:
        self.model = DistributedDataParallel(
            model,
            device_ids=[self.device.index] if self.device.type == "cuda" else None,
            find_unused_parameters=getattr(model, "leaves_weights_out", False),
        )

    def align(self, *models: nn.Module) -> None:
        for model in models:
            for buffer in model.buffers():
                torch.distributed.broadcast(buffer, src=0)

    def keep_to_itself(self) -> AbstractContextManager:
        return self.model.no_sync()

    @contextmanager
    def clear_errors(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            if not _GONE.search(str(error)):
                raise
            raise RuntimeError(
                f"Process {self.rank} of {self.size} has lost another one, and the training ends: "
                f"see what that process wrote last (out of memory, killed, an error of its own?). "
                f"With checkpoint=folder and resume=True the same launch goes on after the last "
                f"whole epoch. ({error!s:.200})"
            ) from error


def join_team(distributed: str | None, device: str, batch_size: int) -> Team:
    """Find the processes that were launched together with this one.

    Parameters
    ----------
    distributed : {None, "accelerate"}
        None is this process alone.
    device : str
        As the estimators take it.
    batch_size : int
        Rows a batch, those of all processes.

    Returns
    -------
    Team
        Of one process where no others were launched.

    Raises
    ------
    ImportError
        If accelerate is not installed.
    ValueError
        If this is a worker of joblib, the processes cannot be joined, or a batch has fewer rows
        than there are processes.
    """
    if distributed is None:
        return Team(resolve_device(device))
    if get_active_backend()[0].nesting_level:
        raise ValueError(
            "distributed='accelerate' trains in the processes that were launched, and this fit "
            "runs in a worker of joblib. Set n_jobs=None in what is around it."
        )
    try:
        from accelerate import PartialState
    except ImportError as error:
        raise ImportError(
            "distributed='accelerate' needs accelerate: pip install 'sklearn-mlic[accelerate]'."
        ) from error
    alone = Team(resolve_device(device))
    state = PartialState(cpu=alone.device.type == "cpu")
    n_launched = int(os.environ.get("WORLD_SIZE", "1"))
    if state.num_processes != n_launched:
        raise ValueError(
            f"{n_launched} processes were launched, and accelerate knows of {state.num_processes}: "
            f"it cannot join them on {alone.device.type!r}, or it was set up before for another "
            f"device. Pass device='cpu' or 'cuda', and to PartialState or Accelerator the same."
        )
    if state.num_processes == 1:
        return alone
    if batch_size < state.num_processes:
        raise ValueError(
            f"batch_size={batch_size} rows are shared out among {state.num_processes} processes. "
            f"Expected as many or more: it is the size of the whole batch."
        )
    return LaunchedTeam(state)
