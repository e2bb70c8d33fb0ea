"""M3LA as a recipe: on blocks as they come, and from images and words to blocks."""

import inspect

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import f1_score
from torch.nn import functional as F

from sklearn_mlic import ImageEmbedder, M3LAClassifier, make_multilabel_images, tune_thresholds
from sklearn_mlic.recipes import image_modalities, m3la
from sklearn_mlic.utils.estimator_checks import make_data

BLOCKS = {"left": slice(0, 3), "right": slice(3, None)}
EMBEDDER = ImageEmbedder("test_resnet", pretrained=False, image_size=32, random_state=0)


@pytest.fixture(scope="module")
def scenes():
    return make_multilabel_images(n_samples=60, image_size=32, random_state=0)


@pytest.mark.parametrize("literal", [False, True])
def test_m3la_matches_the_frequencies_of_training(literal):
    X, y = make_data(m3la(BLOCKS))
    model = m3la(BLOCKS, literal=literal, max_epochs=2, random_state=0).fit(X, y)
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))
    model.calibrate(X)
    # By the rule itself: on these rows no other threshold of a label comes nearer.
    expected = tune_thresholds(y, model.predict_proba(X), method="label_cardinality")
    np.testing.assert_array_equal(model.thresholds_, expected)


def test_the_published_settings_are_those_of_the_paper():
    published, ours = (m3la(literal=flag).estimator for flag in (True, False))
    assert ours.get_params() == M3LAClassifier(device="auto").get_params()
    assert (published.lr, published.batch_size, published.max_epochs) == (0.01, 64, 300)
    assert (published.selector, published.label_activation) == ("argmax", "softmax")
    assert m3la(literal=True, max_epochs=5).estimator.max_epochs == 5


def test_the_published_loss_is_the_printed_one():
    logits, y = torch.randn(4, 3, 2), torch.tensor([[0, 1], [1, 1], [0, 0], [1, 0]]).float()
    loss = m3la(literal=True).estimator.loss
    weights = loss.weights(logits, y)
    entries = F.binary_cross_entropy_with_logits(
        logits, y[:, None].expand_as(logits), reduction="none"
    )
    assert torch.allclose(loss(logits, y), (weights * entries).sum())
    said = (logits[0, 0] >= 0).float()
    flipped = [1 - f1_score(y[0], [v, said[1]], zero_division=1) for v in (0, 1)]
    assert float(weights[0, 1, 0]) == pytest.approx(abs(flipped[0] - flipped[1]), abs=1e-6)


def test_the_published_probabilities_of_a_row_sum_to_1():
    X, y = make_data(m3la(BLOCKS))
    model = m3la(BLOCKS, literal=True, max_epochs=2, random_state=0).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1, atol=1e-4)


def test_image_modalities_read_images_and_words(scenes):
    model = image_modalities(EMBEDDER, "caption", max_epochs=2, random_state=0)
    model.fit(scenes.data, scenes.target)
    assert list(model[0].blocks_) == ["network", "colour", "texture", "edges", "words"]
    member = model[-1].estimator_.named_estimators_["m3la"]
    order = member.modality_order_(model[0].transform(scenes.data))
    assert (np.sort(order, axis=1) == sorted(model[0].blocks_)).all()
    swapped = scenes.data.assign(caption=scenes.data["caption"].to_numpy()[::-1])
    assert not np.allclose(model.predict_proba(swapped), model.predict_proba(scenes.data))


def test_image_modalities_take_images_alone(scenes):
    model = image_modalities(EMBEDDER, max_epochs=2, random_state=0)
    images = list(scenes.data["image"])
    frame = model.fit(pd.DataFrame({"image": images}), scenes.target).predict_proba(
        scenes.data[["image"]]
    )
    alone = clone(model).fit(images, scenes.target).predict_proba(images)
    np.testing.assert_allclose(alone, frame, atol=1e-6)


@pytest.mark.parametrize("recipe", [m3la, image_modalities])
def test_settings_are_spelled_out(recipe):
    kinds = {p.kind for p in inspect.signature(recipe).parameters.values()}
    assert inspect.Parameter.VAR_KEYWORD not in kinds
