"""The drawn scenes: what they promise, and that they tell approaches apart."""

import re

import numpy as np
import pytest
from PIL import Image
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from helpers import global_state
from sklearn_mlic.datasets import make_multilabel_images
from sklearn_mlic.datasets._captions import _WORDINGS
from sklearn_mlic.datasets._shapes import OUTLINES
from sklearn_mlic.metrics import mean_average_precision


@pytest.fixture(scope="module")
def scenes():
    return make_multilabel_images()


def _pixels(scenes):
    return np.stack(list(scenes.data["image"]))


def test_shapes_and_types(scenes):
    assert scenes.data.columns.tolist() == ["image", "caption"]
    assert scenes.data["image"].dtype == object
    assert _pixels(scenes).shape == (600, 96, 96, 3)
    assert _pixels(scenes).dtype == np.uint8
    assert all(isinstance(caption, str) for caption in scenes.data["caption"])
    assert scenes.target.shape == (600, 8)
    assert scenes.target.dtypes.eq(np.int64).all()
    assert set(np.unique(scenes.target)) == {0, 1}
    assert scenes.target.columns.tolist() == scenes.label_names
    assert "600 images of 96 x 96" in scenes.DESCR


def test_boxes_are_the_labels(scenes):
    for boxes, (_, row) in zip(scenes.boxes, scenes.target.iterrows(), strict=True):
        assert set(boxes) == set(row.index[row == 1])
        for x0, y0, x1, y1 in boxes.values():
            assert 0 <= x0 < x1 <= 96
            assert 0 <= y0 < y1 <= 96


def test_objects_are_large_enough_to_see(scenes):
    sides = [max(x1 - x0, y1 - y0) for found in scenes.boxes for x0, y0, x1, y1 in found.values()]
    assert 0.28 * 96 <= np.median(sides) <= 0.6 * 96
    assert np.mean(np.array(sides) >= 0.15 * 96) > 0.97


def test_objects_are_drawn_in_their_boxes(scenes):
    """Objects are more colourful than what surrounds them."""
    inside, outside = [], []
    for image, boxes in zip(scenes.data["image"], scenes.boxes, strict=True):
        saturation = np.ptp(image.astype(int), axis=2)
        mask = np.zeros(saturation.shape, dtype=bool)
        for x0, y0, x1, y1 in boxes.values():
            mask[y0:y1, x0:x1] = True
        if boxes:
            inside.append(saturation[mask].mean())
            outside.append(saturation[~mask].mean())
    assert np.mean(np.array(inside) > np.array(outside)) > 0.9


def test_labels_are_imbalanced_and_correlated(scenes):
    frequency = scenes.target.mean()
    assert 0.4 <= frequency.max() <= 0.6
    assert 0.04 <= frequency.min() <= 0.1
    n_labels = scenes.target.to_numpy().sum(axis=1)
    assert 1.8 <= n_labels.mean() <= 2.5
    assert 0 < np.mean(n_labels == 0) < 0.05
    # Two labels that scenes favour together, against two that they keep apart.
    correlation = scenes.target.corr()
    assert correlation.loc["star", "cross"] > correlation.loc["star", "ring"] + 0.1


def test_captions_are_incomplete_and_sometimes_wrong(scenes):
    captions = scenes.data["caption"]
    assert 0.02 <= np.mean(captions == "") <= 0.08
    says_heart = captions.str.contains("heart|love symbol|valentine")
    is_heart = scenes.target["heart"] == 1
    assert (says_heart & is_heart).any()
    assert (~says_heart & is_heart).any()
    assert (says_heart & ~is_heart).any()
    assert captions.nunique() > 400
    assert not captions.str.contains(r"\ba [aeiou]").any()


def test_every_kind_can_be_named():
    assert list(_WORDINGS) == list(OUTLINES)


@pytest.mark.parametrize("random_state", range(5))
def test_every_label_has_a_positive(random_state):
    scenes = make_multilabel_images(20, image_size=32, n_labels=10, random_state=random_state)
    assert scenes.target.any().all()


