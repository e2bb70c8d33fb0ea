"""skorch callbacks: what happens between batches and epochs."""

import time
import warnings
from typing import Any

import numpy as np
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from skorch.callbacks import Callback

from sklearn_mlic.utils._progress import shared_console


class BestEpoch(Callback):
    """Stop when a score no longer rises, or the loss falls; go back to the best epoch's weights.

    Parameters
    ----------
    column : str
        The history's column to watch: a loss where its name says so, else a score.
    patience : int
        Epochs without a better value that end the training.
    """

    def __init__(self, column: str, patience: int):
        self.column = column
        self.patience = patience

    def on_train_begin(self, net: Any, **_: Any) -> None:
        """Nothing is known yet."""
        self.best_: dict[str, Any] = {"score": -np.inf, "epoch": 0, "weights": None}

    def on_epoch_end(self, net: Any, **_: Any) -> None:
        """Keep the weights of a better epoch; stop after too many that are not."""
        score, epoch = net.history[-1, self.column], net.history[-1, "epoch"]
        score = -score if self.column == "valid_loss" else score
        if score > self.best_["score"]:
            weights = {name: t.cpu().clone() for name, t in net.evaluated_.state_dict().items()}
            self.best_ = {"score": score, "epoch": epoch, "weights": weights}
        elif epoch - self.best_["epoch"] >= self.patience:
            net.is_stopped_ = True

    def on_train_end(self, net: Any, **_: Any) -> None:
        """Take the weights of the best epoch."""
        if self.best_["weights"] is not None:
            net.module_.load_state_dict(self.best_["weights"])
        elif net.n_epochs_:
            warnings.warn(
                f"{self.column} was no number in any epoch, so that early stopping had nothing to "
                f"go by; the last weights are kept. Give the validation part more rows, or take "
                f"another scoring.",
                UserWarning,
                stacklevel=2,
            )

    def state_dict(self) -> dict[str, Any]:
        """Return the best epoch so far."""
        return self.best_

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        self.best_ = state


class ProgressReport(Callback):
    """A bar over all batches of a fit, and a line an epoch: losses, score, images a second."""

    def on_train_begin(self, net: Any, **_: Any) -> None:
        """Open the bar."""
        self.bar_ = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[state]}"),
            TimeRemainingColumn(),
            console=shared_console(),
            disable=net.team_.rank > 0,
        )
        self.task_ = self.bar_.add_task("Training", total=None, state="")
        self.bar_.start()

    def on_epoch_begin(self, net: Any, dataset_train: Any = None, **_: Any) -> None:
        """Start the epoch's clock."""
        n_samples = len(dataset_train)
        self.bar_.update(
            self.task_,
            description=f"Epoch {net.history[-1, 'epoch']}/{net.last_epoch_}",
            total=n_samples * net.last_epoch_,
            completed=n_samples * net.n_epochs_,
        )
        self.n_seen_ = 0
        self.start_ = self.shown_ = time.perf_counter()

    def on_batch_end(self, net: Any, batch: Any = None, training: bool = False, **_: Any) -> None:
        """Advance the bar by the batch's rows."""
        if not training:
            return
        n_rows, now = len(batch[1]) * net.team_.size, time.perf_counter()
        self.n_seen_ += n_rows
        self.seconds_ = now - self.start_
        self.bar_.advance(self.task_, n_rows)
        if now - self.shown_ > 0.5:  # to read the loss makes an accelerator wait
            self.shown_ = now
            speed = self.n_seen_ / self.seconds_
            state = f"loss {net.meter_.mean():.4f}  {speed:.0f} rows/s"
            self.bar_.update(self.task_, state=state)

    def on_epoch_end(self, net: Any, **_: Any) -> None:
        """Print the epoch's line."""
        row = net.epochs()[-1]
        speed = self.n_seen_ / self.seconds_
        state = f"loss {row['train_loss']:.4f}  {speed:.0f} rows/s"
        self.bar_.update(self.task_, state=state)
        figures = {name: row[name] for name in row if name.startswith(("train_", "valid_"))}
        parts = [f"epoch {row['epoch']}/{net.last_epoch_}"]
        parts += [f"{name.replace('_', ' ')} {value:.4f}" for name, value in figures.items()]
        parts.append(f"{speed:.0f} rows/s")
        parts += [f"{net.team_.size} processes"] if net.team_.size > 1 else []
        if not self.bar_.disable:
            self.bar_.console.print("  ".join(parts), highlight=False)

    def on_train_end(self, net: Any, **_: Any) -> None:
        """Close the bar."""
        self.bar_.stop()


def close_progress(net: Any) -> None:
    """Close the bar of a fit that failed, at whatever point it did.

    Parameters
    ----------
    net : skorch.NeuralNet
        Initialised or not, with a `ProgressReport` or without.
    """
    for _, callback in getattr(net, "callbacks_", []):
        if isinstance(callback, ProgressReport) and hasattr(callback, "bar_"):
            callback.bar_.stop()
