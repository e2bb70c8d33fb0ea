"""One way to turn a name, a class or an instance into the object it stands for."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any


def check_choice(kind: str, name: Any, choices: Iterable[str]) -> None:
    """Raise a ValueError that shows the nearest match when `name` is not one of `choices`.

    Parameters
    ----------
    kind : str
        What is being chosen, for the message: ``"head"``, ``"scorer"``.
    name : object
        The choice that was given.
    choices : iterable of str
        The names there are.

    Examples
    --------
    >>> check_choice("head", "linaer", ["linear", "two_stage"])
    Traceback (most recent call last):
        ...
    ValueError: Unknown head 'linaer'. Did you mean 'linear'? Choose one of: 'linear', 'two_stage'.
    """
    choices = list(choices)
    if isinstance(name, str) and name in choices:
        return
    close = get_close_matches(str(name), choices, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    listing = ", ".join(map(repr, choices))
    raise ValueError(f"Unknown {kind} {name!r}.{hint} Choose one of: {listing}.")


def make_choice(
    kind: str, choice: Any, table: Mapping[str, Any], params: Mapping | None = None, **fixed: Any
) -> Any:
    """Build what `choice` stands for: a name in `table`, a class, or a ready instance.

    Parameters
    ----------
    kind : str
        What is being chosen, for the messages.
    choice : str, type or object
        A key of `table`, a class, or an instance,
        which is returned as it is.
    table : mapping of str to callable
        The named choices.
    params : mapping, optional
        The user's settings for the choice. An instance takes none.
    **fixed
        Arguments that our code supplies (sizes that follow from the data). They go to
        named choices and classes, before `params`.

    Returns
    -------
    object
        The built object.
    """
    params = dict(params or {})
    if isinstance(choice, str):
        check_choice(kind, choice, table)
        choice = table[choice]
    elif not isinstance(choice, type):
        if params:
            raise ValueError(
                f"{kind}_params was given beside a ready {kind} instance "
                f"({type(choice).__name__}). Set its parameters when you create it, "
                f"or pass the class instead of the instance."
            )
        return choice
    try:
        return choice(**fixed, **params)
    except TypeError as error:
        raise TypeError(
            f"Could not build the {kind} {choice.__name__} from {kind}_params={params!r}: {error}"
        ) from error
