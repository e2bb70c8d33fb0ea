"""The running average of a network's weights."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


class WeightAverage:
    """Exponential moving average of the weights, with a decay that warms up.

    After t steps the decay is min(decay, (1 + t) / (10 + t)): a constant 0.9997 would still hold
    mostly initial weights after a few hundred steps. Buffers, such as the statistics of batch
    norm, are copied.

    Parameters
    ----------
    model : nn.Module
        The network in training; it is copied.
    decay : float
        Share of the average that a step keeps, in [0, 1).

    Attributes
    ----------
    module : nn.Module
        The network with averaged weights.
    """

    def __init__(self, model: nn.Module, decay: float):
        self.decay = decay
        self._averaged = AveragedModel(model, multi_avg_fn=self._step)
        # From the initial weights on; torch's first update would copy the first step's.
        self._averaged.n_averaged += 1
        self._averaged.eval()
        for part in self._averaged.modules():
            if isinstance(part, nn.RNNBase):
                part.flatten_parameters()  # a copy's weights lie apart, which slows cuDNN

    @property
    def module(self) -> nn.Module:
        return self._averaged.module

    def update(self, model: nn.Module) -> None:
        """Take in the weights of `model` after a step.

        Parameters
        ----------
        model : nn.Module
            The network in training.
        """
        self._averaged.update_parameters(model)

    def state_dict(self) -> dict[str, Any]:
        """Return the average and the number of steps in it.

        Returns
        -------
        dict
            For `load_state_dict`.
        """
        return self._averaged.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned.

        Parameters
        ----------
        state : dict
            As returned.
        """
        self._averaged.load_state_dict(state)

    @torch.no_grad()
    def _step(self, averaged: list[Tensor], current: list[Tensor], n_averaged: Tensor) -> None:
        n_steps = int(self._averaged.n_averaged)  # kept on the host; the argument may not be
        decay = min(self.decay, (1 + n_steps) / (10 + n_steps))
        floats = [
            pair for pair in zip(averaged, current, strict=True) if pair[0].is_floating_point()
        ]
        if floats:
            torch._foreach_lerp_(*map(list, zip(*floats, strict=True)), 1 - decay)
