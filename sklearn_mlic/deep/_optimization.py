"""From names to an optimiser with its groups of parameters, and to the course of its rate."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from numbers import Real
from typing import Any

from timm.optim import create_optimizer_v2, list_optimizers, param_groups_weight_decay
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from sklearn_mlic.utils._choices import check_choice
from sklearn_mlic.utils._numbers import check_count

SCHEDULES = ("one_cycle", "cosine", "exponential", "plateau", "none")


@dataclass(frozen=True)
class Optimization:
    """How weights are stepped: the settings of the estimator, checked.

    Parameters
    ----------
    optimizer, optimizer_params, lr, weight_decay, backbone_lr_scale, schedule, schedule_params, \
warmup_epochs, clip_norm, accumulate, ema_decay
        As in `ImageClassifier`.
    """

    optimizer: Any = "adamw"
    optimizer_params: dict[str, Any] | None = field(default_factory=dict)
    lr: float = 3e-4
    weight_decay: float = 1e-4
    backbone_lr_scale: float = 1.0
    schedule: str = "none"
    schedule_params: dict[str, Any] | None = field(default_factory=dict)
    warmup_epochs: float = 0.0
    clip_norm: float | None = None
    accumulate: int = 1
    ema_decay: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.optimizer, type):
            check_choice("optimizer", self.optimizer, list_optimizers())
        check_choice("schedule", self.schedule, SCHEDULES)
        check_count("accumulate", self.accumulate)
        for name in ("lr", "backbone_lr_scale"):
            _check_range(name, getattr(self, name), 0, math.inf, "a number above 0", open_low=True)
        for name in ("weight_decay", "warmup_epochs"):
            _check_range(name, getattr(self, name), 0, math.inf, "a number of 0 or more")
        if self.clip_norm is not None:
            words = "a number above 0, or None for no clipping"
            _check_range("clip_norm", self.clip_norm, 0, math.inf, words, open_low=True)
        if self.ema_decay is not None:
            words = "a number in [0, 1), such as 0.999, or None for no averaging"
            _check_range("ema_decay", self.ema_decay, 0, 1, words)

    def make_optimizer(self, model: nn.Module, params: dict[str, Any]) -> Optimizer:
        """Return the optimiser of what is not frozen; biases and norms do not decay.

        Parameters
        ----------
        model : nn.Module
            Its parts learn alike, but for one that is named ``backbone``.
        params : dict
            Counts before `optimizer_params`.

        Returns
        -------
        Optimizer
            The learning rate is set in each of its groups.
        """
        scales = {"backbone": self.backbone_lr_scale}
        # The backbone last: the rate of the first group is the one that is shown.
        named = sorted(model.named_children(), key=lambda pair: pair[0] in scales)
        parts = [(part, scales.get(name, 1.0)) for name, part in named]
        given = {**(self.optimizer_params or {}), **params}
        # Plain numbers: a checkpoint takes no others.
        params = {"lr": float(self.lr), "weight_decay": float(self.weight_decay), **given}
        groups = [
            {**group, "lr": params["lr"] * scale}
            for part, scale in parts
            for group in param_groups_weight_decay(
                part, params["weight_decay"], no_weight_decay_list=_undecayed(part)
            )
        ]
        if isinstance(self.optimizer, type):
            make: Callable[..., Optimizer] = self.optimizer
        else:
            make = partial(create_optimizer_v2, opt=self.optimizer)
        try:
            return make(groups, **params)
        except TypeError as error:
            raise TypeError(
                f"Could not build the optimizer {self.optimizer!r} from {given!r}: {error}"
            ) from error

    def make_schedule(self, optimizer: Optimizer, n_steps: int, n_epochs: int) -> "Schedule":
        """Return the course of the learning rate.

        Parameters
        ----------
        optimizer : Optimizer
            Whose rates are changed.
        n_steps : int
            Updates an epoch.
        n_epochs : int
            Epochs in all.

        Returns
        -------
        Schedule
            To be stepped with each update and at the end of each epoch.
        """
        return Schedule(self, optimizer, n_steps, n_epochs)


class Schedule:
    """The learning rate over the updates of a fit.

    Parameters
    ----------
    settings : Optimization
        Names the schedule.
    optimizer : Optimizer
        Whose rates are changed.
    n_steps : int
        Updates an epoch.
    n_epochs : int
        Epochs in all.
    """

    def __init__(self, settings: Optimization, optimizer: Optimizer, n_steps: int, n_epochs: int):
        total, warmup = n_steps * n_epochs, round(settings.warmup_epochs * n_steps)
        params = dict(settings.schedule_params or {})
        self._warmup = warmup
        self._n_done = 0
        self._plateau: ReduceLROnPlateau | None = None
        try:
            if settings.schedule == "one_cycle":
                course = _one_cycle(total, warmup, **params)
            elif settings.schedule == "cosine":
                course = _cosine(total, warmup, **params)
            elif settings.schedule == "exponential":
                course = _exponential(n_steps, warmup, **params)
            else:
                course = _constant(warmup)
                if params and settings.schedule == "none":
                    raise ValueError("there is nothing to set")
            self._by_step = LambdaLR(optimizer, course)
            if settings.schedule == "plateau":
                params = {"factor": 0.5, "patience": 2, **params}
                self._plateau = ReduceLROnPlateau(optimizer, mode="min", **params)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"schedule={settings.schedule!r} does not take schedule_params={params!r}: {error}"
            ) from error

    def step(self) -> None:
        """Set the rates after an update."""
        self._n_done += 1
        # Once warm, a plateau's rates are its own.
        if self._plateau is None or self._n_done <= self._warmup:
            self._by_step.step()

    def end_epoch(self, valid_loss: float | None) -> None:
        """Set the rates after an epoch.

        Parameters
        ----------
        valid_loss : float or None
            What a plateau is looked for in.
        """
        if self._plateau is not None and self._n_done >= self._warmup and valid_loss is not None:
            self._plateau.step(valid_loss)

    def state_dict(self) -> dict[str, Any]:
        """Return how far the schedule is."""
        plateau = None if self._plateau is None else self._plateau.state_dict()
        return {"done": self._n_done, "step": self._by_step.state_dict(), "plateau": plateau}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned.

        Parameters
        ----------
        state : dict
            As returned.
        """
        self._n_done = state["done"]
        self._by_step.load_state_dict(state["step"])
        if self._plateau is not None:
            self._plateau.load_state_dict(state["plateau"])


