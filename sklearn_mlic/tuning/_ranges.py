"""What is worth tuning, by the class of an estimator, and within which bounds.

A rule looks at the value that a parameter has and at the other parameters, and returns what to
draw from, or None where that value rules tuning out. Ranges lie around the value, so that a
recipe's own setting is always among the choices.
"""

from collections.abc import Callable, Mapping
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

Rule = Callable[[Any, Mapping[str, Any]], BaseDistribution | list | None]


def around(factor: float, default: float, high: float | None = None) -> Rule:
    """A range on a log scale from a factor below the value to a factor above.

    Parameters
    ----------
    factor : float
        Above 1.
    default : float
        Stands in for a value that is no positive number.
    high : float, optional
        The upper bound at most.

    Returns
    -------
    callable
        A rule.
    """

    def rule(value: Any, params: Mapping[str, Any]) -> BaseDistribution:
        is_number = isinstance(value, (int, float)) and value > 0
        middle = float(value) if is_number else default
        top = middle * factor if high is None else max(middle, min(middle * factor, high))
        return FloatDistribution(middle / factor, top, log=True)

    return rule


def part(low: float, high: float) -> Rule:
    """A number between two bounds, which give way to the value.

    Parameters
    ----------
    low, high : float
        The bounds.

    Returns
    -------
    callable
        A rule.
    """

    def rule(value: Any, params: Mapping[str, Any]) -> BaseDistribution:
        own = [float(value)] if isinstance(value, (int, float)) else []
        return FloatDistribution(min([low, *own]), max([high, *own]))

    return rule


def count(low: int, high: int, log: bool = False) -> Rule:
    """A whole number between two bounds, which give way to the value.

    Parameters
    ----------
    low, high : int
        The bounds.
    log : bool, default=False
        Whether the scale is.

    Returns
    -------
    callable
        A rule.
    """

    def rule(value: Any, params: Mapping[str, Any]) -> BaseDistribution:
        own = [value] if isinstance(value, int) else []
        return IntDistribution(min([low, *own]), max([high, *own]), log=log)

    return rule


def one_of(*choices: Any, unless: str = "") -> Rule:
    """Some choices and the value, if it is a plain one.

    Parameters
    ----------
    *choices : str, number, bool, None or tuple
        What to choose from.
    unless : str, default=""
        A parameter that, where it is set, fits the present choice only.

    Returns
    -------
    callable
        A rule.
    """

    def rule(value: Any, params: Mapping[str, Any]) -> BaseDistribution | list | None:
        is_plain = isinstance(value, (str, float, int, tuple, type(None)))
        if not is_plain or params.get(unless):
            return None
        found = choices if value in choices else (value, *choices)
        if any(isinstance(choice, tuple) for choice in found):
            return list(found)
        return CategoricalDistribution(found)

    return rule


def _scale_of_backbone(value: Any, params: Mapping[str, Any]) -> BaseDistribution | None:
    """Only where there is a pretrained backbone that learns."""
    freeze = params.get("freeze")
    is_frozen = "backbone" in (freeze if isinstance(freeze, tuple) else (freeze,))
    if is_frozen or params["pretrained"] is False or params["image"] is None:
        return None
    return FloatDistribution(min(0.03, value), max(1.0, value), log=True)


def _augmentation(value: Any, params: Mapping[str, Any]) -> BaseDistribution | None:
    """Not where there is no image, or where unchanged ones let tokens be computed once."""
    if params["image"] is None or (value == "none" and params["freeze"] is not None):
        return None
    return one_of("none", "flip", "light", "strong")(value, params)


def _head(value: Any, params: Mapping[str, Any]) -> BaseDistribution | list | None:
    """Not where it has to take label vectors, which most do not."""
    if params["label_encoder"] is not None:
        return None
    return one_of("linear", "mlp", "csra", "ml_decoder", unless="head_params")(value, params)


