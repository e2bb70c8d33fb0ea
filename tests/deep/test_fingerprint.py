"""Settings that make another model have another fingerprint; equal ones have the same."""

import copy
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from torchvision.transforms import v2

from helpers import classifier, coloured
from sklearn_mlic import TextEmbedder
from sklearn_mlic.deep import Augmentation
from sklearn_mlic.deep._fingerprint import digest_settings
from sklearn_mlic.nn.heads import LinearHead
from sklearn_mlic.nn.losses import FocalLoss

X, Y = coloured(24)
FEATURES = X.reshape(len(X), -1)[:, :5].astype(np.float32) / 255


def brighter(image):
    return image


def darker(image):
    return image


def digest(**settings):
    return digest_settings(classifier(**settings).get_params(deep=False))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"random_state": np.int64(1)}, {"random_state": np.int64(2)}),
        ({"loss": FocalLoss(gamma=0)}, {"loss": FocalLoss(gamma=5)}),
        ({"head": LinearHead(96, 3, pool="avg")}, {"head": LinearHead(96, 3, pool="max")}),
        ({"augmentation": brighter}, {"augmentation": darker}),
        ({"augmentation": v2.ColorJitter(0.1)}, {"augmentation": v2.ColorJitter(0.2)}),
        (
            {"augmentation": Augmentation(image=brighter)},
            {"augmentation": Augmentation(image=darker)},
        ),
        (
            {"loss_params": {"pos_weight": np.linspace(1, 2, 2000)}},
            {"loss_params": {"pos_weight": np.linspace(1, 2, 2000) + 1e-12}},
        ),
        ({"lr": 0.1}, {"lr": 0.1 + 1e-16}),
        ({"freeze": "bn"}, {"freeze": ("bn", 1)}),
        ({"optimizer": torch.optim.Adam}, {"optimizer": torch.optim.AdamW}),
    ],
    ids=lambda settings: str(settings)[:40],
)
def test_what_differs_is_told_apart(first, second):
    assert digest(**first) == digest(**copy.deepcopy(first))
    assert digest(**first) == digest(**pickle.loads(pickle.dumps(first)))
    assert digest(**first) != digest(**second)


def test_weights_of_a_head_count():
    first, second = LinearHead(96, 3), LinearHead(96, 3)
    torch.nn.init.ones_(second.linear.weight)
    assert digest(head=first) != digest(head=second)


def test_settings_of_an_estimator_count_and_not_where_it_runs():
    def of(**params):
        return digest_settings({"text_encoder": TextEmbedder("a folder", **params)})

    assert of() == of(device="cpu", verbose=1, cache="ram")
    assert of() != of(max_tokens=8)


def test_a_set_is_one_in_every_process():
    code = (
        "from sklearn.feature_extraction.text import TfidfVectorizer\n"
        "from sklearn_mlic.deep._fingerprint import digest_settings\n"
        "words = {f'word{i}' for i in range(20)}\n"
        "print(digest_settings({'text_encoder': TfidfVectorizer(stop_words=words)}))"
    )
    words = {f"word{i}" for i in range(20)}
    here = digest_settings({"text_encoder": TfidfVectorizer(stop_words=words)})
    # Its sets are in another order than here, where the seed of hashes is drawn.
    there = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert there.strip() == here


def test_a_seed_is_one_whatever_its_type():
    assert digest(random_state=3) == digest(random_state=np.int64(3))


def test_what_cannot_be_told_apart_is_refused(tmp_path):
    model = classifier(augmentation=lambda image: image, checkpoint=tmp_path)
    with pytest.raises(ValueError, match=r"augmentation=.*Pass a function or a class of a module"):
        model.fit(X, Y)


@pytest.mark.parametrize(
    "settings",
    [
        {"backbone_lr_scale": np.float64(0.1)},
        {"optimizer": "sgd", "optimizer_params": {"momentum": np.float64(0.9)}},
        {"schedule": "plateau", "schedule_params": {"factor": np.float64(0.5)}},
        {"schedule": "cosine", "schedule_params": {"final": np.float64(0.1)}},
    ],
    ids=str,
)
def test_numpy_numbers_can_be_read_again(settings, tmp_path):
    settings = {**settings, "checkpoint": tmp_path, "max_epochs": 2}
    first = classifier(**settings).fit(X, Y)
    second = classifier(**settings, resume=True).fit(X, Y)
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))


def test_a_warm_fit_is_not_the_fit_that_it_starts_from(tmp_path):
    model = classifier(checkpoint=tmp_path, resume=True, warm_start=True, max_epochs=2)
    first = model.fit(FEATURES, Y).decision_function(FEATURES)
    assert not np.array_equal(model.fit(FEATURES, Y).decision_function(FEATURES), first)


def test_fewer_epochs_than_are_done_are_an_error(tmp_path):
    model = classifier(checkpoint=tmp_path, max_epochs=3).fit(FEATURES, Y)
    with pytest.raises(ValueError, match="holds 3 epochs, and max_epochs=2"):
        model.set_params(max_epochs=2, resume=True).fit(FEATURES, Y)


def test_without_a_seed_an_ended_fit_is_not_handed_out_again(tmp_path):
    settings = {"checkpoint": tmp_path, "resume": True, "random_state": None, "lr": 0.05}
    fits = [classifier(**settings).fit(X, Y).predict_proba(X) for _ in range(2)]
    assert not np.array_equal(*fits)
