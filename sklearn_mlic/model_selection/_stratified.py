"""Stratified folds and hold-outs of rows."""

from collections.abc import Iterator

import numpy as np
from iterstrat.ml_stratifiers import IterativeStratification
from sklearn.model_selection._split import _validate_shuffle_split

from sklearn_mlic.model_selection._base import (
    MultilabelSplitter,
    check_enough_rows,
    pairs_of_folds,
    with_empty_rows,
)
from sklearn_mlic.utils._numbers import check_count
from sklearn_mlic.utils._random import as_generator


class MultilabelStratifiedKFold(MultilabelSplitter):
    """K folds, each with about the same share of every label.

    Choose it for the cross-validation of anything multi-label: with plain `KFold` a rare label
    may be missing from a fold, and scikit-learn's `StratifiedKFold` takes one label only. Rows
    without any label are spread evenly as well. Each row is in one test fold; as the labels
    come first, fold sizes may differ by a few rows.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    shuffle : bool, default=True
        Whether to visit the rows in random order. Without it the folds are the same at every
        call, even with ``random_state=None``.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same folds at every call. None draws new folds each time and leaves
        numpy's global generator as it is.

    References
    ----------
    Sechidis, K., Tsoumakas, G. and Vlahavas, I. (2011). On the Stratification of Multi-label
    Data. ECML PKDD 2011, LNCS 6913, 145-158.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([[1, 0]] * 4 + [[0, 1]] * 4 + [[0, 0]] * 4)
    >>> paths = [f"{i}.jpg" for i in range(12)]
    >>> folds = MultilabelStratifiedKFold(n_splits=4, random_state=0)
    >>> [y[test].sum(axis=0).tolist() for _, test in folds.split(paths, y)]
    [[1, 1], [1, 1], [1, 1], [1, 1]]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
    ):
        check_count("n_splits", n_splits, 2)
        self.n_splits = n_splits
        self.shuffle = shuffle
        self.random_state = random_state

    def _draw(self, labels: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        check_enough_rows(self.n_splits, len(labels))
        # Even in the given order the method breaks ties at random: fix them.
        seed = 0 if self.random_state is None and not self.shuffle else self.random_state
        rng = as_generator(seed)
        shares = np.full(self.n_splits, 1 / self.n_splits)
        fold = _stratify(labels, shares, rng, self.shuffle)
        return pairs_of_folds(fold, self.n_splits)


class MultilabelStratifiedShuffleSplit(MultilabelSplitter):
    """Random train and test parts, each with about the same share of every label.

    Choose it for a hold-out, or for repeated ones on data too large for K folds. As the labels
    come first, the parts may differ from the sizes asked for by a few rows.

    Parameters
    ----------
    n_splits : int, default=10
        Number of independent splits, at least 1.
    test_size : float or int, default=None
        Part (0 to 1) or number of rows to test on. None takes what `train_size` leaves, or 0.1
        where that is None too, as scikit-learn's `ShuffleSplit` does.
    train_size : float or int, default=None
        Part or number of rows to train on. None takes all that `test_size` leaves.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same splits at every call. None draws new splits each time and
        leaves numpy's global generator as it is.

    References
    ----------
    Sechidis, K., Tsoumakas, G. and Vlahavas, I. (2011). On the Stratification of Multi-label
    Data. ECML PKDD 2011, LNCS 6913, 145-158.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([[1, 0]] * 8 + [[0, 1]] * 4)
    >>> splits = MultilabelStratifiedShuffleSplit(n_splits=1, test_size=0.25, random_state=0)
    >>> train, test = next(splits.split(np.zeros(12), y))
    >>> y[train].sum(axis=0).tolist(), y[test].sum(axis=0).tolist()
    ([6, 3], [2, 1])
    """

    def __init__(
        self,
        n_splits: int = 10,
        *,
        test_size: float | None = None,
        train_size: float | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        check_count("n_splits", n_splits, 1)
        self.n_splits = n_splits
        self.test_size = test_size
        self.train_size = train_size
        self.random_state = random_state

    def _draw(self, labels: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        n_rows = len(labels)
        n_train, n_test = _validate_shuffle_split(
            n_rows, self.test_size, self.train_size, default_test_size=0.1
        )
        sizes = [n_train, n_test, n_rows - n_train - n_test]
        shares = np.array([size for size in sizes if size]) / n_rows
        rng = as_generator(self.random_state)

        def draw():
            for _ in range(self.n_splits):
                part = _stratify(labels, shares, rng, shuffle=True)
                yield np.flatnonzero(part == 0), np.flatnonzero(part == 1)

        return draw()


def _stratify(
    labels: np.ndarray, shares: np.ndarray, rng: np.random.RandomState, shuffle: bool
) -> np.ndarray:
    """Assign each row to one of ``len(shares)`` parts and leave no part empty."""
    # The method places rows without a label last, to even out the sizes of the parts: all of
    # them may end in one part. As a label of their own they are spread like the others.
    labels = with_empty_rows(labels)
    order = rng.permutation(len(labels)) if shuffle else np.arange(len(labels))
    part = np.empty(len(labels), dtype=int)
    part[order] = IterativeStratification(labels[order], shares, rng)
    sizes = np.bincount(part, minlength=len(shares))
    for empty in np.flatnonzero(sizes == 0):
        # A small hold-out from few rows may come out empty, and nothing can be scored on that.
        row = rng.choice(np.flatnonzero(part == sizes.argmax()))
        sizes[[part[row], empty]] += [-1, 1]
        part[row] = empty
    return part
