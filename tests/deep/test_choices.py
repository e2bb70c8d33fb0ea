"""Heads, losses, optimisers and augmentations by name, class and instance."""

import numpy as np
import pytest
import torch

from helpers import classifier, coloured
from sklearn_mlic.deep._batches import Collate
from sklearn_mlic.nn.heads import LinearHead

X, Y = coloured(24)


class Squared(torch.nn.Module):
    """A loss of one's own."""

    def __init__(self, weight=1.0):
        super().__init__()
        self.weight = weight

    def forward(self, logits, y):
        return self.weight * (torch.sigmoid(logits) - y).square().mean()


@pytest.mark.parametrize(
    ("by_name", "same"),
    [
        ({"head": "linear"}, {"head": LinearHead}),
        ({"head": "linear"}, {"head": LinearHead(96, 3)}),
        ({"head_params": {"pool": "max"}}, {"head": LinearHead(96, 3, pool="max")}),
        ({"loss": "bce"}, {"loss": torch.nn.BCEWithLogitsLoss}),
        ({"loss": "bce"}, {"loss": torch.nn.BCEWithLogitsLoss()}),
        ({"loss": Squared, "loss_params": {"weight": 3.0}}, {"loss": Squared(3.0)}),
        ({"optimizer": "adamw"}, {"optimizer": torch.optim.AdamW}),
        ({"optimizer": "adam"}, {"optimizer": torch.optim.Adam}),
        ({"augmentation": "none"}, {"net_params": {"iterator_train__collate_fn": Collate()}}),
    ],
    ids=lambda value: " ".join(value),
)
def test_a_name_a_class_and_an_instance_are_one_choice(by_name, same):
    first, second = classifier(**by_name).fit(X, Y), classifier(**same).fit(X, Y)
    a, b = first.predict_proba(X), second.predict_proba(X)
    # An instance has drawn its weights elsewhere, which moves the draws of the fit.
    exact = not isinstance(same.get("head"), LinearHead)
    np.testing.assert_allclose(a, b, atol=0 if exact else 0.3)


def test_an_instance_is_not_trained_itself():
    """Two fits from one head or loss instance are equal, and clone sees an untouched parameter."""
    head = LinearHead(96, 3)
    model = classifier(head=head)
    first = model.fit(X, Y).predict_proba(X)
    np.testing.assert_array_equal(model.fit(X, Y).predict_proba(X), first)
    assert not any(parameter.any() for parameter in head.parameters())


def test_augmentation_changes_training_only():
    """Images that look another way in a mirror."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, X.shape, dtype=np.uint8)
    plain = classifier(augmentation="none").fit(images, Y)
    flipped = classifier(augmentation="flip").fit(images, Y)
    assert not np.array_equal(plain.predict_proba(images), flipped.predict_proba(images))
    np.testing.assert_array_equal(flipped.predict_proba(images), flipped.predict_proba(images))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"head": "linaer"}, "Unknown head 'linaer'. Did you mean 'linear'"),
        ({"loss": "bec"}, "Unknown loss 'bec'. Did you mean 'bce'"),
        ({"optimizer": "adamv"}, "Unknown optimizer 'adamv'. Did you mean 'adam"),
        ({"augmentation": "flop"}, "Unknown augmentation 'flop'. Did you mean 'flip'"),
        ({"on_error": "skpi"}, "Unknown on_error 'skpi'. Did you mean 'skip'"),
        ({"backbone": "test_resnett"}, "Unknown backbone 'test_resnett'.*'test_resnet'"),
        ({"device": "tpu"}, "device='tpu' cannot be used"),
        ({"precision": "fp8"}, "precision='fp8'; expected"),
        ({"head_params": {"pool": "mean"}}, "pool='mean'; expected one of"),
        ({"head": LinearHead(96, 3), "head_params": {"pool": "max"}}, "beside a ready head"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_wrong_choice_shows_the_right_ones(settings, words):
    with pytest.raises(ValueError, match=f"(?s){words}"):
        classifier(**settings).fit(X, Y)


def test_wrong_settings_of_a_choice_are_named():
    with pytest.raises(TypeError, match=r"head LinearHead from head_params=\{'pol': 1\}"):
        classifier(head_params={"pol": 1}).fit(X, Y)


def test_net_params_have_the_last_word():
    model = classifier(net_params={"max_epochs": 1, "optimizer__eps": 0.5}).fit(X, Y)
    assert len(model.history_) == 1
    assert model.net_.optimizer_.param_groups[0]["eps"] == 0.5
    assert model.net_.optimizer_.param_groups[0]["lr"] == 0.01


@pytest.mark.parametrize("settings", [{"verbose": 1}, {"early_stopping": True}], ids=str)
@pytest.mark.parametrize(
    ("net_params", "words"),
    [({"nonsense": 1}, "nonsense"), ({"optimizer__nonsense": 1}, "nonsense")],
)
def test_a_wrong_net_parameter_is_what_the_error_is_about(settings, net_params, words):
    with pytest.raises((TypeError, ValueError), match=words):
        classifier(net_params=net_params, **settings).fit(X, Y)


def test_too_few_rows_for_early_stopping_are_what_the_error_is_about():
    with pytest.raises(ValueError, match="n_samples=1"):
        classifier(early_stopping=True, verbose=1).fit(X[:1], Y[:1])