# Courses: the factor of the rate at a step. Momentum is never cycled, which torch's OneCycleLR
# does unless told not to; that one also divides by zero where the rise ends with the first step.


def _constant(warmup: int) -> Callable[[int], float]:
    return lambda step: min(1.0, (step + 1) / (warmup + 1))


def _cosine(total: int, warmup: int, *, final: float = 0.0) -> Callable[[int], float]:
    rise = _constant(warmup)
    return lambda step: rise(step) * _between(1.0, final, (step - warmup) / max(total - warmup, 1))


def _exponential(n_steps: int, warmup: int, *, gamma: float = 0.95) -> Callable[[int], float]:
    """Times gamma after each epoch."""
    rise = _constant(warmup)
    return lambda step: rise(step) * gamma ** (max(step - warmup, 0) // n_steps)


def _one_cycle(
    total: int,
    warmup: int,
    *,
    pct_start: float = 0.3,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Callable[[int], float]:
    """Smith (2018), in cosines: up over a part of the steps, down over the rest."""
    if not 0 <= pct_start <= 1:
        raise ValueError(f"pct_start={pct_start!r}; expected a part in [0, 1]")
    # The rising part is given in epochs, or as a part of the whole.
    top = min(warmup or pct_start * total, total)
    low, end = 1 / div_factor, 1 / (div_factor * final_div_factor)

    def course(step: int) -> float:
        if step < top:
            return _between(low, 1.0, step / top)
        return _between(1.0, end, (step - top) / max(total - top, 1))

    return course


def _between(start: float, end: float, part: float) -> float:
    """From `start` to `end` along half a cosine."""
    part = min(max(part, 0.0), 1.0)
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


def _undecayed(part: nn.Module) -> set[str]:
    """Names that modules exempt from decay themselves: positions, class tokens, queries."""
    return {
        f"{prefix}.{name}".removeprefix(".")
        for prefix, module in part.named_modules()
        if hasattr(module, "no_weight_decay")
        for name in module.no_weight_decay()
    }


def _check_range(
    name: str, value: Any, low: float, high: float, words: str, *, open_low: bool = False
) -> None:
    inside = isinstance(value, Real) and not isinstance(value, bool)
    if not inside or not low <= value < high or (open_low and value == low):
        raise ValueError(f"{name}={value!r}; expected {words}.")
