"""Properties of the stratified folds that keep groups whole."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate

from helpers import counts_per_fold, global_state, imbalanced_labels
from sklearn_mlic.model_selection import MultilabelStratifiedGroupKFold, MultilabelStratifiedKFold


def grouped_case(seed, n_samples=400, n_groups=60):
    """Imbalanced labels in groups from large to small, the rows of a group much alike."""
    rng = np.random.default_rng(seed)
    weights = np.geomspace(1, 0.05, n_groups)
    groups = rng.choice(n_groups, n_samples, p=weights / weights.sum())
    typical = imbalanced_labels(n_groups, seed=seed)[rng.permutation(n_groups)]
    y = np.where(rng.random((n_samples, 1)) < 0.7, typical[groups], imbalanced_labels(n_samples))
    return y, groups


def unevenness(cv, y, groups=None):
    """Mean over labels of the standard deviation of the folds' shares."""
    columns = np.column_stack([y, y.sum(axis=1) == 0])
    splits = cv.split(y, y, groups)
    counts = np.array([columns[test].sum(axis=0) for _, test in splits])
    return (counts / columns.sum(axis=0)).std(axis=0).mean()


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("n_splits", [2, 5])
@pytest.mark.parametrize("seed", range(3))
def test_folds_partition_the_rows_and_keep_groups_whole(seed, n_splits, shuffle):
    y, groups = grouped_case(seed)
    cv = MultilabelStratifiedGroupKFold(n_splits, shuffle=shuffle, random_state=seed)
    folds = list(cv.split(y, y, groups))
    assert len(folds) == cv.get_n_splits() == n_splits
    np.testing.assert_array_equal(
        np.sort(np.concatenate([test for _, test in folds])), np.arange(len(y))
    )
    for train, test in folds:
        assert len(np.intersect1d(groups[train], groups[test])) == 0
        np.testing.assert_array_equal(np.union1d(train, test), np.arange(len(y)))


def test_shares_are_nearer_to_equal_than_with_group_k_fold():
    cases = [grouped_case(seed) for seed in range(10)]
    cv = MultilabelStratifiedGroupKFold(5, random_state=0)
    ours = np.mean([unevenness(cv, *case) for case in cases])
    theirs = np.mean([unevenness(GroupKFold(5), *case) for case in cases])
    assert ours < 0.7 * theirs


@pytest.mark.parametrize("seed", range(5))
def test_with_one_row_a_group_it_is_as_even_as_folds_of_rows(seed):
    y = imbalanced_labels(seed=seed)
    grouped = MultilabelStratifiedGroupKFold(5, random_state=seed)
    ours = unevenness(grouped, y, np.arange(len(y)))
    assert ours <= 1.2 * unevenness(MultilabelStratifiedKFold(5, random_state=seed), y)
    sizes = [len(test) for _, test in grouped.split(y, y, np.arange(len(y)))]
    assert max(sizes) - min(sizes) <= 1


def test_small_case_is_as_even_as_can_be():
    # Four kinds of groups, two of each: every fold of two can have one of each kind.
    y = np.repeat([[1, 0], [0, 1], [1, 1], [0, 0]] * 2, [3, 3, 2, 4] * 2, axis=0)
    groups = np.repeat(np.arange(8), [3, 3, 2, 4] * 2)
    cv = MultilabelStratifiedGroupKFold(2, random_state=0)
    np.testing.assert_array_equal(counts_per_fold(cv, y, groups), [[5, 5], [5, 5]])
    assert [len(test) for _, test in cv.split(y, y, groups)] == [12, 12]


@pytest.mark.parametrize("constant", [0, 1])
def test_as_many_folds_as_groups(constant):
    groups = np.repeat(np.arange(4), [50, 1, 2, 1])
    y = np.full((54, 2), constant)
    folds = MultilabelStratifiedGroupKFold(4, random_state=0).split(y, y, groups)
    assert sorted(len(test) for _, test in folds) == [1, 1, 2, 50]


