"""Scores of each label at many thresholds, fold by fold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.metrics._counts import divide
from sklearn_mlic.plots._inputs import Predictions
from sklearn_mlic.thresholds._cuts import Counts, count_reaching
from sklearn_mlic.thresholds._scores import SCORES

CUTS = np.linspace(0, 1, 201)


def _precision(counts: Counts) -> np.ndarray:
    """NaN where nothing is predicted: the curve ends there."""
    return divide(counts.n_hits, counts.n_predicted, undefined=np.nan)


METRICS: dict[str, Callable[[Counts], np.ndarray]] = {**SCORES, "precision": _precision}


def divide_by_fold(predictions: Predictions, folds: ArrayLike | None) -> list[Predictions]:
    """Divide the rows by fold."""
    if folds is None:
        return [predictions]
    folds = np.asarray(folds)
    if folds.shape != (len(predictions.y_prob),):
        raise ValueError(
            f"folds has shape {folds.shape}; expected one fold a row, "
            f"shape ({len(predictions.y_prob)},)."
        )
    return [predictions.rows(folds == fold) for fold in np.unique(folds)]


def mean_curves(
    parts: list[Predictions], cuts: np.ndarray, metric: str
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation over the parts where they are defined, else NaN.

    `cuts` holds the thresholds of each label, shape (n_labels, n_cuts), as do both results.
    """
    curves = [
        [_curve(y, p, at, METRICS[metric]) for (y, p), at in zip(part.labels(), cuts, strict=True)]
        for part in parts
    ]
    defined = np.ma.masked_invalid(curves)
    return defined.mean(axis=0).filled(np.nan), defined.std(axis=0).filled(np.nan)


def _curve(y: np.ndarray, p: np.ndarray, cuts: np.ndarray, score: Callable) -> np.ndarray:
    """One label's score at each threshold; NaN without a positive."""
    if not y.any():
        return np.full(len(cuts), np.nan)
    return score(
        Counts(count_reaching(p[y], cuts), count_reaching(p, cuts), np.count_nonzero(y), len(y))
    )
