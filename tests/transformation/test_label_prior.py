"""Properties of LabelPrior."""

from collections import Counter
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.dummy import DummyClassifier
from sklearn.utils import get_tags

from helpers import random_case
from sklearn_mlic import BinaryRelevance, LabelPrior

STRATEGIES = ["prior", "most_frequent_set"]


def labels(seed=0, n_samples=40, n_labels=4):
    return random_case(seed, n_samples, n_labels)[0]


def test_prior_is_the_mean_of_each_label():
    y = labels()
    X = np.zeros((40, 1))
    model = LabelPrior().fit(X, y)
    np.testing.assert_allclose(model.constant_, y.mean(axis=0), atol=1e-15)
    by_label = BinaryRelevance(DummyClassifier(strategy="prior")).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), by_label.predict_proba(X), atol=1e-15)


def test_prior_counts_known_rows_only():
    y = labels().astype(float)
    y[:7, 1] = y[5:30, 2] = np.nan
    np.testing.assert_allclose(LabelPrior().fit(y, y).constant_, np.nanmean(y, axis=0))
    weight = np.random.default_rng(0).random(40)
    expected = [np.average(c[~np.isnan(c)], weights=weight[~np.isnan(c)]) for c in y.T]
    np.testing.assert_allclose(LabelPrior().fit(y, y, weight).constant_, expected)


@pytest.mark.parametrize("seed", range(4))
def test_no_constant_set_is_right_more_often(seed):
    y = labels(seed)
    model = LabelPrior("most_frequent_set").fit(y, y)
    (expected, count), *_ = Counter(map(tuple, y)).most_common()
    assert tuple(model.constant_) == expected
    np.testing.assert_array_equal(model.predict(y), np.tile(expected, (40, 1)))
    assert count == max(
        (y == candidate).all(axis=1).sum() for candidate in product((0, 1), repeat=4)
    )


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_whole_weights_are_repeated_rows(strategy, form):
    y = labels()
    weight = np.random.default_rng(0).integers(0, 4, 40)
    weighted = LabelPrior(strategy).fit(y, form(y), sample_weight=weight)
    repeated = np.repeat(y, weight, axis=0)
    expected = LabelPrior(strategy).fit(repeated, repeated)
    np.testing.assert_allclose(weighted.constant_, expected.constant_)
    assert not np.array_equal(LabelPrior().fit(y, y).constant_, weighted.constant_)


@pytest.mark.parametrize(
    "X",
    [
        ["a.jpg", "b.jpg", "c.jpg"],
        np.full((3, 2), np.nan),
        np.zeros((3, 4, 4, 3), np.uint8),
        pd.DataFrame({"image": ["a.jpg", None, "c.jpg"]}),
        sparse.csr_array((3, 5)),
    ],
)
def test_any_x_will_do(X):
    model = LabelPrior().fit(X, [[1, 0], [0, 0], [1, 0]])
    np.testing.assert_allclose(model.predict_proba(X), np.tile([2 / 3, 0], (3, 1)))
    assert model.predict_proba(["more.jpg"] * 5).shape == (5, 2)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_sparse_y_is_never_made_dense(strategy):
    """A dense matrix of this shape would take 80 GB."""
    n_rows = 10**5
    columns = np.where(np.arange(n_rows) < n_rows // 4, 3, np.arange(n_rows))
    y = sparse.csr_array((np.ones(n_rows), columns, np.arange(n_rows + 1)), shape=(n_rows, n_rows))
    constant = LabelPrior(strategy).fit(columns, y).constant_
    assert constant.argmax() == 3
    assert constant[3] == (0.25 if strategy == "prior" else 1)


@pytest.mark.parametrize(
    ("strategy", "column", "weight", "words"),
    [
        ("mean", 0, None, "Unknown strategy 'mean'"),
        ("prior", np.nan, None, "'label_1' are unknown.*expected at least one known row"),
        ("prior", [np.nan, 1, 0], [1, 0, 0], "'label_1' are unknown.*of a weight above 0"),
        ("most_frequent_set", [np.nan, 1, 0], None, "unknown labels.*'label_1'.*strategy='prior'"),
        ("prior", 0, [1, 2], "sample_weight"),
        ("prior", 0, [1, -1, 1], "[Nn]egative"),
    ],
)
def test_bad_input(strategy, column, weight, words):
    y = np.array([[1.0, 0], [0, 0], [1, 0]])
    y[:, 1] = column
    with pytest.raises(ValueError, match=words):
        LabelPrior(strategy).fit(y, y, sample_weight=weight)


def test_tags_say_that_it_is_a_baseline_and_takes_anything():
    tags = get_tags(LabelPrior())
    assert tags.classifier_tags.poor_score
    assert tags.input_tags.string
    assert tags.input_tags.allow_nan
    assert tags.input_tags.sparse
