"""Which labels the attention display shows, and that heat lies where the map is high."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_mlic import ThresholdCalibrator
from sklearn_mlic.plots import LabelAttentionDisplay

NAMES = ["cat", "dog", "eel", "fox"]
RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (5, 16, 24, 3), dtype=np.uint8)
MAPS = RNG.normal(size=(5, 4, 3, 3))
PROB = RNG.random((5, 4)).round(2)
draw = LabelAttentionDisplay.from_maps


class Looking(BaseEstimator):
    """What a fitted image classifier shows of itself, read off the first pixel of each image."""

    def fit(self, X, y):
        self.label_names_ = np.array(NAMES, dtype=object)
        self.classes_ = np.array([[0, 1]] * 4)
        return self

    def predict_proba(self, X):
        return np.array([image[0, 0, 0] / 255 * np.array([0.4, 0.1, 1.0, 0.7]) for image in X])

    def attention_maps(self, X):
        return np.array([np.full((4, 2, 2), image[0, 0, 0]) for image in X]) * np.eye(2)


def titles(display):
    return [[ax.get_title("left") for ax in row] for row in display.axes_]


def heat(ax):
    return np.asarray(ax.images[1].get_array())


def test_each_row_is_an_image_and_its_most_probable_labels():
    y_prob = np.array([[0.1, 0.9, 0.2, 0.5], [0.8, 0.3, 0.2, 0.1]])
    display = draw(X[:2], MAPS[:2], y_prob, label_names=NAMES, n_labels=2)
    assert titles(display) == [["row 0", "dog 0.90", "fox 0.50"], ["row 1", "cat 0.80", "dog 0.30"]]
    assert display.shown_.tolist() == [[1, 3], [0, 1]]
    for i, ax in enumerate(display.axes_[:, 0]):
        np.testing.assert_array_equal(ax.images[0].get_array(), X[i])
        assert len(ax.images) == 1


def test_labels_by_name_are_shown_in_their_order():
    display = draw(X, MAPS, PROB, label_names=NAMES, labels=["fox", "cat"])
    assert display.shown_.tolist() == [[3, 0]] * 4
    assert display.plot(labels="eel").shown_.tolist() == [[2]] * 4


def test_fewer_labels_and_images_than_asked_for():
    display = draw(X[:2], MAPS[:2, :1], PROB[:2, :1])
    assert display.axes_.shape == (2, 2)
    assert draw(X, MAPS, PROB, n_images=1).axes_.shape == (1, 4)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 2), (2, 1)])
def test_heat_is_highest_where_the_map_is(row, column):
    maps = np.zeros((1, 1, 3, 3))
    maps[0, 0, row, column] = 5
    ax = draw(X[:1], maps, [[0.5]]).axes_[0, 1]
    assert heat(ax).shape == X.shape[1:3]
    found = np.unravel_index(heat(ax).argmax(), X.shape[1:3])
    assert (found[0] * 3 // 16, found[1] * 3 // 24) == (row, column)
    # The coldest place shows the image, the hottest still lets it through.
    opacity = ax.images[1].get_alpha()
    assert opacity.min() == 0
    assert 0.2 < opacity.max() < 1


def test_heat_does_not_depend_on_the_scale_of_a_map():
    factors = RNG.uniform(0.1, 9, (5, 4, 1, 1))
    ours, wanted = (draw(X, maps, PROB).axes_[:, 1:] for maps in (factors * MAPS - 3, MAPS))
    for ax, other in zip(ours.ravel(), wanted.ravel(), strict=True):
        np.testing.assert_allclose(heat(ax), heat(other), atol=1e-6)


def test_a_map_that_is_the_same_everywhere_is_cold():
    assert not heat(draw(X[:1], np.ones((1, 1, 7, 7)), [[0.9]]).axes_[0, 1]).any()


def test_drawing_to_pixels_gives_no_warning():
    draw(X, MAPS, PROB, label_names=["a" * 80, "_b", "$x", "é"]).figure_.canvas.draw()


def test_an_estimator_gives_what_its_maps_give():
    model = Looking().fit(None, None)
    ours = LabelAttentionDisplay.from_estimator(model, X, n_images=2)
    wanted = draw(X[:2], model.attention_maps(X[:2]), model.predict_proba(X[:2]), label_names=NAMES)
    assert titles(ours) == titles(wanted)
    assert [name.split()[0] for name in titles(ours)[0][1:]] == ["eel", "fox", "cat"]
    np.testing.assert_array_equal(ours.maps, wanted.maps)


def test_the_maps_are_found_inside_other_estimators():
    y = pd.DataFrame(np.eye(4, dtype=int), columns=NAMES)
    model = Looking().fit(None, None)
    calibrated = ThresholdCalibrator(FrozenEstimator(model), method="fixed").fit(X[:4], y)
    darker = FunctionTransformer(lambda images: images // 2)
    for outer, seen in (
        (calibrated, X),
        (make_pipeline(calibrated), X),
        (make_pipeline(darker, model), X // 2),
    ):
        display = LabelAttentionDisplay.from_estimator(outer, X, labels=["dog"])
        np.testing.assert_array_equal(display.maps, model.attention_maps(seen[:4]))
        np.testing.assert_allclose(display.y_prob, model.predict_proba(seen[:4]))


def test_an_estimator_that_tells_no_place():
    class Blind(BaseEstimator):
        pass

    with pytest.raises(ValueError, match="This Blind has no attention_maps. Expected a fitted"):
        LabelAttentionDisplay.from_estimator(Blind(), X)


def test_images_come_from_the_column_named():
    frame = pd.DataFrame({"photo": list(X)})
    display = draw(frame, MAPS, pd.DataFrame(PROB, columns=NAMES), image="photo")
    np.testing.assert_array_equal(display.axes_[0, 0].images[0].get_array(), X[0])
    assert display.label_names == NAMES


def test_the_rows_fit_the_axes_given():
    figure, axes = plt.subplots(1, 2, layout="constrained")
    display = draw(X, MAPS, PROB, ax=axes[1])
    figure.canvas.draw()
    assert display.figure_ is figure
    assert all(ax.get_position().x0 > 0.45 for ax in display.axes_.ravel())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"labels": ["cta"]}, "Unknown label 'cta'. Did you mean 'cat'"),
        ({"labels": []}, "labels is empty"),
        ({"n_labels": 0}, "n_labels=0; expected"),
        ({"n_images": 0}, "n_images=0; expected"),
        ({"maps": MAPS[0]}, r"maps has shape \(4, 3, 3\); expected maps of shape \(n_samples"),
        ({"maps": MAPS[:, :2]}, r"expected maps of shape .* here \(5, 4, h, w\)"),
        ({"y_prob": PROB[:3]}, "X has 5 images, y_prob has shape"),
        ({"y_prob": 3 * PROB}, r"outside 0\.\.1"),
        ({"maps": MAPS * np.nan}, "maps holds NaN"),
        ({"label_names": ["a"]}, "label_names has 1 names for 4 labels"),
    ],
)
def test_bad_settings(settings, message):
    given = {"maps": MAPS, "y_prob": PROB, "label_names": NAMES, **settings}
    with pytest.raises(ValueError, match=message):
        draw(X, **given)
