"""Maps of an estimator: where they point, and that every head's can be drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from heads import SMALL_HEADS
from helpers import classifier, coloured
from sklearn_mlic import ImageClassifier, make_multilabel_images
from sklearn_mlic.nn.heads import HEADS
from sklearn_mlic.plots import LabelAttentionDisplay

X, Y = coloured(16)
N_TRAIN, SIZE = 400, 64


def share_on_object(maps, boxes, names, asked):
    """Of the objects asked for, those whose box holds the highest place of their map."""
    on_object = []
    for image_maps, image_boxes, wanted in zip(maps, boxes, asked, strict=True):
        for j in np.flatnonzero(wanted):
            row, column = np.unravel_index(image_maps[j].argmax(), image_maps[j].shape)
            x = (column + 0.5) * SIZE / image_maps.shape[2]
            y = (row + 0.5) * SIZE / image_maps.shape[1]
            x0, y0, x1, y1 = image_boxes[names[j]]
            on_object.append(x0 <= x <= x1 and y0 <= y <= y1)
    return np.mean(on_object)


def test_labels_look_at_their_objects():
    scenes = make_multilabel_images(N_TRAIN + 150, image_size=SIZE, n_labels=4, random_state=0)
    images, y = list(scenes.data["image"]), scenes.target.to_numpy()
    model = ImageClassifier(
        "simple_cnn",
        head="two_stage",
        head_params={"width": 64, "n_heads": 4, "n_hidden": 128, "dropout": 0.0},
        pretrained=False,
        image_size=SIZE,
        schedule="one_cycle",
        clip_norm=1.0,
        lr=1e-3,
        max_epochs=12,
        random_state=0,
    ).fit(images[:N_TRAIN], y[:N_TRAIN])
    held_out, boxes = images[N_TRAIN:], scenes.boxes[N_TRAIN:]
    found = (model.predict(held_out) == 1) & (y[N_TRAIN:] == 1)
    assert found.sum() > 50
    maps = model.attention_maps(held_out)
    assert share_on_object(maps, boxes, scenes.label_names, found) >= 0.6
    # By chance: the maps of other images.
    assert share_on_object(np.roll(maps, 1, axis=0), boxes, scenes.label_names, found) < 0.4


@pytest.mark.parametrize("head", HEADS)
def test_the_maps_of_every_head_can_be_drawn(head):
    model = classifier(head=head, head_params=SMALL_HEADS[head], max_epochs=1).fit(X, Y)
    maps = model.attention_maps(X)
    assert maps.shape[:2] == (16, 3)
    assert maps.dtype == np.float32
    display = LabelAttentionDisplay.from_estimator(model, X, n_images=2, n_labels=2)
    np.testing.assert_allclose(display.maps, maps[:2], atol=1e-5)
    plt.close(display.figure_)


def test_feature_vectors_have_no_maps():
    features = np.random.default_rng(0).random((16, 5))
    model = classifier(max_epochs=1).fit(features, Y)
    with pytest.raises(TypeError, match="A model of feature vectors has no maps"):
        model.attention_maps(features)
