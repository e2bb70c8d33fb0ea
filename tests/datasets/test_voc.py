"""load_voc: labels by image with difficult objects as asked for, and every fault in one list."""

import re

import numpy as np
import pytest
from PIL import Image

from sklearn_mlic.datasets import load_voc


def xml(*objects):
    """An annotation with these objects: a name, or a name and whether it is difficult."""
    items = ""
    for item in objects:
        name, flag = item if isinstance(item, tuple) else (item, 0)
        part = "<part><name>head</name></part>"
        items += f"<object><name>{name}</name><difficult>{flag}</difficult>{part}</object>"
    return (
        f"<annotation><filename>x.jpg</filename><size><width>4</width></size>{items}</annotation>"
    )


ANNOTATIONS = {
    "000005": xml("dog", ("dog", 1), ("car", 1)),
    "000007": xml(("person", 1), "car"),
    "000009": xml(),
    "000011": "<annotation><object><name>tvmonitor</name></object></annotation>",
}
# In the order of the names car, dog, person, tvmonitor; 2 stands for difficult alone.
EXPECTED = np.array([[2, 1, 0, 0], [1, 0, 2, 0], [0, 0, 0, 0], [0, 0, 0, 1]])


@pytest.fixture
def voc(tmp_path):
    root = tmp_path / "VOCdevkit" / "VOC2007"
    for name in ("ImageSets/Main", "Annotations", "JPEGImages"):
        (root / name).mkdir(parents=True)
    for name, content in ANNOTATIONS.items():
        (root / "Annotations" / f"{name}.xml").write_text(content)
        Image.new("RGB", (4, 4)).save(root / "JPEGImages" / f"{name}.jpg")
    lists = root / "ImageSets" / "Main"
    lists.joinpath("trainval.txt").write_text("\n".join(ANNOTATIONS) + "\n")
    lists.joinpath("val.txt").write_bytes(b"000011\r\n\r\n000007\r\n")
    lists.joinpath("dog_val.txt").write_text("000011 -1\n000007 -1\n")
    return root


@pytest.mark.parametrize(("difficult", "value"), [("nan", np.nan), (0, 0), (1, 1)])
def test_labels_by_image(voc, difficult, value):
    loaded = load_voc(voc, difficult=difficult)
    assert loaded.ids.tolist() == list(ANNOTATIONS)
    assert loaded.label_names == ["car", "dog", "person", "tvmonitor"]
    assert loaded.target.columns.tolist() == loaded.label_names
    np.testing.assert_array_equal(loaded.target, np.where(EXPECTED == 2, value, EXPECTED))
    assert (loaded.target.dtypes == (float if difficult == "nan" else int)).all()
    paths = [str(voc / "JPEGImages" / f"{name}.jpg") for name in ANNOTATIONS]
    assert loaded.data["image"].tolist() == paths
    assert loaded.skipped.empty
    assert "4 images" in loaded.DESCR


def test_a_split_with_the_labels_of_another(voc):
    train = load_voc(voc, difficult=1)
    val = load_voc(voc, "val", difficult=1, label_names=train.label_names)
    assert val.ids.tolist() == ["000011", "000007"]
    rows = [train.ids.tolist().index(name) for name in val.ids]
    np.testing.assert_array_equal(val.target, train.target.iloc[rows])
    assert load_voc(voc, "val").label_names == ["car", "person", "tvmonitor"]


def spoil(voc):
    """Break every image but the first two; return what is reported."""
    lines = ["000005", "000007", "000009", "000011", "000005", "gone", "odd", "no"]
    (voc / "ImageSets" / "Main" / "trainval.txt").write_text("\n".join(lines))
    annotations = voc / "Annotations"
    (annotations / "000009.xml").write_text("<annotation>")
    (annotations / "000011.xml").write_text(xml("dgo", ("dog", "maybe"), " "))
    for name in ("odd", "no"):
        Image.new("RGB", (4, 4)).save(voc / "JPEGImages" / f"{name}.jpg")
    (annotations / "no.xml").write_text('<?xml version="1.0" encoding="nothing"?><annotation/>')
    return [
        (3, "000009", "its annotation is no XML (no element found: line 1, column 12)"),
        (4, "000011", "unknown label 'dgo' (did you mean 'dog'?)"),
        (4, "000011", "object 2 ('dog') has difficult='maybe'"),
        (4, "000011", "object 3 has no name"),
        (5, "000005", "the same image as row 1"),
        (6, "gone", "there is no such file"),
        (6, "gone", "there is no annotation"),
        (7, "odd", "there is no annotation"),
        (8, "no", "its annotation is no XML (unknown encoding: nothing)"),
    ]


def test_all_problems_are_raised_together(voc):
    expected = spoil(voc)
    with pytest.raises(ValueError, match="in 6 of 8 rows") as caught:
        load_voc(voc, label_names=["person", "dog", "car"])
    lines = str(caught.value).splitlines()
    assert lines[1:10] == [f"  row {row}, image {name!r}: {text}" for row, name, text in expected]
    assert "Each image of the list needs a file in" in str(caught.value)


def test_skip_drops_the_images_and_warns(voc):
    expected = spoil(voc)
    with pytest.warns(UserWarning, match="in 6 of 8 rows"):
        loaded = load_voc(voc, label_names=["person", "dog", "car"], on_error="skip", difficult=0)
    assert loaded.ids.tolist() == ["000005", "000007"]
    assert loaded.target.to_numpy().tolist() == [[0, 1, 0], [0, 0, 1]]
    assert list(loaded.skipped.itertuples(index=False, name=None)) == expected


def test_images_that_cannot_be_decoded(voc):
    (voc / "JPEGImages" / "000009.jpg").write_bytes(b"")
    load_voc(voc)
    with pytest.raises(ValueError, match="row 3, image '000009': .*empty"):
        load_voc(voc, verify=True)


def test_folders_and_splits_that_are_not_there(voc):
    with pytest.raises(FileNotFoundError, match=f"Pass {re.escape(repr(str(voc)))}"):
        load_voc(voc.parent)
    with pytest.raises(FileNotFoundError, match="root=.*has no folder 'ImageSets/Main' and no"):
        load_voc(voc / "nothing")
    with pytest.raises(FileNotFoundError, match="one label are 'trainval', 'val'."):
        load_voc(voc, "test")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"difficult": "NaN"}, "difficult='NaN'; expected 'nan' (unknown), 0"),
        ({"difficult": 0.5}, "difficult=0.5; expected"),
        ({"label_names": "dog"}, "is one string; expected a list"),
        ({"on_error": "skp"}, "Did you mean 'skip'"),
        ({"split": "empty"}, "is empty; expected the name of an image on each line"),
        ({"split": "bare"}, "has an object; name the labels with label_names"),
    ],
)
def test_bad_parameters(voc, params, message):
    (voc / "ImageSets" / "Main" / "empty.txt").write_text("\n")
    (voc / "ImageSets" / "Main" / "bare.txt").write_text("000009\n")
    with pytest.raises(ValueError, match=re.escape(message)):
        load_voc(voc, **params)
