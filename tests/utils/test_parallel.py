"""Threads and processes leave the settings of the process as they found them."""

import threading

import numpy as np
import pytest
from joblib import parallel_config
from sklearn import get_config
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.utils.parallel import delayed
from threadpoolctl import threadpool_info, threadpool_limits

from sklearn_mlic import BinaryRelevance, ClassifierChain, ClassifierChainEnsemble, RAkEL
from sklearn_mlic.utils._parallel import one_blas_thread, run_parallel
from sklearn_mlic.utils._random import seed_clone


def blas_threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


@pytest.fixture
def two_threads():
    with threadpool_limits(2, user_api="blas"):
        yield


def make_case(n_samples=80, n_labels=4):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 5))
    return X, (X[:, :n_labels] + rng.normal(size=(n_samples, n_labels)) > 0).astype(int)


def test_blas_is_held_in_the_main_thread_only(two_threads):
    with one_blas_thread():
        assert set(blas_threads()) == {1}
    before, seen = blas_threads(), []

    def look():
        with one_blas_thread():
            seen.append(blas_threads())

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]


def test_the_limit_is_taken_back_after_an_error(two_threads):
    before = blas_threads()
    with pytest.raises(KeyError), one_blas_thread():
        raise KeyError
    assert blas_threads() == before


def test_a_fit_in_threads_leaves_blas_as_it_was(two_threads):
    X, y = make_case()
    before = blas_threads()
    with parallel_config(backend="threading", n_jobs=4):
        for _ in range(5):
            BinaryRelevance(LogisticRegression()).fit(X, y)
    assert blas_threads() == before


def test_results_come_in_order_and_the_bar_only_on_request(capsys):
    calls = [delayed(len)(range(n)) for n in (3, 1, 2)]
    assert run_parallel(calls, 3, None, "Counting") == [3, 1, 2]
    assert capsys.readouterr().err == ""
    X, y = make_case()
    BinaryRelevance(LogisticRegression(), verbose=1).fit(X, y)
    assert "Fitting labels" in capsys.readouterr().err


@pytest.mark.parametrize("method", [ClassifierChainEnsemble, RAkEL])
def test_a_seed_holds_for_the_copies_too(method):
    X, y = make_case()
    model = method(RandomForestClassifier(3), random_state=0)
    first = model.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(model.fit(X, y).predict_proba(X), first)


def test_seeds_that_are_given_stay():
    nested = BinaryRelevance(RandomForestClassifier(random_state=7))
    rng = np.random.RandomState(0)
    assert seed_clone(nested, rng).estimator.random_state == 7
    fresh = seed_clone(BinaryRelevance(RandomForestClassifier()), rng)
    assert isinstance(fresh.estimator.random_state, int)


def test_no_bar_for_no_work(capsys):
    assert run_parallel([], 0, None, "Counting", verbose=1) == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("first_is_constant", [False, True])
@pytest.mark.parametrize("method", [BinaryRelevance, ClassifierChain])
def test_a_bad_parameter_is_refused_whatever_the_labels(method, first_is_constant):
    X, y = make_case()
    if first_is_constant:
        y[:, 0] = 1
    with pytest.raises(ValueError, match="The 'C' parameter of LogisticRegression must be"):
        method(LogisticRegression(C=-1)).fit(X, y)


def test_what_a_search_tries_is_still_checked():
    X, y = make_case()
    search = GridSearchCV(LogisticRegression(), {"C": [-1]}, error_score="raise", cv=2)
    with pytest.raises(ValueError, match="The 'C' parameter"):
        BinaryRelevance(search).fit(X, y)
    assert not get_config()["skip_parameter_validation"]
