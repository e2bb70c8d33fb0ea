"""skorch's net with our loop: what happens in an epoch, and when one is cut short."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.utils import TeeGenerator
from torch import Tensor
from torch.utils.data import DataLoader

from sklearn_mlic.deep._batches import (
    Collate,
    EpochBatches,
    RecordDataset,
    balanced_weights,
    make_loader,
)
from sklearn_mlic.deep._callbacks import BestEpoch
from sklearn_mlic.deep._checkpoint import Checkpoint
from sklearn_mlic.deep._meter import LossMeter
from sklearn_mlic.deep._net_state import StateMixin
from sklearn_mlic.deep._plan import TrainingPlan
from sklearn_mlic.deep._steps import StepsMixin
from sklearn_mlic.deep._team import Team
from sklearn_mlic.deep._validation import score_logits
from sklearn_mlic.nn.average import WeightAverage
from sklearn_mlic.nn.runtime import seed_generators


class TrainingNet(StepsMixin, StateMixin, NeuralNet):
    """skorch's net, trained by our loop.

    Parameters
    ----------
    module : nn.Module
        A backbone and a head.
    plan : TrainingPlan, optional
        None makes a net that predicts only.
    n_workers : int, default=0
        Processes that fetch batches.
    **settings
        For `skorch.NeuralNet`.
    """

    def __init__(
        self, module: Any, *, plan: TrainingPlan | None = None, n_workers: int = 0, **settings: Any
    ):
        self.plan = plan
        self.n_workers = n_workers
        super().__init__(module, **settings)

    def initialize(self) -> "TrainingNet":
        """Build what training needs: optimiser, average, scaler."""
        super().initialize()
        self.n_epochs_ = self.n_updates_ = 0
        self.was_interrupted_ = self.is_stopped_ = False
        self.average_ = self.schedule_ = self.settings_ = self.estimator_ = None
        self.team_ = Team(torch.device(self.device))
        if self.plan is not None:
            decay = self.plan.optimization.ema_decay
            if decay is not None:
                self.average_ = WeightAverage(self.module_, decay)
            is_half = self.module_.precision == "fp16"
            self.scaler_ = torch.amp.GradScaler(self.device.type, enabled=is_half)
        return self

    def initialize_optimizer(self, triggered_directly: Any = None) -> "TrainingNet":
        """Build the optimiser of the plan; ``optimizer__…`` settings count before it."""
        if self.plan is None:
            return self
        params = self.get_params_for("optimizer")
        self.optimizer_ = self.plan.optimization.make_optimizer(self.module_, params)
        return self

    def get_iterator(self, dataset: Any, training: bool = False) -> DataLoader:
        """Return the loader of a data set: drawn and augmented to train on, else in order.

        Settings of skorch's ``iterator_train`` and ``iterator_valid`` count before ours.
        """
        batches: Any = self.batch_size
        collate = Collate()
        if training:
            y, team = dataset.targets["y"], self.team_
            weights = balanced_weights(y) if self.plan.sampling == "balanced" else None
            batches = EpochBatches(
                len(dataset), self.batch_size, self.plan.seed, weights, team.rank, team.size, y
            )
            collate = Collate(self.plan.augmentation)
        settings = self.get_params_for("iterator_train" if training else "iterator_valid")
        device = torch.device(self.device)
        return make_loader(
            dataset, batches, collate, n_workers=self.n_workers, device=device, settings=settings
        )

    def infer(self, x: dict[str, Tensor], **others: Any) -> Tensor:
        """Return the logits of a batch; asked in training, those of the weights that count."""
        module = self.module_ if self.estimator_ is None else self.evaluated_
        return module(**self._sent(x), **others)

    def predict_logits(self, dataset: RecordDataset, **others: Tensor) -> Iterator[np.ndarray]:
        """Go through the rows in order, batch by batch.

        Parameters
        ----------
        dataset : RecordDataset
            The rows.
        **others : Tensor
            What the network takes beside the columns, the same for all rows.

        Yields
        ------
        ndarray of float32, shape (B, L)
            The logits of the next rows.
        """
        self._set_training(False)
        others = self._sent(others)
        for columns, _ in self.get_iterator(dataset):
            with torch.inference_mode():
                logits = self.infer(columns, **others)
            yield logits.cpu().numpy()

    def _sent(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: t.to(self.device, non_blocking=True) for name, t in tensors.items()}

    # ---- the loop

    def train(
        self,
        train: RecordDataset,
        valid: RecordDataset | None = None,
        *,
        team: Team,
        checkpoint: Checkpoint | None = None,
        state: dict[str, Any] | None = None,
    ) -> None:
        """Run the epochs that are left, then take the best weights.

        Parameters
        ----------
        train : RecordDataset
            The rows to train on.
        valid : RecordDataset, optional
            The rows to score after each epoch, of them this process's part.
        team : Team
            The processes that train together; all are given the same rows to train on.
        checkpoint : Checkpoint, optional
            Where the state is written after each epoch, by the first process.
        state : dict, optional
            What `checkpoint` held: training goes on from there.
        """
        self.was_interrupted_ = self.is_stopped_ = False
        self.team_ = team
        team.train(self.module_)
        loaders = [self.get_iterator(train, training=True)]
        loaders += [] if valid is None else [self.get_iterator(valid)]
        y = train.targets["y"]
        self._prepare(y, len(loaders[0]))
        self.notify("on_train_begin", X=train, y=y)
        if state is not None:
            self._restore(state)
        self.last_epoch_ = self.max_epochs + (self.n_epochs_ if self.plan.open_end else 0)
        try:
            while self.n_epochs_ < self.last_epoch_ and not self.is_stopped_:
                self._run_epoch(*loaders, dataset_train=train, dataset_valid=valid)
                if checkpoint is not None and team.rank == 0:
                    checkpoint.save(self._state())
        except KeyboardInterrupt:
            if not self.n_epochs_ and not self.n_updates_:
                raise  # there is nothing to keep
            self.was_interrupted_ = True
            team.part()
        finally:
            del loaders  # and with them the worker processes
            self.team_ = Team(team.device)
        if self.average_ is not None:
            self.module_.load_state_dict(self.average_.module.state_dict())
        self.notify("on_train_end", X=train, y=y)

    def _prepare(self, y: np.ndarray, n_batches: int) -> None:
        """Tell the loss what it asks for, and lay out the learning rate."""
        if hasattr(self.criterion_, "set_label_counts"):
            counts = [np.sum(part, axis=0, dtype=np.float32) for part in (y == 1, ~np.isnan(y))]
            self.criterion_.set_label_counts(
                *(torch.from_numpy(count).to(self.device) for count in counts)
            )
        if self.schedule_ is None:
            n_steps = math.ceil(n_batches / self.plan.optimization.accumulate)
            self.schedule_ = self.plan.optimization.make_schedule(
                self.optimizer_, n_steps, self.max_epochs
            )

    def _run_epoch(
        self, train_loader: DataLoader, valid_loader: DataLoader | None = None, **datasets: Any
    ) -> None:
        origin = self.plan.seed, self.n_epochs_, self.team_.rank
        draws = np.random.SeedSequence(origin).generate_state(1)
        seed_generators(int(draws[0]), torch.device(self.device))
        self._batches = train_loader.batch_sampler
        self._batches.epoch = self.n_epochs_
        if hasattr(self.criterion_, "start_epoch"):
            self.criterion_.start_epoch(self.n_epochs_)
        self.notify("on_epoch_begin", **datasets)
        self.history.record("lr", self.optimizer_.param_groups[0]["lr"])
        self._set_training(True)
        self.optimizer_.zero_grad(set_to_none=True)
        self.run_single_epoch(train_loader, True, "train", self.train_step)
        self.team_.align(*dict.fromkeys([self.module_, self.evaluated_]))
        if valid_loader is not None:
            self._validate(valid_loader)
        self.schedule_.end_epoch(self.history[-1].get("valid_loss"))
        self.n_epochs_ += 1
        try:
            self.notify("on_epoch_end", **datasets)
        except KeyboardInterrupt:  # this is how skorch's callbacks end a training
            self.is_stopped_ = True
        self.is_stopped_ = self.team_.first(self.is_stopped_)

    def _validate(self, loader: DataLoader) -> None:
        """Take loss and score of the part held out."""
        self.evaluated_.train(False)
        self._logits: list[Tensor] = []
        self.run_single_epoch(loader, False, "valid", self.validation_step)
        name, scorer = self.plan.scorer or ("loss", None)
        if scorer is not None:
            parts = torch.cat(self._logits).cpu().double().numpy(), loader.dataset.targets["y"]
            score = score_logits(name, scorer, *map(self.team_.gather, parts))
            self.history.record(f"valid_{name}", score)

    def run_single_epoch(
        self, iterator: DataLoader, training: bool, prefix: str, step_fn: Any, **_: Any
    ) -> None:
        """Go once through the batches of a loader."""
        self.meter_ = meter = LossMeter(torch.device(self.device))
        for number, (columns, targets) in enumerate(iterator):
            columns, targets = self._sent(columns), self._sent(targets)
            batch = columns, targets["y"]  # the form that skorch's callbacks know
            self.notify("on_batch_begin", batch=batch, training=training)
            step = step_fn((columns, targets), number=number, n_batches=len(iterator))
            n_rows = self._batches.n_rows(number) if training else len(targets["y"])
            meter.add(step["loss"], n_rows)
            self.history.record_batch(f"{prefix}_batch_size", len(targets["y"]))
            self._check_loss(step["loss"])
            self.notify("on_batch_end", batch=batch, training=training, **step)
        self._check_loss(step["loss"], now=True)
        # skorch's callbacks ask for the second, which is True in an epoch that is better than all.
        name = f"{prefix}_loss"
        earlier = [row[name] for row in self.history[:-1] if name in row]
        loss = self.team_.mean(meter)
        self.history.record(name, loss)
        self.history.record(f"{name}_best", loss < min(earlier, default=math.inf))

    def _tell_gradients(self, batch: tuple) -> None:
        named = TeeGenerator(self.get_all_learnable_params())
        self.notify("on_grad_computed", named_parameters=named, batch=batch, training=True)

    def tidy(self) -> None:
        """Let go of what only training needs, unless it goes on."""
        self._logits = []
        if not self.plan.open_end:
            self.average_ = self.schedule_ = None
            self.optimizer_.state.clear()
            for _, callback in self.callbacks_:
                if isinstance(callback, BestEpoch):
                    callback.on_train_begin(self)
