"""Weights and other metadata reach the wrapped estimator, with scikit-learn's routing or not."""

import inspect

import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import sklearn_mlic
from helpers import wraps_binary
from sklearn_mlic import BinaryRelevance
from sklearn_mlic.base import RoutingMixin
from sklearn_mlic.utils.estimator_checks import make_data

PUBLIC = [getattr(sklearn_mlic, name) for name in sklearn_mlic.__all__]
WRAPPERS = [item for item in PUBLIC if inspect.isclass(item) and issubclass(item, RoutingMixin)]
SETTINGS = {"max_iter": 1000}
GIVEN = {"random_state": 0, "blocks": {"left": slice(0, 3), "right": slice(3, None)}}
WEIGHT = np.random.default_rng(0).exponential(size=60)


def make(cls, binary):
    """An instance around a binary classifier, or around a multi-label one that wraps it."""
    parameters = inspect.signature(cls).parameters
    settings = {name: value for name, value in GIVEN.items() if name in parameters}
    return cls(binary if wraps_binary(cls) else BinaryRelevance(binary), **settings)


@pytest.mark.parametrize("cls", WRAPPERS)
def test_weights_change_the_fit_and_equal_ones_do_not(cls):
    model = make(cls, LogisticRegression(**SETTINGS))
    X, y = make_data(model)
    plain = model.fit(X, y).predict_proba(X)
    even = model.fit(X, y, sample_weight=np.ones(60)).predict_proba(X)
    np.testing.assert_allclose(even, plain, atol=1e-6)
    weighted = model.fit(X, y, sample_weight=WEIGHT).predict_proba(X)
    assert np.abs(weighted - plain).max() > 0.01


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("cls", WRAPPERS)
def test_routing_sends_what_is_asked_for(cls, n_jobs):
    X, y = make_data(make(cls, LogisticRegression(**SETTINGS)))
    expected = (
        make(cls, LogisticRegression(**SETTINGS)).fit(X, y, sample_weight=WEIGHT).predict_proba(X)
    )
    with sklearn.config_context(enable_metadata_routing=True):
        # The pipeline asks for routing in each worker.
        logistic = LogisticRegression(**SETTINGS).set_fit_request(sample_weight=True)
        asking = make(cls, make_pipeline(FunctionTransformer(), logistic))
        if "n_jobs" in asking.get_params(deep=False):
            asking.set_params(n_jobs=n_jobs)
        model = asking.fit(X, y, sample_weight=WEIGHT)
        np.testing.assert_array_equal(model.predict_proba(X), expected)
        with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
            make(cls, LogisticRegression(**SETTINGS)).fit(X, y, sample_weight=WEIGHT)


def test_every_wrapper_is_here():
    wrappers = [
        item
        for item in PUBLIC
        if inspect.isclass(item)
        and issubclass(item, BaseEstimator)
        and "estimator" in inspect.signature(item).parameters
        and not issubclass(item, BaseSearchCV)  # it routes as scikit-learn's: tests/tuning
    ]
    assert wrappers == WRAPPERS
