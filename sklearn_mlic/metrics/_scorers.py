"""The metrics as scorers, by the names that the literature gives them."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
from sklearn.metrics import make_scorer

from sklearn_mlic.metrics._ranking import mean_average_precision, top_k_labels
from sklearn_mlic.metrics._thresholded import (
    cf1_score,
    cp_score,
    cr_score,
    of1_score,
    op_score,
    or_score,
    sample_f1_score,
)
from sklearn_mlic.utils._choices import check_choice


def get_scorers(names: str | Iterable[str]) -> dict[str, Callable]:
    """Look up scorers by name, in the form that ``cross_validate(scoring=...)`` takes.

    Parameters
    ----------
    names : str or iterable of str
        Keys of `SCORERS`: ``"mAP"``, ``"mAP_envelope"``, ``"CP"``, ``"CR"``, ``"CF1"``,
        ``"OP"``, ``"OR"``, ``"OF1"``, ``"sample_F1"``, and ``"CP_top3"`` to ``"OF1_top3"``,
        which score the three most probable labels of each row.

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
    return metric(y_true, y_response if k is None else top_k_labels(y_response, k))


_TOP_K_METRICS = {
    "CP": cp_score,
    "CR": cr_score,
    "CF1": cf1_score,
    "OP": op_score,
    "OR": or_score,
    "OF1": of1_score,
}


PREDICTION_METRICS = {**_TOP_K_METRICS, "sample_F1": sample_f1_score}


#: Scorers by name, usable as ``scoring=SCORERS["mAP"]``; see `get_scorers`.
SCORERS: dict[str, Callable] = {
    "mAP": make_scorer(_score, response_method="predict_proba", metric=mean_average_precision),
    "mAP_envelope": make_scorer(
        _score,
        response_method="predict_proba",
        metric=partial(mean_average_precision, interpolation="envelope"),
    ),
    **{
        name: make_scorer(_score, response_method="predict", metric=metric)
        for name, metric in PREDICTION_METRICS.items()
    },
    **{
        f"{name}_top3": make_scorer(_score, response_method="predict_proba", metric=metric, k=3)
        for name, metric in _TOP_K_METRICS.items()
    },
}
