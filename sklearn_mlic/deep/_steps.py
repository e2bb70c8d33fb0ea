"""What happens in a step: a batch's loss, its gradient, and what the weights make of it."""

import math
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor


class StepsMixin:
    """The steps of a `TrainingNet`."""

    def train_step(self, batch: tuple, number: int = 0, n_batches: int = 1) -> dict[str, Tensor]:
        """Add a batch's gradient; after a group of `accumulate` batches, step."""
        n_group = self.plan.optimization.accumulate
        start = number - number % n_group
        # The last group of an epoch may be smaller; its step counts as much as the others.
        size = min(n_group, n_batches - start)
        is_last = number == start + size - 1
        columns, targets = batch
        with nullcontext() if is_last else self.team_.keep_to_itself():
            logits = self.team_.model(**columns, y=targets["y"])
            loss = self._loss(logits, targets)
            self.scaler_.scale(loss * (self._batches.weight(number) / size)).backward()
        if is_last:
            self._update(batch)
        return {"loss": loss.detach(), "y_pred": logits.detach()}

    def _update(self, batch: tuple) -> None:
        clip_norm = self.plan.optimization.clip_norm
        self.scaler_.unscale_(self.optimizer_)
        if clip_norm is not None:
            trained = [p for p in self.module_.parameters() if p.grad is not None]
            torch.nn.utils.clip_grad_norm_(trained, clip_norm)
        self._tell_gradients(batch)
        scale = self.scaler_.get_scale()  # to read it waits for the device, but only in fp16
        self.scaler_.step(self.optimizer_)
        self.scaler_.update()
        self.optimizer_.zero_grad(set_to_none=True)
        if self.scaler_.get_scale() < scale:
            return  # float16 overflowed, and the step was left out
        self.schedule_.step()
        self.n_updates_ += 1
        if self.average_ is not None:
            self.average_.update(self.module_)

    def validation_step(self, batch: tuple, **_: Any) -> dict[str, Tensor]:
        """Return the loss and the logits of a batch that is not trained on."""
        columns, targets = batch
        with torch.no_grad():
            logits = self.evaluated_(**columns)
            self._logits.append(logits)
            return {"loss": self._loss(logits, targets), "y_pred": logits}

    @property
    def evaluated_(self) -> torch.nn.Module:
        """The network whose scores count: the average where there is one."""
        return self.module_ if self.average_ is None else self.average_.module

    def _loss(self, logits: Tensor, targets: dict[str, Tensor]) -> Tensor:
        others = {name: value for name, value in targets.items() if name != "y"}
        return self.criterion_(logits, targets["y"], **others)

    def _check_loss(self, loss: Tensor, *, now: bool = False) -> None:
        batch = self.meter_.bad_batch(now=now)
        if batch is None:
            return
        lr = self.optimizer_.param_groups[0]["lr"]
        value = float(loss)
        if math.isfinite(value):  # that of a later batch, where the device is not asked each time
            value = math.nan
        raise ValueError(
            f"Training diverged: the loss is {value} in batch {batch} of epoch "
            f"{self.n_epochs_ + 1}, at a learning rate of {lr:.3g} (lr={self.lr:g}). Likely "
            f"causes: the rate is too high (lower lr, or set clip_norm=1.0); float16 overflows "
            f"(precision='bf16' or 'fp32'); a loss of your own meets unknown labels (NaN in y)."
        )
