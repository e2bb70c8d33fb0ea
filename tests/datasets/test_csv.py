"""load_csv: what it reads, and what it refuses with every row named."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sklearn_mlic.datasets import load_csv


@pytest.fixture
def write(tmp_path):
    """Write a CSV beside five images, a.png to e.png, and return its path."""
    for name in "abcde":
        Image.new("RGB", (4, 4)).save(tmp_path / f"{name}.png")

    def write_csv(content):
        path = tmp_path / "labels.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_csv


def test_reads_images_labels_and_text(write):
    path = write('image,labels,note\na.png,dog cat,"two\nlines, ""quoted"""\nb.png,cat,\n')
    loaded = load_csv(path, text="note")
    assert loaded.data.columns.tolist() == ["image", "note"]
    assert loaded.data["image"].tolist() == [str(path.with_name(n)) for n in ("a.png", "b.png")]
    assert loaded.data["note"].tolist() == ['two\nlines, "quoted"', ""]
    assert loaded.label_names == ["cat", "dog"]
    assert loaded.target.to_numpy().tolist() == [[1, 1], [1, 0]]
    assert loaded.target.index.equals(loaded.data.index)
    assert loaded.ids.tolist() == ["a.png", "b.png"]
    assert loaded.skipped.empty
    assert loaded.skipped.columns.tolist() == ["row", "image", "problem"]
    assert "2 images" in loaded.DESCR


def test_names_that_pandas_would_take_for_missing_survive(write):
    loaded = load_csv(write("image,labels,t\na.png,NA None,nan\nb.png,null 1,NA\n"), text="t")
    assert loaded.label_names == ["1", "NA", "None", "null"]
    assert loaded.data["t"].tolist() == ["nan", "NA"]


@pytest.mark.parametrize(
    ("content", "sep"),
    [
        ("image,labels\na.png,  dog   cat dog \nb.png,cat\n", " "),
        ("image, labels\na.png, dog |cat|dog|\nb.png,cat\n", "|"),
        ('image,labels\na.png,"dog, cat,, dog"\nb.png,cat\n', ","),
        ("image,labels\r\na.png,dog::cat\r\n\r\nb.png,cat\r\n", "::"),
        ("\ufeffimage,labels,\na.png,dog cat,\nb.png,cat,\n", " "),
    ],
)
def test_separators_and_dialects(write, content, sep):
    loaded = load_csv(write(content), sep=sep)
    assert loaded.target.to_dict("list") == {"cat": [1, 1], "dog": [1, 0]}


def test_labels_of_several_words(write):
    loaded = load_csv(write("image,labels\na.png,traffic light|car\n"), sep="|")
    assert loaded.label_names == ["car", "traffic light"]


def test_dash_means_no_label(write):
    loaded = load_csv(write("image,labels\na.png,dog\nb.png, - \n"))
    assert loaded.target["dog"].tolist() == [1, 0]


def test_label_names_give_the_order(write):
    loaded = load_csv(write("image,labels\na.png,cat dog\n"), label_names=["dog", "cow", "cat"])
    assert loaded.label_names == ["dog", "cow", "cat"]
    assert loaded.target.to_numpy().tolist() == [[1, 0, 1]]


def test_without_labels(write):
    loaded = load_csv(write("file,note\na.png,x\n"), image="file", labels=None, text="note")
    assert loaded.target is None
    assert loaded.label_names is None
    assert loaded.data.columns.tolist() == ["file", "note"]


def test_image_folder_and_absolute_names(write, tmp_path):
    folder = tmp_path / "lists"
    folder.mkdir()
    path = write(f"image,labels\na.png,x\n{tmp_path / 'b.png'},y\n").rename(folder / "l.csv")
    loaded = load_csv(path, tmp_path)
    assert loaded.data["image"].tolist() == [str(tmp_path / "a.png"), str(tmp_path / "b.png")]


BAD = """image,labels
a.png,dog
missing.png,dog
b.png,
,cat
./a.png,cat
c.png,dgo
d.png,- cat
gone.png,
e.png,cat
"""
PROBLEMS = [
    (2, "missing.png", "there is no such file"),
    (3, "b.png", "the label cell is empty"),
    (4, "", "the image name is empty"),
    (5, "./a.png", "the same image as row 1"),
    (6, "c.png", "unknown label 'dgo' (did you mean 'dog'?)"),
    (7, "d.png", "'-' (no label) beside labels"),
    (8, "gone.png", "there is no such file"),
    (8, "gone.png", "the label cell is empty"),
]


def test_all_problems_are_raised_together(write):
    with pytest.raises(ValueError, match="has problems in 7 of 9 rows") as caught:
        load_csv(write(BAD), label_names=["cat", "dog"])
    lines = str(caught.value).splitlines()
    assert lines[1:9] == [f"  row {row}, image {name!r}: {text}" for row, name, text in PROBLEMS]
    advice = "\n".join(lines[9:])
    assert "Image names are relative to images=" in advice
    assert "Write '-' where none of the labels applies." in advice
    assert "add them to label_names" in advice
    assert advice.endswith("Or load the file with on_error='skip' to leave these rows out.")
    assert advice.count("relative to") == 1


