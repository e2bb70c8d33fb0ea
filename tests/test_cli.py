"""The command line end to end: files in, files out, messages and exit codes."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from sklearn_mlic import (
    BinaryRelevance,
    ClassifierChain,
    ClassifierChainEnsemble,
    LabelPowerset,
    LabelPrior,
    MLkNN,
    RAkEL,
    __version__,
    load,
    make_multilabel_images,
)
from sklearn_mlic.cli import _options, app, main
from sklearn_mlic.recipes import CLASSIFIERS, RECIPES

NETWORK = ["--backbone", "test_resnet", "--weights", "random", "--image-size", "32", "--quiet"]
MADE = {
    "most_frequent_set": LabelPrior,
    "binary_relevance": BinaryRelevance,
    "classifier_chain": ClassifierChain,
    "chain_ensemble": ClassifierChainEnsemble,
    "label_powerset": LabelPowerset,
    "rakel": RAkEL,
    "mlknn": MLkNN,
}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """A folder with 60 images and a CSV of their labels and captions."""
    folder = tmp_path_factory.mktemp("scenes")
    bunch = make_multilabel_images(60, image_size=48, n_labels=3, random_state=0)
    for i, pixels in enumerate(bunch.data["image"]):
        Image.fromarray(pixels).save(folder / f"{i}.png")
    labels = [" ".join(bunch.target.columns[row == 1]) or "-" for row in bunch.target.to_numpy()]
    table = {"image": [f"{i}.png" for i in range(60)], "labels": labels}
    pd.DataFrame({**table, "caption": bunch.data["caption"]}).to_csv(
        folder / "labels.csv", index=False
    )
    return folder


@pytest.fixture(scope="module")
def model(scenes):
    """A model file fitted on them."""
    path = scenes / "model.skops"
    call("fit", scenes / "labels.csv", "--out", path, *NETWORK)
    return path


def call(*arguments, status=0):
    """Run a command in this process and return what it printed."""
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    if status == 0 and result.exception:
        raise result.exception
    assert result.exit_code == status, result.output
    return result.stdout


def fail(capsys, monkeypatch, *arguments):
    """Run a command that must end with status 1; return its message."""
    monkeypatch.setattr(sys, "argv", ["sklearn-mlic", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    return " ".join(captured.err.split())


@pytest.mark.parametrize("approach", ["prior", "text", "image", "image-text", "finetune"])
def test_each_approach_fits_and_predicts(scenes, tmp_path, approach):
    path = tmp_path / "model.skops"
    text = ["--text", "caption"] if "text" in approach else []
    call("fit", scenes / "labels.csv", "-o", path, "--approach", approach, "--epochs", 1,
         *text, *NETWORK)  # fmt: skip
    out = tmp_path / "predictions.csv"
    call("predict", path, scenes / "labels.csv", "-o", out, *text, "-q")
    assert list(pd.read_csv(out)["image"]) == [f"{i}.png" for i in range(60)]


@pytest.mark.parametrize(
    "approach",
    ["prior:most_frequent_set", *(f"text:{name}" for name in CLASSIFIERS), "image:mlknn"],
)
def test_classifiers_and_rules_go_by_name(scenes, tmp_path, approach):
    path = tmp_path / "model.skops"
    call("fit", scenes / "labels.csv", "-o", path, "--approach", approach, "--rule", "top_k",
         "--text", "caption", *NETWORK)  # fmt: skip
    model = load(path)
    X = pd.DataFrame({"image": [str(scenes / "0.png")], "text": ["a boat"]})
    calibrator = model if approach.startswith("prior") else model[-1]
    assert model.predict(X).sum() == calibrator.top_k_
    assert isinstance(calibrator.estimator_, MADE[approach.partition(":")[2]])


def build(*arguments):
    """The estimator that ``fit`` would train."""
    built = []
    with pytest.MonkeyPatch.context() as patch:
        build = _options.ApproachOptions.build
        patch.setattr(
            _options.ApproachOptions, "build", lambda *a: built.append(build(*a)) or 1 / 0
        )
        with pytest.raises(ZeroDivisionError):
            call("fit", *arguments, "-q")
    return built[0].popitem()[1]


def test_recipes_go_by_name(scenes, tmp_path):
    path, out = tmp_path / "model.skops", tmp_path / "table.csv"
    csv, quick = scenes / "labels.csv", ["--image-size", 32, "--epochs", 1, "--quiet"]
    call("fit", csv, "-o", path, "--approach", "advanced_cnn", "--literal", *quick)
    model = load(path)
    assert model.method_params == {"midpoint": False}
    assert len(model.estimator_.history_) == 1
    assert model.predict(pd.DataFrame({"image": [str(scenes / "0.png")]})).shape == (1, 3)
    printed = call("compare", csv, "--approach", "simple_cnn", "--cv", 0.5, "-o", out, *quick)
    assert list(pd.read_csv(out)["approach"]) == ["prior", "simple_cnn"]
    assert "simple_cnn" in printed


def test_the_command_line_lists_the_recipes_as_they_are():
    assert [*_options.RECIPES] == [name for name in RECIPES if name != "label_prior"]
    printed = call("compare", "--help")
    for name in _options.RECIPES:
        assert name in printed


@pytest.mark.parametrize("literal", [False, True])
def test_a_recipe_keeps_what_is_not_asked_for(scenes, literal):
    arguments = [scenes / "labels.csv", "--approach", "resnet18", "--weights", "random"]
    model = build(*arguments, *(["--literal"] if literal else []))
    expected = RECIPES["resnet18"](literal=literal, pretrained=False, random_state=0)
    assert model.get_params(deep=False).keys() == expected.get_params(deep=False).keys()
    assert repr(model) == repr(expected)


def test_a_head_recipe_goes_with_any_backbone(scenes):
    arguments = [scenes / "labels.csv", "--approach", "query2label", "--weights", "w.pt"]
    model = build(*arguments, "--backbone", "mobilenetv1_100", "--backbone-param", "pad_type=same")
    network = model.estimator
    assert (network.backbone, network.pretrained) == ("mobilenetv1_100", "w.pt")
    assert network.backbone_params == {"pad_type": "same"}
    assert build(*arguments).estimator.backbone == "resnet18"
    published = build(*arguments, "--literal").estimator
    assert (published.backbone, published.pretrained) == ("resnet101", "w.pt")
    other = build(*arguments, "--literal", "--backbone", "resnet18").estimator
    assert other.backbone == "resnet18"
    with pytest.raises(ValueError, match="--backbone-param is for approaches that take"):
        build(scenes / "labels.csv", "--approach", "vgg16", "--backbone-param", "drop_rate=0.1")


def test_a_recipe_takes_what_is_asked_for(scenes, tmp_path):
    model = build(
        scenes / "labels.csv", "--approach", "vgg16", "--backbone", "vgg16",
        "--weights", "w.pt", "--image-size", 64,
        "--epochs", 2, "--lr", 0.5, "--seed", 4, "--n-jobs", 2, "--device", "cpu",
        "--rule", "fixed", "--precision", "fp32", "--cache", tmp_path,
    )  # fmt: skip
    network = model.estimator
    assert (model.method, model.random_state, network.random_state) == ("fixed", 4, 4)
    assert (network.backbone, network.pretrained, network.image_size) == ("vgg16", "w.pt", 64)
    assert (network.max_epochs, network.lr, network.n_jobs) == (2, 0.5, 2)
    assert (network.device, network.precision, network.cache) == ("cpu", "fp32", str(tmp_path))
    own = ("--approach", "deep_cnn", "--weights", "w.pt")
    assert (
        build(scenes / "labels.csv", *own, "--backbone", "deep_cnn").estimator.pretrained == "w.pt"
    )
    assert not build(scenes / "labels.csv", *own).estimator.pretrained


def test_compare_adds_scores_by_name(scenes, tmp_path):
    out = tmp_path / "table.csv"
    printed = call("compare", scenes / "labels.csv", "--approach", "text:rakel", "--text",
                   "caption", "--cv", 0.5, "--metric", "subset_accuracy", "--metric",
                   "neg_ranking_loss", "-o", out, *NETWORK)  # fmt: skip
    table = pd.read_csv(out, index_col=0)
    assert list(table.index) == ["prior", "text:rakel"]
    assert table["subset_accuracy"].between(0, 1).all()
    assert (table["neg_ranking_loss"] <= 0).all()
    assert "subset_accuracy" in printed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--approach", "image:mlkn"], "Unknown kind of 'image' 'mlkn'. Did you mean 'mlknn'?"),
        (["--approach", "finetune:mlknn"], "'finetune' has no kinds"),
        (["--rule", "cardinal"], "Did you mean 'cardinality'"),
        (["--approach", "resnet81"], "Unknown approach 'resnet81'. Did you mean 'resnet18'?"),
        (["--approach", "vgg16:mlknn"], "'vgg16' has no kinds"),
        (["--approach", "image", "--literal"], "--literal is for the recipes: plain_cnn"),
    ],
)
def test_unknown_names_end_before_the_work(scenes, capsys, monkeypatch, arguments, words):
    assert words in fail(capsys, monkeypatch, "fit", scenes / "labels.csv", *arguments, *NETWORK)


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
    message = fail(capsys, monkeypatch, "predict", path, scenes, "-o", tmp_path / "p.csv", "-q")
    assert "'hot dog' contains the separator" in message


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
