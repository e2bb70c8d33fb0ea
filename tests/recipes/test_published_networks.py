"""The networks of the reports: what is published is set, and each fits, predicts and is kept."""

import inspect
import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, ParameterGrid

from heads import SMALL_HEADS
from sklearn_mlic import ImageClassifier, ThresholdCalibrator, load, make_multilabel_images, save
from sklearn_mlic.nn.backbones import make_backbone
from sklearn_mlic.nn.heads import HEADS
from sklearn_mlic.recipes import (
    RECIPES,
    TEXT_RECIPES,
    _settings,
    advanced_cnn,
    efficientnet_b4,
    plain_cnn,
    plain_cnn_grid,
    resnet18,
    simple_cnn,
    vgg16,
)
from sklearn_mlic.thresholds._rules import GRID

NETWORKS = {name: make for name, make in RECIPES.items() if name != "label_prior"} | TEXT_RECIPES
WITH_HEADS = ["two_stage_transformer", "query2label", "ml_decoder"]
QUICK = [
    *("plain_cnn", "simple_cnn", "deep_cnn", "advanced_cnn", "resnet18"),
    *WITH_HEADS,
    *TEXT_RECIPES,
]
# Where it is not called as the recipe is, or may be a small one.
BACKBONES = {
    **dict.fromkeys(WITH_HEADS, "test_resnet"),
    "efficientnet_captions": "test_efficientnet",
    "cnn_lstm_transformer": "plain_cnn",
}
SMALL = {"image_size": 32, "max_epochs": 1, "random_state": 0}
CHEN = {
    "loss": "focal",
    "loss_params": {"gamma": 2.5, "smoothing": 0.1, "alpha": "mean_inverse"},
    "augmentation": "strong",
    "lr": 1e-3,
    "batch_size": 16,
    "accumulate": 2,
    "schedule": "plateau",
    "early_stopping": True,
    "scoring": "micro_F1",
}
PUBLISHED = {
    "cnn_lstm_transformer": {
        "backbone": "plain_cnn",
        "head": "lstm_transformer",
        "head_params": {"max_side": None, "attend": "last"},
        "fusion": "summary_concat",
        "modality_dropout": 0.0,
        "loss": "multilabel_soft_margin",
        "optimizer": "adam",
        "lr": 1e-3,
        "batch_size": 50,
        "max_epochs": 1,
        "early_stopping": False,
    },
    "efficientnet_captions": {
        **CHEN,
        "backbone": "efficientnet_b4",
        "head": "linear",
        "fusion": "concat",
        "fusion_params": {"hidden": None, "dropout": 0.0},
        "modality_dropout": 0.0,
        "image_size": 224,
    },
    "plain_cnn": {
        "loss": "multilabel_soft_margin",
        "optimizer": "adam",
        "lr": 1e-3,
        "batch_size": 100,
        "max_epochs": 1,
        "early_stopping": False,
    },
    "advanced_cnn": {
        "loss": "bce",
        "head_params": {"dropout": 0.5},
        "augmentation": "flip",
        "optimizer": "adam",
        "lr": 1e-3,
        "schedule": "plateau",
        "schedule_params": {"factor": 0.5, "patience": 2},
        "max_epochs": 100,
        "early_stopping": True,
        "n_iter_no_change": 5,
    },
    "two_stage_transformer": {
        "backbone": "resnet101",
        "head": "two_stage",
        "head_params": None,
        "loss": "asymmetric_polynomial",
        "loss_params": {"gamma_pos": 0.0, "gamma_neg": 2.0},
        "augmentation": "randaugment_cutout",
        "optimizer": "adamw",
        "optimizer_params": {"betas": (0.9, 0.9999)},
        "weight_decay": 5e-3,
        "schedule": "one_cycle",
        "lr": 5e-5,
        "max_epochs": 80,
        "image_size": 448,
    },
    "query2label": {
        "backbone": "resnet101",
        "head": "query2label",
        "head_params": {"width": 2048, "n_heads": 4, "n_hidden": 8192},
        "loss": "asymmetric",
        "loss_params": {"gamma_pos": 0.0, "gamma_neg": 2.0, "clip": 0.0},
        "lr": 1e-4,
        "weight_decay": 1e-2,
        "freeze": ("bn", 2),
        "early_stopping": True,
        "image_size": 448,
    },
    "ml_decoder": {
        "backbone": "tresnet_l",
        "head": "ml_decoder",
        "loss": "asymmetric",
        "loss_params": {"gamma_pos": 0.0, "gamma_neg": 4.0, "clip": 0.05},
        "lr": 1e-4,
        "weight_decay": 1e-4,
        "max_epochs": 40,
        "image_size": 448,
    },
    **dict.fromkeys(["simple_cnn", "deep_cnn", "resnet18", "vgg16", "efficientnet_b4"], CHEN),
}


