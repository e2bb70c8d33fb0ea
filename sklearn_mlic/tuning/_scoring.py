"""Names of our metrics beside scikit-learn's."""

from typing import Any

from sklearn.metrics import get_scorer_names

from sklearn_mlic.metrics import SCORERS
from sklearn_mlic.utils._choices import check_choice


def find_scoring(scoring: Any) -> Any:
    """Put our scorers in place of their names.

    Parameters
    ----------
    scoring : str, callable, list, tuple, dict or None
        The parameter of a search.

    Returns
    -------
    str, callable, dict, list, tuple or None
        As scikit-learn takes it. A list with a name of ours becomes a dict.

    Raises
    ------
    ValueError
        If a name is neither ours nor scikit-learn's.

    Examples
    --------
    >>> find_scoring("accuracy"), sorted(find_scoring(["mAP", "accuracy"]))
    ('accuracy', ['accuracy', 'mAP'])
    """
    for name in _given(scoring):
        if isinstance(name, str):
            check_choice("scoring", name, [*SCORERS, *get_scorer_names()])
    if isinstance(scoring, str):
        return SCORERS.get(scoring, scoring)
    if isinstance(scoring, (list, tuple)) and any(_is_ours(name) for name in scoring):
        return {name: SCORERS.get(name, name) for name in scoring}
    if isinstance(scoring, dict):
        return {
            name: SCORERS[given] if _is_ours(given) else given for name, given in scoring.items()
        }
    return scoring


def _given(scoring: Any) -> list:
    """The names and functions in it."""
    if isinstance(scoring, dict):
        return list(scoring.values())
    return list(scoring) if isinstance(scoring, (list, tuple)) else [scoring]


def _is_ours(given: Any) -> bool:
    return isinstance(given, str) and given in SCORERS
