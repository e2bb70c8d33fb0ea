"""Data that differ in anything have another hash; the same have the same."""

import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import sparse

from sklearn_mlic.images import digest_data

NUMBERS = np.arange(12.0).reshape(4, 3)
PICTURES = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
FRAME = pd.DataFrame({"image": ["a.jpg", "b.jpg"], "text": ["one", None]})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (NUMBERS, NUMBERS + 1e-12),
        (NUMBERS, NUMBERS.T),
        (NUMBERS, NUMBERS[::-1]),
        (sparse.csr_array(NUMBERS), sparse.csr_array(NUMBERS[::-1])),
        (["a.jpg", "b.jpg"], ["b.jpg", "a.jpg"]),
        ([Path("a.jpg")], [Path("b.jpg")]),
        (PICTURES, PICTURES[::-1]),
        ([np.zeros((2, 3)), np.zeros((3, 3))], [np.zeros((3, 3)), np.zeros((2, 3))]),
        (FRAME, FRAME.assign(text=["one", "two"])),
        (FRAME, FRAME.rename(columns={"text": "caption"})),
        (FRAME, FRAME[["text", "image"]]),
        (pd.to_datetime(["2020-01-01"]), pd.to_datetime(["2020-01-02"])),
        ({"groups": [1, 2]}, {"groups": [2, 1]}),
        (None, []),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_differs_is_told_apart(first, second):
    assert digest_data(first) == digest_data(first)
    assert digest_data(first) != digest_data(second)
    assert digest_data(first, second) != digest_data(second, first)


def test_what_is_no_other_data_has_the_same_hash():
    assert digest_data(NUMBERS) == digest_data(np.asfortranarray(NUMBERS))
    assert digest_data(FRAME) == digest_data(FRAME.copy())
    assert digest_data(sparse.csr_array(NUMBERS)) == digest_data(sparse.csc_array(NUMBERS))


def test_rows_of_any_length_and_lists_of_parts_are_told_apart():
    ragged = [["a"] * (row % 3 + 1) for row in range(6)]
    assert digest_data(ragged) == digest_data([list(row) for row in ragged])
    assert digest_data(ragged) != digest_data(ragged[::-1])
    parts = [(NUMBERS, NUMBERS[:, 0])]
    assert digest_data(parts) == digest_data([(NUMBERS.copy(), NUMBERS[:, 0])])
    assert digest_data(parts) != digest_data([(NUMBERS + 1, NUMBERS[:, 0])])
    assert digest_data(["ab", "c"]) != digest_data(["a", "bc"])
    assert digest_data(np.float32([1])) != digest_data(np.float32([1]).view(np.int32))


def test_addresses_do_not_count():
    class Local:
        """Cannot be pickled."""

    assert digest_data({"own": Local()}) == digest_data({"own": Local()})


def test_one_long_text_makes_the_others_no_longer():
    texts = ["short"] * 2000 + ["x" * 20000]
    tracemalloc.start()
    digest_data(texts)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2e6


def test_names_that_are_no_utf_8_are_told_apart():
    assert digest_data(["caf\udce9.jpg"]) != digest_data(["caf\udce8.jpg"])