def _word_ngrams(value: Any, params: Mapping[str, Any]) -> BaseDistribution | list | None:
    """Only of words: letters have other lengths."""
    return one_of((1, 1), (1, 2))(value, params) if params["analyzer"] == "word" else None


_NETWORK = {"lr": around(10, 1e-3), "weight_decay": around(30, 1e-3, high=0.5)}
_FULL_NETWORK: dict[str, Rule] = {
    "loss": one_of(
        "bce", "focal", "asymmetric", "asymmetric_polynomial", "hill", unless="loss_params"
    ),
    "augmentation": _augmentation,
    "backbone_lr_scale": _scale_of_backbone,
    "schedule": one_of("none", "one_cycle", "cosine", unless="schedule_params"),
    "sampling": one_of("uniform", "balanced"),
}
_CHAIN = {
    "order": one_of(None, "frequency"),
    "chain_method": one_of("predict", "predict_proba"),
}
_TREES = {"min_samples_leaf": count(1, 20, log=True), "max_features": part(0.05, 1.0)}
_STRENGTH = {"C": around(100, 1.0)}

#: By class: what matters most, one to three parameters each.
SMALL: dict[str, dict[str, Rule]] = {
    "CharNgramCounter": {"n": count(1, 3)},
    "ExtraTreesClassifier": _TREES,
    "HistGradientBoostingClassifier": {
        "learning_rate": around(10, 0.1),
        "max_leaf_nodes": count(7, 63, log=True),
    },
    "ImageClassifier": _NETWORK,
    "ImageTextClassifier": _NETWORK,
    "LabelPowerset": {"min_count": count(1, 10)},
    "LabelPrior": {"strategy": one_of("prior", "most_frequent_set")},
    "LinearSVC": _STRENGTH,
    "LogisticRegression": _STRENGTH,
    "M3LAClassifier": {**_NETWORK, "dropout": part(0.0, 0.7)},
    "MLkNN": {"n_neighbors": count(3, 40, log=True)},
    "RAkEL": {"labelset_size": count(2, 5)},
    "RandomForestClassifier": _TREES,
    "SVC": _STRENGTH,
}
#: By class: what is worth a longer search beside that.
FULL: dict[str, dict[str, Rule]] = {
    "CharNgramCounter": {"norm": one_of(None, "l2", "log1p")},
    "ClassifierChain": _CHAIN,
    "ClassifierChainEnsemble": {"max_samples": part(0.4, 1.0), "n_estimators": count(5, 30)},
    "ImageClassifier": {
        **_FULL_NETWORK,
        "head": _head,
    },
    "ImageDescriptors": {"n_words": count(100, 1000, log=True)},
    "ImageEmbedder": {"pool": one_of("avg", "max")},
    "ImageTextClassifier": {
        **_FULL_NETWORK,
        "fusion": one_of("concat", "gated", "late", unless="fusion_params"),
        "modality_dropout": part(0.0, 0.5),
    },
    "LogisticRegression": {"class_weight": one_of(None, "balanced")},
    "M3LAClassifier": {
        "hidden_size": count(32, 256, log=True),
        "modality_dropout": part(0.0, 0.5),
        "selector": one_of("straight_through", "gumbel", "soft", "fixed"),
        "summary": one_of("last", "mean"),
    },
    "MLkNN": {"s": around(10, 1.0)},
    "ModalityChain": {**_CHAIN, "stop_confidence": one_of(None, 0.8, 0.9, 0.95, 0.99)},
    "ProbabilityCalibrator": {"method": one_of("sigmoid", "isotonic", "temperature")},
    "SVC": {"gamma": one_of("scale", "auto")},
    "TfidfVectorizer": {
        "ngram_range": _word_ngrams,
        "min_df": count(1, 5),
        "sublinear_tf": one_of(False, True),
    },
    "ThresholdCalibrator": {
        "method": one_of("f1", "micro_f1", "cardinality", unless="method_params")
    },
}
