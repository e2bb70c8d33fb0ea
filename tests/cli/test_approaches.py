"""Approaches by name: what they build, what they are given, and which data they go with."""

import numpy as np
import pandas as pd
import pytest

from commands import NETWORK, SENTENCES, call, fail
from sklearn_mlic import (
    BinaryRelevance,
    ClassifierChain,
    ClassifierChainEnsemble,
    LabelPowerset,
    LabelPrior,
    MLkNN,
    RAkEL,
    load,
)
from sklearn_mlic.cli import _approach_options, _approaches
from sklearn_mlic.recipes import CLASSIFIERS, RECIPES, TEXT_RECIPES, image_text

MADE = {
    "most_frequent_set": LabelPrior,
    "binary_relevance": BinaryRelevance,
    "classifier_chain": ClassifierChain,
    "chain_ensemble": ClassifierChainEnsemble,
    "label_powerset": LabelPowerset,
    "rakel": RAkEL,
    "mlknn": MLkNN,
}


@pytest.mark.parametrize("approach", _approaches.APPROACHES)
def test_each_approach_fits_and_predicts(scenes, tmp_path, approach):
    path = tmp_path / "model.skops"
    text = [] if approach in ("prior", "image", "finetune") else ["--text", "caption"]
    encoder = SENTENCES if approach == "fusion" else []
    call("fit", scenes / "labels.csv", "-o", path, "--approach", approach, "--epochs", 1,
         *text, *encoder, *NETWORK)  # fmt: skip
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
    built, options = [], _approach_options.ApproachOptions
    with pytest.MonkeyPatch.context() as patch:
        build = options.build
        patch.setattr(options, "build", lambda *a: built.append(build(*a)) or 1 / 0)
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
    of_images = [name for name in RECIPES if name != "label_prior"]
    assert [*_approaches.RECIPES] == [*of_images, *TEXT_RECIPES]
    printed = call("compare", "--help")
    for name in (*_approaches.APPROACHES, *_approaches.RECIPES):
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
    with pytest.raises(ValueError, match="--backbone-param is for efficientnet_captions, finetune"):
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


@pytest.mark.parametrize("literal", [False, True])
@pytest.mark.parametrize("name", TEXT_RECIPES)
def test_a_recipe_of_captions_keeps_what_is_not_asked_for(scenes, name, literal):
    how = ["--literal"] if literal else []
    model = build(scenes / "labels.csv", "--approach", name, "--text", "caption", *how)
    assert repr(model) == repr(TEXT_RECIPES[name](literal=literal, random_state=0))
    own = ["--approach", "efficientnet_captions", "--backbone", "test_efficientnet"]
    other = build(scenes / "labels.csv", *own, "--text", "caption", "--weights", "w.pt", *how)
    network = other.estimator
    assert (network.backbone, network.pretrained) == ("test_efficientnet", "w.pt")


def test_the_fusion_takes_what_is_asked_for(scenes, tmp_path):
    arguments = [scenes / "labels.csv", "--approach", "fusion", "--text", "caption"]
    assert repr(build(*arguments)) == repr(image_text(random_state=0))
    model = build(
        *arguments, "--backbone", "mobilenetv1_100", "--backbone-param", "pad_type=same",
        "--weights", "w.pt", "--image-size", 64, "--text-encoder", "folder", "--epochs", 2,
        "--lr", 0.5, "--seed", 4, "--n-jobs", 2, "--device", "cpu", "--rule", "fixed",
        "--precision", "fp32", "--cache", tmp_path,
    )  # fmt: skip
    network = model.get_params()["estimator__network"]
    assert (model.method, model.random_state, network.random_state) == ("fixed", 4, 4)
    assert (network.backbone, network.pretrained) == ("mobilenetv1_100", "w.pt")
    assert (network.image_size, network.text_encoder) == (64, "folder")
    assert (network.backbone_params, network.max_epochs) == ({"pad_type": "same"}, 2)
    assert (network.lr, network.n_jobs, network.device) == (0.5, 2, "cpu")
    assert (network.precision, network.cache) == ("fp32", str(tmp_path))


