"""Multi-label metrics, their scorers, and one report table.

Every metric is a plain function of 0/1 labels and of probabilities (`y_prob`) or 0/1
predictions (`y_pred`), all of shape (n_samples, n_labels): arrays, DataFrames or scipy sparse.
NaN in `y_true` is an unknown label: metrics use the known entries only, those of labels the
known rows of each label, those of rows the known labels of each row. Labels and rows in which a
metric is undefined are left out of its mean; `count_undefined` tells how many those are.
Score predictions of a whole set: the mean of batch scores is another number.
"""

from sklearn_mlic.metrics._auc import auc_per_label, macro_auc, micro_auc, sample_auc
from sklearn_mlic.metrics._average_precision import (
    average_precision_per_label,
    mean_average_precision,
)
from sklearn_mlic.metrics._counts import count_undefined
from sklearn_mlic.metrics._macro import cf1_score, cp_score, cr_score, f1_per_label, macro_f1_score
from sklearn_mlic.metrics._micro import hamming_loss, of1_score, op_score, or_score
from sklearn_mlic.metrics._ranking import (
    coverage_error,
    coverage_minus_one,
    label_ranking_average_precision,
    one_error,
    ranking_loss,
)
from sklearn_mlic.metrics._report import multilabel_report
from sklearn_mlic.metrics._rows import sample_f1_score, subset_accuracy
from sklearn_mlic.metrics._scorers import SCORERS, get_scorers
from sklearn_mlic.metrics._top_k import top_k_labels

__all__ = [
    "SCORERS",
    "auc_per_label",
    "average_precision_per_label",
    "cf1_score",
    "count_undefined",
    "coverage_error",
    "coverage_minus_one",
    "cp_score",
    "cr_score",
    "f1_per_label",
    "get_scorers",
    "hamming_loss",
    "label_ranking_average_precision",
    "macro_auc",
    "macro_f1_score",
    "mean_average_precision",
    "micro_auc",
    "multilabel_report",
    "of1_score",
    "one_error",
    "op_score",
    "or_score",
    "ranking_loss",
    "sample_auc",
    "sample_f1_score",
    "subset_accuracy",
    "top_k_labels",
]
