"""Percentile intervals of the figures, from rows drawn with replacement."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sklearn_mlic.metrics._figures import Figures
from sklearn_mlic.utils._numbers import check_count
from sklearn_mlic.utils._random import draw_seed

# Entries that a batch of resamples may hold: a few such arrays of floats are alive at a time.
_BATCH_ENTRIES = 2**22


def check_bootstrap(n_bootstrap: int, confidence: float) -> None:
    """Raise where there is no such number of resamples or no such interval."""
    check_count("n_bootstrap", n_bootstrap, low=0)
    if not 0 < confidence < 1:
        raise ValueError(
            f"confidence={confidence!r} given; expected a number between 0 and 1, such as 0.95."
        )


def bootstrap_intervals(
    figures: Figures,
    shape: tuple[int, int],
    n_bootstrap: int,
    confidence: float,
    random_state: Any,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return low and high ends, by label (2, n_labels) and for the summary (2,).

    A resample in which a figure is undefined is left out for that figure.
    """
    per_label, summary = [], []
    for weights in _draw(shape, n_bootstrap, random_state):
        per_label.append(figures.per_label(weights, undefined=np.nan))
        summary.append(figures.summary(weights, per_label[-1]))
    return _ends(per_label, confidence), _ends(summary, confidence)


def _draw(shape: tuple[int, int], n_bootstrap: int, random_state: Any) -> Iterator[np.ndarray]:
    """Yield how often each row is drawn, (n_resamples, n_samples), in batches."""
    n_samples, n_labels = shape
    rng = np.random.default_rng(draw_seed(random_state))
    batch = max(1, _BATCH_ENTRIES // (n_samples * n_labels))
    for start in range(0, n_bootstrap, batch):
        draws = rng.integers(n_samples, size=(min(batch, n_bootstrap - start), n_samples))
        yield np.stack([np.bincount(rows, minlength=n_samples) for rows in draws]).astype(float)


def _ends(batches: list[dict[str, np.ndarray]], confidence: float) -> dict[str, np.ndarray]:
    """Cut off the same part of the resamples on either side."""
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    ends = {}
    for name in batches[0]:
        values = np.concatenate([batch[name] for batch in batches])
        columns = values.reshape(len(values), -1).T
        cuts = [_quantiles(column[~np.isnan(column)], tails) for column in columns]
        ends[name] = np.array(cuts).T.reshape(2, *values.shape[1:])
    return ends


def _quantiles(values: np.ndarray, tails: list[float]) -> np.ndarray:
    return np.quantile(values, tails) if values.size else np.full(2, np.nan)