def test_skip_drops_the_rows_and_warns(write):
    with pytest.warns(UserWarning, match="row 6, image 'c.png': unknown label 'dgo'"):
        loaded = load_csv(write(BAD), label_names=["cat", "dog"], on_error="skip")
    assert loaded.ids.tolist() == ["a.png", "e.png"]
    assert loaded.data.index.tolist() == [0, 1]
    assert loaded.target.to_numpy().tolist() == [[0, 1], [1, 0]]
    assert list(loaded.skipped.itertuples(index=False, name=None)) == PROBLEMS
    assert "7 rows were skipped" in loaded.DESCR


def test_labels_of_skipped_rows_are_forgotten(write):
    content = "image,labels\na.png,dog\nmissing.png,cat\n"
    with pytest.warns(UserWarning, match="missing.png"):
        assert load_csv(write(content), on_error="skip").label_names == ["dog"]


def test_long_lists_are_cut(write):
    content = "image,labels\na.png,x\n" + "".join(f"{i}.png,x\n" for i in range(27))
    with pytest.raises(ValueError, match=r"row 21, image '19.png'.*\n  \.\.\. and 7 more"):
        load_csv(write(content))
    with pytest.warns(UserWarning, match="and 7 more"):
        assert len(load_csv(write(content), on_error="skip").skipped) == 27


@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_no_row_left(write, on_error):
    with pytest.raises(ValueError, match=r"No row is without a problem\.") as caught:
        load_csv(write("image,labels\nx.png,dog\n"), on_error=on_error)
    assert "on_error" not in str(caught.value)


def test_verify_finds_images_that_cannot_be_decoded(write, tmp_path):
    path = write("image,labels\nmissing.png,x\na.png,x\nb.png,x\nc.png,x\n")
    (tmp_path / "b.png").write_bytes(b"")
    (tmp_path / "c.png").write_text("no picture")
    with pytest.raises(ValueError, match="in 1 of 4 rows"):
        load_csv(path)
    with pytest.warns(UserWarning, match="row 4, image 'c.png'"):
        loaded = load_csv(path, verify=True, on_error="skip")
    assert loaded.ids.tolist() == ["a.png"]
    assert loaded.skipped["row"].tolist() == [1, 3, 4]


@pytest.mark.parametrize(
    ("content", "params", "message"),
    [
        ("", {}, "is empty; expected a header line and rows."),
        ("image,labels\n", {}, "has a header but no rows."),
        (
            "file,tags\na.png,x\n",
            {},
            "has no column 'image' (image=) and 'labels' (labels=). Its columns, separated by "
            "commas, are: 'file', 'tags'. Set image and labels to one of them or labels=None",
        ),
        ("image;labels\na.png;x\n", {"labels": None}, "separated by commas, are: 'image;labels'"),
        ("image,labels\na.png,x\n", {"text": "caption"}, "no column 'caption' (text=)"),
        ("image,labels\na.png,x\n", {"text": "labels"}, "One column is named twice"),
        ("image,labels\na.png,x,y\n", {}, "put cells that contain commas in double quotes"),
        ("image,labels\na.png,x\nb.png,x,y\n", {}, "put cells that contain commas in double"),
        (b"image,labels\na.png,caf\xe9\n", {}, "is not in UTF-8"),
        ("image,labels\na.png,-\n", {}, "has a label in column 'labels'; name the labels with"),
        ("image,labels\na.png,x\n", {"sep": ""}, "sep=''; expected the text between two labels"),
        ("image,labels\na.png,x\n", {"on_error": "skp"}, "Did you mean 'skip'?"),
        ("image,labels\na.png,x\n", {"label_names": "x"}, "is one string; expected a list"),
        ("image,labels\na.png,x\n", {"label_names": []}, "label_names is empty"),
        ("image,labels\na.png,x\n", {"label_names": ["x", "x"]}, "['x'] more than once"),
        ("image,labels\na.png,x\n", {"label_names": ["x y"]}, "'x y', which cannot be read"),
        ("image,labels\na.png,x\n", {"label_names": ["-"]}, "'-', which cannot be read"),
        ("image\na.png\n", {"labels": None, "label_names": ["x"]}, "given with labels=None"),
    ],
)
def test_bad_files_and_parameters(write, content, params, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        load_csv(write(content), **params)


def test_missing_file_and_folder(write, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such CSV file"):
        load_csv(tmp_path / "nothing.csv")
    with pytest.raises(FileNotFoundError, match=r"images=.*there is no such folder"):
        load_csv(write("image,labels\na.png,x\n"), tmp_path / "nothing")


def test_real_photographs():
    root = Path(__file__).parents[2]
    folder = root / os.environ.get("MLIC_DATA", "../shared") / "data" / "natural_scenes"
    if not (folder / "labels.csv").is_file():
        pytest.skip("the photographs are not here; MLIC_DATA names the folder that holds data/")
    loaded = load_csv(folder / "labels.csv", folder / "images", verify=True)
    assert loaded.label_names == ["desert", "mountain", "sea", "sunset", "trees"]
    assert len(loaded.data) == len(loaded.target) == 1200
    assert np.isclose(loaded.target.to_numpy().sum(axis=1).mean(), 1.24, atol=0.01)
