"""load_coco: labels and captions by image, and every fault of the files in one list."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from helpers import DATA
from sklearn_mlic.datasets import load_coco, load_csv

MINI = DATA / "data" / "coco_mini"


def annotation(id_, image_id, category_id, **more):
    return {"id": id_, "image_id": image_id, "category_id": category_id, **more}


def caption(id_, image_id, text):
    return {"id": id_, "image_id": image_id, "caption": text}


@pytest.fixture
def coco(tmp_path):
    """Write instances and captions of four images, changed as asked for; return the paths."""
    images = tmp_path / "val2017"
    images.mkdir()
    pictures = [{"id": id_, "file_name": f"{id_}.png"} for id_ in (40, 10, 30, 20)]
    for picture in pictures:
        Image.new("RGB", (4, 4)).save(images / picture["file_name"])
    instances = {
        "images": pictures,
        "annotations": [
            annotation(1, 10, 90, iscrowd=0),
            annotation(2, 10, 90),
            annotation(3, 40, 5, iscrowd=1),
            annotation(4, 10, 5, iscrowd=1),
            annotation(5, 10, 5, iscrowd=0),
            annotation(6, 20, 7, iscrowd=1),
        ],
        "categories": [
            {"id": 90, "name": "cat"},
            {"id": 5, "name": "traffic light"},
            {"id": 7, "name": "bus"},
            {"id": 6, "name": "dog"},
        ],
    }
    captions = {
        "images": [*pictures, {"id": 99, "file_name": "99.png"}],
        "annotations": [caption(1, 10, "one"), caption(2, 99, "no"), caption(3, 10, "two"),
                        caption(4, 20, "three")],
    }  # fmt: skip

    def write(more=None, said=None):
        paths = tmp_path / "instances_val2017.json", tmp_path / "captions_val2017.json"
        lists = ({**instances}, {**captions})
        for path, content, extra in zip(paths, lists, (more, said), strict=True):
            for key, entries in (extra or {}).items():
                content[key] = [*content[key], *entries]
            path.write_text(json.dumps(content))
        return *paths, images

    return write


def test_labels_and_captions_by_image(coco):
    instances, captions, images = coco()
    loaded = load_coco(instances, captions, images)
    assert loaded.ids.tolist() == [40, 10, 30, 20]
    assert loaded.label_names == ["traffic light", "dog", "bus", "cat"]
    assert loaded.target.columns.tolist() == loaded.label_names
    expected = [[1, 0, 0, 0], [1, 0, 0, 1], [0, 0, 0, 0], [0, 0, 1, 0]]
    assert loaded.target.to_numpy().tolist() == expected
    assert loaded.data.columns.tolist() == ["image", "caption_1", "caption_2"]
    assert loaded.data["image"].tolist() == [str(images / f"{id_}.png") for id_ in loaded.ids]
    assert loaded.data["caption_1"].tolist() == ["", "one", "", "three"]
    assert loaded.data["caption_2"].tolist() == ["", "two", "", ""]
    assert loaded.skipped.empty
    assert "4 of the 4 images" in loaded.DESCR


def test_parts_are_asked_for_one_by_one(coco):
    instances, captions, images = coco()
    both = load_coco(instances, captions, images)
    for arguments, columns in (
        ((None, images), ["image"]),
        ((captions, None), ["caption_1", "caption_2"]),
    ):
        loaded = load_coco(instances, *arguments)
        pd.testing.assert_frame_equal(loaded.data, both.data[columns])
        pd.testing.assert_frame_equal(loaded.target, both.target)


@pytest.mark.parametrize(("crowd", "value"), [(1, 1), (0, 0), ("nan", np.nan)])
def test_what_is_a_crowd_only_is_taken_as_asked_for(coco, crowd, value):
    instances, captions, _ = coco()
    y = load_coco(instances, captions, crowd=crowd).target
    expected = [[value, 0, 0, 0], [1, 0, 0, 1], [0, 0, 0, 0], [0, 0, value, 0]]
    np.testing.assert_array_equal(y, expected)
    assert (y.dtypes == (float if crowd == "nan" else int)).all()


def test_images_without_annotation_may_be_left_out(coco):
    instances, captions, _ = coco()
    every = load_coco(instances, captions)
    loaded = load_coco(instances, captions, include_unannotated=False, crowd=0)
    # A crowd is an annotation, whatever it counts for.
    assert loaded.ids.tolist() == [40, 10, 20]
    annotated = every.target.to_numpy().any(axis=1)
    assert loaded.data["caption_1"].tolist() == every.data.loc[annotated, "caption_1"].tolist()


MORE = {
    "images": [
        {"id": 10, "file_name": "copy.png"},
        {"id": 50, "file_name": "gone.png"},
        {"id": 60, "file_name": "./20.png"},
        {"file_name": "x.png"},
        7,
    ],
    "annotations": [
        annotation(7, 77, 5),
        annotation(8, 30, 8),
        annotation(1, 40, 5),
        {"id": 9, "image_id": 20},
        {"image_id": [1]},
    ],
}
SAID = {"annotations": [caption(5, 78, "x"), {"id": 6, "image_id": 10}]}
PROBLEMS = [
    (None, None, "images[4] has the id 10 of an earlier one"),
    (None, None, "images[7] has no 'id'"),
    (None, None, "images[8] has no 'id' and no 'file_name'"),
    (None, None, "annotations[6] belongs to the image 77, which is not listed"),
    (None, None, "annotations[10] has no 'id' and no 'image_id' and no 'category_id'"),
    (None, None, "captions' annotations[4] belongs to the image 78, which is not listed"),
    (40, "40.png", "annotations[8] has the id 1 of an earlier one"),
    (10, "10.png", "captions' annotations[5] has no 'caption'"),
    (30, "30.png", "annotation 8 has the category 8, which is not listed"),
    (20, "20.png", "annotations[9] has no 'category_id'"),
    (50, "gone.png", "there is no such file"),
    (60, "./20.png", "the same image as row 4"),
]


def test_all_problems_are_raised_together(coco):
    arguments = coco(MORE, SAID)
    with pytest.raises(ValueError, match="in 6 of 6 images, and 6 outside them:") as caught:
        load_coco(*arguments)
    lines = str(caught.value).splitlines()
    assert lines[1:13] == [
        f"  {text}" if id_ is None else f"  image {id_} ({file!r}): {text}"
        for id_, file, text in PROBLEMS
    ]
    assert lines[-1] == "No row is without a problem."


def test_skip_drops_the_images_and_warns(coco):
    more = {"annotations": [annotation(8, 30, 8), annotation(7, 77, 5)]}
    arguments = coco(more)
    with pytest.warns(UserWarning, match="in 1 of 4 images, and 1 outside them"):
        loaded = load_coco(*arguments, on_error="skip")
    assert loaded.ids.tolist() == [40, 10, 20]
    assert loaded.skipped["id"].tolist() == [None, 30]
    assert len(loaded.data) == len(loaded.target) == 3


def test_problems_of_categories_are_always_raised(coco):
    more = {"categories": [{"id": 91, "name": "cat"}, {"id": 5, "name": "x"}, {"id": 92}]}
    with pytest.raises(ValueError, match="2 categories have the name 'cat'") as caught:
        load_coco(*coco(more), on_error="skip")
    message = str(caught.value)
    assert "categories[5] has the id 5 of an earlier one" in message
    assert "categories[6] has no 'name'" in message
    assert "on_error" not in message


def test_images_that_cannot_be_decoded(coco):
    instances, _, images = coco()
    (images / "30.png").write_bytes(b"")
    load_coco(instances, None, images)
    with pytest.raises(ValueError, match=r"image 30 \('30.png'\): .*empty"):
        load_coco(instances, None, images, verify=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON in UTF-8"),
        ("[]", "has no list 'images' and no list 'annotations' and no list 'categories'; it"),
        ('{"images": [], "annotations": {}}', "no list 'annotations' and no list 'categories'"),
        ('{"images": [], "annotations": [], "categories": [{"id": 1, "name": "x"}]}', "no image"),
        ('{"images": [{"id": 1, "file_name": "x"}], "annotations": [], "categories": []}',
         "there are no categories"),
    ],
)  # fmt: skip
def test_files_that_are_not_in_this_layout(coco, content, message):
    instances, _, images = coco()
    instances.write_text(content)
    with pytest.raises(ValueError, match=re.escape(message)):
        load_coco(instances, None, images)


def test_bad_parameters(coco, tmp_path):
    instances, captions, images = coco()
    with pytest.raises(FileNotFoundError, match="instances=.*there is no such file"):
        load_coco(tmp_path / "no.json", captions)
    with pytest.raises(FileNotFoundError, match="captions=.*there is no such file"):
        load_coco(instances, tmp_path / "no.json")
    with pytest.raises(FileNotFoundError, match="images=.*there is no such folder"):
        load_coco(instances, captions, tmp_path / "no")
    with pytest.raises(ValueError, match="name captions, images, or both"):
        load_coco(instances)
    with pytest.raises(ValueError, match=r"crowd=2; expected 'nan' \(unknown\), 0"):
        load_coco(instances, captions, crowd=2)
    with pytest.raises(ValueError, match="Did you mean 'skip'"):
        load_coco(instances, captions, on_error="skp")
    captions.write_text('{"images": [], "annotations": []}')
    with pytest.raises(ValueError, match="has no caption of an image that instances lists"):
        load_coco(instances, captions, images)
    instances.write_text(json.dumps({**json.loads(instances.read_text()), "annotations": []}))
    with pytest.raises(ValueError, match="is annotated; set include_unannotated=True"):
        load_coco(instances, None, images, include_unannotated=False)


@pytest.mark.skipif(
    not MINI.is_dir(), reason=f"no photographs in {DATA}; set MLIC_DATA to the data's folder"
)
def test_real_photographs_through_both_layouts(tmp_path):
    texts = [f"caption{j}" for j in range(1, 6)]
    known = load_csv(MINI / "labels.csv", MINI / "images", text=texts, split="split")
    table = pd.read_csv(MINI / "labels.csv", dtype=str)
    pictures = [{"id": int(name[:-4]), "file_name": name} for name in known.ids]
    categories, objects, said = {}, [], []
    for picture, row in zip(pictures, table.itertuples(), strict=True):
        for label, number in zip(row.labels.split(), row.coco_category_ids.split(), strict=True):
            categories[int(number)] = label
            objects += [annotation(len(objects), picture["id"], int(number), iscrowd=0)]
        said += [caption(len(said) + j, picture["id"], row[5 + j]) for j in range(5)]
    names = [{"id": number, "name": name} for number, name in categories.items()]
    instances, captions = tmp_path / "instances.json", tmp_path / "captions.json"
    instances.write_text(
        json.dumps({"images": pictures, "annotations": objects, "categories": names})
    )
    captions.write_text(json.dumps({"images": pictures, "annotations": said}))
    loaded = load_coco(instances, captions, MINI / "images", verify=True)
    assert loaded.data["image"].tolist() == known.data["image"].tolist()
    for j, column in enumerate(texts, 1):
        assert loaded.data[f"caption_{j}"].tolist() == known.data[column].tolist()
    assert loaded.label_names == [categories[number] for number in sorted(categories)]
    pd.testing.assert_frame_equal(loaded.target[known.label_names], known.target)
