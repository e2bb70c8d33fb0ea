"""The command line end to end: files in, files out, messages and exit codes."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from commands import NETWORK, call, fail
from sklearn_mlic import __version__, load
from sklearn_mlic.datasets import _stream


def refuse_to_predict(monkeypatch):
    """Let a command end otherwise than with a message where it predicts."""
    monkeypatch.setattr(_stream, "predict_both", lambda *_: 1 / 0)


def test_fit_writes_one_model_file_and_prints_its_path(scenes, model, tmp_path):
    out = tmp_path / "again.skops"
    assert call("fit", scenes / "labels.csv", "-o", out, *NETWORK).strip() == str(out)
    assert [p.name for p in tmp_path.iterdir()] == ["again.skops"]
    paths = [str(scenes / f"{i}.png") for i in range(60)]
    X = pd.DataFrame({"image": paths})
    np.testing.assert_array_equal(load(out).predict_proba(X), load(model).predict_proba(X))


def test_predict_takes_images_and_folders_and_writes_probabilities(scenes, model, tmp_path):
    out = tmp_path / "new" / "predictions.csv"
    call("predict", model, scenes, scenes / "3.png", "-o", out, "--probabilities", "-q")
    table = pd.read_csv(out, keep_default_na=False)
    names = list(load(model)[-1].label_names_)
    assert list(table.columns) == ["image", "labels", *names]
    assert len(table) == 61
    thresholds = load(model)[-1].thresholds_
    for _, row in table.iterrows():
        predicted = [n for n, t in zip(names, thresholds, strict=True) if row[n] >= t]
        assert row["labels"].split() == (predicted or ["-"])


def test_evaluate_prints_a_row_a_label_and_the_summary(scenes, model, tmp_path):
    printed = call("evaluate", model, scenes / "labels.csv", "-o", tmp_path / "report.csv")
    for name in ("disc", "square", "triangle", "macro", "micro", "samples", "mAP", "CF1"):
        assert name in printed
    assert len(pd.read_csv(tmp_path / "report.csv")) == 6


def test_compare_prints_the_prior_first_and_keeps_the_best(scenes, tmp_path):
    printed = call(
        "compare", scenes / "labels.csv", "--approach", "image", "--approach", "text",
        "--text", "caption", "--cv", 2, "--out", tmp_path / "table.csv",
        "--best", tmp_path / "best.skops", *NETWORK,
    )  # fmt: skip
    table = pd.read_csv(tmp_path / "table.csv", index_col="approach")
    assert list(table.index) == ["prior", "image", "text"]
    assert printed.index("prior") < printed.index("image") < printed.index("text")
    assert load(tmp_path / "best.skops")[-1].label_names_.tolist() == ["disc", "square", "triangle"]


def test_demo_writes_what_it_names(tmp_path, monkeypatch):
    from sklearn_mlic.cli import _demo

    monkeypatch.setattr(_demo, "N_KNOWN", 80)
    monkeypatch.setattr(_demo, "N_EPOCHS", 1)
    printed = call("demo", "--out", tmp_path / "demo", "-q")
    assert "always the prior" in printed
    for name in ("leaderboard.csv", "model.skops", "predictions.csv"):
        assert str(tmp_path / "demo" / name) in printed
        assert (tmp_path / "demo" / name).is_file()


def test_bad_rows_end_with_status_1_and_are_all_named(scenes, tmp_path, capsys, monkeypatch):
    (scenes / "torn.jpg").write_bytes(b"no image")
    bad = tmp_path / "bad.csv"
    bad.write_text("image,labels\n0.png,disc\nnowhere.png,disc\ntorn.jpg,square\n")
    message = fail(capsys, monkeypatch, "fit", bad, "--images", scenes, *NETWORK)
    assert "nowhere.png" in message
    assert "torn.jpg" in message
    (scenes / "torn.jpg").unlink()


def test_skip_leaves_bad_rows_out_and_says_so(scenes, tmp_path, recwarn):
    rows = (scenes / "labels.csv").read_text() + "nowhere.png,disc,\n"
    (tmp_path / "bad.csv").write_text(rows)
    with pytest.warns(UserWarning, match=r"nowhere\.png"):
        call("fit", tmp_path / "bad.csv", "--images", scenes, "--on-error", "skip",
             "-o", tmp_path / "m.skops", *NETWORK)  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fit", "{csv}", "--approach", "imgae", "-q"], "Did you mean 'image'?"),
        (["fit", "{csv}", "--approach", "text", "-q"], "--text"),
        (["fit", "{csv}", "--labels", "tags", "-q"], "tags"),
        (["fit", "{csv}", "--backbone", "resnt18", "-q"], "resnet18"),
        (["fit", "{csv}", "--weights", "nowhere.pt", "-q"], "nowhere.pt"),
        (["fit", "{csv}", "--backbone-param", "oops", "-q"], "NAME=VALUE"),
        (["fit", "nowhere.csv", "-q"], "nowhere.csv"),
        (["predict", "nowhere.skops", "{csv}", "-q"], "nowhere.skops"),
        (["predict", "{model}", "nowhere.png", "-q"], "nowhere.png"),
        (["predict", "{csv}", "{csv}", "-q"], "not a model file"),
        (["predict", "{model}", "{csv}", "{csv}", "-q"], "one CSV file alone"),
        (["predict", "{model}", "a.png", "--ids", "key", "-q"], "--ids names a column"),
        (["predict", "{model}", "{csv}", "-o", "{csv}", "-q"], "is also given to read"),
    ],
)
def test_errors_say_what_to_do(scenes, model, capsys, monkeypatch, arguments, words):
    places = {"csv": scenes / "labels.csv", "model": model}
    message = fail(capsys, monkeypatch, *[a.format(**places) for a in arguments])
    assert words in message


def test_an_unreadable_image_fails_prediction_and_is_named(
    scenes, model, tmp_path, capsys, monkeypatch
):
    (tmp_path / "torn.png").write_bytes(b"")
    out = tmp_path / "p.csv"
    message = fail(capsys, monkeypatch, "predict", model, tmp_path, "-o", out, "-q")
    assert "torn.png" in message
    assert not out.exists()


def test_what_predict_writes_fit_reads(scenes, model, tmp_path):
    out = tmp_path / "predictions.csv"
    call("predict", model, scenes / "labels.csv", "-o", out, "-q")
    call("fit", out, "--images", scenes, "--approach", "prior", "-o", tmp_path / "m.skops", "-q")


def test_predict_writes_the_form_that_a_competition_asks_for(scenes, model, tmp_path):
    given, out = scenes / "asked.csv", tmp_path / "submission.csv"
    given.write_text("ImageID\n" + "".join(f"{i}.png\n" for i in range(60)))
    form = ["--image", "ImageID", "--labels", "Labels", "--no-label", "none"]
    call("predict", model, given, "-o", out, *form, "-q")
    written = pd.read_csv(out, keep_default_na=False)
    assert list(written.columns) == ["ImageID", "Labels"]
    assert list(written["ImageID"]) == [f"{i}.png" for i in range(60)]
    call("predict", model, given, "-o", out, "--image", "ImageID", "-q")
    usual = pd.read_csv(out, keep_default_na=False)["labels"]
    assert list(written["Labels"]) == [cell if cell != "-" else "none" for cell in usual]


def test_outputs_are_checked_before_the_work(scenes, tmp_path, capsys, monkeypatch):
    message = fail(capsys, monkeypatch, "fit", scenes / "labels.csv", "-o", tmp_path, *NETWORK)
    assert "is a folder" in message
    nested = tmp_path / "new" / "folder" / "m.skops"
    call("fit", scenes / "labels.csv", "-o", nested, "--approach", "prior", "-q")
    assert nested.is_file()


def test_a_model_of_texts_asks_for_them(scenes, tmp_path, capsys, monkeypatch):
    path = tmp_path / "m.skops"
    call("fit", scenes / "labels.csv", "--text", "caption", "--approach", "text", "-o", path, "-q")
    for command in (["predict", path, scenes], ["evaluate", path, scenes / "labels.csv"]):
        out = tmp_path / "out.csv"
        message = fail(capsys, monkeypatch, *command, "-o", out, "-q")
        assert "needs text" in message


def test_a_label_that_contains_the_separator_is_refused(scenes, tmp_path, capsys, monkeypatch):
    rows = "".join(f"{i}.png,{'hot dog' if i % 2 else 'cat'}\n" for i in range(20))
    (tmp_path / "t.csv").write_text("image,labels\n" + rows)
    path = tmp_path / "m.skops"
    call("fit", tmp_path / "t.csv", "--images", scenes, "--sep", "|", "--approach", "prior",
         "-o", path, "-q")  # fmt: skip
    refuse_to_predict(monkeypatch)
    message = fail(capsys, monkeypatch, "predict", path, scenes, "-o", tmp_path / "p.csv", "-q")
    assert "'hot dog', which cannot be read from a cell" in message


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--no-label", "disc"], "no_label='disc' is also the name of a label"),
        (["--labels", "image"], "image and labels are both 'image'"),
        (["--sep", ""], "sep=''"),
        (["--labels", "disc", "--probabilities"], "labels='disc' is also the name of a label"),
    ],
)
def test_what_could_not_be_written_is_refused_before_the_work(
    scenes, model, tmp_path, capsys, monkeypatch, arguments, words
):
    refuse_to_predict(monkeypatch)
    out = tmp_path / "p.csv"
    message = fail(capsys, monkeypatch, "predict", model, scenes, "-o", out, "-q", *arguments)
    assert words in message
    assert not out.exists()


def test_bad_usage_ends_with_status_2():
    call("fit", status=2)
    call("fit", "a.csv", "--nothing", status=2)


def test_version_is_printed():
    assert call("--version").split() == ["sklearn-mlic", __version__]


def test_python_m_is_the_command_line():
    command = [sys.executable, "-m", "sklearn_mlic", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "compare" in done.stdout
