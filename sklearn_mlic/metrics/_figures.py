"""All figures of one set of predictions, counted and sorted once, for any weights of its rows."""

import numpy as np

from sklearn_mlic.metrics._checks import Pair
from sklearn_mlic.metrics._counts import Counts, count_entries, divide, mean_of
from sklearn_mlic.metrics._macro import LABEL_MEANS, label_f1
from sklearn_mlic.metrics._micro import ENTRY_MEANS
from sklearn_mlic.metrics._ranking import RANKED_ROWS
from sklearn_mlic.metrics._rows import COUNTED_ROWS
from sklearn_mlic.metrics._sorting import (
    area_under_roc,
    average_precision,
    operating_points,
    rank_entries,
    rank_labels,
    rank_rows,
)


class Figures:
    """What a report tells, and what a bootstrap computes again and again.

    A resample of the rows is a weight for each: how often it was drawn. No sort is repeated.
    """

    def __init__(self, pair: Pair, y_pred: np.ndarray):
        entries = count_entries(pair._replace(other=y_pred))
        ranks = rank_rows(pair)
        self._rows = {name: values(ranks) for name, values in RANKED_ROWS.items()}
        self._rows |= {name: values(entries.sum(axis=1)) for name, values in COUNTED_ROWS.items()}
        # Floats, for the fast matrix product; counts stay exact in them.
        self._entries = Counts(*(n.astype(np.float64) for n in entries))
        self._labels = rank_labels(pair)
        self._overall = rank_entries(pair)

    def counts(self, weights: np.ndarray) -> Counts:
        """Count by label, (..., n_labels), for weights of shape (..., n_samples)."""
        return Counts(*(weights @ n for n in self._entries))

    def per_label(self, weights: np.ndarray, undefined: float = 0.0) -> dict[str, np.ndarray]:
        """Return AP, AUC and F1 of each label; `undefined` is an F1 of 0/0."""
        points = [operating_points(ranking, weights) for ranking in self._labels]
        return {
            "AP": np.stack([average_precision(*p) for p in points], axis=-1),
            "AUC": np.stack([area_under_roc(*p) for p in points], axis=-1),
            "F1": label_f1(self.counts(weights), undefined),
        }

    def summary(
        self, weights: np.ndarray, per_label: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Return the figures of the whole, given those of the labels at the same weights."""
        means = {
            name: mean_of(values, ~np.isnan(values))
            for name, values in (("mAP", per_label["AP"]), ("macro_AUC", per_label["AUC"]))
        }
        means["micro_AUC"] = area_under_roc(*operating_points(self._overall, weights))
        counts = self.counts(weights)
        means |= {name: mean(counts) for name, mean in (LABEL_MEANS | ENTRY_MEANS).items()}
        for name, values in self._rows.items():
            is_defined = ~np.isnan(values)
            total = weights @ np.where(is_defined, values, 0)
            means[name] = divide(total, weights @ is_defined, undefined=np.nan)
        return means
