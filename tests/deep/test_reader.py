"""The same pixels by every route, and each image decoded once where a cache is asked for."""

import pickle
import shutil

import numpy as np
import pytest
import torch
import torch.multiprocessing
from PIL import Image

from helpers import write
from sklearn_mlic.deep import _memory, _reader
from sklearn_mlic.deep._reader import ImageReader
from sklearn_mlic.images import ImageError, load_image

SIZE = 16
CACHES = {
    "none": lambda folder: {},
    "threads": lambda folder: {"n_threads": 3},
    "ram": lambda folder: {"cache": "ram"},
    "shared": lambda folder: {"cache": "ram", "shared": True, "n_threads": 2},
    "folder": lambda folder: {"cache": folder / "cache"},
}


@pytest.fixture
def column(tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (12, 40, 50, 3), dtype=np.uint8)
    column = np.array([str(tmp_path / f"{row}.jpg") for row in range(12)], dtype=object)
    for path, image in zip(column, pixels, strict=True):
        Image.fromarray(image).save(path)
    return column


@pytest.fixture(params=CACHES)
def settings(request, tmp_path):
    return CACHES[request.param](tmp_path)


@pytest.fixture
def decoded(monkeypatch):
    """The rows that were decoded in this process."""
    rows = []

    def spy(source, size, row):
        rows.append(row)
        return load_image(source, size, row)

    monkeypatch.setattr(_reader, "load_image", spy)
    return rows


def expected(column, rows):
    return np.stack([load_image(column[row], SIZE) for row in rows])


@pytest.mark.parametrize("rows", [[3], [0, 1, 2], [5, 2, 5, 11], np.arange(12)[::-1]])
def test_every_route_gives_the_same_pixels(column, settings, rows):
    reader = ImageReader(column, SIZE, **settings)
    assert len(reader) == 12
    for _ in range(3):
        images = reader.read(rows)
        assert images.dtype == np.uint8
        np.testing.assert_array_equal(images, expected(column, rows))
        images[:] = 0  # the caller's own memory
    twin = pickle.loads(pickle.dumps(reader))
    np.testing.assert_array_equal(twin.read(rows), expected(column, rows))


def test_with_a_cache_each_image_is_decoded_once(column, settings, decoded):
    reader = ImageReader(column, SIZE, **settings)
    for rows in ([0, 1, 2], [1, 2, 3], [3, 0, 4]):
        reader.read(rows)
    if settings.get("cache") is None:
        assert sorted(decoded) == [0, 0, 1, 1, 2, 2, 3, 3, 4]
    else:
        assert sorted(decoded) == [0, 1, 2, 3, 4]


def test_a_folder_is_shared_by_readers_and_never_gives_the_wrong_image(column, tmp_path, decoded):
    cache = tmp_path / "cache"
    ImageReader(column, SIZE, cache=cache).read(range(12))
    decoded.clear()
    shutil.move(column[0], tmp_path / "renamed.jpg")
    Image.new("RGB", (30, 30), "red").save(column[1])
    column[0] = str(tmp_path / "renamed.jpg")
    images = ImageReader(column[::-1], SIZE, cache=str(cache)).read(range(12))
    np.testing.assert_array_equal(images[::-1], expected(column, range(12)))
    assert decoded == [10]  # the one whose content changed
    assert ImageReader(column, 8, cache=cache).read([0]).shape == (1, 8, 8, 3)


@pytest.mark.parametrize("cache", [None, "ram"])
def test_arrays_of_the_right_size_are_only_indexed(decoded, cache):
    images = np.random.default_rng(0).integers(0, 256, (5, SIZE, SIZE, 3), dtype=np.uint8)
    read = ImageReader(images, SIZE, cache=cache).read([4, 0])
    np.testing.assert_array_equal(read, images[[4, 0]])
    assert not np.shares_memory(read, images)
    assert decoded == []
    assert ImageReader(images, 8, cache=cache).read([4, 0]).shape == (2, 8, 8, 3)
    assert ImageReader(images[..., :1], SIZE, cache=cache).read([1]).shape == (1, SIZE, SIZE, 3)


