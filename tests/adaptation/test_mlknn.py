"""MLkNN against a literal reading of the paper, and its own properties."""

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import euclidean
from sklearn.metrics import pairwise_distances
from sklearn.model_selection import cross_val_predict

from sklearn_mlic import MLkNN

PICTURES = np.zeros((3, 4, 4, 3), np.uint8)


def make_case(seed=0, n_samples=50, n_labels=5):
    rng = np.random.default_rng(seed)
    X = rng.random((n_samples, 4))
    X[::2, 3] = 0  # in one column only: no two distances are equal
    y = (rng.random((n_samples, n_labels)) < np.geomspace(0.6, 0.05, n_labels)).astype(int)
    y[:, -1] = 0
    return X, y, rng.random((20, 4))


def by_the_paper(among_train, to_train, y, k, s):
    """Zhang and Zhou (2007), figure 1, in their loops; the arguments are distances."""
    n, n_labels = y.shape

    def count(distances, without=None):
        nearest = [i for i in np.argsort(distances) if i != without][:k]
        return [sum(y[i, label] for i in nearest) for label in range(n_labels)]

    in_train = [count(among_train[i], without=i) for i in range(n)]
    y_prob = np.empty((len(to_train), n_labels))
    for label in range(n_labels):
        prior = (s + sum(y[:, label])) / (2 * s + n)
        c, c_not = [0] * (k + 1), [0] * (k + 1)
        for i in range(n):
            if y[i, label] == 1:
                c[in_train[i][label]] += 1
            else:
                c_not[in_train[i][label]] += 1
        for t, distances in enumerate(to_train):
            j = count(distances)[label]
            yes = prior * (s + c[j]) / (s * (k + 1) + sum(c))
            no = (1 - prior) * (s + c_not[j]) / (s * (k + 1) + sum(c_not))
            y_prob[t, label] = yes / (yes + no)
    return y_prob


@pytest.mark.parametrize(
    ("metric", "settings", "forms"),
    [
        ("euclidean", {}, [np.asarray, sparse.csr_array, sparse.csc_matrix]),
        ("manhattan", {"n_jobs": 2}, [np.asarray, sparse.csr_matrix]),
        ("cosine", {}, [np.asarray, sparse.csr_array]),
        ("canberra", {"algorithm": "ball_tree"}, [np.asarray]),
        (euclidean, {}, [np.asarray]),
    ],
)
@pytest.mark.parametrize(("seed", "k", "s"), [(0, 3, 1.0), (1, 10, 0.5), (2, 1, 3), (3, 49, 1.0)])
def test_equals_the_paper(metric, settings, forms, seed, k, s):
    X, y, X_new = make_case(seed)
    among_train = pairwise_distances(X, metric=metric)
    expected = by_the_paper(among_train, pairwise_distances(X_new, X, metric=metric), y, k, s)
    for form in forms:
        model = MLkNN(k, s=s, metric=metric, **settings).fit(form(X), y)
        np.testing.assert_allclose(model.predict_proba(form(X_new)), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("settings", "same_as"),
    [
        ({"p": 1}, {"metric": "manhattan"}),
        ({}, {"metric": "euclidean"}),
        (
            {"metric": "seuclidean", "metric_params": {"V": np.ones(4)}, "algorithm": "brute"},
            {"metric": "euclidean"},
        ),
    ],
)
def test_settings_of_the_metric_arrive(settings, same_as):
    X, y, X_new = make_case()
    y_prob = MLkNN(5, **settings).fit(X, y).predict_proba(X_new)
    np.testing.assert_array_equal(y_prob, MLkNN(5, **same_as).fit(X, y).predict_proba(X_new))


def test_precomputed_distances_also_in_folds():
    X, y, X_new = make_case()
    expected, precomputed = MLkNN(5), MLkNN(5, metric="precomputed")
    among_train, to_train = pairwise_distances(X), pairwise_distances(X_new, X)
    y_prob = precomputed.fit(among_train, y).predict_proba(to_train)
    np.testing.assert_array_equal(y_prob, expected.fit(X, y).predict_proba(X_new))
    by_fold = cross_val_predict(precomputed, among_train, y, cv=3, method="predict_proba")
    np.testing.assert_array_equal(
        by_fold, cross_val_predict(expected, X, y, cv=3, method="predict_proba")
    )


def test_sparse_y_stays_sparse_and_gives_the_same():
    X, y, X_new = make_case()
    expected = MLkNN(5).fit(X, y)
    for form in (sparse.csr_matrix, sparse.csc_array):
        model = MLkNN(5).fit(X, form(y))
        np.testing.assert_array_equal(model.posterior_, expected.posterior_)
        np.testing.assert_array_equal(model.predict_proba(X_new), expected.predict_proba(X_new))
    assert sparse.issparse(model.y_)
    np.testing.assert_array_equal(model.y_.toarray(), y)


def test_a_row_is_not_its_own_neighbour():
    """Pairs of equal rows of opposite labels: the one neighbour always says the opposite."""
    X = np.repeat(np.arange(20.0) ** 2, 2)[:, None]
    y = np.tile([[0], [1]], (20, 1))
    model = MLkNN(1).fit(X, y)
    np.testing.assert_allclose(model.posterior_, [[21 / 22, 1 / 22]])


def test_row_order_changes_nothing_and_probabilities_are_open():
    X, y, X_new = make_case()
    order = np.random.default_rng(0).permutation(len(X))
    y_prob = MLkNN().fit(X, y).predict_proba(X_new)
    np.testing.assert_array_equal(MLkNN().fit(X[order], y[order]).predict_proba(X_new), y_prob)
    assert np.all((y_prob > 0) & (y_prob < 1))


def test_smoothing_draws_towards_one_half():
    X, y, X_new = make_case()
    little, much = (MLkNN(5, s=s).fit(X, y).predict_proba(X_new) for s in (1e-3, 1e6))
    np.testing.assert_allclose(much, 0.5, atol=1e-3)
    assert np.abs(little - 0.5).mean() > 0.2


def test_nan_in_x_needs_a_metric_that_knows_it():
    X, y, _ = make_case()
    X[3, 1] = np.nan
    assert np.all(np.isfinite(MLkNN(metric="nan_euclidean").fit(X, y).predict_proba(X)))
    with pytest.raises(ValueError, match="contains NaN"):
        MLkNN().fit(X, y)


@pytest.mark.parametrize("X", [["a.jpg", "b.jpg", "c.jpg"], PICTURES, list(PICTURES)])
def test_images_are_refused_with_the_way_out(X):
    with pytest.raises(ValueError, match="MLkNN computes with numbers.*ImageEmbedder"):
        MLkNN(1).fit(X, [[0], [1], [1]])
    _, y, X_new = make_case()
    with pytest.raises(ValueError, match="ImageEmbedder"):
        MLkNN().fit(np.tile(X_new, (3, 1))[:50], y).predict(X)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n_neighbors": 50}, "n_neighbors=50 given for n_samples=50.*Lower"),
        ({"n_neighbors": 0}, "n_neighbors"),
        ({"n_neighbors": "many"}, "n_neighbors"),
        ({"metric": "miles"}, "metric"),
        ({"s": 0}, "s=0; expected a number above 0"),
        ({"s": "one"}, "s='one'; expected a number above 0"),
        ({"s": np.nan}, "s=nan; expected"),
    ],
)
def test_bad_settings(settings, words):
    X, y, _ = make_case()
    with pytest.raises(ValueError, match=words):
        MLkNN(**settings).fit(X, y)
