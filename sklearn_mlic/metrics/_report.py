"""One table of what a model does on each label and on the whole."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.metrics._checks import as_thresholds, check_pair
from sklearn_mlic.metrics._ranking import average_precision_per_label, mean_average_precision
from sklearn_mlic.metrics._scorers import PREDICTION_METRICS
from sklearn_mlic.metrics._thresholded import count, divide, f1_per_label

if TYPE_CHECKING:
    import pandas as pd


def multilabel_report(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    thresholds: float | ArrayLike = 0.5,
    label_names: Sequence[str] | None = None,
) -> "pd.DataFrame":
    """Tabulate what a model does on each label and on the whole.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the true labels.
    y_prob : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        Predicted probabilities, 0 to 1.
    thresholds : float or array-like of shape (n_labels,), default=0.5
        A label is predicted where ``y_prob >= threshold``.
    label_names : sequence of str of length n_labels, optional
        Names of the rows; by default the columns of `y_true` if it is a DataFrame, else
        ``label_0``, ``label_1`` and so on.

    Returns
    -------
    pandas.DataFrame
        A row a label with the columns support (number of positives), AP (step-wise, NaN where
        there is no positive), threshold, precision, recall and F1 (0 where undefined), then
        three averages. "macro" holds the column means over the labels with a positive: mAP, CP,
        CR, and the mean of the F1s, which is not CF1. "micro" holds OP, OR and OF1, and
        "samples" the sample F1. ``attrs`` holds mAP, CP, CR, CF1, OP, OR, OF1, sample_F1 and
        n_labels_without_positives.

    Raises
    ------
    ValueError
        If the inputs do not fit together or `y_prob` is not between 0 and 1.

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

    label_names = label_names if label_names is not None else getattr(y_true, "columns", None)
    y_true, y_prob = check_pair(y_true, y_prob, "y_prob")
    n_labels = y_true.shape[1]
    if y_prob.min() < 0 or y_prob.max() > 1:
        raise ValueError(
            f"y_prob ranges from {y_prob.min():g} to {y_prob.max():g}; expected probabilities "
            f"from 0 to 1. Pass the output of predict_proba, not of decision_function."
        )
    if label_names is None:
        label_names = [f"label_{j}" for j in range(n_labels)]
    if len(label_names) != n_labels:
        raise ValueError(f"{len(label_names)} label_names given for {n_labels} labels.")
    thresholds = as_thresholds(thresholds, n_labels)
    y_pred = (y_prob >= thresholds).astype(int)

    n_true_positive, n_predicted, n_true = count(y_true, y_pred)
    table = pd.DataFrame(
        {
            "support": n_true,
            "AP": average_precision_per_label(y_true, y_prob),
            "threshold": thresholds,
            "precision": divide(n_true_positive, n_predicted),
            "recall": divide(n_true_positive, n_true),
            "F1": f1_per_label(y_true, y_pred),
        },
        index=[str(name) for name in label_names],
    )
    summary = {"mAP": mean_average_precision(y_true, y_prob)}
    summary |= {name: metric(y_true, y_pred) for name, metric in PREDICTION_METRICS.items()}
    macro_f1 = float(table["F1"][n_true > 0].mean()) if n_true.any() else 0.0
    total, nan = n_true.sum(), np.nan
    averages = pd.DataFrame(
        [
            [total, summary["mAP"], nan, summary["CP"], summary["CR"], macro_f1],
            [total, nan, nan, summary["OP"], summary["OR"], summary["OF1"]],
            [total, nan, nan, nan, nan, summary["sample_F1"]],
        ],
        columns=table.columns,
        index=["macro", "micro", "samples"],
    ).astype({"support": int})
    report = pd.concat([table, averages])
    report.attrs = {**summary, "n_labels_without_positives": int((n_true == 0).sum())}
    return report
