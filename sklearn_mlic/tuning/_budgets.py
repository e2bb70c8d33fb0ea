"""Spaces to search, made from an estimator and all that it holds."""

from typing import Any

from sklearn_mlic.tuning._ranges import FULL, SMALL
from sklearn_mlic.utils._choices import check_choice


def search_space(estimator: Any, budget: str = "small") -> dict[str, Any]:
    """Return what is worth tuning in an estimator, for `OptunaSearchCV`.

    Choose it to begin with; the dict can be changed, and parameters added or deleted. It knows
    the estimators and recipes of this package and the usual classifiers of scikit-learn inside
    them. Ranges lie around the values that are set, so that these are among the choices. Epochs
    are no part of it: a pruner saves those that lead nowhere.

    Parameters
    ----------
    estimator : estimator
        A pipeline, a recipe, a classifier around others.
    budget : {"small", "full"}, default="small"
        ``"small"`` has what matters most, for 10 to 30 trials: strengths and learning rates.
        ``"full"`` adds heads, losses, threshold rules, orders of chains, modalities: for 100 trials
        or more.

    Returns
    -------
    dict of str to distribution or list
        By the prefixed names of the parameters.

    Raises
    ------
    ValueError
        If the budget is unknown, or nothing in the estimator is known to be worth tuning.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mlic import BinaryRelevance, ThresholdCalibrator
    >>> from sklearn_mlic.tuning import search_space
    >>> model = ThresholdCalibrator(BinaryRelevance(LogisticRegression()))
    >>> list(search_space(model))
    ['estimator__estimator__C']
    >>> sorted(search_space(model, budget="full"))
    ['estimator__estimator__C', 'estimator__estimator__class_weight', 'method']
    """
    check_choice("budget", budget, ["small", "full"])
    tables = [SMALL] if budget == "small" else [SMALL, FULL]
    nested = estimator.get_params(deep=True)
    parts = {"": estimator, **{f"{name}__": value for name, value in nested.items()}}
    space: dict[str, Any] = {}
    for prefix, found in parts.items():
        if isinstance(found, type) or not hasattr(found, "get_params"):
            continue
        params = found.get_params(deep=False)
        for table in tables:
            for name, rule in table.get(type(found).__name__, {}).items():
                choices = rule(params[name], params)
                if choices is not None:
                    space[prefix + name] = choices
    if not space:
        raise ValueError(
            f"No parameter of {type(estimator).__name__} or of what it holds is known to be worth "
            f"tuning with budget={budget!r}. Pass param_distributions of your own."
        )
    return space
