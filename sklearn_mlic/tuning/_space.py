"""From a trial to the parameters of an estimator."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from optuna import TrialPruned
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import BaseTrial, FrozenTrial

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
        """
        try:
            return self.suggest(trial)
        except TrialPruned:
            return dict(trial.params)


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
        if not (is_list or isinstance(source, kinds)):
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
    choices = source.choices if isinstance(source, CategoricalDistribution) else tuple(source)
    if all(isinstance(choice, _PLAIN) for choice in choices):
        return trial.suggest_categorical(name, choices)
    # A storage holds no estimator and no list: the study knows such choices by these names.
    labels = [_label(i, choice) for i, choice in enumerate(choices)]
    return choices[labels.index(trial.suggest_categorical(name, labels))]


def _label(position: int, choice: Any) -> str:
    """A name that is the same in every process: a repr may hold an address."""
    is_readable = isinstance(choice, (*_PLAIN, list, tuple, dict))
    return f"{position}: {repr(choice)[:60] if is_readable else type(choice).__name__}"
