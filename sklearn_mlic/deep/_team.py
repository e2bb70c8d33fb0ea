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

from sklearn_mlic.deep._fingerprint import digest_settings
from sklearn_mlic.deep._meter import LossMeter
from sklearn_mlic.deep._records import Records
from sklearn_mlic.images import digest_data
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

    def check_same(self, what: str, value: Any, remedy: str) -> None:
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

    def part(self) -> None:
        """Take no part in anything to come."""

    def clear_errors(self) -> AbstractContextManager:
        """Say in our words that another process is gone, and let the others know of errors here."""
        return nullcontext()


class LaunchedTeam(Team):
    """Processes that were launched together, each on its own device.

    Parameters
    ----------
    state : accelerate.PartialState
        Knows them; it has joined the process group.
    """

    #: Whether a fit of this process ended before its time: the others are no longer with it.
    has_parted = False

    def __init__(self, state: Any):
        super().__init__(state.device)
        self.rank, self.size = state.process_index, state.num_processes

    def first(self, value: T) -> T:
        from accelerate.utils import broadcast_object_list

        return broadcast_object_list([value])[0]

    def check_same(self, what: str, value: Any, remedy: str) -> None:
        from accelerate.utils import gather_object

        found = gather_object([value])
        others = [rank for rank, other in enumerate(found) if other != found[0]]
        if others:
            raise ValueError(
                f"Processes {others} have other {what} than process 0, and all must have the same. "
                f"{remedy}"
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

    def part(self) -> None:
        """Take no part in anything to come: this process has left a fit that others are in."""
        LaunchedTeam.has_parted = True

    @contextmanager
    def clear_errors(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self.part()
            # So that the others learn of it at once: they wait for this process.
            torch.distributed.destroy_process_group()
            if not isinstance(error, RuntimeError) or not _GONE.search(str(error)):
                raise
            raise RuntimeError(
                f"Process {self.rank} of {self.size} has lost another one, and the training ends: "
                f"see what that one wrote last, an error of its own or the system's that it was "
                f"killed. With checkpoint=folder and resume=True the same launch goes on after the "
                f"last whole epoch. ({error!s:.200})"
            ) from error


def join_team(estimator: Any, parts: list[Records | None], state: dict | None = None) -> Team:
    """Find the processes that were launched together with this one, to train the same.

    Parameters
    ----------
    estimator : BaseDeepClassifier
        Its parameters and label names are read.
    parts : list of Records or None
        What is trained on, and behind it the validation part that was given.
    state : dict, optional
        The checkpoint to go on from.

    Returns
    -------
    Team
        Of one process where no others were launched.

    Raises
    ------
    ImportError
        If accelerate is not installed.
    ValueError
        If this is a worker of joblib, the processes cannot be joined or were given different
        things, or a batch has fewer rows than there are processes.
    RuntimeError
        If an earlier fit of this process ended before its time.
    """
    device = resolve_device(estimator.device)
    if estimator.distributed is None:
        return Team(device)
    process = _find_process(device)
    if process.num_processes == 1:
        return Team(device)
    if LaunchedTeam.has_parted:
        raise RuntimeError(
            "An earlier fit of this process ended before its time, by an error or Ctrl-C, and the "
            "processes that were launched are no longer together. Start all of them again."
        )
    team = LaunchedTeam(process)
    _check_same(team, estimator, [part for part in parts if part is not None], state)
    if min(estimator.batch_size, len(parts[0])) < team.size:
        raise ValueError(
            f"batch_size={estimator.batch_size} rows, of {len(parts[0])} to train on, are shared "
            f"out among {team.size} processes. Expected as many or more: it is the size of the "
            f"whole batch."
        )
    return team


def _find_process(device: torch.device) -> Any:
    """What accelerate knows of this process, which it makes one of the processes launched."""
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
    process = PartialState(cpu=device.type == "cpu")
    n_launched = int(os.environ.get("WORLD_SIZE", "1"))
    if process.num_processes != n_launched:
        raise ValueError(
            f"{n_launched} processes were launched, and accelerate knows of "
            f"{process.num_processes}: it cannot join them on {device.type!r}, or it was set up "
            f"before for another device. Pass device='cpu' or 'cuda', and to PartialState or "
            f"Accelerator the same."
        )
    return process


def _check_same(team: Team, estimator: Any, parts: list[Records], state: dict | None) -> None:
    data = digest_data(*(item for part in parts for item in vars(part).values()))
    team.check_same(
        "rows, labels or weights",
        (data, list(estimator.label_names_)),
        "Each is given all rows and takes its part of every batch: read the same files in the "
        "same order, and set random_state where folds or rows are drawn.",
    )
    try:
        settings = digest_settings(estimator.get_params(deep=False))
    except ValueError:
        settings = "functions and objects of the user's, which nothing tells apart"
    team.check_same(
        "settings", settings, "Pass the same to all; set random_state where a search draws them."
    )
    team.check_same(
        "epochs in the checkpoint",
        len(state["history"]) if state else 0,
        "Put the folder of checkpoint= on a disk that all machines share.",
    )