@pytest.fixture(scope="module")
def scenes():
    return make_multilabel_images(n_samples=60, image_size=32, n_labels=3, random_state=0)


def make(name, **settings):
    """The recipe of this name, never with weights that would be fetched."""
    taken = inspect.signature(NETWORKS[name]).parameters
    if "backbone" in taken and "image_size" in settings:
        settings = {"backbone": BACKBONES[name], **settings}
    if "pretrained" in taken:
        settings = {"pretrained": False, **settings}
    if "text" in taken:
        settings = {"text": "caption", **settings}
    return NETWORKS[name](**settings)


@pytest.mark.parametrize("literal", [False, True])
@pytest.mark.parametrize("name", QUICK)
def test_a_recipe_fits_predicts_and_is_kept(name, literal, scenes, tmp_path):
    X, y = scenes.data, scenes.target
    model = make(name, literal=literal, **SMALL)
    network = model.estimator
    if name in (*WITH_HEADS, "cnn_lstm_transformer"):  # large at their published size
        head_params = {**(network.head_params or {}), **SMALL_HEADS[network.head]}
        model.set_params(estimator__head_params=head_params)
    model.fit(X, y)
    y_prob, y_pred = model.predict_proba(X), model.predict(X)
    assert y_prob.shape == y_pred.shape == y.shape
    assert list(model.label_names_) == list(y.columns)
    for twin in (pickle.loads(pickle.dumps(model)), load(save(model, tmp_path / "m.skops"))):
        np.testing.assert_array_equal(twin.predict_proba(X), y_prob)
        np.testing.assert_array_equal(twin.predict(X), y_pred)


@pytest.mark.parametrize("literal", [False, True])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_recipe_is_a_network_in_its_rule_and_takes_what_all_take(name, literal):
    run = {"device": "cpu", "n_jobs": 2, "cache": "ram", "verbose": 1, "image": "photo"}
    model = make(name, literal=literal, rule="top_k", **SMALL, **run)
    assert isinstance(model, ThresholdCalibrator)
    assert isinstance(model.estimator, ImageClassifier)
    assert model.method == "top_k"
    assert model.cv == 0.2
    assert model.random_state == 0
    given = model.estimator.get_params()
    assert {key: given[key] for key in {**SMALL, **run}} == {**SMALL, **run}
    assert given["backbone"] == BACKBONES.get(name, name)
    clone(model)


@pytest.mark.parametrize("name", NETWORKS)
def test_literal_settings_are_the_published_ones(name):
    model = make(name, literal=True)
    settings = model.estimator.get_params()
    assert {key: settings[key] for key in PUBLISHED[name]} == PUBLISHED[name]


def test_literal_rules_are_the_published_ones(scenes):
    X, y = scenes.data, scenes.target
    model = plain_cnn(literal=True, **SMALL).fit(X, y)
    np.testing.assert_array_equal(model.thresholds_, 0.5)
    empty = ~(model.predict_proba(X) >= 0.5).any(axis=1)
    assert empty.any()
    assert (model.predict(X)[empty].argmax(axis=1) == y.mean().to_numpy().argmax()).all()
    assert (model.predict(X).sum(axis=1) >= 1).all()
    assert set(simple_cnn(literal=True, **SMALL).fit(X, y).thresholds_) <= set(GRID)
    rule = advanced_cnn(literal=True)
    assert (rule.method, rule.method_params) == ("f1", {"midpoint": False})
    # Another rule comes without what belongs to the published one.
    assert plain_cnn(literal=True, rule="at_least_one").fallback is None
    assert advanced_cnn(literal=True, rule="fixed").method_params is None


