"""What a study is about, in words that another process can compare with its own."""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from optuna import Study
from optuna.trial import TrialState

from sklearn_mlic.utils._description import WHERE, describe, qualified_name

_DATA, _SETTINGS = "data", "settings"
# Parameters that say where, how loudly and how fast an estimator runs, not what it is.
FREE = WHERE | {"memory", "callbacks"}


@dataclass(frozen=True)
class Identity:
    """What a study is about.

    Parameters
    ----------
    data : str
        Hash of the data and the folds.
    settings : dict of str to str
        What else decides the scores, in words.
    """

    data: str
    settings: dict[str, str]


def describe_settings(
    estimator: Any, scoring: Any, objectives: Collection[str], tuned: Collection[str]
) -> dict[str, str]:
    """Put the settings of a search in words, to compare in another process.

    Parameters
    ----------
    estimator : estimator
        The one searched over.
    scoring : object
        The parameter.
    objectives : collection of str
        The scores that are maximised.
    tuned : collection of str
        Parameters whose value does not matter, nor what is in it.

    Returns
    -------
    dict of str to str
        By parameter; what is none has a blank in its name.

    Raises
    ------
    ValueError
        If a setting has no name in another process, as a lambda.
    """
    params = estimator.get_params(deep=True)
    # Of those listed by names of their own the type is enough, here and in the steps of a pipeline,
    # say; the tuned ones stand for nothing.
    listed = {
        id(value): None if name in tuned else qualified_name(type(value))
        for name, value in params.items()
        if _is_estimator(value)
    }
    kept = {
        name: value
        for name, value in params.items()
        if name.split("__")[-1] not in FREE and not _is_inside(name, tuned)
    }
    settings = {name: _words(name, _outline(value, listed)) for name, value in kept.items()}
    return {
        **settings,
        **dict.fromkeys(tuned, "tuned"),
        "the estimator itself": qualified_name(type(estimator)),
        "the search's scoring": _words("scoring", scoring),
        "the maximised score": ", ".join(objectives),
    }


def _is_estimator(value: Any) -> bool:
    return hasattr(value, "get_params") and not isinstance(value, type)


def _is_inside(name: str, tuned: Collection[str]) -> bool:
    """Whether a parameter is tuned, or one of an estimator that is."""
    parts = name.split("__")
    return any("__".join(parts[:depth]) in tuned for depth in range(1, len(parts) + 1))


def _outline(value: Any, listed: dict[int, str | None]) -> Any:
    """A value with estimators that are listed elsewhere replaced by what stands for them."""
    if _is_estimator(value):
        return listed.get(id(value), value)
    if isinstance(value, (list, tuple)):
        return [_outline(item, listed) for item in value]
    if isinstance(value, dict):
        return {key: _outline(item, listed) for key, item in value.items()}
    return value


def _words(name: str, value: Any) -> str:
    try:
        text = describe(value, FREE)
    except Exception as error:
        raise ValueError(
            f"A study in a storage needs settings that can be told apart in another process, and "
            f"{name}={value!r} cannot: {error}. Pass a function or a class of a module in place of "
            f"a lambda or a local one, or search without storage= and study=."
        ) from error
    if len(text) <= 200:
        return text
    return f"{text[:150]}… ({blake2b(text.encode(), digest_size=6).hexdigest()})"


def check_identity(study: Study, identity: Identity) -> None:
    """Mark a new study with what it is about; refuse one that is about something else.

    Parameters
    ----------
    study : optuna.Study
        Of a storage, or given.
    identity : Identity
        What it must be about.

    Raises
    ------
    ValueError
        If the data, the folds or a setting are others.
    """
    known = study.user_attrs
    is_begun = any(t.state != TrialState.WAITING for t in study.get_trials(deepcopy=False))
    if known.get(_DATA, None if is_begun else identity.data) != identity.data:
        raise ValueError(
            f"The study {study.study_name!r} is of other data or other folds than these "
            f"({known.get(_DATA, 'unknown')}, not {identity.data}): its scores cannot be compared. "
            f"Pass another name, such as study='search-{{data}}', which gives each data set its "
            f"own; another storage; or the same rows and a cv that does not change."
        )
    settings = known.get(_SETTINGS, identity.settings)
    names = sorted(settings.keys() | identity.settings.keys())
    changed = [name for name in names if settings.get(name) != identity.settings.get(name)]
    if changed:
        raise ValueError(
            f"The study {study.study_name!r} is of an estimator with other settings: "
            + "; ".join(
                f"{name} was {settings.get(name, 'not there')} and is "
                f"{identity.settings.get(name, 'not there')}"
                for name in changed[:3]
            )
            + ". Pass another name as study=, another storage, or the settings of before."
        )
    if _DATA not in known:
        study.set_user_attr(_DATA, identity.data)
        study.set_user_attr(_SETTINGS, identity.settings)
