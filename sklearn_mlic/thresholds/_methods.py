"""The table of threshold rules, and how a name and its settings become one."""

from collections.abc import Callable
from functools import partial
from inspect import Parameter, signature
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer_names

from sklearn_mlic.thresholds import _joint, _rules
from sklearn_mlic.thresholds._scores import (
    SCORES,
    metric_of_scorer,
    scores_of_counts,
    scores_of_metric,
)
from sklearn_mlic.utils._choices import check_choice

Rule = Callable[[np.ndarray, np.ndarray], np.ndarray]

METHODS: dict[str, Callable[..., np.ndarray]] = {
    "fixed": _rules.fixed,
    "grid": _rules.grid,
    **{name: partial(_rules.best_cut, score) for name, score in SCORES.items()},
    "at_least_one": partial(_rules.best_cut, SCORES["f1"]),
    "cardinality": _joint.cardinality,
    "label_cardinality": _joint.label_cardinality,
    "micro_f1": _joint.micro_f1,
    "sample_f1": _joint.sample_f1,
    "top_k": _joint.top_k,
}
# The rules that match rows without labels to known frequencies.
UNLABELLED: dict[str, Callable[..., np.ndarray]] = {
    "cardinality": _joint.match_cardinality,
    "label_cardinality": _joint.match_frequencies,
    "top_k": _joint.match_k,
}


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_number(value: Any, least: float = 0.0, most: float = np.inf) -> bool:
    return isinstance(value, Real) and not _is_flag(value) and least <= value <= most


def _is_int(value: Any, least: int) -> bool:
    return isinstance(value, Integral) and not _is_flag(value) and value >= least


def _are_shares(value: Any) -> bool:
    try:
        values = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return False
    return values.size > 0 and values.ndim <= 1 and bool(np.all((values >= 0) & (values <= 1)))


# What each setting may be. A name means the same in every rule that takes it.
_SETTINGS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "threshold": (_are_shares, "a number in 0..1, or one a label"),
    "grid": (_are_shares, "thresholds in 0..1"),
    "midpoint": (_is_flag, "True or False"),
    "normalize": (_is_flag, "True or False"),
    "lambda1": (_is_number, "a number of at least 0"),
    "lambda2": (_is_number, "a number of at least 0"),
    "step": (partial(_is_number, least=1e-6, most=1), "a number in 1e-6..1"),
    "k": (lambda value: value is None or _is_int(value, 1), "an int of at least 1, or None"),
    "n_cuts": (partial(_is_int, least=2), "an int of at least 2"),
}


def make_rule(method: Any, method_params: dict | None, table: dict = METHODS) -> Rule:
    """Return the rule of this name with its settings, as a function of (labels, scores)."""
    if isinstance(method, str) and method in table:
        rule = table[method]
    else:
        rule = partial(_rules.best_metric, _find_metric(method))
    params = dict(method_params or {})
    _check_settings(method, rule, params)
    return partial(rule, **params)


def check_unlabelled(method: Any) -> None:
    """Raise where a rule cannot do without labels."""
    if not isinstance(method, str) or method not in UNLABELLED:
        raise ValueError(
            f"The threshold method {method!r} needs labels, and calibrate has none. Use "
            f"tune_thresholds on labelled rows, or one of the methods "
            f"{', '.join(map(repr, UNLABELLED))}."
        )


def score_labels(
    method: Any, labels: np.ndarray, scores: np.ndarray, thresholds: np.ndarray
) -> np.ndarray:
    """Return the value of each label that `method` maximises, F1 for one that has none."""
    if isinstance(method, str) and method in SCORES:
        return scores_of_counts(SCORES[method], labels, scores, thresholds)
    if isinstance(method, str) and method in METHODS:
        return scores_of_counts(SCORES["f1"], labels, scores, thresholds)
    return scores_of_metric(_find_metric(method), labels, scores, thresholds)


def _find_metric(method: Any) -> Callable[[np.ndarray, np.ndarray], float]:
    if callable(method):
        return method
    if method not in get_scorer_names():
        # Of scikit-learn's names many do not score 0/1 predictions: only ours are listed.
        check_choice("threshold method", method, METHODS)
    return metric_of_scorer(method)


def _check_settings(method: Any, rule: Callable, params: dict) -> None:
    accepted = [
        name for name, p in signature(rule).parameters.items() if p.kind is Parameter.KEYWORD_ONLY
    ]
    for name, value in params.items():
        if name not in accepted:
            takes = ", ".join(map(repr, accepted)) or "none"
            raise ValueError(
                f"method_params has {name!r}, which the threshold method {method!r} does not "
                f"take. Its parameters: {takes}."
            )
        is_right, expected = _SETTINGS[name]
        if not is_right(value):
            raise ValueError(f"method_params has {name}={value!r}; expected {expected}.")