def check_without_text(path, scenes, out, approach, capsys, monkeypatch):
    """Networks on images and texts take images alone, and say so; what reads texts does not."""
    command = ["predict", path, scenes / "0.png", "-o", out, "--probabilities", "-q"]
    if approach == "text":
        assert "needs text" in fail(capsys, monkeypatch, *command)
        return
    with pytest.warns(UserWarning, match="it goes by the images alone"):
        call(*command)
    X = pd.DataFrame({"image": [str(scenes / "0.png")], "text1": [None], "text2": [None]})
    y_prob = load(path).predict_proba(X)
    np.testing.assert_allclose(pd.read_csv(out).iloc[:, 2:], y_prob, atol=1e-5)
    with pytest.warns(UserWarning, match="it goes by the images alone"):
        call("evaluate", path, scenes / "labels.csv", "-q")


@pytest.mark.parametrize("approach", ["text", "fusion", "efficientnet_captions"])
def test_several_columns_of_text_and_rows_without_an_image(
    scenes, tmp_path, capsys, monkeypatch, approach
):
    table = pd.read_csv(scenes / "labels.csv", keep_default_na=False)
    table = table.assign(title=[f"scene {i}" for i in range(60)])
    table.loc[3:6, "image"] = ""
    table.loc[5:9, "caption"] = ""
    csv, path, out = (tmp_path / name for name in ("text.csv", "m.skops", "p.csv"))
    table.to_csv(csv, index=False)
    settings = [*NETWORK, "--epochs", 1, *(SENTENCES if approach == "fusion" else [])]
    if approach == "efficientnet_captions":
        settings += ["--backbone", "test_efficientnet"]
    source = ["--images", scenes, "--text", "title", "--text", "caption"]
    call("fit", csv, *source, "--may-lack-image", "-o", path, "--approach", approach, *settings)
    call("predict", path, csv, *source, "--may-lack-image", "--probabilities", "-o", out, "-q")
    written = pd.read_csv(out, keep_default_na=False)
    names = [name or str(row) for row, name in enumerate(table["image"], 1)]
    assert written["image"].tolist() == names
    data = pd.DataFrame({"text1": table["title"], "text2": table["caption"]})
    data.insert(0, "image", [str(scenes / name) if name else None for name in table["image"]])
    model = load(path)
    np.testing.assert_allclose(written.iloc[:, 2:], model.predict_proba(data), atol=1e-5)
    call("predict", path, csv, *source, "--may-lack-image", "--ids", "title", "-o", out, "-q")
    assert pd.read_csv(out)["title"].tolist() == table["title"].tolist()
    check_without_text(path, scenes, out, approach, capsys, monkeypatch)
    one = ["--text", "title", "--may-lack-image", "--images", scenes]
    message = fail(capsys, monkeypatch, "evaluate", path, csv, *one, "-q")
    assert "another number of columns of text than the 1 that --text names" in message
    message = fail(capsys, monkeypatch, "predict", path, csv, *source, "-o", out, "-q")
    assert "the image name is empty" in message


def test_modalities_that_lack_their_text_say_so(scenes, tmp_path, capsys, monkeypatch):
    path, out = tmp_path / "m.skops", tmp_path / "p.csv"
    call("fit", scenes / "labels.csv", "--text", "caption", "--approach", "modalities", "-o", path,
         "--epochs", 1, *NETWORK)  # fmt: skip
    message = fail(capsys, monkeypatch, "predict", path, scenes / "0.png", "-o", out, "-q")
    assert "needs text: give a CSV file and name its column with --text" in message


def test_compare_leaves_out_what_the_rows_do_not_have(scenes, tmp_path):
    out = tmp_path / "table.csv"
    call("compare", scenes / "labels.csv", "--text", "caption", "--may-lack-image", "--cv", 2,
         "-o", out, "-q")  # fmt: skip
    assert list(pd.read_csv(out)["approach"]) == ["prior", "text"]


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
        (["--approach", "fusion:mlknn", "--text", "caption"], "'fusion' has no kinds"),
        (["--approach", "fusion"], "needs text: name its column with --text"),
        (["--approach", "cnn_lstm_transformer"], "needs text: name its column with --text"),
        (["--text-encoder", "folder"], "--text-encoder is for fusion; not for image."),
        (["--may-lack-image"], "for rows that have text instead: name its column with --text"),
        (["--text", "caption", "--may-lack-image"], "'image' needs an image in each row"),
        (["--approach", "image", "--literal"], "--literal is for plain_cnn, simple_cnn"),
    ],
)
def test_unknown_names_end_before_the_work(scenes, capsys, monkeypatch, arguments, words):
    assert words in fail(capsys, monkeypatch, "fit", scenes / "labels.csv", *arguments, *NETWORK)