def test_same_seed_same_scenes():
    first, second = (make_multilabel_images(12, image_size=40, random_state=3) for _ in range(2))
    np.testing.assert_array_equal(_pixels(first), _pixels(second))
    assert first.data["caption"].tolist() == second.data["caption"].tolist()
    assert first.target.equals(second.target)
    assert first.boxes == second.boxes
    other = make_multilabel_images(12, image_size=40, random_state=4)
    assert not np.array_equal(_pixels(first), _pixels(other))


def test_random_state_instance_moves_on():
    rng = np.random.RandomState(0)
    first, second = (make_multilabel_images(3, image_size=40, random_state=rng) for _ in range(2))
    assert not np.array_equal(_pixels(first), _pixels(second))


def test_number_of_labels_does_not_change_the_scenes():
    few, many = (make_multilabel_images(12, image_size=40, n_labels=n) for n in (2, 10))
    np.testing.assert_array_equal(_pixels(few), _pixels(many))
    assert few.target.equals(many.target[few.label_names])
    assert all(set(boxes) <= set(few.label_names) for boxes in few.boxes)


def test_global_generator_is_left_alone():
    before = global_state()
    make_multilabel_images(3, image_size=40)
    assert global_state() == before


@pytest.mark.parametrize("n_labels", [1, 2, 3, 5, 10])
def test_smallest_calls(n_labels):
    scenes = make_multilabel_images(1, image_size=32, n_labels=n_labels)
    assert scenes.data["image"][0].shape == (32, 32, 3)
    assert scenes.target.shape == (1, n_labels)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_labels": 11}, "n_labels=11; expected a whole number from 1 to 10."),
        ({"n_labels": 0}, "n_labels=0; expected a whole number from 1 to 10."),
        ({"n_samples": 0}, "n_samples=0; expected a whole number of 1 or more."),
        ({"n_samples": 2.5}, "n_samples=2.5; expected a whole number"),
        ({"n_samples": True}, "n_samples=True; expected a whole number"),
        ({"image_size": 16}, "image_size=16; expected a whole number of 32 or more."),
    ],
)
def test_bad_parameters(params, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make_multilabel_images(**params)


def _image_features(image):
    """Colour histogram, thumbnail and gradient orientations by region."""
    picture = Image.fromarray(image)
    hsv = np.asarray(picture.convert("HSV")).reshape(-1, 3)
    colours = np.histogramdd(hsv, bins=(12, 3, 2), range=((0, 256),) * 3)[0].ravel()
    thumbnail = np.asarray(picture.resize((8, 8))).ravel() / 255
    grey = np.asarray(picture.convert("L").resize((48, 48)), dtype=float)
    dy, dx = np.gradient(grey)
    strength, direction = np.hypot(dx, dy), np.arctan2(dy, dx) % np.pi
    regions = [np.s_[r : r + 16, c : c + 16] for r in (0, 16, 32) for c in (0, 16, 32)]
    edges = [
        np.sort(np.histogram(direction[s], 8, (0, np.pi), weights=strength[s])[0]) for s in regions
    ]
    return np.concatenate([np.sqrt(colours / colours.sum()), thumbnail, np.ravel(edges)])


def test_approaches_separate(scenes):
    """Macro AP: prior < captions < both, and prior < image features < both."""
    y = scenes.target.to_numpy()
    captions = scenes.data["caption"]
    train, test = slice(0, 400), slice(400, 600)

    def score(features, C):
        y_prob = [
            LogisticRegression(C=C, max_iter=500)
            .fit(features[train], column[train])
            .predict_proba(features[test])[:, 1]
            for column in y.T
        ]
        return mean_average_precision(y[test], np.transpose(y_prob))

    words = TfidfVectorizer(ngram_range=(1, 2)).fit(captions[train])
    text = words.transform(captions).toarray()
    image = np.stack([_image_features(picture) for picture in scenes.data["image"]])
    image = StandardScaler().fit(image[train]).transform(image)

    prior = mean_average_precision(y[test], np.tile(y[train].mean(axis=0), (200, 1)))
    text_only, image_only = score(text, C=10), score(image, C=0.003)
    # The scale gives the many image features about the weight that they have alone.
    both = score(np.hstack([text, 0.05 * image]), C=10)
    assert prior < 0.3
    assert 0.6 < text_only < 0.8
    assert prior + 0.15 < image_only
    assert both > max(text_only, image_only) + 0.03
