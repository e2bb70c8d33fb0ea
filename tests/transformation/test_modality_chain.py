"""A chain over labels and modalities: what it reads, when it stops, what that costs."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from sklearn_mlic import BlockUnion, ClassifierChain, ModalityChain

BINARY = LogisticRegression()
BLOCKS = {"a": slice(0, 2), "b": slice(2, 5), "c": slice(5, 9)}
COSTS = {"a": 4, "b": 1, "c": 2.5}


def make_case(n_labels=4, n_samples=150, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 9))
    weights = rng.normal(size=(9, n_labels)) * np.repeat([1, 4, 1], [2, 3, 4])[:, None]
    logits = X @ weights + rng.normal(size=n_labels)  # "b" tells most
    return X, (logits + rng.normal(size=logits.shape) > 0).astype(int)


def chain(**settings):
    return ModalityChain(BINARY, BLOCKS, **settings)


# ---- what it is at the ends


@pytest.mark.parametrize("chain_method", ["predict", "predict_proba"])
@pytest.mark.parametrize("order", [None, "frequency", [2, 0, 3, 1]])
def test_reading_all_is_a_classifier_chain(order, chain_method):
    X, y = make_case()
    settings = {"order": order, "chain_method": chain_method}
    model = chain(stop_confidence=None, **settings).fit(X, y)
    whole = ClassifierChain(BINARY, **settings).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), whole.predict_proba(X))
    np.testing.assert_array_equal(model.order_, whole.order_)
    assert np.all(model.count_modalities(X) == 3)


def test_any_answer_will_do_is_a_chain_on_the_cheapest_modality():
    X, y = make_case()
    model = chain(costs=COSTS, stop_confidence=0.5).fit(X, y)
    cheapest = ClassifierChain(BINARY).fit(X[:, 2:5], y)
    np.testing.assert_allclose(model.predict_proba(X), cheapest.predict_proba(X[:, 2:5]))
    np.testing.assert_array_equal(model.reading_costs(X), 1)


def test_certainty_that_never_comes_reads_all_for_the_last_label():
    X, y = make_case()
    model = chain(stop_confidence=1.0).fit(X, y)
    whole = ClassifierChain(BINARY).fit(X, y)
    np.testing.assert_array_equal(model.count_modalities(X), 3)
    np.testing.assert_allclose(model.predict_proba(X), whole.predict_proba(X))


# ---- what it reads


def test_it_is_the_walk_written_out():
    X, y = make_case()
    model = chain(costs=COSTS, stop_confidence=0.8, order=[3, 1, 0, 2]).fit(X, y)
    y_prob, n_read = model.predict_proba(X), model.count_modalities(X)
    read = [[2, 3, 4], [2, 3, 4, 5, 6, 7, 8], [2, 3, 4, 5, 6, 7, 8, 0, 1]]
    for row in range(0, len(X), 7):
        k, answers = 0, []
        for j, label in enumerate(model.order_):
            while True:
                seen = np.r_[X[row, read[k]], answers][None]
                p = model.estimators_[k][j].predict_proba(seen)[0, 1]
                if k == 2 or max(p, 1 - p) >= 0.8:
                    break
                k += 1
            assert y_prob[row, label] == pytest.approx(p)
            answers.append(float(p >= 0.5))
        assert n_read[row] == k + 1


def test_more_confidence_reads_more():
    X, y = make_case()
    costs = [
        chain(costs=COSTS, stop_confidence=stop).fit(X, y).reading_costs(X).mean()
        for stop in (0.5, 0.6, 0.7, 0.8, 1.0)
    ]
    assert costs[0] == 1
    assert costs[-1] == pytest.approx(7.5)
    assert np.all(np.diff(costs) > 0)


def test_costs_are_those_of_what_was_read():
    X, y = make_case()
    model = chain(costs=COSTS, stop_confidence=0.7).fit(X, y)
    assert list(model.blocks_) == ["b", "c", "a"]
    np.testing.assert_array_equal(model.costs_, [1, 2.5, 4])
    by_count = {1: 1, 2: 3.5, 3: 7.5}
    expected = [by_count[n] for n in model.count_modalities(X)]
    np.testing.assert_array_equal(model.reading_costs(X), expected)
    assert len(set(expected)) == 3


def test_equal_costs_keep_the_order_of_the_blocks():
    X, y = make_case()
    assert list(chain().fit(X, y).blocks_) == ["a", "b", "c"]
    assert list(chain(costs={"a": 2, "b": 1, "c": 1}).fit(X, y).blocks_) == ["b", "c", "a"]


def test_what_is_not_read_does_not_count():
    """Numbers of modalities that a row did not take may be anything."""
    X, y = make_case()
    model = chain(stop_confidence=0.7).fit(X, y)
    n_read, y_prob = model.count_modalities(X), model.predict_proba(X)
    spoiled = X.copy()
    spoiled[n_read < 3, 5:] = 1e6
    spoiled[n_read < 2, 2:] = -1e6
    assert np.any(n_read < 3)
    np.testing.assert_array_equal(model.predict_proba(spoiled), y_prob)


def test_columns_of_no_block_do_not_count():
    X, y = make_case()
    model = ModalityChain(BINARY, {"a": [0, 1], "c": [5, 8]}).fit(X, y)
    spoiled = X.copy()
    spoiled[:, [2, 3, 4, 6, 7]] = 7
    np.testing.assert_array_equal(model.predict_proba(spoiled), model.predict_proba(X))


# ---- among other things


def test_blocks_from_the_step_before():
    X, y = make_case()
    union = BlockUnion([(name, StandardScaler(), columns) for name, columns in BLOCKS.items()])
    model = make_pipeline(union, ModalityChain(BINARY, costs=COSTS)).fit(X, y)
    scaled = StandardScaler().fit_transform(X)
    direct = chain(costs=COSTS).fit(scaled, y)
    assert list(model[-1].blocks_) == list(direct.blocks_) == ["b", "c", "a"]
    np.testing.assert_allclose(model.predict_proba(X), direct.predict_proba(scaled))


def test_sparse_features():
    X, y = make_case()
    dense = chain().fit(X, y)
    model = chain().fit(sparse.csr_array(X), sparse.csr_array(y))
    np.testing.assert_allclose(
        model.predict_proba(sparse.csr_array(X)), dense.predict_proba(X), atol=1e-3
    )


def test_rows_do_not_depend_on_each_other():
    X, y = make_case()
    model = chain().fit(X, y)
    alone = np.vstack([model.predict_proba(row[None]) for row in X[:20]])
    np.testing.assert_allclose(alone, model.predict_proba(X)[:20])


@pytest.mark.parametrize("value", [0, 1])
def test_a_constant_label_needs_one_modality(value):
    X, y = make_case(n_labels=1)
    y[:] = value
    model = chain().fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), value)
    np.testing.assert_array_equal(model.count_modalities(X), 1)


def test_a_search_over_the_confidence():
    X, y = make_case()
    search = GridSearchCV(
        chain(), {"stop_confidence": [0.5, None]}, cv=2, scoring="average_precision"
    )
    assert search.fit(X, y).best_params_ == {"stop_confidence": None}


def test_jobs_change_nothing():
    X, y = make_case()
    one, two = chain().fit(X, y), chain(n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))


def test_names_of_labels_order_them():
    X, y = make_case()
    y = pd.DataFrame(y, columns=["sea", "sky", "sun", "tree"])
    model = chain(order=["sun", "sea", "tree", "sky"]).fit(X, y)
    assert model.order_.tolist() == [2, 0, 3, 1]
    assert list(model.label_names_) == ["sea", "sky", "sun", "tree"]


# ---- what is refused


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"stop_confidence": 0.4}, ValueError, r"stop_confidence=0.4; expected a probability from"),
        ({"stop_confidence": 90}, ValueError, "stop_confidence=90"),
        ({"stop_confidence": "sure"}, ValueError, "or None to read all"),
        ({"costs": {"a": 1}}, ValueError, "expected one cost for each"),
        ({"chain_method": "prob"}, ValueError, "Unknown chain_method 'prob'"),
        ({"order": [0, 1]}, ValueError, "expected each label once"),
        ({"blocks": {"a": [0, 9]}}, ValueError, "asks for column 9, but X has 9 columns"),
        ({"estimator": LinearSVC()}, TypeError, "has no predict_proba"),
    ],
)
def test_bad_settings_are_named(settings, error, words):
    with pytest.raises(error, match=words):
        clone(chain()).set_params(**settings).fit(*make_case())


def test_before_fit():
    with pytest.raises(NotFittedError):
        chain().reading_costs(make_case()[0])
