"""Properties of ClassifierChain."""

import numpy as np
import pandas as pd
import pytest
import sklearn
import sklearn.multioutput
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB

from sklearn_mlic import ClassifierChain
from sklearn_mlic.model_selection import MultilabelStratifiedGroupKFold

LR = LogisticRegression(tol=1e-8, max_iter=1000)


def make_case(seed=0, n_samples=80, n_labels=4, n_features=5):
    """Labels that depend on the features and on each other."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, n_features))
    y = (X @ rng.normal(size=(n_features, n_labels)) + rng.normal(size=(n_samples, n_labels))) > 0
    y[:, 1] |= y[:, 0]
    y[0], y[1] = False, True
    return X, y.astype(int)


@pytest.mark.parametrize("n_labels", [2, 3, 5])
@pytest.mark.parametrize("estimator", [LR, GaussianNB()])
@pytest.mark.parametrize("order", [None, "random", "reversed"])
def test_equals_scikit_learns_chain(n_labels, estimator, order):
    X, y = make_case(n_labels=n_labels)
    order = list(range(n_labels))[::-1] if order == "reversed" else order
    ours = ClassifierChain(estimator, order=order, random_state=3).fit(X, y)
    theirs = sklearn.multioutput.ClassifierChain(estimator, order=order, random_state=3).fit(X, y)
    np.testing.assert_array_equal(ours.order_, theirs.order_)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    if estimator is LR:
        np.testing.assert_allclose(
            ours.decision_function(X), theirs.decision_function(X), atol=1e-5
        )


@pytest.mark.parametrize("chain_method", ["predict", "predict_proba"])
def test_on_predictions_equals_scikit_learns_chain(chain_method):
    X, y = make_case()
    settings = {"cv": list(KFold(3).split(X)), "chain_method": chain_method}
    ours = ClassifierChain(LR, **settings).fit(X, y)
    theirs = sklearn.multioutput.ClassifierChain(LR, **settings).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6)


def test_predictions_in_training_differ_from_true_labels():
    X, y = make_case()
    on_truth = ClassifierChain(LR).fit(X, y)
    on_predictions = ClassifierChain(LR, cv=4, random_state=0).fit(X, y)
    first, second = on_truth.predict_proba(X), on_predictions.predict_proba(X)
    np.testing.assert_allclose(first[:, 0], second[:, 0])
    assert np.abs(first[:, 1:] - second[:, 1:]).max() > 0.01


def test_the_chain_follows_labels_that_imply_each_other():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    first = (X[:, 0] + rng.normal(size=400) > 0).astype(int)
    y = np.column_stack([first, 1 - first])  # one of the two, never both
    chain = ClassifierChain(LR).fit(X, y)
    assert np.all(chain.predict(X).sum(axis=1) == 1)
    # The second link looks at the first label, and at little else.
    assert chain.estimators_[1].coef_[0, -1] < -3
    assert np.abs(chain.estimators_[1].coef_[0, :-1]).max() < 1


def test_most_frequent_label_first():
    X, y = make_case(n_labels=5)
    order = ClassifierChain(LR, order="frequency").fit(X, y).order_
    assert np.all(np.diff(y.sum(axis=0)[order]) <= 0)


def test_order_by_name():
    X, y = make_case(n_labels=3)
    model = ClassifierChain(LR, order=["sun", "sea", "sky"])
    model.fit(X, pd.DataFrame(y, columns=["sea", "sky", "sun"]))
    assert model.order_.tolist() == [2, 0, 1]


def test_groups_reach_the_splitter():
    X, y = make_case()
    groups = np.arange(80) // 4
    chain = ClassifierChain(LR, cv=MultilabelStratifiedGroupKFold(3, random_state=0))
    plain = chain.fit(X, y, groups=groups).predict_proba(X)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = chain.fit(X, y, groups=groups).predict_proba(X)
    np.testing.assert_array_equal(routed, plain)
    with pytest.raises(ValueError, match="groups is None"):
        chain.fit(X, y)


@pytest.mark.parametrize("cv", [None, 3])
def test_sparse_equals_dense(cv):
    X, y = make_case()
    X[X < 0] = 0
    model = ClassifierChain(LR, cv=cv, random_state=0)
    expected = model.fit(X, y).predict_proba(X)
    for form in (sparse.csr_array(X), sparse.csc_matrix(X)):
        model.fit(form, sparse.csr_array(y))
        np.testing.assert_allclose(model.predict_proba(form), expected, atol=1e-6)
    np.testing.assert_array_equal(model.fit(X, sparse.coo_matrix(y)).predict_proba(X), expected)


@pytest.mark.parametrize("cv", [None, 3])
@pytest.mark.parametrize("column", [0, 2])
def test_constant_label_is_predicted_as_seen(cv, column):
    X, y = make_case()
    y[:, column] = 1
    model = ClassifierChain(LR, cv=cv, random_state=0).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X)[:, column], 1)
    rest = np.delete(np.arange(4), column)
    without = ClassifierChain(LR, cv=cv, random_state=0).fit(X, y[:, rest])
    assert (model.predict(X)[:, rest] == without.predict(X)).mean() > 0.95


@pytest.mark.parametrize("cv", [None, 3])
def test_jobs_change_nothing(cv):
    X, y = make_case()
    one = ClassifierChain(LR, cv=cv, random_state=0).fit(X, y)
    two = ClassifierChain(LR, cv=cv, random_state=0, n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(two.predict_proba(X), one.predict_proba(X))


@pytest.mark.parametrize("cv", [None, 3])
def test_rows_of_weight_0_do_not_count(cv):
    X, y = make_case()
    splits = None if cv is None else list(KFold(cv).split(X))
    weight = np.ones(80)
    weight[:20] = 0
    weighted = ClassifierChain(LR, cv=splits).fit(X, y, sample_weight=weight)
    assert not np.allclose(
        weighted.predict_proba(X), ClassifierChain(LR).fit(X, y).predict_proba(X)
    )
    if cv is None:
        dropped = ClassifierChain(LR).fit(X[20:], y[20:])
        np.testing.assert_allclose(weighted.predict_proba(X), dropped.predict_proba(X), atol=1e-4)


def test_feature_names_are_kept_and_checked():
    X, y = make_case()
    frame = pd.DataFrame(X, columns=list("abcde"))
    model = ClassifierChain(LR).fit(frame, y)
    assert list(model.feature_names_in_) == list("abcde")
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[list("edcba")])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"order": [0, 1, 1, 3]}, r"order=\[0, 1, 1, 3\] given for 4 labels"),
        ({"order": 2}, "order=2 given for 4 labels; expected each label once"),
        ({"order": ["label_0", "sea"]}, "by name or by column number"),
        ({"order": "frequent"}, "Did you mean 'frequency'"),
        ({"chain_method": "proba"}, "Unknown chain_method 'proba'"),
        ({"cv": 0.2}, "does not predict each row once"),
    ],
)
def test_bad_settings_are_named(settings, words):
    with pytest.raises(ValueError, match=words):
        ClassifierChain(LR, **settings).fit(*make_case())


@pytest.mark.parametrize("form", [np.zeros((80, 8, 8, 3), np.uint8), ["a.jpg"] * 80])
def test_images_are_sent_to_the_embedder(form):
    _, y = make_case()
    with pytest.raises(ValueError, match="ImageEmbedder"):
        ClassifierChain(LR).fit(form, y)
