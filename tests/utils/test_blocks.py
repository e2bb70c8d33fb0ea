"""Which columns belong to which block, however they are told."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklearn_mlic.utils._blocks import WHOLE, block_slices, name_columns, resolve_blocks
from sklearn_mlic.utils._blocks import resolve_costs as costs_of

NAMES = ["a__0", "a__1", "b__0", "b__1", "b__2"]
FRAME = pd.DataFrame(np.zeros((2, 5)), columns=NAMES)
EXPECTED = {"a": [0, 1], "b": [2, 3, 4]}


def as_lists(blocks):
    return {name: columns.tolist() for name, columns in blocks.items()}


@pytest.mark.parametrize(
    "b",
    [
        slice(2, None),
        slice(-3, 5),
        [2, 3, 4],
        [-3, -2, -1],
        range(2, 5),
        np.array([2, 3, 4], dtype=np.uint8),
        [False, False, True, True, True],
        pd.Series([False, False, True, True, True]),
        ["b__0", "b__1", "b__2"],
        pd.Index(["b__0", "b__1", "b__2"]),
    ],
)
def test_every_form_of_columns_is_the_same_block(b):
    assert as_lists(resolve_blocks({"a": slice(0, 2), "b": b}, FRAME, 5)) == EXPECTED


def test_blocks_are_read_from_names():
    assert as_lists(resolve_blocks(None, FRAME, 5)) == EXPECTED
    mixed = FRAME[NAMES[::-1]]
    assert as_lists(resolve_blocks(None, mixed, 5)) == {"b": [0, 1, 2], "a": [3, 4]}


def test_the_last_separator_divides():
    names = ["image__hog__0", "image__lbp__0", "image__hog__1", "text__word"]
    found = resolve_blocks(None, pd.DataFrame([[0.0] * 4], columns=names), 4)
    assert as_lists(found) == {"image__hog": [0, 2], "image__lbp": [1], "text": [3]}


@pytest.mark.parametrize(
    "X", [np.zeros((2, 3)), sparse.csr_array((2, 3)), pd.DataFrame(np.zeros((2, 3)))]
)
def test_without_names_all_is_one_block(X):
    with pytest.warns(UserWarning, match=r"all 3 columns are read as one. Pass blocks=, or"):
        found = resolve_blocks(None, X, 3)
    assert as_lists(found) == {WHOLE: [0, 1, 2]}
    assert as_lists(resolve_blocks({WHOLE: slice(None)}, X, 3)) == as_lists(found)


@pytest.mark.parametrize("columns", [64, (0, 63)])
def test_what_may_be_meant_as_a_width_or_a_range_is_refused(columns):
    with pytest.raises(TypeError, match=r"'hog' is .*; expected a slice, such as slice\(0, 64\)"):
        resolve_blocks({"hog": columns}, None, 70)


def test_a_single_column_and_columns_of_no_block():
    found = resolve_blocks({"one": [3], "other": "a__0"}, FRAME, 5)
    assert as_lists(found) == {"one": [3], "other": [0]}


def test_names_and_slices_find_each_other():
    blocks = block_slices({"a": 2, "b": 3})
    names = name_columns(blocks)
    assert names.tolist() == NAMES
    by_name = resolve_blocks(None, pd.DataFrame(np.zeros((1, 5)), columns=names), 5)
    assert as_lists(by_name) == as_lists(resolve_blocks(blocks, None, 5)) == EXPECTED


@pytest.mark.parametrize(
    ("blocks", "error", "words"),
    [
        ([slice(0, 2)], TypeError, r"is a list; expected a mapping of names"),
        ({}, ValueError, "expected one block at least"),
        ({3: slice(0, 2)}, TypeError, "has the name 3; expected a str"),
        ({"": slice(0, 2)}, TypeError, "has the name ''"),
        ({"a": slice(2, 2)}, ValueError, "'a' has no columns"),
        ({"a": []}, ValueError, r"'a' has no columns \(\[\]\)"),
        ({"a": [1, 1]}, ValueError, "'a' has a column more than once"),
        ({"a": [1, -4]}, ValueError, "'a' has a column more than once"),
        ({"a": slice(0, 6)}, ValueError, r"slice\(0, 6, None\), but X has 5 columns"),
        ({"a": slice("a__0", "b__0")}, TypeError, "expected a slice of whole numbers"),
        ({"a": [0, 5]}, ValueError, "'a' asks for column 5, but X has 5 columns"),
        ({"a": [True, False]}, ValueError, r"a mask of shape \(2,\); expected one entry for"),
        ({"a": [0.0, 1.0]}, TypeError, "dtype float64; expected a slice, or column numbers"),
        ({"a": 1.5}, TypeError, "dtype float64"),
        ({"a": [[0, 1]]}, TypeError, r"shape \(1, 2\)"),
        ({"a": ["a__0", "c"]}, ValueError, r"1 column\(s\) that X does not have, the first 'c'"),
        ({"a": [0, 1], "b": slice(1, 3)}, ValueError, "Column 1 of X is in the blocks 'a' and 'b'"),
    ],
)
def test_bad_blocks_are_named(blocks, error, words):
    with pytest.raises(error, match=words):
        resolve_blocks(blocks, FRAME, 5)


def test_names_need_names():
    with pytest.raises(TypeError, match=r"'a' asks for columns by name \('x', ...\), but X has no"):
        resolve_blocks({"a": ["x"]}, np.zeros((2, 5)), 5)


def test_half_of_the_names_is_not_enough():
    frame = pd.DataFrame([[0.0] * 3], columns=["year", "a__0", "__init"])
    words = "as 'a__0' is, and 2 that are not, the first 'year'"
    with pytest.raises(ValueError, match=words):
        resolve_blocks(None, frame, 3)


def test_costs_come_in_the_order_of_the_blocks():
    assert list(costs_of({"b": 2, "a": 0.5}, ["a", "b"]).items()) == [("a", 0.5), ("b", 2.0)]
    assert costs_of(None, ["a", "b"]) == {"a": 1.0, "b": 1.0}


@pytest.mark.parametrize(
    ("costs", "error", "words"),
    [
        ([1, 2], TypeError, r"costs=\[1, 2\]; expected a mapping"),
        ({"a": 1}, ValueError, r"given for \['a'\], and the blocks are \['a', 'b'\]"),
        ({"a": 1, "b": 1, "c": 1}, ValueError, "expected one cost for each"),
        ({"a": 1, "b": -1}, ValueError, "cost of 'b' is -1; expected a number, 0 or more"),
        ({"a": 1, "b": np.nan}, ValueError, "cost of 'b' is nan"),
        ({"a": 1, "b": "2"}, ValueError, "cost of 'b' is '2'"),
    ],
)
def test_bad_costs_are_named(costs, error, words):
    with pytest.raises(error, match=words):
        costs_of(costs, ["a", "b"])
