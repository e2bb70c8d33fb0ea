"""Properties of the stratified folds and hold-outs."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import KFold, cross_val_predict, cross_validate

from helpers import counts_per_fold, global_state, imbalanced_labels
from sklearn_mlic.model_selection import (
    MultilabelStratifiedKFold,
    MultilabelStratifiedShuffleSplit,
    check_multilabel_cv,
)


def spread(counts):
    return np.ptp(counts, axis=0)


class LengthOnly:
    """Anything with a length: reading an item is an error."""

    def __init__(self, length):
        self.length = length

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        raise AssertionError("The splitter read X.")


class PathClassifier(ClassifierMixin, BaseEstimator):
    """Predicts the prior of the training rows; X are strings."""

    def fit(self, X, y):
        assert all(isinstance(x, str) for x in X)
        self.classes_ = np.array([[0, 1]] * y.shape[1])
        self.prior_ = np.asarray(y).mean(axis=0)
        return self

    def predict_proba(self, X):
        return np.tile(self.prior_, (len(X), 1))

    def predict(self, X):
        return (self.predict_proba(X) >= 0.5).astype(int)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("n_labels", [1, 2, 3, 6])
@pytest.mark.parametrize("n_splits", [2, 5])
def test_folds_partition_the_rows(n_splits, n_labels, shuffle):
    y = imbalanced_labels(n_labels=n_labels)
    cv = MultilabelStratifiedKFold(n_splits, shuffle=shuffle, random_state=0)
    folds = list(cv.split(np.zeros(len(y)), y))
    assert len(folds) == cv.get_n_splits() == n_splits
    for train, test in folds:
        np.testing.assert_array_equal(np.union1d(train, test), np.arange(len(y)))
        assert len(train) + len(test) == len(y)
    np.testing.assert_array_equal(
        np.sort(np.concatenate([test for _, test in folds])), np.arange(len(y))
    )
    sizes = [len(test) for _, test in folds]
    assert max(sizes) - min(sizes) <= 0.1 * len(y) / n_splits


@pytest.mark.parametrize("seed", range(5))
def test_label_counts_differ_little_between_folds(seed):
    y = imbalanced_labels(seed=seed)
    stratified = spread(counts_per_fold(MultilabelStratifiedKFold(5, random_state=seed), y))
    plain = spread(counts_per_fold(KFold(5), y))
    assert stratified.max() <= 4
    assert (stratified <= plain).all()
    assert stratified.sum() < plain.sum() / 4
    # The rarest label is placed first, so it is as even as can be.
    assert stratified[y.sum(axis=0).argmin()] <= 1


def test_one_label_is_split_evenly():
    y = np.repeat([[1], [0]], [23, 77], axis=0)
    folds = counts_per_fold(MultilabelStratifiedKFold(5, random_state=0), y)
    assert sorted(folds.ravel()) == [4, 4, 5, 5, 5]


@pytest.mark.parametrize("constant", [0, 1])
@pytest.mark.parametrize("n_labels", [1, 3])
def test_constant_labels(n_labels, constant):
    y = np.full((11, n_labels), constant)
    sizes = [len(test) for _, test in MultilabelStratifiedKFold(5).split(np.zeros(11), y)]
    assert sorted(sizes) == [2, 2, 2, 2, 3]


def test_rows_without_labels_are_spread_evenly():
    y = imbalanced_labels()
    empty = (y.sum(axis=1, keepdims=True) == 0).astype(int)
    assert empty.sum() > 20
    for cv in (MultilabelStratifiedKFold(5, random_state=0), check_multilabel_cv(0.2, y, 0)):
        tests = [test for _, test in cv.split(np.zeros(len(y)), y)]
        for test in tests:
            assert empty[test].sum() == pytest.approx(empty.sum() / 5, abs=3)


@pytest.mark.parametrize(
    "cv",
    [
        MultilabelStratifiedKFold(3, random_state=7),
        MultilabelStratifiedKFold(3, shuffle=False),
        MultilabelStratifiedShuffleSplit(3, test_size=0.2, random_state=7),
    ],
    ids=repr,
)
def test_seeded_splits_repeat_and_copies_agree(cv):
    y = imbalanced_labels()
    expected = [test for _, test in cv.split(y, y)]
    for same in (cv, clone(cv, safe=False), pickle.loads(pickle.dumps(cv))):
        for (_, test), wanted in zip(same.split(y, y), expected, strict=True):
            np.testing.assert_array_equal(test, wanted)


def test_other_seeds_give_other_folds():
    y = imbalanced_labels()
    tests = [next(MultilabelStratifiedKFold(random_state=seed).split(y, y))[1] for seed in (0, 1)]
    assert not np.array_equal(*tests)


@pytest.mark.parametrize("random_state", [None, 0])
@pytest.mark.parametrize("kind", [MultilabelStratifiedKFold, MultilabelStratifiedShuffleSplit])
def test_the_global_generator_is_left_alone(kind, random_state):
    y = imbalanced_labels()
    before = global_state()
    list(kind(2, random_state=random_state).split(y, y))
    assert global_state() == before


@pytest.mark.parametrize(
    "as_kind", [np.asarray, pd.DataFrame, sparse.csr_matrix, sparse.coo_array, np.ndarray.tolist]
)
def test_the_container_of_y_makes_no_difference(as_kind):
    y = imbalanced_labels()
    cv = MultilabelStratifiedKFold(2, random_state=0)
    expected = next(cv.split(y, y))[1]
    np.testing.assert_array_equal(next(cv.split(y, as_kind(y)))[1], expected)
    np.testing.assert_array_equal(next(cv.split(y, as_kind(y.astype(bool))))[1], expected)


def test_an_unknown_label_counts_as_not_positive():
    y = imbalanced_labels()
    cv = MultilabelStratifiedKFold(3, random_state=0)
    unknown = np.where(y == 0, np.nan, y)
    unknown[::2] = y[::2]
    for (_, test), (_, wanted) in zip(cv.split(y, unknown), cv.split(y, y), strict=True):
        np.testing.assert_array_equal(test, wanted)


@pytest.mark.parametrize("cv", [MultilabelStratifiedKFold(2), MultilabelStratifiedShuffleSplit(2)])
def test_only_the_length_of_x_is_used(cv):
    y = imbalanced_labels()
    for X in (LengthOnly(300), ["a.jpg"] * 300, pd.DataFrame({"a": range(300)}), np.zeros(300)):
        assert len(list(cv.split(X, y))) == 2


@pytest.mark.parametrize("n_labels", [1, 2, 3, 5])
def test_hold_out_has_the_size_and_the_shares_asked_for(n_labels):
    y = imbalanced_labels(n_labels=n_labels)
    cv = MultilabelStratifiedShuffleSplit(4, test_size=60, train_size=0.5, random_state=0)
    seen = set()
    for train, test in cv.split(y, y):
        assert len(np.intersect1d(train, test)) == 0
        assert len(test) == pytest.approx(60, abs=4)
        assert len(train) == pytest.approx(150, abs=4)
        assert (abs(y[test].sum(axis=0) - 0.2 * y.sum(axis=0)) <= 4).all()
        assert (abs(y[train].sum(axis=0) - 0.5 * y.sum(axis=0)) <= 4).all()
        seen.add(tuple(test))
    assert len(seen) == cv.get_n_splits() == 4


def test_hold_out_defaults():
    y = imbalanced_labels()
    train, test = next(MultilabelStratifiedShuffleSplit(random_state=0).split(y, y))
    assert len(test) == pytest.approx(30, abs=3)
    assert len(train) + len(test) == 300
    _, test = next(MultilabelStratifiedShuffleSplit(train_size=0.6, random_state=0).split(y, y))
    assert len(test) == pytest.approx(120, abs=4)


@pytest.mark.parametrize("seed", range(30))
def test_no_part_is_empty_on_few_rows(seed):
    rng = np.random.default_rng(seed)
    y = (rng.random((8, 5)) < 0.3).astype(int)
    hold_out = MultilabelStratifiedShuffleSplit(1, test_size=1, random_state=seed)
    for cv in (hold_out, MultilabelStratifiedKFold(8, random_state=seed)):
        assert all(len(train) and len(test) for train, test in cv.split(y, y))


def test_repr():
    text = "MultilabelStratifiedKFold(n_splits=3, random_state=None, shuffle=True)"
    assert repr(MultilabelStratifiedKFold(3)) == text
    assert "test_size=0.2" in repr(MultilabelStratifiedShuffleSplit(test_size=0.2))


@pytest.mark.parametrize("n_labels", [1, 2, 3, 5])
def test_inside_scikit_learn_with_paths(n_labels):
    y = imbalanced_labels(n_labels=n_labels)
    paths = [f"{i}.jpg" for i in range(len(y))]
    cv = MultilabelStratifiedKFold(5, random_state=0)
    y_prob = cross_val_predict(PathClassifier(), paths, y, cv=cv, method="predict_proba")
    assert y_prob.shape == y.shape
    np.testing.assert_allclose(y_prob, np.tile(y.mean(axis=0), (len(y), 1)), atol=0.02)
    hold_out = MultilabelStratifiedShuffleSplit(2, random_state=0)
    result = cross_validate(PathClassifier(), paths, y, cv=hold_out, scoring="f1_micro")
    assert result["test_score"].shape == (2,)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (range(4), [1, 0, 1, 0], r"y has shape \(4,\).*reshape\(-1, 1\)"),
        (range(3), [[1], [0], [1], [0]], "X has 3 rows and y has 4"),
        (range(3), [[1], [0], [1]], "n_splits=4 is more than n_samples=3"),
        (range(4), [[1], [0], [2], [0]], "y has 1 entries.*row 2, label 'label_0': 2"),
        (range(2), [["a"], ["a", "b"]], "y holds labels or label sets.*MultiLabelBinarizer"),
    ],
)
def test_bad_input_is_named_at_once(X, y, message):
    # Not on the first pull: an error must not wait until the splits are used.
    with pytest.raises(ValueError, match=message):
        MultilabelStratifiedKFold(4).split(X, y)


@pytest.mark.parametrize("n_splits", [0, 2.5, True, "5"])
def test_bad_n_splits(n_splits):
    with pytest.raises(ValueError, match="expected a whole number of 2"):
        MultilabelStratifiedKFold(n_splits)
    with pytest.raises(ValueError, match="expected a whole number of 1"):
        MultilabelStratifiedShuffleSplit(n_splits)


def test_bad_test_size():
    y = imbalanced_labels()
    with pytest.raises(ValueError, match=r"test_size=1.5 should be"):
        MultilabelStratifiedShuffleSplit(test_size=1.5).split(y, y)


def test_groups_that_are_not_looked_at_are_named():
    y = np.eye(2, dtype=int)[np.arange(20) % 2]
    with pytest.warns(UserWarning, match="MultilabelStratifiedGroupKFold"):
        list(MultilabelStratifiedKFold(2).split(y, y, groups=np.arange(20)))
