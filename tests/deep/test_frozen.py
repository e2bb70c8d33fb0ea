"""What does not train stays as it is, and is computed once."""

import numpy as np
import pytest
import torch
from PIL import Image

from helpers import classifier, coloured
from sklearn_mlic.deep import _memory, _reader
from sklearn_mlic.deep._transforms import Augmentation
from sklearn_mlic.images import load_image
from sklearn_mlic.nn.model import ImageModel

X, Y = coloured(24)
FROZEN = {"freeze": "backbone", "augmentation": "none", "batch_size": 8, "lr": 0.1}
# Does nothing, but is no "none": the backbone runs in each epoch.
UNCACHED = {**FROZEN, "augmentation": Augmentation(image=lambda image: image)}


@pytest.fixture
def seen(monkeypatch):
    """The number of images in each forward pass of any backbone."""
    seen, embed = [], ImageModel.embed

    def spy(self, image):
        seen.append(len(image))
        return embed(self, image)

    monkeypatch.setattr(ImageModel, "embed", spy)
    return seen


def weights(model):
    return {name: value.clone() for name, value in model.net_.module_.state_dict().items()}


# ---- tokens


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"backbone": "test_vit"},
        {"head_params": {"pool": "max"}},
        {"early_stopping": True, "validation": 0.3},
        {"ema_decay": 0.9, "sampling": "balanced", "accumulate": 2},
        {"precision": "bf16"},
    ],
    ids=str,
)
def test_tokens_kept_train_as_tokens_made_anew(settings):
    kept = classifier(**{**FROZEN, **settings}).fit(X, Y)
    anew = classifier(**{**UNCACHED, **settings}).fit(X, Y)
    atol = 1e-2 if "precision" in settings else 1e-5  # bfloat16 rounds by the batch
    np.testing.assert_allclose(kept.predict_proba(X), anew.predict_proba(X), atol=atol)
    losses = (model.history_["train_loss"] for model in (kept, anew))
    np.testing.assert_allclose(*losses, atol=10 * atol)


@pytest.mark.parametrize("settings", [{}, {"early_stopping": True, "validation": 0.3}], ids=str)
def test_the_backbone_sees_each_image_once(seen, settings):
    model = classifier(**FROZEN, **settings, max_epochs=5).fit(X, Y)
    assert sum(seen) == len(X)
    model.predict_proba(X)
    assert sum(seen) == 2 * len(X)


def test_given_validation_images_are_seen_once_too(seen):
    classifier(**FROZEN, max_epochs=5).fit(X, Y, X_val=X[:7], y_val=Y[:7])
    assert sum(seen) == len(X) + 7


def test_an_augmented_frozen_backbone_sees_all_epochs(seen):
    classifier(**{**FROZEN, "augmentation": "flip"}, max_epochs=3).fit(X, Y)
    assert sum(seen) == 3 * len(X)


@pytest.mark.parametrize("place", ["ram", "folder"])
def test_kept_tokens_serve_other_fits_folds_and_prediction(seen, tmp_path, place):
    images, y = coloured(24, seed=len(place))  # memory is kept for the whole process
    cache = "ram" if place == "ram" else tmp_path / "tokens"
    model = classifier(**FROZEN, cache=cache).fit(images, y)
    assert sum(seen) == 24
    expected = model.predict_proba(images)
    classifier(**{**FROZEN, "lr": 0.2, "loss": "focal"}, cache=cache).fit(images[:12], y[:12])
    model.partial_fit(images, y)
    assert sum(seen) == 24
    plain = classifier(**FROZEN).fit(images, y)
    np.testing.assert_allclose(plain.predict_proba(images), expected, atol=1e-5)


def test_other_weights_do_not_take_kept_tokens(seen, tmp_path):
    cache = {"cache": tmp_path}
    classifier(**FROZEN, **cache).fit(X, Y)
    second = classifier(**{**FROZEN, "random_state": 1}, **cache).fit(X, Y)
    assert sum(seen) == 48
    plain = classifier(**{**FROZEN, "random_state": 1}).fit(X, Y)
    np.testing.assert_allclose(second.predict_proba(X), plain.predict_proba(X), atol=1e-5)


# ---- what stays and what learns


