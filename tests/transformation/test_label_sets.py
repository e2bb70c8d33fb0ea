"""Finding label sets and stand-ins for rare ones, against loops."""

from collections import Counter

import numpy as np
import pytest
from scipy import sparse

from sklearn_mlic.transformation._label_sets import find_label_sets, find_stand_ins


def random_labels(seed, n_samples=80, n_labels=11):
    rng = np.random.default_rng(seed)
    return (rng.random((n_samples, n_labels)) < np.geomspace(0.5, 0.03, n_labels)).astype(int)


@pytest.mark.parametrize("n_labels", [1, 3, 8, 11])
@pytest.mark.parametrize("form", [np.asarray, sparse.csc_array])
def test_sets_are_the_distinct_rows_most_frequent_first(form, n_labels):
    y = random_labels(n_labels, n_labels=n_labels)
    sets, row_set = find_label_sets(form(y))
    sets = sets.toarray() if sparse.issparse(sets) else sets
    np.testing.assert_array_equal(sets[row_set], y)
    # Counter lists ties in the order of appearance, as we do.
    expected = Counter(map(tuple, y)).most_common()
    assert list(map(tuple, sets)) == [labels for labels, _ in expected]
    assert np.bincount(row_set).tolist() == [count for _, count in expected]


def test_columns_may_be_permuted():
    y = random_labels(0)
    order = np.random.default_rng(0).permutation(y.shape[1])
    sets, row_set = find_label_sets(y)
    permuted, permuted_row_set = find_label_sets(y[:, order])
    np.testing.assert_array_equal(permuted, sets[:, order])
    np.testing.assert_array_equal(permuted_row_set, row_set)


def test_sparse_rows_are_never_made_dense():
    """A dense matrix of this shape would take 800 GB."""
    columns = np.arange(10**5) // 2 * 10
    y = sparse.csr_array(
        (np.ones(10**5, int), columns, np.arange(10**5 + 1)), shape=(10**5, 10**6)
    ).tocsc()
    sets, row_set = find_label_sets(y)
    assert sets.shape == (5 * 10**4, 10**6)
    np.testing.assert_array_equal(sets.indices[row_set], columns)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("n_kept", [1, 4, 9])
def test_stand_in_is_the_largest_kept_set_within(form, n_kept, monkeypatch):
    monkeypatch.setattr("sklearn_mlic.transformation._label_sets._BATCH", 7)
    sets, _ = find_label_sets(random_labels(2))
    assert len(sets) > n_kept + 14
    stand_in = find_stand_ins(form(sets), n_kept)
    as_python = [set(np.flatnonzero(row)) for row in sets]
    for number, labels in enumerate(as_python):
        within = [k for k in range(n_kept) if as_python[k] and as_python[k] <= labels]
        largest = max(within, key=lambda k: len(as_python[k]), default=-1)
        assert stand_in[number] == (number if number < n_kept else largest)
    assert -1 in stand_in


def test_all_kept_stand_for_themselves():
    sets, _ = find_label_sets(random_labels(0))
    assert find_stand_ins(sets, len(sets)).tolist() == list(range(len(sets)))
