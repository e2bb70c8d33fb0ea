"""skorch callbacks: what happens between batches and epochs."""

import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from skorch.callbacks import Callback, EarlyStopping, EpochScoring

from sklearn_mlic.metrics import mean_average_precision


class ProgressReport(Callback):
    """A bar over all batches of a fit, and a line an epoch: losses, score, images a second."""

    def on_train_begin(self, net: Any, **_: Any) -> None:
        """Open the bar."""
        self.bar_ = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self.task_ = self.bar_.add_task("Training", total=None, speed="")
        self.bar_.start()

    def on_epoch_begin(self, net: Any, dataset_train: Any = None, **_: Any) -> None:
        """Start the epoch's clock."""
        n_samples = len(dataset_train)
        self.bar_.update(self.task_, total=n_samples * net.max_epochs)
        self.n_seen_, self.start_ = 0, time.perf_counter()

    def on_batch_end(self, net: Any, batch: Any = None, training: bool = False, **_: Any) -> None:
        """Advance the bar by the batch's rows."""
        if training:
            self.n_seen_ += len(batch[1])
            speed = self.n_seen_ / (time.perf_counter() - self.start_)
            self.bar_.update(self.task_, advance=len(batch[1]), speed=f"{speed:.0f} images/s")

    def on_epoch_end(self, net: Any, **_: Any) -> None:
        """Print the epoch's line."""
        row = net.history[-1]
        parts = [f"epoch {row['epoch']}/{net.max_epochs}", f"train loss {row['train_loss']:.4f}"]
        if "valid_loss" in row:
            parts += [f"valid loss {row['valid_loss']:.4f}", f"valid mAP {row['valid_mAP']:.4f}"]
        parts.append(f"{self.n_seen_ / row['dur']:.0f} images/s")
        self.bar_.console.print("  ".join(parts))

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


def _score_map(net: Any, dataset: Any, y: Any) -> float:
    return mean_average_precision(y, net.predict_proba(dataset))


def early_stopping(n_iter_no_change: int) -> list[tuple[str, Callback]]:
    """Stop when the validation mAP no longer rises, and go back to its best epoch.

    Parameters
    ----------
    n_iter_no_change : int
        Epochs without a better score that end the training.

    Returns
    -------
    list of (str, Callback)
        The scorer and the stopper, for skorch.
    """
    return [
        ("score", EpochScoring(_score_map, lower_is_better=False, name="valid_mAP")),
        (
            "stop",
            EarlyStopping(
                "valid_mAP",
                patience=n_iter_no_change,
                lower_is_better=False,
                load_best=True,
                threshold_mode="abs",
                threshold=0.0,
                sink=lambda _: None,
            ),
        ),
    ]
