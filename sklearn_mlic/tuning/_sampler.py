"""Optuna's default sampler with a seed for each trial."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState


class SeededTPESampler(BaseSampler):
    """`TPESampler` that draws trial number k from a generator of its own, the k-th.

    A seed alone makes an interrupted search repeat its first trials when it goes on, and
    several processes draw the same ones.

    Parameters
    ----------
    seed : int
        Of all generators.
    """

    def __init__(self, seed: int):
        self.seed = seed
        self._tpe = TPESampler(seed=seed)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Begin the trial's own generator."""
        draws = np.random.SeedSequence((self.seed, trial.number)).generate_state(1)
        self._tpe = TPESampler(seed=int(draws[0]))
        self._tpe.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """As `TPESampler` does."""
        return self._tpe.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """As `TPESampler` does."""
        return self._tpe.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """As `TPESampler` does."""
        return self._tpe.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """As `TPESampler` does."""
        self._tpe.after_trial(study, trial, state, values)