def test_published_sizes():
    # VGG-16 of Simonyan and Zisserman has 138,357,544 weights with 1000 labels.
    network = vgg16(literal=True).estimator
    with torch.device("meta"):
        head = HEADS[network.head](n_features=512, n_labels=1000, **network.head_params)
    trunk = make_backbone("vgg16", pretrained=False, image_size=32)
    assert count(head) + count(trunk) == 138_357_544
    # Cho and Lu's map at 224 px is flattened: 64 * 28 * 28 values.
    network = plain_cnn(literal=True).estimator
    with torch.device("meta"):
        head = HEADS[network.head](n_features=64, n_labels=18, **network.head_params)
    assert head.layers[0].in_features == 50_176
    assert head.layers[-1].in_features == 1024
    assert resnet18(literal=True).estimator.image_size == 224
    assert efficientnet_b4().estimator.image_size is None


def count(module):
    return sum(p.numel() for p in module.parameters())


def test_what_is_mended_depends_on_the_weights():
    for mended, values in [("pretrained", (True, "weights.pt")), ("random", (False,))]:
        for pretrained in values:
            given = resnet18(pretrained=pretrained).estimator.get_params()
            training = _settings.MENDED[mended].training
            assert {key: given[key] for key in training} == training
            assert given["pretrained"] == pretrained
    same = [resnet18(literal=True, pretrained=p).estimator.lr for p in (True, False)]
    assert same[0] == same[1]


@pytest.mark.parametrize("name", NETWORKS)
def test_models_share_no_settings(name):
    first = make(name, literal=True)
    for value in first.estimator.get_params().values():
        if isinstance(value, dict):
            value.clear()
    again = make(name, literal=True).estimator.get_params()
    assert {key: again[key] for key in PUBLISHED[name]} == PUBLISHED[name]


def test_same_seed_same_model(scenes):
    X, y = scenes.data, scenes.target
    first, second = (simple_cnn(**SMALL).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    np.testing.assert_array_equal(first.thresholds_, second.thresholds_)
    other = simple_cnn(**{**SMALL, "random_state": 1}).fit(X, y)
    assert (first.predict_proba(X) != other.predict_proba(X)).any()


def test_early_stopping_watches_the_validation_loss():
    assert advanced_cnn(literal=True).estimator.scoring == "loss"


@pytest.mark.parametrize("how", [{}, {"literal": True}, {"literal": True, "image_size": 64}])
def test_the_grid_has_16_points_that_the_recipe_takes(how):
    grid = plain_cnn_grid(**how)
    points = list(ParameterGrid(grid))
    assert len(points) == 16
    model = plain_cnn(**how)
    head = model.estimator.head_params
    assert head in grid["estimator__head_params"]
    seen = set()
    for point in points:
        network = clone(model).set_params(**point).estimator
        assert network.head_params["n_tokens"] == head["n_tokens"]
        dropout = network.head_params["dropout"]
        seen.add((network.max_epochs, dropout, network.batch_size, network.lr))
    assert len(seen) == 16
    assert {values[1] for values in seen} == {0.5, 0.7}


def test_a_search_over_part_of_the_grid(scenes):
    grid = {**plain_cnn_grid(), "estimator__max_epochs": [1], "estimator__batch_size": [30]}
    grid["estimator__lr"] = [0.001]
    search = GridSearchCV(plain_cnn(**SMALL), grid, cv=2, scoring="f1_micro")
    search.fit(scenes.data, scenes.target)
    assert len(search.cv_results_["params"]) == 2
    assert search.predict(scenes.data).shape == scenes.target.shape


def test_all_recipes_take_the_same():
    signatures = {name: dict(inspect.signature(f).parameters) for name, f in NETWORKS.items()}
    for parameters in signatures.values():
        for own in ("pretrained", "backbone", "text"):
            parameters.pop(own, None)
        assert list(parameters) == list(signatures["plain_cnn"])
        assert all(p.kind is p.KEYWORD_ONLY for p in parameters.values())
    assert "random_state" in inspect.signature(RECIPES["label_prior"]).parameters
