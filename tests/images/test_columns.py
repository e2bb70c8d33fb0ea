"""The forms of X, and the helpers that go through a column."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import sparse

from helpers import write
from sklearn_mlic.images import (
    ImageError,
    as_columns,
    content_digest,
    find_unreadable,
    load_image,
)


def test_paths_arrays_pil_and_frame_give_the_same_images(rgb, save):
    arrays = [rgb, rgb[::-1], rgb[:, ::-1]]
    pils = [Image.fromarray(a) for a in arrays]
    paths = [save(image, f"{i}.png") for i, image in enumerate(pils)]
    texts = np.array([str(path) for path in paths])
    forms = [
        paths, tuple(paths), texts.tolist(), texts, texts.astype(object), arrays, pils,
        np.stack(arrays), np.stack(arrays)[:, ::1], [paths[0], pils[1], arrays[2]],
        pd.Series(paths), pd.Series(texts), pd.Series(texts, dtype="category"), pd.Series(arrays),
        pd.Series(pils, index=[7, 8, 9]), pd.Index(texts), pd.DataFrame({"image": paths}),
        pd.DataFrame({"image": texts, "id": [1, 2, 3]}), pd.DataFrame({"image": arrays}),
    ]  # fmt: skip
    for X in forms:
        columns = as_columns(X)
        assert list(columns) == ["image"]
        column = columns["image"]
        assert isinstance(column, np.ndarray)
        assert column.shape == (3,) if column.dtype == object else column.ndim == 4
        for loaded, expected in zip(map(load_image, column), arrays, strict=True):
            np.testing.assert_array_equal(loaded, expected)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_stack_of_images_is_not_copied(channels):
    X = np.zeros((2, 5, 6, channels), np.uint8)
    assert as_columns(X)["image"] is X


def test_elements_of_a_str_array_become_plain_str():
    assert type(as_columns(np.array(["a.jpg"]))["image"][0]) is str


class NotAnArray:
    def __array__(self, dtype=None, copy=None):
        return np.zeros((3, 2))


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((3, 2)),
        np.zeros((3, 2), np.uint8),
        np.zeros((3, 2), complex),
        np.zeros((0, 2)),
        np.zeros((3, 2)).astype(object),
        np.array([[{"a": 1}, 2.0]], dtype=object),
        np.zeros(3),
        np.array([1, 2], dtype=object),
        np.array(1.0),
        [[0.5, 1], [2, 3]],
        [[], []],
        [1, 2.5],
        [np.nan, np.nan],
        [np.zeros(2), np.ones(2)],
        sparse.csr_matrix((3, 2)),
        sparse.coo_array((3, 2)),
        pd.Series([1, 2]),
        pd.DataFrame({"a": [1.0, 2.0], "b": [0.5, np.nan]}),
        pd.DataFrame({"a": pd.array([1.5, None], dtype="Float64")}),
        pd.DataFrame({"a": np.zeros(0)}),
        NotAnArray(),
    ],
    ids=lambda X: f"{type(X).__name__}",
)
def test_numeric_data_passes_untouched(X):
    columns = as_columns(X)
    assert list(columns) == ["features"]
    assert columns["features"] is X


def test_text_is_taken_from_the_named_column():
    X = pd.DataFrame({"file": ["a", "b", "c", "d"], 0: ["cat", None, np.nan, pd.NA]})
    columns = as_columns(X, image="file", text=0)
    assert {name: column.tolist() for name, column in columns.items()} == {
        "image": ["a", "b", "c", "d"],
        "text": ["cat", None, None, None],
    }
    only_text = as_columns(X, image=None, text=0)
    assert list(only_text) == ["text"]
    assert only_text["text"].shape == (4,)
    assert only_text["text"].dtype == object


def test_x_is_not_modified():
    X = pd.DataFrame({"image": ["a", "b"], "text": ["cat", None]})
    before = X.copy()
    as_columns(X, text="text")["image"][0] = "changed"
    pd.testing.assert_frame_equal(X, before)


# ---- as_columns: errors


@pytest.mark.parametrize(
    ("X", "error", "words"),
    [
        ({"image": ["a"]}, TypeError, "X is a dict.*cannot split.*pandas.DataFrame"),
        ("a.jpg", TypeError, r"single str.*\[X\]"),
        (Image.new("L", (1, 1)), TypeError, r"single Image.*\[X\]"),
        (np.zeros((4, 4, 3), np.uint8), ValueError, r"shape \(4, 4, 3\).*pass \[X\]"),
        (np.zeros((4, 5, 6)), ValueError, r"np\.newaxis.*multiply"),
        (np.zeros((2, 4, 4, 3)), ValueError, r"float64.*multiply values of 0 to 1 by 255 and cast"),
        (np.zeros((2, 4, 4, 3), int), ValueError, r"scale to 255 and cast with .astype\(np.uint8"),
        (np.zeros((2, 3, 8, 8), np.uint8), ValueError, r"transpose\(0, 2, 3, 1\)"),
        (np.zeros((2, 3, 8, 8)), ValueError, r"transpose\(0, 2, 3, 1\); multiply"),
        (np.zeros((2, 8, 8, 5), np.uint8), ValueError, "bring it to that shape"),
        (np.zeros((2, 8, 8, 3, 1), np.uint8), ValueError, "bring it to that shape"),
        (np.zeros((0, 8, 8, 3), np.uint8), ValueError, "X is empty"),
        ([], ValueError, "X is empty: there are 0 rows"),
        (np.array([], dtype=object), ValueError, "X is empty"),
        (pd.DataFrame({"image": []}, dtype=object), ValueError, "X is empty"),
        (["a", b"b"], TypeError, "Row 1 of the image column is of type bytes"),
        ([1, "a"], TypeError, "Row 0 .*type int"),
        ([["a"], ["b"]], TypeError, "Row 0 .*type list"),
        (["a", {"b": 1}], TypeError, "Row 1 .*type dict.*Expected a path"),
        (np.array([["a"], ["b"]]), ValueError, r"expected \(2,\)\. Pass X\[:, 0\]"),
        (np.array([["a"], ["b"]], dtype=object), ValueError, r"Pass X\[:, 0\]"),
        (["a", None, "b", np.nan], ValueError, r"missing .* in 2 of 4 rows: 1, 3\. .*drop"),
        ([None] * 12, ValueError, "in 12 of 12 rows: 0, 1, .*, 9 and 2 more"),
        (pd.Series(["a", pd.NA]), ValueError, "in 1 of 2 rows: 1"),
        (pd.DataFrame({"image": [np.nan, np.nan]}), ValueError, "in 2 of 2 rows: 0, 1"),
        (pd.DataFrame({"image": [1, 2]}), TypeError, "Row 0 of the image column is of type int"),
        (pd.DataFrame({"file": ["a"], "n": [1]}), ValueError, "'image'; .*'file', 'n'.*`image`"),
        (pd.DataFrame([["a", "b"]], columns=["image"] * 2), ValueError, "more than one column"),
        (iter(["a"]), TypeError, r"list_iterator.*list\(X\)"),
        (None, TypeError, "X is a NoneType"),
    ],
)  # fmt: skip
def test_what_is_turned_away(X, error, words):
    with pytest.raises(error, match=f"(?s){words}"):
        as_columns(X)


@pytest.mark.parametrize(
    ("X", "error", "words"),
    [
        (["a.jpg"], ValueError, "list without columns, but text='caption'.*Expected a DataFrame"),
        (np.zeros((3, 2)), ValueError, "ndarray without columns"),
        (pd.DataFrame({"image": ["a"]}), ValueError, "no column 'caption'.*'image'.*`text`"),
        (pd.DataFrame({"n": [1]}), ValueError, "'image' and .* 'caption'.*`image` and `text`"),
        (pd.DataFrame({"image": ["a"], "caption": [3]}), TypeError, "Row 0 of the text.*int.*str"),
    ],
)  # fmt: skip
def test_text_that_cannot_be_taken(X, error, words):
    with pytest.raises(error, match=words):
        as_columns(X, text="caption")


def test_some_column_must_be_asked_for():
    with pytest.raises(ValueError, match="name one with `image` or `text`"):
        as_columns(["a.jpg"], image=None)


# ---- find_unreadable, content_digest


@pytest.mark.parametrize("n_jobs", [None, 1, 3, -1])
def test_find_unreadable_gives_the_failures_in_row_order(rgb, save, tmp_path, n_jobs):
    good, empty = save(Image.fromarray(rgb)), write(tmp_path / "empty.jpg", b"")
    column = as_columns([empty, good, "nowhere.jpg", rgb, rgb / 255.0, good, empty])["image"]
    errors = find_unreadable(column, n_jobs)
    assert list(errors) == [0, 2, 4, 6]
    assert all(error.row == row for row, error in errors.items())
    assert "empty" in errors[6].reason
    assert find_unreadable(np.stack([rgb, rgb])) == find_unreadable([Image.fromarray(rgb)]) == {}


def test_a_digest_follows_the_content_and_not_the_name(rgb, save):
    path, twin = (save(Image.fromarray(rgb), name) for name in ("a.png", "b.png"))
    assert content_digest(path) == content_digest(str(twin))
    assert content_digest(rgb) == content_digest(np.asfortranarray(rgb))
    assert content_digest(Image.fromarray(rgb)) == content_digest(Image.open(path))


def test_what_looks_different_has_another_digest(rgb, save):
    image = Image.fromarray(rgb)
    palette = Image.new("P", (2, 2))
    other_palette = palette.copy()
    other_palette.putpalette([9, 9, 9])
    see_through = palette.copy()
    see_through.info["transparency"] = 0
    turned = image.copy()
    turned.getexif()[0x0112] = 6
    sources = [
        rgb, rgb.reshape(20, 12, 3), rgb[:, :, 0], rgb[::-1], image, turned, palette,
        other_palette, see_through, Image.new("L", (2, 2)), Image.new("L", (4, 1)), save(image),
        save(turned, "turned.png", exif=turned.getexif()),
    ]  # fmt: skip
    digests = {content_digest(source) for source in sources}
    assert len(digests) == len(sources)
    assert {len(digest) for digest in digests} == {16}


@pytest.mark.parametrize(
    ("source", "words"),
    [("nowhere.jpg", "no such file"), (3, "not an image"), (np.zeros((2, 2)), "must be uint8")],
)
def test_no_digest_without_an_image(source, words):
    with pytest.raises(ImageError, match=words):
        content_digest(source)
