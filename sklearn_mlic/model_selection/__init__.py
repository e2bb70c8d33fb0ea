"""Splitters that give every part its share of every label."""

from sklearn_mlic.model_selection._check_cv import check_multilabel_cv
from sklearn_mlic.model_selection._grouped import MultilabelStratifiedGroupKFold
from sklearn_mlic.model_selection._hold_out import train_test_split_multilabel
from sklearn_mlic.model_selection._stratified import (
    MultilabelStratifiedKFold,
    MultilabelStratifiedShuffleSplit,
)

__all__ = [
    "MultilabelStratifiedGroupKFold",
    "MultilabelStratifiedKFold",
    "MultilabelStratifiedShuffleSplit",
    "check_multilabel_cv",
    "train_test_split_multilabel",
]
