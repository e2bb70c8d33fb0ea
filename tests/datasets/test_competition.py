"""load_csv on a competition's file as it comes: text alone, and labels that do not count."""

import re

import pandas as pd
import pytest
from PIL import Image

from helpers import DATA
from sklearn_mlic import BinaryRelevance
from sklearn_mlic.datasets import load_csv, write_predictions
from sklearn_mlic.images import as_columns

KNOWN = [str(label) for label in range(1, 20) if label != 12]
COLUMNS = {"image": None, "ids": "ImageID", "labels": "Labels", "text": "Caption"}
LABELS = {"label_names": KNOWN, "unknown": "drop"}
# CRLF, a column without a name, a caption over lines, doubled quotes, captions that ran on.
RAW = (
    b"ImageID,Labels,Caption,\r\n"
    b"0.jpg,1,Woman in swim suit.,\r\n"
    b'1.jpg,8 3 13,"Red motor \nscooter, parked.",\r\n'
    b'2.jpg,1 12,"A sign reads ""rent"".",\r\n'
    b'3.jpg,0 7 20,A sign that reads oh no," not beef!"\r\n'
    b"4.jpg,12 x,A hand is thumbs up, signal.\r\n"
)
REAL = DATA / "data" / "comp5329"


@pytest.fixture
def write(tmp_path):
    def write_csv(content):
        path = tmp_path / "train.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_csv


def test_text_alone_with_every_fault_of_such_a_file(write):
    loaded = load_csv(write(RAW), **COLUMNS, **LABELS)
    assert loaded.data.columns.tolist() == ["Caption"]
    assert [" ".join(caption.split()) for caption in loaded.data["Caption"]] == [
        "Woman in swim suit.",
        "Red motor scooter, parked.",
        'A sign reads "rent".',
        "A sign that reads oh no, not beef!",
        "A hand is thumbs up, signal.",
    ]
    assert loaded.ids.tolist() == [f"{i}.jpg" for i in range(5)]
    found = [loaded.target.columns[row == 1].tolist() for row in loaded.target.to_numpy()]
    assert found == [["1"], ["3", "8", "13"], ["1"], ["7"], []]
    assert list(loaded.changes.itertuples(index=False, name=None)) == [
        (3, "2.jpg", "unknown label '12' left out"),
        (4, "3.jpg", "text that ran on behind a comma joined: 'not beef!'"),
        (4, "3.jpg", "unknown label '0' left out"),
        (4, "3.jpg", "unknown label '20' left out"),
        (5, "4.jpg", "text that ran on behind a comma joined: 'signal.'"),
        (5, "4.jpg", "unknown label '12' left out"),
        (5, "4.jpg", "unknown label 'x' left out"),
    ]
    assert loaded.changes.columns.tolist() == ["row", "id", "change"]
    assert loaded.DESCR.endswith("0 rows were skipped, 3 changed.")


def test_rows_have_numbers_where_nothing_names_them(write):
    loaded = load_csv(write(RAW), image=None, labels=None, text=["Caption", "Labels"])
    assert loaded.ids.tolist() == [1, 2, 3, 4, 5]
    assert loaded.data.columns.tolist() == ["Caption", "Labels"]
    assert loaded.target is None


def test_unknown_labels_are_problems_unless_they_are_to_be_dropped(write):
    with pytest.raises(ValueError, match="row 5, id '4.jpg': unknown label 'x'") as caught:
        load_csv(write(RAW), **COLUMNS, label_names=KNOWN)
    assert "unknown='drop'" in str(caught.value)


def test_what_is_dropped_leaves_other_problems(write):
    with pytest.warns(UserWarning, match="in 3 of 5 rows"):
        loaded = load_csv(
            write("image,labels,t\na,x,1\nb,,2\nc,- y,3\nd,- x,4\ne,x y,5\n"), image=None, text="t",
            label_names=["y"], unknown="drop", on_error="skip",
        )  # fmt: skip
    assert loaded.ids.tolist() == [1, 5]
    assert loaded.target["y"].tolist() == [0, 1]
    assert loaded.changes["row"].tolist() == [1, 5]


def test_text_that_runs_on_is_a_problem_where_it_may_have_moved_cells(write):
    path = write("image,t,labels,\na,well, x,y\nb,fine,x,\n")
    with pytest.raises(ValueError, match="goes on behind the last column with a name: 'y'"):
        load_csv(path, image=None, text="t")
    with pytest.warns(UserWarning, match="Put cells that contain commas in double quotes"):
        assert load_csv(path, image=None, text="t", on_error="skip").ids.tolist() == [2]


def test_several_columns_without_a_name(write):
    loaded = load_csv(write("t,,,\na,b,c,\nd,,,\ne,f,,\n"), image=None, labels=None, text="t")
    assert loaded.data["t"].tolist() == ["a, b, c", "d", "e, f"]


