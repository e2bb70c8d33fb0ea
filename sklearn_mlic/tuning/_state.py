"""A study and a space as plain values: what a pickled search, or a model file, holds of them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import optuna
from optuna import Study, pruners
from optuna.distributions import BaseDistribution, distribution_to_json, json_to_distribution
from optuna.trial import FrozenTrial, TrialState

from sklearn_mlic.tuning._progress import quiet
from sklearn_mlic.utils._state import plain_paths

_PLAIN = (bool, int, float, str, type(None))
# In place of a given study that is the one with the trials.
_THE_SAME = {"study": "study_"}
# Of a trial, what is plain as it is.
_COPIED = ("params", "user_attrs", "system_attrs", "intermediate_values")


class StateMixin:
    """A search that is pickled with its study and its distributions as plain values.

    The study comes back in memory, without its sampler and pruner, and so does a given one that
    was in memory. Pruners with plain settings are written out; samplers stay as they are, which
    a pickle can hold and a model file cannot.
    """

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())  # not the dict of the search itself
        state["param_distributions"] = _map_values(state["param_distributions"], _to_plain)
        state["pruner"] = _pruner_to_plain(state["pruner"])
        if "study_" in state:
            if state["study"] is state["study_"]:
                state["study"] = _THE_SAME
            state["study_"] = _study_to_plain(state["study_"])
        return plain_paths(state)

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        state["param_distributions"] = _map_values(state["param_distributions"], _from_plain)
        state["pruner"] = _pruner_from_plain(state["pruner"])
        if "study_" in state:
            state["study_"] = _study_from_plain(state["study_"])
            if state["study"] == _THE_SAME:
                state["study"] = state["study_"]
        super().__setstate__(state)


def _pruner_to_plain(pruner: Any) -> Any:
    """A pruner of Optuna as its name and settings; one with others inside stays as it is."""
    name = type(pruner).__name__
    is_known = getattr(pruners, name, None) is type(pruner)
    if is_known and all(isinstance(value, _PLAIN) for value in vars(pruner).values()):
        return {"pruner": name, "settings": dict(vars(pruner))}
    return pruner


def _pruner_from_plain(state: Any) -> Any:
    if not isinstance(state, dict):
        return state
    kind = getattr(pruners, state["pruner"])
    if not issubclass(kind, pruners.BasePruner):
        raise TypeError(f"{state['pruner']!r} is no pruner of Optuna.")
    pruner = object.__new__(kind)
    vars(pruner).update(state["settings"])
    return pruner


def _study_to_plain(study: Study) -> dict[str, Any]:
    return {
        "name": study.study_name,
        "directions": [direction.name.lower() for direction in study.directions],
        "user_attrs": study.user_attrs,
        "trials": [_trial_to_plain(trial) for trial in study.get_trials(deepcopy=False)],
    }


def _study_from_plain(state: dict[str, Any]) -> Study:
    with quiet(verbose=0):  # nobody has asked for a new study
        study = optuna.create_study(study_name=state["name"], directions=state["directions"])
    for name, value in state["user_attrs"].items():
        study.set_user_attr(name, value)
    study.add_trials([_trial_from_plain(trial) for trial in state["trials"]])
    return study


def _trial_to_plain(trial: FrozenTrial) -> dict[str, Any]:
    times = (trial.datetime_start, trial.datetime_complete)
    return {
        "number": trial.number,
        "state": trial.state.name,
        "values": trial.values,
        "times": [None if time is None else time.isoformat() for time in times],
        "distributions": {n: _to_plain(d) for n, d in trial.distributions.items()},
        **{name: dict(getattr(trial, name)) for name in _COPIED},
    }


def _trial_from_plain(state: dict[str, Any]) -> FrozenTrial:
    start, complete = (
        None if time is None else datetime.fromisoformat(time) for time in state["times"]
    )
    return FrozenTrial(
        number=state["number"],
        trial_id=state["number"],
        state=TrialState[state["state"]],
        value=None,
        values=state["values"],
        datetime_start=start,
        datetime_complete=complete,
        distributions={n: _from_plain(d) for n, d in state["distributions"].items()},
        **{name: dict(state[name]) for name in _COPIED},
    )


def _map_values(given: Any, change: Callable[[Any], Any]) -> Any:
    if not isinstance(given, dict):
        return given
    return {name: change(value) for name, value in given.items()}


def _to_plain(value: Any) -> Any:
    """A distribution as ``{"distribution": JSON}``; one over objects stays as it is."""
    is_plain = all(isinstance(choice, _PLAIN) for choice in getattr(value, "choices", ()))
    if isinstance(value, BaseDistribution) and is_plain:
        return {"distribution": distribution_to_json(value)}
    return value


def _from_plain(value: Any) -> Any:
    return json_to_distribution(value["distribution"]) if isinstance(value, dict) else value