@pytest.mark.parametrize(
    "cv",
    [
        MultilabelStratifiedGroupKFold(3, random_state=7),
        MultilabelStratifiedGroupKFold(3, shuffle=False),
    ],
    ids=repr,
)
def test_seeded_splits_repeat_and_copies_agree(cv):
    y, groups = grouped_case(0)
    expected = [test for _, test in cv.split(y, y, groups)]
    for same in (cv, clone(cv, safe=False), pickle.loads(pickle.dumps(cv))):
        for (_, test), wanted in zip(same.split(y, y, groups), expected, strict=True):
            np.testing.assert_array_equal(test, wanted)


def test_without_a_seed_the_global_generator_is_left_alone():
    y, groups = grouped_case(0)
    before = global_state()
    next(MultilabelStratifiedGroupKFold(3).split(y, y, groups))
    assert global_state() == before


def test_other_seeds_give_other_folds():
    y, groups = grouped_case(0)
    tests = [
        next(MultilabelStratifiedGroupKFold(3, random_state=s).split(y, y, groups))[1]
        for s in (0, 1)
    ]
    assert not np.array_equal(*tests)


@pytest.mark.parametrize(
    "as_kind",
    [
        lambda g: [f"patient {i}" for i in g],
        pd.Series,
        lambda g: pd.Series(g).astype("category"),
        lambda g: [int(i) if i % 2 else str(i) for i in g],
    ],
    ids=["strings", "Series", "categories", "mixed"],
)
def test_only_equality_of_groups_matters(as_kind):
    y, groups = grouped_case(0)
    cv = MultilabelStratifiedGroupKFold(3, random_state=0)
    expected = next(cv.split(y, y, groups))[1]
    np.testing.assert_array_equal(next(cv.split(y, y, as_kind(groups)))[1], expected)


def test_unknown_counts_as_not_positive_and_sparse_y_is_taken():
    y, groups = grouped_case(0)
    unknown = np.where(y == 0, np.nan, y)
    cv = MultilabelStratifiedGroupKFold(3, random_state=0)
    expected = next(cv.split(y, y, groups))[1]
    for same in (unknown, sparse.csr_array(y), pd.DataFrame(unknown)):
        np.testing.assert_array_equal(next(cv.split(y, same, groups))[1], expected)


def test_inside_scikit_learn():
    y, groups = grouped_case(0)
    X = np.zeros((len(y), 1))
    cv = MultilabelStratifiedGroupKFold(3, random_state=0)
    model = DummyClassifier(strategy="prior")
    scores = cross_validate(
        model, X, y, groups=groups, cv=cv, scoring="accuracy", return_indices=True
    )
    for test, (_, wanted) in zip(scores["indices"]["test"], cv.split(X, y, groups), strict=True):
        np.testing.assert_array_equal(test, wanted)
    search = GridSearchCV(model, {"constant": [None]}, cv=cv, scoring="accuracy")
    assert search.fit(X, y, groups=groups).n_splits_ == 3
    with sklearn.config_context(enable_metadata_routing=True):
        routed = cross_validate(
            model, X, y, params={"groups": groups}, cv=cv, scoring="accuracy", return_indices=True
        )
    for routed_test, test in zip(routed["indices"]["test"], scores["indices"]["test"], strict=True):
        np.testing.assert_array_equal(routed_test, test)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (None, "groups is None and MultilabelStratifiedGroupKFold needs.*Pass groups="),
        ([1, 1, 2, 2], "n_splits=3 is more than the 2 groups.*fewer folds"),
        ([1, 2, 3], r"groups has shape \(3,\) and y has 4 rows"),
        ([[1], [2], [3], [4]], r"groups has shape \(4, 1\) and y has 4 rows"),
        (["a", None, "b", None], "groups has 2 missing entries, the first in row 1"),
        ([0, 1, 2, np.nan], "groups has 1 missing entries, the first in row 3"),
    ],
)
def test_bad_groups_are_named_at_once(groups, message):
    with pytest.raises(ValueError, match=message):
        MultilabelStratifiedGroupKFold(3).split(range(4), [[1], [0], [1], [0]], groups)


def test_bad_labels_and_numbers_of_folds():
    with pytest.raises(ValueError, match="X has 3 rows and y has 4"):
        MultilabelStratifiedGroupKFold(2).split(range(3), [[1], [0], [1], [0]], range(4))
    with pytest.raises(ValueError, match="expected a whole number of 2"):
        MultilabelStratifiedGroupKFold(1)