def test_pil_images_are_decoded_in_one_thread(column):
    images = [Image.open(path) for path in column]
    assert ImageReader(images, SIZE, n_threads=4).n_threads == 1
    assert ImageReader(column, SIZE, n_threads=4).n_threads == 4
    for image in images:
        image.close()


def test_a_bad_image_is_named_and_the_others_can_still_be_read(column, settings, tmp_path):
    column[7] = str(write(tmp_path / "bad.jpg", b"no picture"))
    reader = ImageReader(column, SIZE, **settings)
    for _ in range(2):
        with pytest.raises(ImageError, match=r"^Row 7, '.*bad\.jpg': its content is not an image"):
            reader.read(np.array([6, 7, 8]))
    np.testing.assert_array_equal(reader.read([6, 8]), expected(column, [6, 8]))


# ---- processes


# Newer Pythons warn when a process with threads is forked, as a DataLoader does too.
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
@pytest.mark.parametrize(
    ("kind", "method"), [("shared", "fork"), ("folder", "fork"), ("shared", "spawn")]
)
def test_what_a_worker_process_decodes_is_there_for_all(column, tmp_path, decoded, kind, method):
    reader = ImageReader(column, SIZE, **CACHES[kind](tmp_path))
    reader.read([0, 1])
    # torch's, as a DataLoader starts it: tensors in shared memory are handed on, not copied.
    context = torch.multiprocessing.get_context(method)
    worker = context.Process(target=reader.read, args=([1, 2, 3],))
    worker.start()
    worker.join()
    assert worker.exitcode == 0
    decoded.clear()
    np.testing.assert_array_equal(reader.read(range(5)), expected(column, range(5)))
    assert decoded == [4]


# ---- memory


def test_images_that_do_not_fit_into_memory(column, monkeypatch):
    monkeypatch.setattr(_memory, "_free_memory", lambda: 10**9)
    words = r'"ram" of 12 images of 20000 x 20000 pixels would take 14\.4 GB of memory; 0\.9 GB'
    with pytest.raises(ValueError, match=words + " can be had. Pass a folder as cache="):
        ImageReader(column, 20000, cache="ram")
    monkeypatch.setattr(_memory, "_free_memory", lambda: None)  # unknown
    ImageReader(column, SIZE, cache="ram")


def test_images_that_do_not_fit_into_shared_memory(column, monkeypatch, tmp_path):
    monkeypatch.setattr(_memory, "_SHARED_MEMORY", tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(99, 0, 99))
    with pytest.raises(ValueError, match=r"of shared memory \(.*folder as cache=, n_jobs=None"):
        ImageReader(column, SIZE, cache="ram", shared=True)
    ImageReader(column, SIZE, cache="ram", shared=False)


@pytest.mark.parametrize(
    ("files", "free"),
    [
        ({}, None),
        ({"/proc/meminfo": "MemTotal:  9 kB\nMemAvailable:   8 kB\nHugePages_Total: 0"}, 8192),
        (
            {
                "/proc/meminfo": "MemAvailable: 8 kB",
                "/sys/fs/cgroup/memory.max": "5000\n",
                "/sys/fs/cgroup/memory.current": "3000\n",
                "/sys/fs/cgroup/memory.stat": "anon 7\ninactive_file 500\nactive_file 200\n",
            },
            2700,
        ),
        (
            {
                "/proc/meminfo": "MemAvailable: 8 kB",
                "/sys/fs/cgroup/memory.max": "max\n",
                "/sys/fs/cgroup/memory.current": "3000\n",
            },
            8192,
        ),
    ],
    ids=["elsewhere", "machine", "container", "container without a limit"],
)
def test_free_memory_is_that_of_the_machine_or_the_container(monkeypatch, files, free):
    def read(path):
        if str(path) not in files:
            raise FileNotFoundError(path)
        return files[str(path)]

    monkeypatch.setattr(_memory.Path, "read_text", read)
    assert _memory._free_memory() == free


@pytest.mark.parametrize("cache", [True, 7])
def test_what_is_no_cache_is_refused(column, cache):
    with pytest.raises(ValueError, match=r"expected a folder"):
        ImageReader(column, SIZE, cache=cache)
