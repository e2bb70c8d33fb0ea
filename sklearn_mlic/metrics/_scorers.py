"""The metrics as scorers, by the names that the literature gives them."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
from sklearn.metrics import make_scorer

from sklearn_mlic.metrics._auc import macro_auc, micro_auc, sample_auc
from sklearn_mlic.metrics._average_precision import mean_average_precision
from sklearn_mlic.metrics._checks import check_pair
from sklearn_mlic.metrics._macro import cf1_score, cp_score, cr_score, macro_f1_score
from sklearn_mlic.metrics._micro import hamming_loss, of1_score, op_score, or_score
from sklearn_mlic.metrics._ranking import (
    coverage_error,
    coverage_minus_one,
    label_ranking_average_precision,
    one_error,
    ranking_loss,
)
from sklearn_mlic.metrics._rows import sample_f1_score, subset_accuracy
from sklearn_mlic.metrics._top_k import top_k_labels
from sklearn_mlic.utils._choices import check_choice


def get_scorers(names: str | Iterable[str]) -> dict[str, Callable]:
    """Look up scorers by name, in the form that ``cross_validate(scoring=...)`` takes.

    Parameters
    ----------
    names : str or iterable of str
        Keys of `SCORERS`. Of probabilities: ``"mAP"``, ``"mAP_envelope"``, ``"macro_AUC"``,
        ``"micro_AUC"``, ``"sample_AUC"``, ``"LRAP"``, ``"neg_ranking_loss"``,
        ``"neg_coverage_error"``, ``"neg_coverage_minus_one"`` and ``"neg_one_error"``. Of
        predictions: ``"CP"``, ``"CR"``, ``"CF1"``, ``"macro_F1"``, ``"OP"``, ``"OR"``,
        ``"OF1"`` and its other name ``"micro_F1"``, ``"sample_F1"``, ``"subset_accuracy"``
        and ``"neg_hamming_loss"``. Of the three most probable known labels of each
        row: ``"CP_top3"`` to ``"OF1_top3"``. Losses are negated: greater is better.

    Returns
    -------
    dict of str to scorer
        The scorers in the order asked for.

    Raises
    ------
    ValueError
        If a name is unknown; the message shows the nearest one.

    Examples
    --------
    >>> list(get_scorers(["mAP", "CF1_top3"]))
    ['mAP', 'CF1_top3']
    """
    names = [names] if isinstance(names, str) else list(names)
    for name in names:
        check_choice("scorer", name, SCORERS)
    return {name: SCORERS[name] for name in names}


def _score(y_true: Any, y_response: Any, *, metric: Callable, k: int | None = None) -> float:
    """Score what scikit-learn's scorer machinery makes of an estimator's output."""
    response_shape, shape = np.shape(y_response), np.shape(y_true)
    if len(response_shape) == 1 and len(shape) == 2:
        if shape[1] > 1:
            raise ValueError(
                f"scikit-learn gave the scorer predictions of shape {response_shape} for y_true "
                f"of shape {shape}: it reads an estimator with classes_ [0, 1] as binary and "
                f"keeps one column. Set classes_ to [[0, 1]] * n_labels, as BinaryRelevance does."
            )
        # A plain binary classifier that was fitted on a single label column.
        y_response = np.reshape(y_response, (-1, 1))
    if k is not None:
        # The best of the known labels: what is said of an unknown one has no say in a score.
        pair = check_pair(y_true, y_response, "y_prob")
        y_response = top_k_labels(np.where(pair.known, pair.other, -np.inf), k)
    return metric(y_true, y_response)


_TOP_K_METRICS = {
    "CP": cp_score,
    "CR": cr_score,
    "CF1": cf1_score,
    "OP": op_score,
    "OR": or_score,
    "OF1": of1_score,
}


_PREDICTION_METRICS = {
    **_TOP_K_METRICS,
    "macro_F1": macro_f1_score,
    "micro_F1": of1_score,
    "sample_F1": sample_f1_score,
    "subset_accuracy": subset_accuracy,
}

_RANKING_METRICS = {
    "mAP": mean_average_precision,
    "mAP_envelope": partial(mean_average_precision, interpolation="envelope"),
    "macro_AUC": macro_auc,
    "micro_AUC": micro_auc,
    "sample_AUC": sample_auc,
    "LRAP": label_ranking_average_precision,
}

_RANKING_LOSSES = {
    "ranking_loss": ranking_loss,
    "coverage_error": coverage_error,
    "coverage_minus_one": coverage_minus_one,
    "one_error": one_error,
}


_score_prob = partial(make_scorer, _score, response_method="predict_proba")
_score_pred = partial(make_scorer, _score, response_method="predict")

#: Scorers by name, usable as ``scoring=SCORERS["mAP"]``; see `get_scorers`.
SCORERS: dict[str, Callable] = {
    **{name: _score_prob(metric=metric) for name, metric in _RANKING_METRICS.items()},
    **{
        f"neg_{name}": _score_prob(greater_is_better=False, metric=metric)
        for name, metric in _RANKING_LOSSES.items()
    },
    **{name: _score_pred(metric=metric) for name, metric in _PREDICTION_METRICS.items()},
    "neg_hamming_loss": _score_pred(greater_is_better=False, metric=hamming_loss),
    **{f"{name}_top3": _score_prob(metric=metric, k=3) for name, metric in _TOP_K_METRICS.items()},
}
