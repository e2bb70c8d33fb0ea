"""What a cv parameter may hold."""

import numpy as np
import pytest
from sklearn.model_selection import KFold

from helpers import imbalanced_labels
from sklearn_mlic.model_selection import (
    MultilabelStratifiedKFold,
    MultilabelStratifiedShuffleSplit,
    check_multilabel_cv,
)


def test_check_multilabel_cv():
    y = imbalanced_labels()
    default = check_multilabel_cv(None, y, random_state=3)
    assert isinstance(default, MultilabelStratifiedKFold)
    assert (default.n_splits, default.random_state) == (5, 3)
    assert check_multilabel_cv(np.int64(3), y).n_splits == 3
    hold_out = check_multilabel_cv(0.2, y, random_state=3)
    assert isinstance(hold_out, MultilabelStratifiedShuffleSplit)
    assert (hold_out.n_splits, hold_out.test_size, hold_out.random_state) == (1, 0.2, 3)
    splitter = KFold(4)
    assert check_multilabel_cv(splitter, y) is splitter
    splits = [(np.arange(100), np.arange(100, 300))]
    wrapped = check_multilabel_cv(iter(splits), y)
    assert wrapped.get_n_splits() == 1
    np.testing.assert_array_equal(next(wrapped.split(y, y))[1], splits[0][1])


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        (5, "n_splits=5 is more than n_samples=3"),
        (1, "n_splits=1; expected a whole number of 2"),
        (True, "n_splits=True; expected a whole number of 2"),
        (1.0, "cv=1.0 given; a float is the part to hold out"),
        ("five", "Expected `cv` as an integer"),
    ],
)
def test_check_multilabel_cv_refuses(cv, message):
    with pytest.raises(ValueError, match=message):
        check_multilabel_cv(cv, [[1], [0], [1]])
