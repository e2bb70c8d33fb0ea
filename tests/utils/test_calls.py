"""Calls give the same results wherever they run, and what they share goes out once."""

import numpy as np
import pytest
from joblib import parallel_config
from sklearn import config_context, get_config
from sklearn.utils.parallel import delayed

from partitions import LINEAR, METHODS, make_numbers
from sklearn_mlic.features._descriptors import describe_images
from sklearn_mlic.images import ImageError
from sklearn_mlic.utils._calls import SentOnce, stream

# Python 3.12 says so of any fork beside threads, and those of other tests may be alive.
FORKS = "ignore:This process .* is multi-threaded:DeprecationWarning"


@pytest.fixture(params=["threading", "loky"])
def backend(request):
    with parallel_config(request.param, n_jobs=2):
        yield


@pytest.mark.filterwarnings(FORKS)
@pytest.mark.parametrize(
    ("backend", "methods"),
    # The last starts a pool for each round of calls, which takes its time.
    [("threading", METHODS), ("loky", METHODS), ("multiprocessing", [LINEAR])],
    indirect=["backend"],
    ids=["threading", "loky", "multiprocessing"],
)
def test_every_backend_fits_what_one_process_does(backend, methods):
    X, y = make_numbers()
    for method in methods:
        there = method.fit(X, y).predict_proba(X)
        with parallel_config("sequential"):
            here = method.fit(X, y).predict_proba(X)
        np.testing.assert_allclose(there, here, atol=1e-8, err_msg=repr(method))


def test_every_backend_describes_images_and_names_the_row_that_it_cannot_read(backend):
    images = list(np.random.default_rng(0).integers(0, 256, (70, 8, 8, 3), dtype=np.uint8))
    rows = range(70)
    found = describe_images(images, rows, ["rgb_histogram"], 8, n_jobs=2)["rgb_histogram"]
    alone = describe_images(images, rows, ["rgb_histogram"], 8, n_jobs=1)["rgb_histogram"]
    np.testing.assert_array_equal(found, alone)
    images[40] = "missing.png"
    with pytest.raises(ImageError, match="Row 40, 'missing.png': there is no such file"):
        describe_images(images, rows, ["rgb_histogram"], 8, n_jobs=2)


@pytest.mark.filterwarnings(FORKS)
@pytest.mark.parametrize("backend", ["threading", "loky", "multiprocessing"], indirect=True)
def test_results_come_in_order_of_more_calls_than_a_round_holds(backend):
    assert list(stream((delayed(abs)(-n) for n in range(50)), 2)) == list(range(50))
    assert list(stream([], 2)) == []


def test_the_configuration_travels(backend):
    with config_context(assume_finite=True):
        configs = list(stream([delayed(get_config)()] * 2, 2))
    assert [config["assume_finite"] for config in configs] == [True, True]


def test_calls_here_get_the_values_themselves():
    X, once = object(), SentOnce(object())
    assert list(stream([delayed(id)(X)], None, once)) == [id(X)]


def test_values_go_once_for_several_rounds_of_calls():
    X, own, sent = [1, 2], [3], []

    def put(values):
        sent.append(values)
        return [f"reference {place}" for place in range(len(values))]

    once = SentOnce(X, None)
    for _ in range(2):
        ((_, args, kwargs),) = once.fill([delayed(max)(X, own, None, key=len)], put)
        assert args[1:] == ("reference 0", own, None)
        assert kwargs == {"key": len}
    assert sent == [[X]]


def test_values_are_known_by_what_they_are_and_not_by_what_they_equal():
    X = [1, 2]
    ((_, args, _),) = SentOnce(X).fill([delayed(max)([1, 2])], lambda values: ["reference"])
    assert args[1:] == ([1, 2],)
