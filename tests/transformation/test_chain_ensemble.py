"""Properties of ClassifierChainEnsemble."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from sklearn_mlic import ClassifierChain, ClassifierChainEnsemble

LR = LogisticRegression()


class RowCounter(ClassifierMixin, BaseEstimator):
    """Remembers how many rows and features it was given, and the weights."""

    def fit(self, X, y, sample_weight=None):
        self.shape_, self.weight_ = X.shape, sample_weight
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)


def make_case(seed=0, n_samples=60, n_labels=4):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 3))
    return X, (X @ rng.normal(size=(3, n_labels)) + rng.normal(size=(n_samples, n_labels)) > 0) * 1


def test_is_the_mean_of_its_chains():
    X, y = make_case()
    model = ClassifierChainEnsemble(LR, 3, max_samples=1.0, random_state=0).fit(X, y)
    chains = [ClassifierChain(LR, order=order).fit(X, y) for order in model.orders_]
    expected = np.mean([chain.predict_proba(X) for chain in chains], axis=0)
    np.testing.assert_allclose(model.predict_proba(X), expected)
    assert len({tuple(order) for order in model.orders_}) > 1


@pytest.mark.parametrize(("max_samples", "n_rows"), [(0.5, 30), (1.0, 60), (7, 7), (0.67, 40)])
def test_each_chain_sees_its_part_of_the_rows(max_samples, n_rows):
    X, y = make_case()
    weight = np.arange(60.0)
    model = ClassifierChainEnsemble(RowCounter(), 4, max_samples=max_samples, random_state=0)
    model.fit(X, y, sample_weight=weight)
    for links in model.estimators_:
        assert [link.shape_ for link in links] == [(n_rows, 3 + j) for j in range(4)]
        assert len(set(links[0].weight_)) == n_rows
    drawn = {tuple(links[0].weight_) for links in model.estimators_}
    assert len(drawn) == (1 if n_rows == 60 else 4)


def test_jobs_and_forms_change_nothing():
    X, y = make_case()
    X[X < 0] = 0
    expected = ClassifierChainEnsemble(LR, 3, random_state=0).fit(X, y).predict_proba(X)
    two = ClassifierChainEnsemble(LR, 3, n_jobs=2, random_state=0).fit(X, y)
    np.testing.assert_array_equal(two.predict_proba(X), expected)
    thin = sparse.csr_array(X)
    model = ClassifierChainEnsemble(LR, 3, random_state=0).fit(thin, sparse.csr_array(y))
    np.testing.assert_allclose(model.predict_proba(thin), expected, atol=1e-3)


def test_a_label_that_a_part_has_once_only_raises_nothing():
    X, y = make_case()
    y[:, 2] = 0
    y[5, 2] = 1
    model = ClassifierChainEnsemble(LR, 6, max_samples=0.5, random_state=0).fit(X, y)
    assert np.all(np.isfinite(model.predict_proba(X)))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n_estimators": 0}, "n_estimators=0; expected a whole number"),
        ({"max_samples": 0.0}, "max_samples=0.0 given"),
        ({"max_samples": 61}, "rows up to 60"),
    ],
)
def test_bad_settings_are_named(settings, words):
    with pytest.raises(ValueError, match=words):
        ClassifierChainEnsemble(LR, **settings).fit(*make_case())
