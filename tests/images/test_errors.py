"""What is no image is turned away with words that help."""

import copy
import os
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from PIL import Image

from helpers import write
from sklearn_mlic.images import (
    ImageError,
    load_image,
)


def jpeg_bytes(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "whole.jpg")
    return (tmp_path / "whole.jpg").read_bytes()


BAD_FILES = {
    "truncated JPEG": (
        lambda d: write(d / "a.jpg", jpeg_bytes(d)[:1500]),
        "cannot be decoded.*trunc",
    ),
    "text": (lambda d: write(d / "a.jpg", b"not a picture\n"), "content is not an image"),
    "zero bytes": (lambda d: write(d / "a.jpg", b""), r"the file is empty \(0 bytes\)"),
    "missing": (
        lambda d: d / "a.jpg",
        "there is no such file. Expected an image file .*; check the path",
    ),
    "below a file": (lambda d: write(d / "b.jpg", b"") / "a.jpg", "there is no such file"),
    "folder": (lambda d: d, "this is a folder"),
    "null byte": (lambda d: "a\0.jpg", "cannot be decoded.*null"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_named_with_its_row(tmp_path, case):
    make, words = BAD_FILES[case]
    path = make(tmp_path)
    with pytest.raises(ImageError, match=rf"(?s)^Row 5, '.*': .*{words}") as caught:
        load_image(path, row=5)
    assert caught.value.row == 5
    assert caught.value.source == os.fspath(path)
    assert caught.value.reason in str(caught.value)


def test_without_a_row_the_message_starts_with_the_file():
    with pytest.raises(ImageError, match=r"^'nowhere\.jpg': there is no such file"):
        load_image("nowhere.jpg")


def test_a_file_that_may_not_be_read(monkeypatch):
    def refuse(source):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Image, "open", refuse)
    with pytest.raises(ImageError, match=r"cannot be opened \(Permission denied\).*permissions"):
        load_image("secret.jpg")


@pytest.mark.parametrize("limit", [100, 200])  # beyond twice the limit Pillow raises, else it warns
def test_a_decompression_bomb(rgb, save, monkeypatch, limit):
    path = save(Image.fromarray(rgb))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(ImageError, match=r"decompression bomb.*shrink it"):
        load_image(path)
    assert limit == Image.MAX_IMAGE_PIXELS


def test_a_lazy_pil_image_of_a_truncated_file(tmp_path):
    path = write(tmp_path / "a.jpg", jpeg_bytes(tmp_path)[:1500])
    with (
        Image.open(path) as image,
        pytest.raises(ImageError, match="Row 2, 'PIL image of mode RGB"),
    ):
        load_image(image, row=2)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (np.zeros((4, 4, 3)), "must be uint8.*multiply values of 0 to 1 by 255, and cast"),
        (np.zeros((4, 4, 3), int), "must be uint8.*0 to 255.*cast"),
        (np.zeros((4, 4), bool), "must be uint8"),
        (np.zeros((3, 4, 4, 3), np.uint8), "not the shape of an image.*index"),
        (np.zeros((3, 8, 8), np.uint8), r"shape \(3, 8, 8\).*not the shape.*transpose"),
        (np.zeros((4, 4, 2), np.uint8), "not the shape of an image"),
        (np.zeros(4, np.uint8), "not the shape of an image"),
        (np.zeros((0, 4, 3), np.uint8), "there are no pixels"),
        (b"\xff\xd8", "type bytes.*not an image.*Expected a path"),
        (3, "type int.*not an image"),
        (None, "type NoneType.*not an image"),
        (Image.new("F", (2, 2)), "range of float pixels is unknown.*scale"),
        (Image.new("I", (2, 2), 70000), "70000 to 70000, do not fit 16 bits"),
        (Image.new("I", (2, 2), -1), "-1 to -1, do not fit 16 bits"),
    ],
)
def test_a_bad_source_is_described(source, words):
    with pytest.raises(ImageError, match=f"^Row 1, .*{words}"):
        load_image(source, row=1)


def test_size_must_be_positive(rgb):
    with pytest.raises(ValueError, match="size=0; expected"):
        load_image(rgb, 0)


def test_lack_of_memory_is_not_blamed_on_the_image(rgb, monkeypatch):
    def fail(*args):
        raise MemoryError

    monkeypatch.setattr(Image.Image, "load", fail)
    with pytest.raises(MemoryError):
        load_image(Image.fromarray(rgb).convert("L"))


# ---- ImageError


def test_an_image_error_survives_pickle_copy_and_another_process():
    error = ImageError("it is torn", source="a.jpg", row=4, remedy="Mend it")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        raised = pool.submit(load_image, "nowhere.jpg", row=4).exception()
    assert type(raised) is ImageError
    assert (raised.source, raised.row) == ("nowhere.jpg", 4)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is ImageError
        assert str(twin) == str(error) == "Row 4, 'a.jpg': it is torn. Mend it."
        assert vars(twin) == vars(error)


def test_an_image_error_can_be_made_from_its_message_alone():
    # What torch's DataLoader does with an error that was raised in a worker.
    assert str(ImageError("Caught ImageError in worker 0")) == "Caught ImageError in worker 0"
