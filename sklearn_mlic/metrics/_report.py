"""One table of what a model does on each label and on the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.metrics._bootstrap import bootstrap_intervals, check_bootstrap
from sklearn_mlic.metrics._checks import as_thresholds, check_pair, check_range
from sklearn_mlic.metrics._counts import count_undefined, divide
from sklearn_mlic.metrics._figures import Figures
from sklearn_mlic.utils._labels import find_names

if TYPE_CHECKING:
    import pandas as pd

# Which figure of the summary stands in which cell below the labels.
_AVERAGES = {
    "macro": {"AP": "mAP", "AUC": "macro_AUC", "precision": "CP", "recall": "CR", "F1": "macro_F1"},
    "micro": {"AUC": "micro_AUC", "precision": "OP", "recall": "OR", "F1": "OF1"},
    "samples": {"AUC": "sample_AUC", "F1": "sample_F1"},
}


def multilabel_report(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    thresholds: float | ArrayLike = 0.5,
    label_names: Sequence[str] | None = None,
    *,
    n_bootstrap: int = 0,
    confidence: float = 0.95,
    random_state: Any = None,
) -> pd.DataFrame:
    """Tabulate what a model does on each label and on the whole.

    Print it for the table; ``attrs`` holds the figures of the field, losses as they are and not
    negated.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels, NaN where unknown.
    y_prob : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        Predicted probabilities, 0 to 1.
    thresholds : float or array-like of shape (n_labels,), default=0.5
        A label is predicted where ``y_prob >= threshold``.
    label_names : sequence of str of length n_labels, optional
        Names of the rows; by default the columns of `y_true` if it is a DataFrame, else
        ``label_0``, ``label_1`` and so on.
    n_bootstrap : int, default=0
        Number of resamples of the rows for percentile intervals, 1000 for a publication; 0
        gives no intervals. They tell how far the figures depend on which rows were at hand to
        test on, and not how they vary with training.
    confidence : float, default=0.95
        Part of the resamples inside each interval, 0 to 1.
    random_state : int, RandomState or None, default=None
        Draws the resamples.

    Returns
    -------
    pandas.DataFrame
        A row a label with the columns support (number of known positives), AP (step-wise) and
        AUC (NaN where undefined), threshold, precision, recall and F1 (0 where undefined), then
        three averages. "macro" holds mAP, macro AUC, CP, CR, and the mean of the F1s, which is
        not CF1, each over the labels where it is defined; "micro" the micro AUC, OP, OR and
        OF1; "samples" the sample AUC and the sample F1. With `n_bootstrap` also AP low, AP
        high, F1 low and F1 high, the ends of the intervals; a resample in which a figure is
        undefined is left out. ``print(report.round(3).to_string())`` shows all the columns.

        ``attrs`` holds numbers by name: mAP, macro_AUC, micro_AUC, sample_AUC, CP, CR, CF1,
        macro_F1, OP, OR, OF1, sample_F1, subset_accuracy, hamming_loss, ranking_loss,
        coverage_error, coverage_minus_one, one_error and LRAP; what `count_undefined` counts;
        and with `n_bootstrap` the ends "mAP low", "mAP high" and so on for each figure.

    Raises
    ------
    ValueError
        If the inputs do not fit together or `y_prob` is not between 0 and 1.

    References
    ----------
    Efron, B. and Tibshirani, R. J. (1993). An Introduction to the Bootstrap. Chapman & Hall.

    Examples
    --------
    >>> report = multilabel_report([[1, 0], [0, 1]], [[0.9, 0.6], [0.6, 0.7]],
    ...                            label_names=["cat", "dog"])
    >>> print(report.loc[["cat", "dog"], ["support", "AP", "precision"]])
         support   AP  precision
    cat        1  1.0        0.5
    dog        1  1.0        0.5
    >>> round(report.attrs["CF1"], 3)
    0.667
    """
    import pandas as pd  # the rest of this module does without

    check_bootstrap(n_bootstrap, confidence)
    pair = check_pair(y_true, y_prob, "y_prob")
    check_range(pair.other)
    label_names = find_names(label_names, pair.known.shape[1], y_true)
    thresholds = as_thresholds(thresholds, len(label_names))

    figures = Figures(pair, pair.other >= thresholds)
    counts, per_label = figures.counts(pair.once), figures.per_label(pair.once)
    summary = {name: float(value) for name, value in figures.summary(pair.once, per_label).items()}
    columns = {
        "support": counts.true.astype(int),
        "AP": per_label["AP"],
        "AUC": per_label["AUC"],
        "threshold": thresholds,
        "precision": divide(counts.hits, counts.predicted),
        "recall": divide(counts.hits, counts.true),
        "F1": per_label["F1"],
    }
    if n_bootstrap:
        shape = pair.known.shape
        by_label, whole = bootstrap_intervals(figures, shape, n_bootstrap, confidence, random_state)
        columns |= _name_ends({name: by_label[name] for name in ("AP", "F1")})
        summary |= {name: float(value) for name, value in _name_ends(whole).items()}
    table = pd.DataFrame(columns, index=label_names)
    averages = {row: _pick(summary, table.columns, names) for row, names in _AVERAGES.items()}
    averages = pd.DataFrame.from_dict(averages, orient="index").assign(support=counts.true.sum())
    report = pd.concat([table, averages]).astype({"support": int})
    report.attrs = {**summary, **count_undefined(y_true)}
    return report


def _name_ends(intervals: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Give each end of each interval a name of its own."""
    return {
        f"{name} {end}": value
        for name, ends in intervals.items()
        for end, value in zip(("low", "high"), ends, strict=True)
    }


def _pick(
    summary: dict[str, float], columns: Sequence[str], names: dict[str, str]
) -> dict[str, float]:
    """Pick the figures of a row of averages, by column; "AP low" goes with "mAP low"."""
    parts = {column: column.partition(" ") for column in columns}
    return {
        column: summary[names[name] + space + end]
        for column, (name, space, end) in parts.items()
        if name in names
    }
