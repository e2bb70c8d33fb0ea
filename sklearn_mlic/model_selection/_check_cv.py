"""What a `cv` parameter may hold."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.model_selection import BaseCrossValidator, check_cv
from sklearn.utils.validation import _num_samples

from sklearn_mlic.model_selection._base import check_enough_rows
from sklearn_mlic.model_selection._stratified import (
    MultilabelStratifiedKFold,
    MultilabelStratifiedShuffleSplit,
)


def check_multilabel_cv(
    cv: float | Iterable | BaseCrossValidator | None,
    y: ArrayLike,
    random_state: int | np.random.RandomState | None = None,
) -> Any:
    """Turn what a `cv` parameter may hold into a splitter.

    The multi-label counterpart of `sklearn.model_selection.check_cv`.

    Parameters
    ----------
    cv : int, float, splitter, iterable or None
        An int is a number of stratified folds and None means 5. A float between 0 and 1 is the
        test size of one stratified hold-out. A splitter is returned as it is, and an iterable
        of (train, test) index arrays is wrapped into one, as scikit-learn does.
    y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators of the labels. Only its number of rows is used here.
    random_state : int, RandomState instance or None, default=None
        Shuffles the folds, or draws the hold-out. None makes the same folds at every call, and
        another hold-out.

    Returns
    -------
    splitter
        An object with ``split(X, y)`` and ``get_n_splits()``.

    Raises
    ------
    ValueError
        If `cv` is none of these, or asks for more folds than `y` has rows.

    Examples
    --------
    >>> y = [[1, 0], [0, 1], [1, 1], [0, 0]]
    >>> check_multilabel_cv(2, y, random_state=0)
    MultilabelStratifiedKFold(n_splits=2, random_state=0, shuffle=True)
    >>> check_multilabel_cv(0.25, y).get_n_splits()
    1
    """
    cv = 5 if cv is None else cv
    if isinstance(cv, Integral):
        # As scikit-learn's own int cv: the same folds at every call, unless shuffled by a seed.
        is_shuffled = random_state is not None
        splitter = MultilabelStratifiedKFold(cv, shuffle=is_shuffled, random_state=random_state)
        check_enough_rows(splitter.n_splits, _num_samples(y))
        return splitter
    if isinstance(cv, Real):
        if not 0 < cv < 1:
            raise ValueError(
                f"cv={cv!r} given; a float is the part to hold out, between 0 and 1. Pass an int "
                f"for a number of folds."
            )
        return MultilabelStratifiedShuffleSplit(
            n_splits=1, test_size=float(cv), random_state=random_state
        )
    return check_cv(cv)