def test_rows_may_lack_their_image_if_they_have_text(write, tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    path = write("image,labels,title,plot\na.png,x,,\n,x,,a dog\n,y, ,\n  ,y,b,\n")
    settings = {"text": ["title", "plot"], "may_lack_image": True}
    with pytest.raises(ValueError, match="row 3, image '': there is neither") as caught:
        load_csv(path, **settings)
    assert "in 1 of 4 rows" in str(caught.value)
    with pytest.warns(UserWarning, match="neither an image nor text"):
        loaded = load_csv(path, **settings, on_error="skip")
    assert loaded.data["image"][0] == str(tmp_path / "a.png")
    assert loaded.data["image"].isna().tolist() == [False, True, True]
    assert loaded.ids.tolist() == ["a.png", 2, 4]
    columns = as_columns(loaded.data, text=["title", "plot"], may_lack_image=True)
    assert columns["image"].tolist() == [str(tmp_path / "a.png"), None, None]
    assert columns["text"].tolist() == [[None, None], [None, "a dog"], ["b", None]]
    with pytest.raises(ValueError, match="the image name is empty"):
        load_csv(path, text="title")


def test_rows_without_an_image_are_told_apart(write, tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "2", format="PNG")
    path = write("image,labels,t,key\n2,x,,a\n,x,one,b\n,y,two,c\n")
    settings = {"text": "t", "may_lack_image": True}
    with pytest.raises(ValueError, match="row 2, image '': .* is called '2' like its number"):
        load_csv(path, **settings)
    assert load_csv(path, **settings, ids="key").ids.tolist() == ["a", "b", "c"]


def test_a_column_parts_the_rows(write):
    path = write("t,part,labels\na,train,x\nb, val,x\nc,train ,y\nd,,y\n")
    with pytest.raises(ValueError, match="row 4, id 4: the cell of 'part' is empty"):
        load_csv(path, image=None, text="t", split="part")
    with pytest.warns(UserWarning, match="Fill in every cell of 'part'"):
        loaded = load_csv(path, image=None, text="t", split="part", on_error="skip")
    assert loaded.data[loaded.split == "train"]["t"].tolist() == ["a", "c"]
    assert load_csv(path, image=None, text="t").split is None


def test_what_rows_are_called_is_there_once(write):
    with pytest.raises(ValueError, match="row 3, id 'a': 'id' is 'a' as in row 1") as caught:
        load_csv(write("id,t\na,1\n,2\na,3\n"), image=None, labels=None, text="t", ids="id")
    assert "row 2, id '': the cell of 'id' is empty" in str(caught.value)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"image": None}, "image=None leaves text to load; name its columns with text."),
        ({"image": None, "text": "t", "images": "."}, "images='.' was given with image=None"),
        ({"may_lack_image": True}, "name the columns of both with image and text"),
        ({"unknown": "drop"}, "unknown='drop' needs the labels that are known"),
        ({"unknown": "ignore"}, "Unknown value of unknown 'ignore'"),
        ({"text": ["t", "u"]}, "no column 'u' (text=)"),
        ({"text": ["t", "t"]}, "One column is named twice: image='image', labels='labels', text="),
        ({"split": "part"}, "no column 'part' (split=)"),
        ({"ids": "id"}, "no column 'id' (ids=)"),
    ],
)
def test_parameters_that_do_not_go_together(write, params, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        load_csv(write("image,labels,t\na.png,x,y\n"), **params)


def test_predictions_of_text_go_back_into_that_form(write, tmp_path):
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    train = load_csv(write(RAW), **COLUMNS, **LABELS)
    model = make_pipeline(CountVectorizer(), BinaryRelevance(LogisticRegression(C=100)))
    model.fit(train.data["Caption"], train.target)
    y_pred = model.predict(train.data["Caption"])
    out = tmp_path / "submission.csv"
    write_predictions(out, train.ids, y_pred, KNOWN, image="ImageID", labels="Labels")
    written = pd.read_csv(out, keep_default_na=False)
    assert list(written.columns) == ["ImageID", "Labels"]
    assert written["Labels"].tolist() == ["1", "3 8 13", "1", "7", "-"]


@pytest.mark.skipif(
    not REAL.is_dir(), reason=f"no competition data in {DATA}; set MLIC_DATA to the data's folder"
)
def test_every_row_of_the_real_file_equals_the_clean_one():
    raw = load_csv(REAL / "train_raw.csv", **COLUMNS, **LABELS)
    clean = load_csv(REAL / "train.csv", **COLUMNS, **LABELS)
    assert raw.data.shape == clean.data.shape == (25000, 1)
    assert raw.target.shape == (25000, 18)
    pd.testing.assert_frame_equal(raw.target, clean.target)
    assert (raw.ids == clean.ids).all()
    captions = [[" ".join(c.split()) for c in bunch.data["Caption"]] for bunch in (raw, clean)]
    differing = {
        raw.ids[i]: (r, c) for i, (r, c) in enumerate(zip(*captions, strict=True)) if r != c
    }
    # The clean file lost what stood behind the comma.
    assert differing.keys() == {"9508.jpg", "18112.jpg"} == set(raw.changes["id"])
    for joined, cut in differing.values():
        assert joined.startswith(f"{cut}, ")
    assert clean.changes.empty
    assert raw.skipped.empty
    assert raw.target.to_numpy().any(axis=1).all()


@pytest.mark.skipif(
    not (DATA / "data" / "movie_posters").is_dir(),
    reason=f"no film posters in {DATA}; set MLIC_DATA to the data's folder",
)
def test_real_posters_have_three_texts_and_two_parts():
    folder = DATA / "data" / "movie_posters"
    texts = ["title", "tags", "overview"]
    posters = load_csv(folder / "posters.csv", folder / "images", text=texts, split="split")
    assert posters.data.columns.tolist() == ["image", *texts]
    assert len(posters.data[posters.split == "train"]) == 5180
    assert len(posters.data[posters.split == "val"]) == 675
    assert posters.target.shape == (5855, 24)
