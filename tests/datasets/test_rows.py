"""Rows that are read chunk by chunk are those that are read at once."""

import os
import re
import sys
from itertools import chain

import pandas as pd
import pytest
from PIL import Image

from sklearn_mlic.datasets import _csv_rows, load_csv, stream_csv, stream_images
from streams import write_texts


def draw(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(folder / name)


@pytest.fixture
def csv(tmp_path):
    """Ten images with text; two rows lack their image, and the last text runs on."""
    names = [f"{row}.png" for row in range(10)]
    draw(tmp_path, *names)
    cells = [name if row not in (2, 6) else "" for row, name in enumerate(names)]
    lines = [f"k{row},{cell},caption {row}," for row, cell in enumerate(cells)]
    path = tmp_path / "rows.csv"
    path.write_text("key,image,caption,\n" + "\n".join(lines) + " and on\n")
    return path


def joined(rows, start=0):
    chunks = list(rows.read(start))
    X = pd.concat([chunk.X for chunk in chunks], ignore_index=True)
    return X, list(chain.from_iterable(chunk.ids for chunk in chunks))


@pytest.mark.parametrize("chunk_size", [1, 3, 5, 10, 64])
@pytest.mark.parametrize("ids", [None, "key"])
def test_chunks_make_up_what_is_loaded_at_once(csv, chunk_size, ids):
    settings = {"text": "caption", "ids": ids, "may_lack_image": True}
    rows = stream_csv(csv, chunk_size=chunk_size, **settings)
    bunch = load_csv(csv, labels=None, **settings)
    X, names = joined(rows)
    # A chunk without any image has a column of other type: None stands for a missing one.
    assert X.fillna("missing").to_dict("list") == bunch.data.fillna("missing").to_dict("list")
    assert names == bunch.ids.tolist()
    assert rows.n_rows == 10
    later, names = joined(rows, start=chunk_size * (9 // chunk_size))
    assert names == bunch.ids.tolist()[-len(later) :]


def test_rows_may_repeat(tmp_path):
    draw(tmp_path, "a.png")
    (tmp_path / "rows.csv").write_text("image\n" + "a.png\n" * 7)
    assert stream_csv(tmp_path / "rows.csv", chunk_size=3).n_rows == 7


@pytest.mark.parametrize(
    ("content", "settings", "words"),
    [
        ("image\n0.png\nno.png\n1.png\nno2.png\n", {}, "row 4, 'no2.png': there is no such file"),
        ("image,k\n0.png,a\n1.png,\n ,b\n", {}, "row 3, 3: the image name is empty"),
        ("image,k\n0.png,a\n1.png,\n", {"ids": "k"}, "the cell of 'k' is empty"),
        ("image,k\n0.png,a\n", {"ids": "key"}, "has no column 'key' (ids=)"),
        ("image,k\n", {}, "has a header but no rows"),
        ("", {}, "is empty; expected a header line"),
        ("image\n0.png\n1.png,2\n", {}, "cannot be parsed"),
        ("image\n0.png\n1.png,2\n", {"on_error": "skip"}, "cannot be parsed"),
        ("image\n0.png\n", {"chunk_size": 0}, "chunk_size=0; expected a whole number of 1"),
        ("image\n0.png\n", {"chunk_size": 2.5}, "chunk_size=2.5; expected a whole number of 1"),
        ("image\n0.png\n", {"may_lack_image": True}, "may_lack_image=True is for rows that have"),
        ("image\nx.png\n", {"on_error": "skip"}, "No row is without a problem"),
        ("image\n0.png\n", {"on_error": "no"}, "Unknown on_error 'no'"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_read(csv, content, settings, words):
    path = csv.with_name("bad.csv")
    path.write_text(content)
    with pytest.raises(ValueError, match=re.escape(words)):
        stream_csv(path, **{"chunk_size": 2, **settings})


def test_a_file_of_wrong_names_is_not_gone_through_to_its_end(csv, monkeypatch):
    monkeypatch.setattr(_csv_rows, "_ENOUGH", 3)
    path = csv.with_name("bad.csv")
    path.write_text("image\n" + "".join(f"no{row}.png\n" for row in range(100)))
    with pytest.raises(ValueError, match=r"in 4 of 4 rows .*(\n.*)*No row is without a problem"):
        stream_csv(path, chunk_size=4)


def test_skipping_keeps_bad_rows_with_their_problem(csv):
    path = csv.with_name("bad.csv")
    path.write_text("image\n0.png\nno.png\n1.png\n")
    chunks = list(stream_csv(path, chunk_size=2, on_error="skip").read(0))
    assert [chunk.ids for chunk in chunks] == [["0.png", "no.png"], ["1.png"]]
    assert [(p.row, p.problem) for p in chunks[0].problems] == [(1, "there is no such file")]


def test_cells_without_a_header_are_a_problem_of_their_row(csv):
    path = csv.with_name("bad.csv")
    path.write_text("image,k,\n0.png,a,\n1.png,b,c\n")
    with pytest.raises(ValueError, match="row 2, '1.png': the row goes on behind the last column"):
        stream_csv(path)
    (chunk,) = stream_csv(path, on_error="skip").read(0)
    assert [problem.row for problem in chunk.problems] == [1]


def test_folders_are_gone_through_in_order(tmp_path):
    names = ["b.png", "a/z.JPG", "a/b/c.png", "a.png", "c/1.png"]
    draw(tmp_path, *names)
    (tmp_path / "a/notes.txt").write_text("no image")
    rows = stream_images([tmp_path, tmp_path / "b.png"], chunk_size=2)
    expected = sorted(path for path in tmp_path.rglob("*.*") if path.suffix != ".txt")
    X, names = joined(rows)
    assert names == [str(path) for path in [*expected, tmp_path / "b.png"]]
    assert X["image"].tolist() == names
    assert rows.n_rows == 6
    assert joined(rows, start=4)[1] == names[4:]


def test_a_folder_here_needs_no_name(tmp_path, monkeypatch):
    draw(tmp_path, "a.png", "b/c.png")
    monkeypatch.chdir(tmp_path)
    assert joined(stream_images("."))[1] == ["a.png", os.path.join("b", "c.png")]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps links to administrators")
def test_links_to_folders_are_followed_and_loops_are_not(tmp_path):
    folder, beside = tmp_path / "in", tmp_path / "beside"
    draw(folder, "a.png", "b/c.png")
    draw(beside, "d.png")
    (folder / "linked").symlink_to(beside)
    (folder / "twice").symlink_to(folder / "b")
    (folder / "b" / "up").symlink_to(folder)
    (beside / "around").symlink_to(folder)
    (folder / "itself").symlink_to(folder / "itself")
    (folder / "nowhere").symlink_to(tmp_path / "nowhere")
    expected = ["a.png", "b/c.png", "linked/d.png", "twice/c.png"]
    assert joined(stream_images(folder))[1] == [str(folder / name) for name in expected]


def test_what_is_no_image_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no image files"):
        stream_images(tmp_path)
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        stream_images(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="paths is empty"):
        stream_images([])
    with pytest.raises(ValueError, match="chunk_size=2.5; expected a whole number of 1 or more"):
        stream_images(tmp_path, chunk_size=2.5)


def test_the_digest_tells_inputs_apart(tmp_path):
    path = write_texts(tmp_path / "a.csv")

    def digest(path=path, **settings):
        return stream_csv(path, image=None, text="caption", **settings).digest

    other = write_texts(tmp_path / "b.csv", n_rows=24)
    assert digest() == digest(write_texts(tmp_path / "c.csv"), chunk_size=7)
    assert len({digest(), digest(ids="id"), digest(other)}) == 3
    draw(tmp_path, "images/a.png", "images/b.png")
    before = stream_images(tmp_path / "images").digest
    draw(tmp_path, "images/c.png")
    assert stream_images(tmp_path / "images").digest != before


def test_mapping_changes_the_columns_alone(csv):
    rows = stream_csv(csv, image=None, text="caption", chunk_size=4)
    mapped = rows.map(lambda X: X.rename(columns={"caption": "text"}))
    X, names = joined(mapped, start=4)
    assert list(X.columns) == ["text"]
    assert names == joined(rows, start=4)[1]
    assert (mapped.digest, mapped.n_rows) == (rows.digest, rows.n_rows)
