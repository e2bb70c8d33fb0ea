"""What is put into a cache comes out of it, whole and as it was, and nothing else does."""

import pickle
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from helpers import embedder
from sklearn_mlic.features import _cache
from sklearn_mlic.features._cache import ArrayCache, MemoryCache, open_cache

KEYS = [b"a", b"b", b"c"]


@pytest.fixture(autouse=True)
def store(monkeypatch):
    """An empty store of memory caches."""
    store = _cache._Store()
    monkeypatch.setattr(_cache, "_STORE", store)
    return store


@pytest.fixture(params=["folder", "ram"])
def make(request, tmp_path):
    return lambda setup: open_cache("ram" if request.param == "ram" else tmp_path / "deep", setup)


@pytest.mark.parametrize("dtype", ["u1", "<f4", ">f8", "i8", "?", "f2"])
@pytest.mark.parametrize("shape", [(), (0,), (5,), (4, 3, 2)])
def test_every_dtype_and_shape_comes_back(make, dtype, shape):
    arrays = (np.random.default_rng(0).random((3, *shape)) * 200).astype(dtype)
    make("x").put(KEYS, arrays)
    found = make("x").get(KEYS)
    for key, array in zip(KEYS, arrays, strict=True):
        assert found[key].dtype == array.dtype
        np.testing.assert_array_equal(found[key], array)
        assert not found[key].flags.writeable


def test_only_what_is_there_and_of_the_same_setup_is_found(make):
    make("x").put(KEYS[:2], np.arange(2))
    assert set(make("x").get(KEYS)) == {b"a", b"b"}
    assert make("y").get(KEYS) == {}
    assert make("x").get([]) == {}


def test_what_is_there_stays(make):
    make("x").put([b"a"], [np.array(1)])
    make("x").put([b"a", b"b"], [np.array(2), np.array(2)])
    assert make("x").get([b"a", b"b"]) == {b"a": 1, b"b": 2}


def test_more_keys_than_a_query_takes(make):
    keys = [f"{number}".encode() for number in range(2000)]
    make("x").put(keys, np.arange(2000))
    found = make("x").get(iter(keys))
    assert [int(found[key]) for key in keys] == list(range(2000))


def test_as_many_arrays_as_keys_are_expected(make):
    with pytest.raises(ValueError, match="zip"):
        make("x").put(KEYS, np.arange(2))


def test_a_cache_survives_pickle(make):
    make("x").put([b"a"], [np.array(1)])
    assert pickle.loads(pickle.dumps(make("x"))).get(KEYS) == {b"a": 1}


def test_threads_share_a_cache(make):
    def work(number):
        cache = make("x")
        cache.put([f"{number % 8}".encode()], [np.full(100, number % 8)])
        return cache.get([f"{n}".encode() for n in range(8)])

    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(work, range(64)):
            assert all((array == int(key)).all() for key, array in found.items())


def test_a_cache_of_an_older_layout_is_left_alone(tmp_path):
    with sqlite3.connect(tmp_path / "vectors.sqlite") as connection:
        connection.execute("CREATE TABLE vectors (setup TEXT, content BLOB, vector BLOB)")
    connection.close()
    cache = ArrayCache(tmp_path, "x")
    cache.put(KEYS, np.arange(3))
    assert len(cache.get(KEYS)) == 3


# ---- memory


def test_the_least_recently_used_go_first(monkeypatch, store):
    monkeypatch.setattr(_cache, "MEMORY_LIMIT", 300)
    x, y = MemoryCache("x"), MemoryCache("y")
    x.put(KEYS[:2], np.zeros((2, 100), np.uint8))
    y.put([b"a"], np.zeros((1, 100), np.uint8))
    x.get([b"a"])
    y.put([b"b"], np.zeros((1, 100), np.uint8))
    assert set(x.get(KEYS)) == {b"a"}
    assert set(y.get(KEYS)) == {b"a", b"b"}
    y.put([b"c"], [np.zeros(301, np.uint8)])  # too large for all
    assert x.get(KEYS) == y.get(KEYS) == {}
    assert store.n_bytes == 0


def test_memory_holds_copies():
    array = np.zeros((1, 5))
    MemoryCache("x").put([b"a"], array)
    array[:] = 1
    kept = MemoryCache("x").get([b"a"])[b"a"]
    assert (kept == 0).all()
    assert kept.base is None  # not a view that keeps a whole batch


# ---- by an estimator's parameter


@pytest.mark.parametrize("cache", [True, 3, b"folder"])
def test_what_is_no_cache_is_refused(cache):
    with pytest.raises(ValueError, match=r'cache=.*; expected a folder, "ram" or None'):
        open_cache(cache, "x")


def test_none_is_no_cache_and_a_folder_may_be_called_ram(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert open_cache(None, "x") is None
    assert isinstance(open_cache("ram", "x"), MemoryCache)
    with pytest.raises(ValueError, match='did you mean "ram"'):
        open_cache("ramm", "x")
    assert open_cache("./ram", "x").path.parent == (tmp_path / "ram").relative_to(tmp_path)


def test_an_embedder_with_vectors_in_memory(paths, seen):
    expected = embedder().fit_transform(paths)
    seen.clear()
    first = embedder(cache="ram").fit_transform(paths)
    np.testing.assert_array_equal(first, expected)
    n_seen = sum(seen)
    again = embedder(cache="ram").fit_transform(paths[::-1])
    np.testing.assert_array_equal(again[::-1], first)
    assert sum(seen) == n_seen == len(paths)
    np.testing.assert_array_equal(
        embedder(cache="ram", pool="max").fit_transform(paths),
        embedder(pool="max").fit_transform(paths),
    )
