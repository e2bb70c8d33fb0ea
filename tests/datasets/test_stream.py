"""Predictions written chunk by chunk are those of one go, however often the run was ended."""

import os
import signal
import sys
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sklearn_mlic.base import MultilabelMixin
from sklearn_mlic.datasets import _stream, stream_csv, stream_images, stream_predictions
from sklearn_mlic.images import ImageError, load_image
from streams import Killed, fit_words, predict_and_die, rows_of, whole, write_texts


def ended(model, rows, out, monkeypatch, n_chunks, place="predict_both", **settings):
    """Predict until a chunk; the files are left as a kill would leave them."""
    calls, original = 0, getattr(_stream, place)

    def counted(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls > n_chunks:
            raise Killed
        return original(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(_stream, place, counted)
        with pytest.raises(Killed):
            stream_predictions(model, rows, out, **settings)


@pytest.mark.parametrize("chunk_size", [1, 5, 23, 100])
@pytest.mark.parametrize(
    "settings",
    [{}, {"probabilities": True}, {"image": "key", "labels": "tags", "sep": "|", "no_label": ""}],
)
def test_chunks_write_what_is_written_in_one_go(words, texts, tmp_path, chunk_size, settings):
    expected = whole(words, texts, tmp_path / "whole.csv", **settings)
    out = tmp_path / "out.csv"
    assert stream_predictions(words, rows_of(texts, chunk_size=chunk_size), out, **settings) == 0
    assert out.read_bytes() == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "texts.csv", "whole.csv"]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("n_chunks", [0, 1, 4])
@pytest.mark.parametrize("place", ["predict_both", "tabulate_predictions"])
def test_a_run_that_was_ended_goes_on(words, texts, tmp_path, monkeypatch, suffix, n_chunks, place):
    if suffix == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow writes Parquet")
    straight, out = (tmp_path / f"{name}.{suffix}" for name in ("straight", "out"))
    stream_predictions(words, rows_of(texts), straight, probabilities=True)
    ended(words, rows_of(texts), out, monkeypatch, n_chunks, place, probabilities=True)
    assert not out.exists()
    asked = []
    original = _stream.predict_both
    monkeypatch.setattr(_stream, "predict_both", lambda m, X: asked.append(X) or original(m, X))
    stream_predictions(words, rows_of(texts), out, probabilities=True)
    assert out.read_bytes() == straight.read_bytes()
    assert sum(map(len, asked)) == 23 - 5 * n_chunks
    assert not list(tmp_path.glob("out.*.*"))


def test_a_torn_chunk_does_not_count(words, texts, tmp_path, monkeypatch):
    expected, out = whole(words, texts, tmp_path / "whole.csv"), tmp_path / "out.csv"
    ended(words, rows_of(texts), out, monkeypatch, 2)
    with open(tmp_path / "out.csv.part", "ab") as file:
        file.write(b"10,ca")
    stream_predictions(words, rows_of(texts), out)
    assert out.read_bytes() == expected


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_process_that_was_killed_goes_on(words, texts, tmp_path):
    process = get_context("spawn").Process(target=predict_and_die, args=(tmp_path, 3))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    out = tmp_path / "out.csv"
    assert (tmp_path / "out.csv.lock").exists()
    # The third chunk was written, and the note of it was not.
    assert (tmp_path / "out.csv.part").read_text().count("\n") == 16
    stream_predictions(words, rows_of(texts), out, key="words")
    assert out.read_bytes() == whole(words, texts, tmp_path / "whole.csv")
    assert not list(tmp_path.glob("out.csv.*"))


def test_a_run_ended_before_the_last_step_only_takes_that(words, texts, tmp_path, monkeypatch):
    out = tmp_path / "out.csv"
    with monkeypatch.context() as patch:
        patch.setattr(_stream.Journal, "discard", lambda self: 1 / 0)
        patch.setattr("sklearn_mlic.datasets._forms.CsvForm.make_whole", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            stream_predictions(words, rows_of(texts), out, key="words")
    monkeypatch.setattr(_stream, "predict_both", lambda *_: 1 / 0)
    stream_predictions(words, rows_of(texts), out, key="words")
    assert out.read_bytes() == whole(words, texts, tmp_path / "whole.csv")


def test_another_run_is_refused_and_says_what_differs(words, texts, tmp_path, monkeypatch):
    out = tmp_path / "out.csv"
    ended(words, rows_of(texts), out, monkeypatch, 2)
    other = fit_words(texts)
    other[-1].thresholds_ = other[-1].thresholds_ / 2
    write_texts(tmp_path / "more.csv", 24)
    for model, rows, settings, message in (
        (other, rows_of(texts), {}, "the model was .* and is .*Give what was given then"),
        (words, rows_of(tmp_path / "more.csv"), {}, "the input was .* and is"),
        (words, rows_of(texts, chunk_size=6), {}, "chunk_size was 5 and is 6"),
        (words, rows_of(texts), {"sep": "|"}, r"sep was ' ' and is '\|'.* restart=True"),
        (words, rows_of(texts), {"probabilities": True}, "probabilities was False and is True"),
    ):
        with pytest.raises(ValueError, match=message):
            stream_predictions(model, rows, out, **settings)
    stream_predictions(words, rows_of(texts), out, sep="|", restart=True)
    assert out.read_bytes() == whole(words, texts, tmp_path / "whole.csv", sep="|")


def test_a_changed_file_is_no_beginning(words, texts, tmp_path, monkeypatch):
    out, part, note = (tmp_path / f"out.csv{end}" for end in ("", ".part", ".progress.json"))
    ended(words, rows_of(texts), out, monkeypatch, 2)
    part.write_bytes(part.read_bytes()[:-3])
    with pytest.raises(ValueError, match=r"does not go with .* Begin anew with restart=True"):
        stream_predictions(words, rows_of(texts), out)
    note.write_text("{}")
    with pytest.raises(ValueError, match="does not go with"):
        stream_predictions(words, rows_of(texts), out)


def test_rows_that_are_gone_meanwhile_are_missed(words, texts, tmp_path):
    rows = rows_of(texts)
    write_texts(texts, 12)
    with pytest.raises(ValueError, match="had 23 rows, and has 12 now"):
        stream_predictions(words, rows, tmp_path / "out.csv")


class Brightness(MultilabelMixin):
    """Says "bright" of images above the middle, and reads the files to do so."""

    label_names_ = np.array(["bright"], dtype=object)
    thresholds_ = 0.5

    def predict_proba(self, X):
        images = [load_image(path, 4, row) for row, path in enumerate(X["image"])]
        return np.array([[image.mean() / 255] for image in images])

    def apply_thresholds(self, y_prob):
        return (y_prob >= 0.5).astype(int)


@pytest.fixture
def greys(tmp_path):
    """Eight grey images, two of them torn."""
    (tmp_path / "greys").mkdir()
    for row in range(8):
        path = tmp_path / "greys" / f"{row}.png"
        Image.new("L", (4, 4), 36 * row).save(path)
        if row in (3, 6):
            path.write_bytes(path.read_bytes()[:40])
    return tmp_path / "greys"


def test_an_image_that_cannot_be_read_ends_the_run_and_keeps_the_rows_before(greys, tmp_path):
    out, rows = tmp_path / "out.csv", stream_images(greys, chunk_size=2)
    with pytest.raises(ImageError, match=r"Row 3, '.*3\.png'"):
        stream_predictions(Brightness(), rows, out, key="b")
    for row in (3, 6):
        Image.new("L", (4, 4), 36 * row).save(greys / f"{row}.png")
    stream_predictions(Brightness(), rows, out, key="b")
    table = pd.read_csv(out)
    assert table["labels"].tolist() == ["-"] * 4 + ["bright"] * 4
    assert [name[-5:] for name in table["image"]] == [f"{row}.png" for row in range(8)]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep names in Unicode")
@pytest.mark.parametrize("place", ["folder", "list"])
def test_names_that_are_not_utf_8_are_written(tmp_path, place):
    name = os.fsdecode(b"caf\xe9")
    folder = tmp_path / "greys" / name
    folder.mkdir(parents=True)
    Image.new("L", (4, 4), 255).save(folder / f"{name}.png")
    (folder / f"{name}2.png").write_bytes(b"torn")
    (folder / "b.png").symlink_to(folder / f"{name}.png")
    (folder / "list.csv").write_text("image\nb.png\nnone.png\n")
    rows = stream_images(folder, on_error="skip", chunk_size=2)
    if place == "list":
        rows = stream_csv(folder / "list.csv", on_error="skip")
    with pytest.warns(UserWarning, match="1 of . rows have no prediction"):
        stream_predictions(Brightness(), rows, tmp_path / "out.csv", key="b")
    written = (tmp_path / "out.csv").read_bytes().splitlines()
    names = [os.fsencode(cell) for chunk in rows.read(0) for cell in chunk.ids]
    assert sorted(line.split(b",")[0] for line in written[1:]) == sorted(names)
    assert sum(line.endswith(b",bright") for line in written) == len(names) - 1
    pytest.importorskip("pyarrow", reason="pyarrow writes Parquet")
    with pytest.warns(UserWarning, match="1 of . rows have no prediction"):
        stream_predictions(Brightness(), rows, tmp_path / "out.parquet", key="b")
    read = pd.read_parquet(tmp_path / "out.parquet")["image"]
    assert read.tolist() == [name.decode(errors="backslashreplace") for name in names]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("chunk_size", [1, 3, 8])
def test_skipping_leaves_the_cells_of_bad_images_empty(greys, tmp_path, suffix, chunk_size):
    if suffix == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow writes Parquet")
    out, csv = tmp_path / f"out.{suffix}", greys / "list.csv"
    csv.write_text("image\n" + "".join(f"{row}.png\n" for row in (*range(8), 99)))
    rows = stream_csv(csv, chunk_size=chunk_size, on_error="skip")
    message = r"3 of 9 rows have no prediction:\n  row 4, '3.png': its .*\n  .*\n  row 9, '99.png'"
    with pytest.warns(UserWarning, match=message):
        assert stream_predictions(Brightness(), rows, out, probabilities=True, key="b") == 3
    table = pd.read_csv(out) if suffix == "csv" else pd.read_parquet(out)
    assert table["image"].tolist() == [f"{row}.png" for row in (*range(8), 99)]
    bad = np.isin(np.arange(9), (3, 6, 8))
    assert table["labels"].isna().tolist() == bad.tolist()
    assert table["bright"].isna().tolist() == bad.tolist()
    expected = 36 * np.flatnonzero(~bad) / 255
    np.testing.assert_allclose(table["bright"][~bad], expected, atol=1e-6)


def test_what_could_not_be_read_back_is_refused_before_the_work(words, texts, tmp_path):
    with pytest.raises(ValueError, match="image and labels are both 'labels'"):
        stream_predictions(words, rows_of(texts), tmp_path / "out.csv", image="labels")
    assert [path.name for path in tmp_path.iterdir()] == ["texts.csv"]
