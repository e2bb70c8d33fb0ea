"""From a trial to the parameters of an estimator."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
from optuna import Study, TrialPruned
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    check_distribution_compatibility,
)
from optuna.trial import BaseTrial, FrozenTrial, TrialState

from sklearn_mlic.tuning._identity import FREE
from sklearn_mlic.utils._description import describe

_TWO_NUMBERS = ([float, float], [int, int], [int, float], [float, int])
# What every storage of Optuna can hold.
_PLAIN = (bool, int, float, str, type(None))


class Space:
    """What a search chooses from.

    Parameters
    ----------
    given : mapping of str to distribution or list, or callable
        Of each parameter's name what it is drawn from; or a function from a trial to a dict of
        parameters.

    Raises
    ------
    TypeError, ValueError
        If it is neither, or names no parameter.
    """

    def __init__(self, given: Mapping[str, Any] | Callable[[BaseTrial], Mapping[str, Any]]):
        if not callable(given):
            _check(given)
        self.given = given

    @property
    def names(self) -> set[str]:
        """The parameters that are known before any trial: none where a function suggests them."""
        return set() if callable(self.given) else set(self.given)

    def suggest(self, trial: BaseTrial) -> dict[str, Any]:
        """Draw the parameters of a trial.

        Parameters
        ----------
        trial : optuna trial
            A running one; of a finished one the same parameters come back.

        Returns
        -------
        dict
            For ``set_params``.

        Raises
        ------
        TypeError
            If the function that suggests returns no dict.
        """
        if not callable(self.given):
            return {name: _draw(trial, name, source) for name, source in self.given.items()}
        params = self.given(trial)
        if not isinstance(params, Mapping):
            raise TypeError(
                f"param_distributions(trial) returned {params!r}; expected a dict from parameter "
                f"names of the estimator to values."
            )
        return dict(params)

    def recall(self, trial: FrozenTrial) -> dict[str, Any]:
        """Return the parameters of a finished trial.

        Parameters
        ----------
        trial : optuna.trial.FrozenTrial
            Of this process or another.

        Returns
        -------
        dict
            As `suggest` returned them; those drawn, where it gave the trial up.

        Raises
        ------
        ValueError
            If a function suggests something else than it did then.
        """
        try:
            with warnings.catch_warnings():
                # A range may have become narrower since.
                warnings.filterwarnings("ignore", "The value .* is out of the range")
                return self.suggest(trial)
        except TrialPruned:
            return dict(trial.params)
        except ValueError as error:
            raise ValueError(
                f"param_distributions(trial) does not give the parameters of trial {trial.number} "
                f"back: {error} Pass another name as study=, another storage, or the function of "
                f"before."
            ) from error

    def check(self, study: Study) -> None:
        """Refuse a study whose trials were drawn from something else; ranges may change.

        Parameters
        ----------
        study : optuna.Study
            New or with trials.

        Raises
        ------
        ValueError
            If a parameter has come, gone, or is drawn in another way.
        """
        if callable(self.given):
            return
        now = {name: _distribution(source) for name, source in self.given.items()}
        for trial in study.get_trials(deepcopy=False):
            is_drawn = trial.state in (TrialState.COMPLETE, TrialState.PRUNED)
            names = now.keys() | trial.distributions if is_drawn else trial.distributions
            for name in sorted(names):
                before = trial.distributions.get(name)
                if not _agree(before, now.get(name)):
                    raise ValueError(
                        f"The study {study.study_name!r} is of another search space: {name} was "
                        f"{before or 'not there'} in trial {trial.number} and is "
                        f"{now.get(name, 'not there')}. Pass another name as study=, another "
                        f"storage, or the space of before."
                    )


def _agree(before: BaseDistribution | None, now: BaseDistribution | None) -> bool:
    if before is None or now is None:
        return False
    try:
        check_distribution_compatibility(before, now)
    except ValueError:
        return False
    return True


def _check(given: Any) -> None:
    if not isinstance(given, Mapping):
        raise TypeError(
            f"param_distributions={given!r}; expected a dict from parameter names to distributions "
            f"of Optuna or lists, or a function suggest(trial) that returns a dict of parameters."
        )
    if not given:
        raise ValueError(
            "param_distributions is empty; expected one parameter or more, such as those of "
            "sklearn_mlic.tuning.search_space(estimator)."
        )
    kinds = (FloatDistribution, IntDistribution, CategoricalDistribution)
    for name, source in given.items():
        is_list = isinstance(source, (list, tuple)) and len(source)
        # Two numbers in a tuple are a range to some and two choices to others.
        is_range = isinstance(source, tuple) and list(map(type, source)) in _TWO_NUMBERS
        if is_range or not (is_list or isinstance(source, kinds)):
            raise TypeError(
                f"param_distributions[{name!r}]={source!r}; expected a distribution of Optuna, "
                f"such as optuna.distributions.FloatDistribution(1e-3, 1, log=True), or a list "
                f"of choices."
            )


def _draw(trial: BaseTrial, name: str, source: BaseDistribution | Sequence) -> Any:
    if isinstance(source, FloatDistribution):
        return trial.suggest_float(name, source.low, source.high, step=source.step, log=source.log)
    if isinstance(source, IntDistribution):
        return trial.suggest_int(name, source.low, source.high, step=source.step, log=source.log)
    choices = _choices(source)
    names = _distribution(source).choices
    drawn = trial.suggest_categorical(name, names)
    return drawn if _are_plain(choices) else choices[names.index(drawn)]


def _choices(source: CategoricalDistribution | Sequence) -> tuple:
    return source.choices if isinstance(source, CategoricalDistribution) else tuple(source)


def _distribution(source: BaseDistribution | Sequence) -> BaseDistribution:
    """What a study knows of a source."""
    if isinstance(source, (FloatDistribution, IntDistribution)):
        return source
    choices = _choices(source)
    if _are_plain(choices):
        return CategoricalDistribution(choices)
    # A storage holds no estimator and no list: the study knows such choices by these names.
    return CategoricalDistribution([_label(i, choice) for i, choice in enumerate(choices)])


def _label(position: int, choice: Any) -> str:
    """A name that is the same in every process and tells a choice from others of its type."""
    try:
        words = describe(choice, FREE)
    except Exception:  # a lambda, say, has no name elsewhere
        return f"{position}: {type(choice).__name__}"
    if isinstance(choice, (*_PLAIN, np.generic, list, tuple, dict)) and len(words) <= 60:
        return f"{position}: {words}"
    return (
        f"{position}: {type(choice).__name__} {blake2b(words.encode(), digest_size=4).hexdigest()}"
    )


def _are_plain(choices: tuple) -> bool:
    return all(isinstance(choice, _PLAIN) for choice in choices)
