"""Multi-label metrics that scikit-learn lacks, their scorers, and one report table.

Every metric is a plain function of 0/1 labels and of probabilities (`y_prob`) or 0/1
predictions (`y_pred`), all of shape (n_samples, n_labels): arrays, DataFrames or scipy sparse.
Score predictions of a whole set: the mean of batch scores is another number.
"""

from sklearn_mlic.metrics._ranking import (
    average_precision_per_label,
    mean_average_precision,
    top_k_labels,
)
from sklearn_mlic.metrics._report import multilabel_report
from sklearn_mlic.metrics._scorers import SCORERS, get_scorers
from sklearn_mlic.metrics._thresholded import (
    cf1_score,
    cp_score,
    cr_score,
    f1_per_label,
    of1_score,
    op_score,
    or_score,
    sample_f1_score,
)

__all__ = [
    "SCORERS",
    "average_precision_per_label",
    "cf1_score",
    "cp_score",
    "cr_score",
    "f1_per_label",
    "get_scorers",
    "mean_average_precision",
    "multilabel_report",
    "of1_score",
    "op_score",
    "or_score",
    "sample_f1_score",
    "top_k_labels",
]
