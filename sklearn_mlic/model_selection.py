"""Splitters that give every part its share of every label."""

from collections.abc import Iterable, Iterator
from numbers import Integral, Real
from typing import Any

import numpy as np
from iterstrat.ml_stratifiers import IterativeStratification
from numpy.typing import ArrayLike
from sklearn.model_selection import BaseCrossValidator, check_cv
from sklearn.model_selection._split import _validate_shuffle_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _num_samples

from sklearn_mlic.utils._labels import as_label_matrix


class _MultilabelSplitter(BaseCrossValidator):
    """Check the input; a subclass draws the splits from the labels."""

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of splits.

        Parameters
        ----------
        X, y, groups : object
            Ignored, for compatibility with scikit-learn.

        Returns
        -------
        int
            The number of (train, test) pairs that `split` yields.
        """
        return self.n_splits

    def split(
        self, X: Any, y: ArrayLike, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Draw the splits.

        Parameters
        ----------
        X : sequence, array or DataFrame of n_samples rows
            Only its length is used: paths, images and tables will do.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicators of the labels.
        groups : object
            Ignored, for compatibility with scikit-learn.

        Returns
        -------
        iterator of (train, test)
            Sorted row numbers, two ndarrays of int a split.

        Raises
        ------
        ValueError
            If `y` is not a 0/1 matrix with a row for each row of `X`, or has too few rows.
        """
        labels, _ = as_label_matrix(y, n_samples=_num_samples(X))
        return self._draw(labels.astype(bool))


class MultilabelStratifiedKFold(_MultilabelSplitter):
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
        _check_n_splits(n_splits, least=2)
        self.n_splits = n_splits
        self.shuffle = shuffle
        self.random_state = random_state

    def _draw(self, labels: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        _check_enough_rows(self.n_splits, len(labels))
        # Even in the given order the method breaks ties at random: fix them.
        seed = 0 if self.random_state is None and not self.shuffle else self.random_state
        rng = _generator(seed)
        shares = np.full(self.n_splits, 1 / self.n_splits)
        fold = _stratify(labels, shares, rng, self.shuffle)
        return (
            (np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(self.n_splits)
        )


class MultilabelStratifiedShuffleSplit(_MultilabelSplitter):
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
        _check_n_splits(n_splits, least=1)
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
        rng = _generator(self.random_state)

        def draw():
            for _ in range(self.n_splits):
                part = _stratify(labels, shares, rng, shuffle=True)
                yield np.flatnonzero(part == 0), np.flatnonzero(part == 1)

        return draw()


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
        0/1 indicators of the labels.
    random_state : int, RandomState instance or None, default=None
        Passed on to the splitter that is made here.

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
        splitter = MultilabelStratifiedKFold(cv, random_state=random_state)
        _check_enough_rows(splitter.n_splits, _num_samples(y))
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


def _check_n_splits(n_splits: Any, least: int) -> None:
    if isinstance(n_splits, bool) or not isinstance(n_splits, Integral) or n_splits < least:
        raise ValueError(f"n_splits={n_splits!r} given; expected an int of at least {least}.")


def _check_enough_rows(n_splits: int, n_rows: int) -> None:
    if n_splits > n_rows:
        raise ValueError(
            f"n_splits={n_splits} is more than n_samples={n_rows}, the rows of y. "
            f"Ask for fewer folds."
        )


def _generator(random_state: Any) -> np.random.RandomState:
    """Return a generator of our own where scikit-learn would take numpy's global one."""
    return np.random.RandomState() if random_state is None else check_random_state(random_state)


def _stratify(
    labels: np.ndarray, shares: np.ndarray, rng: np.random.RandomState, shuffle: bool
) -> np.ndarray:
    """Assign each row to one of ``len(shares)`` parts and leave no part empty."""
    without = ~labels.any(axis=1, keepdims=True)
    if without.any():
        # The method places rows without a label last, to even out the sizes of the parts: all
        # of them may end in one part. As a label of their own they are spread like the others.
        labels = np.hstack([labels, without])
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