@pytest.mark.parametrize("freeze", ["backbone", "bn", 1, 2, None])
@pytest.mark.parametrize("ema_decay", [None, 0.9])
def test_frozen_weights_and_statistics_stay_and_the_rest_learns(freeze, ema_decay):
    settings = {"freeze": freeze, "batch_size": 8, "weight_decay": 0.1, "ema_decay": ema_decay}
    model = classifier(**settings, max_epochs=1, warm_start=True).fit(X, Y)
    before, after = weights(model), weights(model.fit(X, Y))
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    parameters = dict(model.net_.module_.named_parameters())
    frozen = {name for name, parameter in parameters.items() if not parameter.requires_grad}
    assert changed & set(parameters) == set(parameters) - frozen
    assert bool(frozen) == (freeze is not None)
    statistics = {name for name in before if "running" in name or "tracked" in name}
    still = {name for name in statistics if name.rpartition(".")[0] + ".weight" in frozen}
    assert changed & statistics == statistics - still
    if freeze in ("backbone", "bn"):
        assert still == statistics


def test_a_wrong_freeze_is_an_error():
    with pytest.raises(ValueError, match="freeze='head'; expected 'backbone', 'bn' or a number"):
        classifier(freeze="head").fit(X, Y)


# ---- decoded images


@pytest.fixture
def paths(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for row, pixels in enumerate(coloured(24, size=40)[0]):
        Image.fromarray(pixels).save(folder / f"{row:02}.jpg")
    return sorted(str(path) for path in folder.iterdir())


@pytest.fixture
def decoded(monkeypatch):
    """The files decoded in this process."""
    files = []

    def spy(source, size, row):
        files.append(source)
        return load_image(source, size, row)

    monkeypatch.setattr(_reader, "load_image", spy)
    return files


@pytest.mark.parametrize("place", ["ram", "folder"])
@pytest.mark.parametrize("settings", [{}, {"augmentation": "strong", "early_stopping": True}])
def test_each_file_is_decoded_once_and_nothing_changes(paths, tmp_path, decoded, place, settings):
    settings = {"max_epochs": 3, "batch_size": 8, **settings}
    cache = "ram" if place == "ram" else tmp_path / "decoded"
    model = classifier(**settings, cache=cache).fit(paths, Y)
    assert sorted(decoded) == paths
    plain = classifier(**settings).fit(paths, Y)
    np.testing.assert_array_equal(model.predict_proba(paths), plain.predict_proba(paths))


def test_a_folder_serves_later_fits_and_prediction(paths, tmp_path, decoded):
    model = classifier(cache=tmp_path / "decoded").fit(paths, Y)
    model.fit(paths, Y).predict_proba(paths)
    assert sorted(decoded) == paths


@pytest.mark.parametrize("kind", ["ram", "folder"])
def test_one_cache_serves_heads_that_pool_in_other_ways(kind, tmp_path):
    """At 96 px there are nine tokens an image; at 32 one, and every pooling is the same."""
    large = {"image_size": 96, "freeze": "backbone", "augmentation": "none", "max_epochs": 1}
    heads = [
        {"head_params": {"pool": "avg"}},
        {"head_params": {"pool": "max"}},
        {"head": "mlp", "head_params": {"hidden": 4, "n_tokens": 9}},
        {"head": "mlp", "head_params": {"hidden": 4}},
    ]
    cache = "ram" if kind == "ram" else tmp_path
    for head in heads:
        cached = classifier(**large, **head, cache=cache).fit(X, Y).decision_function(X)
        again = classifier(**large, **head).fit(X, Y).decision_function(X)
        np.testing.assert_allclose(cached, again, atol=1e-5)


def test_tokens_that_do_not_fit_into_memory(monkeypatch):
    monkeypatch.setattr(_memory, "_free_memory", lambda: 100)
    with pytest.raises(
        ValueError, match="The tokens of .* images would take .*augmentation='flip'"
    ):
        classifier(freeze="backbone", augmentation="none").fit(X, Y)


def test_rows_that_are_skipped_move_no_tokens(tmp_path):
    paths = []
    for row, pixels in enumerate(X):
        paths.append(str(tmp_path / f"{row}.png"))
        Image.fromarray(pixels).save(paths[-1])
    settings = {"freeze": "backbone", "augmentation": "none"}
    expected = classifier(**settings).fit(paths[1:], Y[1:]).predict_proba(paths)
    broken = [str(tmp_path / "none.png"), *paths[1:]]
    with pytest.warns(UserWarning, match="Left out 1 of 24 rows"):
        model = classifier(**settings, on_error="skip").fit(broken, Y)
    np.testing.assert_array_equal(model.predict_proba(paths), expected)
