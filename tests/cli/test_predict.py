"""Long predictions on the command line: in chunks, ended and gone on with, to CSV or Parquet."""

import numpy as np
import pandas as pd
import pytest

from commands import call, fail
from sklearn_mlic.datasets import _stream


class Killed(BaseException):
    """What stands in for a signal where the process has to live on."""


@pytest.fixture
def end_after(monkeypatch):
    """Let the command end as a kill would end it, after some chunks."""

    original = _stream.predict_both

    def arrange(n_chunks):
        calls = 0

        def counted(*arguments):
            nonlocal calls
            calls += 1
            if calls > n_chunks:
                raise Killed
            return original(*arguments)

        monkeypatch.setattr(_stream, "predict_both", counted)

    yield arrange
    monkeypatch.undo()


def predict(model, inputs, out, *options):
    call("predict", model, inputs, "-o", out, "--probabilities", "-q", *options)
    return out.read_bytes()


@pytest.mark.parametrize("kind", ["csv", "folder"])
def test_a_prediction_that_was_ended_goes_on(scenes, model, tmp_path, end_after, kind):
    inputs = scenes / "labels.csv" if kind == "csv" else scenes
    expected = predict(model, inputs, tmp_path / "whole.csv", "--chunk", 16)
    out = tmp_path / "out.csv"
    end_after(2)
    with pytest.raises(Killed):
        predict(model, inputs, out, "--chunk", 16)
    assert not out.exists()
    end_after(2)  # 60 images are 4 chunks: two are left
    assert predict(model, inputs, out, "--chunk", 16) == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "whole.csv"]


def test_another_prediction_does_not_go_on(scenes, model, tmp_path, end_after, capsys, monkeypatch):
    out = tmp_path / "out.csv"
    end_after(1)
    with pytest.raises(Killed):
        predict(model, scenes, out, "--chunk", 16)
    monkeypatch.undo()
    message = fail(capsys, monkeypatch, "predict", model, scenes, "-o", out, "-q", "--chunk", 16)
    assert "probabilities was True and is False" in message
    assert "begin anew with restart=True (--restart)" in message
    call("predict", model, scenes, "-o", out, "-q", "--restart")
    assert len(pd.read_csv(out)) == 60


def test_parquet_goes_by_the_suffix(scenes, model, tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow writes Parquet")
    out = tmp_path / "out.parquet"
    predict(model, scenes / "labels.csv", out, "--chunk", 16)
    predict(model, scenes / "labels.csv", tmp_path / "out.csv", "--chunk", 16)
    expected = pd.read_csv(tmp_path / "out.csv")
    read = pd.read_parquet(out)
    assert read["labels"].tolist() == expected["labels"].tolist()
    np.testing.assert_allclose(read.iloc[:, 2:], expected.iloc[:, 2:], atol=1e-6)


def test_a_damaged_image_may_be_skipped(scenes, model, tmp_path):
    rows = "image\n" + "".join(f"{row}.png\n" for row in range(20)) + "nowhere.png\n0.png\n"
    (tmp_path / "rows.csv").write_text(rows)
    out = tmp_path / "out.csv"
    with pytest.warns(UserWarning, match=r"1 of 22 rows have no prediction:\n  row 21, 'nowhere"):
        predict(model, tmp_path / "rows.csv", out, "--images", scenes, "--on-error", "skip")
    table = pd.read_csv(out)
    assert table["labels"].isna().to_numpy().nonzero()[0].tolist() == [20]
    # The same image may stand in several rows.
    assert table.iloc[21].equals(table.iloc[0].rename(21))


def test_a_cache_changes_no_prediction(scenes, model, tmp_path):
    straight = predict(model, scenes, tmp_path / "a.csv")
    for _ in range(2):
        assert predict(model, scenes, tmp_path / "b.csv", "--cache", tmp_path / "c") == straight
    assert (tmp_path / "c" / "arrays.sqlite").is_file()


def test_one_bar_shows_progress(scenes, model, tmp_path, capsys):
    from sklearn_mlic.cli import app

    for chunk, shown in ((16, "Predicting"), (100, "Embedding images")):
        arguments = ["predict", model, scenes, "-o", tmp_path / "out.csv", "--chunk", chunk]
        app([str(a) for a in arguments], standalone_mode=False)
        said = capsys.readouterr().err
        assert shown in said
        assert ("Predicting" in said) + ("Embedding images" in said) == 1
        assert "Predicted 60 images." in said
