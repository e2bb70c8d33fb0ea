"""What a run leaves behind wherever it is ended, and that no other run writes there."""

import errno
import os
import sys
from pathlib import Path

import pytest

from sklearn_mlic.datasets import _stream, stream_predictions
from streams import Killed, rows_of, whole


def killed_when_in_place(model, rows, out, monkeypatch, **settings):
    """Write all predictions; the note that tells how far they are stays."""

    def discard(journal):
        journal.part.unlink(missing_ok=True)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(_stream.Journal, "discard", discard)
        with pytest.raises(Killed):
            stream_predictions(model, rows, out, **settings)
    assert out.with_name(f"{out.name}.progress.json").exists()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_run_ended_with_its_output_in_place_only_clears_up(
    words, texts, tmp_path, monkeypatch, suffix
):
    if suffix == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow writes Parquet")
    out = tmp_path / f"out.{suffix}"
    killed_when_in_place(words, rows_of(texts), out, monkeypatch, key="words")
    expected = out.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(_stream, "predict_both", lambda *_: 1 / 0)
        assert stream_predictions(words, rows_of(texts), out, key="words") == 0
    assert out.read_bytes() == expected
    assert not list(tmp_path.glob("out.*.*"))


def test_an_output_in_place_holds_no_other_run_up(words, texts, tmp_path, monkeypatch):
    out = tmp_path / "out.csv"
    for change in ({"sep": "|"}, {}):
        killed_when_in_place(words, rows_of(texts), out, monkeypatch)
        if not change:  # a note without what it speaks of
            out.unlink()
        stream_predictions(words, rows_of(texts), out, **change)
        assert out.read_bytes() == whole(words, texts, tmp_path / "whole.csv", **change)
        assert not list(tmp_path.glob("out.*.*"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_two_runs_at_once_do_not_write_one_file(words, texts, tmp_path, monkeypatch):
    out, original = tmp_path / "out.csv", _stream.predict_both

    def predict_beside(*arguments):
        with pytest.raises(RuntimeError, match=r"out\.csv' is being written by another run: wait"):
            stream_predictions(words, rows_of(texts), out, restart=True)
        return original(*arguments)

    monkeypatch.setattr(_stream, "predict_both", predict_beside)
    stream_predictions(words, rows_of(texts), out)
    assert out.read_bytes() == whole(words, texts, tmp_path / "whole.csv")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_a_lock_that_was_deleted_meanwhile_is_none(words, texts, tmp_path, monkeypatch):
    lock = tmp_path / "out.csv.lock"
    monkeypatch.setattr("fcntl.flock", lambda *_: lock.unlink())
    with pytest.raises(RuntimeError, match="is being written by another run"):
        stream_predictions(words, rows_of(texts), tmp_path / "out.csv")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_a_file_system_without_locks_is_written_to(words, texts, tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr("fcntl.flock", flock)
    stream_predictions(words, rows_of(texts), tmp_path / "out.csv")
    assert not list(tmp_path.glob("out.*.*"))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_what_is_noted_is_on_the_disk(words, texts, tmp_path, monkeypatch, suffix):
    if suffix == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow writes Parquet")
    synced, fsync, replace = set(), os.fsync, Path.replace

    def state(file):
        return os.stat(file).st_ino, os.stat(file).st_size

    def noting(number):
        synced.add(state(number))
        fsync(number)

    def checked(path, target):
        assert state(path) in synced
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", noting)
    monkeypatch.setattr(Path, "replace", checked)
    stream_predictions(words, rows_of(texts), tmp_path / f"out.{suffix}")
    assert len(synced) > 1
