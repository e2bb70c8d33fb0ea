"""One stratified hold-out of everything that belongs to the same rows."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.model_selection import train_test_split

from helpers import imbalanced_labels
from sklearn_mlic.model_selection import (
    MultilabelStratifiedShuffleSplit,
    train_test_split_multilabel,
)


def test_rows_are_those_of_the_splitter_and_keep_their_order():
    y = imbalanced_labels()
    X_train, X_test, y_train, y_test = train_test_split_multilabel(
        np.arange(300), y, test_size=0.2, random_state=0
    )
    splitter = MultilabelStratifiedShuffleSplit(1, test_size=0.2, random_state=0)
    train, test = next(splitter.split(y, y))
    np.testing.assert_array_equal(X_train, train)
    np.testing.assert_array_equal(X_test, test)
    np.testing.assert_array_equal(y_train, y[train])
    np.testing.assert_array_equal(y_test, y[test])


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_nearer_than_with_a_random_split(seed):
    y = imbalanced_labels(seed=seed)
    ours = train_test_split_multilabel(y, y, random_state=seed)[3].sum(axis=0)
    plain = train_test_split(y, random_state=seed)[1].sum(axis=0)
    wanted = y.sum(axis=0) / 4
    assert abs(ours - wanted).sum() < abs(plain - wanted).sum()


@pytest.mark.parametrize(
    ("sizes", "n_train", "n_test"),
    [
        ({}, 225, 75),
        ({"test_size": 0.1}, 270, 30),
        ({"test_size": 60}, 240, 60),
        ({"train_size": 0.5}, 150, 150),
        ({"train_size": 0.5, "test_size": 0.2}, 150, 60),
    ],
)
def test_sizes(sizes, n_train, n_test):
    y = imbalanced_labels()
    X_train, X_test, *_ = train_test_split_multilabel(np.arange(300), y, **sizes, random_state=0)
    assert (len(X_train), len(X_test)) == (
        pytest.approx(n_train, abs=4),
        pytest.approx(n_test, abs=4),
    )
    assert len(np.intersect1d(X_train, X_test)) == 0


@pytest.mark.parametrize(
    "as_kind",
    [
        lambda a: [f"{i}.jpg" for i in a[:, 0]],
        lambda a: a.tolist(),
        lambda a: a.reshape(-1, 1, 1, 6).astype(np.uint8),
        lambda a: pd.DataFrame(a, index=[f"row {i}" for i in range(len(a))]),
        lambda a: pd.Series(a[:, 0]),
        sparse.csr_array,
        sparse.csc_array,
        sparse.coo_array,
    ],
    ids=["paths", "lists", "4-D", "DataFrame", "Series", "csr", "csc", "coo"],
)
def test_containers_keep_their_kind(as_kind):
    y = imbalanced_labels()
    given = as_kind(y)
    rows, _, _, _, *parts = train_test_split_multilabel(np.arange(300), y, given, random_state=0)
    assert [type(part) for part in parts] == [type(given)] * 2
    if sparse.issparse(given):
        given, parts = given.toarray(), [part.toarray() for part in parts]
    if hasattr(given, "iloc"):
        assert list(parts[0].index) == list(given.index[rows])
        given, parts = given.to_numpy(), [part.to_numpy() for part in parts]
    assert np.array_equal(parts[0], [given[i] for i in rows])


@pytest.mark.parametrize("as_kind", [np.ndarray.tolist, pd.DataFrame, sparse.csc_array])
def test_y_keeps_its_form_and_may_hold_unknown_entries(as_kind):
    y = imbalanced_labels()
    y_train, y_test = train_test_split_multilabel(y, as_kind(y), random_state=0)[2:]
    assert isinstance(y_train, type(as_kind(y)))
    unknown = np.where(y == 0, np.nan, y)
    other = train_test_split_multilabel(y, unknown, random_state=0)[3]
    wanted = y_test.toarray() if sparse.issparse(y_test) else np.asarray(y_test)
    np.testing.assert_array_equal(np.nan_to_num(other), wanted)


def test_bad_input():
    y = imbalanced_labels()
    with pytest.raises(ValueError, match="X has 300 rows and the array 2 after y has 299"):
        train_test_split_multilabel(y, y, y, y[1:])
    with pytest.raises(ValueError, match="X has 299 rows and y has 300"):
        train_test_split_multilabel(y[1:], y)
    with pytest.raises(ValueError, match="test_size=1.5 should be"):
        train_test_split_multilabel(y, y, test_size=1.5)
