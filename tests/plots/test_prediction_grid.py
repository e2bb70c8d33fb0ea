"""Which images the grid shows, and what it says of their labels."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import log_loss

from sklearn_mlic.images import ImageError
from sklearn_mlic.plots import PredictionGridDisplay

NAN = np.nan
RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (10, 8, 8, 3), dtype=np.uint8)
Y = (RNG.random((10, 4)) < 0.4).astype(int)
PROB = RNG.random((10, 4)).round(2)
NAMES = ["cat", "dog", "eel", "fox"]
DEFAULT_NAMES = [f"label_{j}" for j in range(4)]
draw = PredictionGridDisplay.from_predictions


class FromPixel(ClassifierMixin, BaseEstimator):
    """Finds in PROB the image that it is given, and counts the images."""

    n_seen = 0

    def predict_proba(self, images):
        self.n_seen += len(images)
        return np.array([PROB[np.flatnonzero((image == X).all((1, 2, 3)))[0]] for image in images])

    def predict(self, images):
        return (self.predict_proba(images) >= 0.5).astype(int)


def lines(display):
    return [[text.get_text() for text in texts] for texts in display.texts_]


def one_row(y_true, y_prob, **settings):
    """The lines of a single image."""
    y_true = None if y_true is None else [y_true]
    return lines(draw(X[:1], y_true, [y_prob], label_names=NAMES, **settings))[0]


def test_right_labels_misses_and_false_alarms_have_signs_wrong_ones_first():
    assert one_row([1, 0, 1, 0], [0.9, 0.7, 0.2, 0.1]) == ["- eel 0.20", "+ dog 0.70", "✓ cat 0.90"]
    assert one_row([1, 1, 1, 1], [0.7, 0.9, 0.1, 0.2]) == [
        *("- fox 0.20", "- eel 0.10", "✓ dog 0.90", "✓ cat 0.70"),
    ]


def test_unknown_labels_are_told_where_predicted():
    assert one_row([NAN, NAN, 1, 0], [0.9, 0.4, 0.5, 0.1]) == ["? cat 0.90", "✓ eel 0.50"]
    assert one_row([NAN, 0, 0, 0], [0.1] * 4) == ["no label"]


def test_no_label_can_be_right():
    assert one_row([0, 0, 0, 0], [0.1] * 4) == ["✓ no label"]


def test_without_truth_there_are_no_signs():
    assert one_row(None, [0.6, 0.9, 0.1, 0.2]) == ["dog 0.90", "cat 0.60"]
    assert one_row(None, [0.1] * 4) == ["no label"]


def test_long_lists_are_cut_and_the_rest_counted():
    cut = one_row([1, 1, 1, 0], [0.9, 0.8, 0.1, 0.7], max_labels=2)
    assert cut == ["- eel 0.10", "+ fox 0.70", "… and 2 more"]
    assert len(one_row([1, 1, 1, 0], [0.9, 0.8, 0.1, 0.7], max_labels=4)) == 4


def test_predictions_without_probabilities():
    display = draw(X[:1], [[1, 0, 0, 1]], y_pred=[[1, 1, 0, 0]], label_names=NAMES)
    assert lines(display) == [["- fox", "+ dog", "✓ cat"]]


def test_given_predictions_go_before_half():
    display = draw(X[:1], None, [[0.6, 0.3, 0.1, 0.1]], y_pred=[[0, 1, 0, 0]], label_names=NAMES)
    assert lines(display) == [["dog 0.30"]]


def test_drawing_to_pixels_gives_no_warning():
    names = ["a" * 80, "_hidden", "$x", "é"]
    y_true = np.where(RNG.random(Y.shape) < 0.2, NAN, Y)
    display = draw(X, y_true, PROB, label_names=names, max_labels=2)
    display.figure_.canvas.draw()
    assert len(display.axes_) == 10
    assert all(len(line) < 40 for texts in lines(display) for line in texts)


def test_first_images_and_fewer_than_asked_for():
    assert draw(X, Y, PROB, n_images=3).rows.tolist() == [0, 1, 2]
    assert draw(X, Y, PROB).rows.tolist() == list(range(10))


def test_random_images_follow_random_state():
    first, again, other = (
        draw(X, Y, PROB, select="random", n_images=4, random_state=seed).rows.tolist()
        for seed in (0, 0, 1)
    )
    assert first == again != other
    assert len(set(first)) == 4


@pytest.mark.parametrize("select", [[7, 2, 2], np.array([7, 2, 2]), (7, 2, -8)])
def test_rows_by_number(select):
    display = draw(X, Y, PROB, select=select, n_images=1)
    assert display.rows.tolist() == [7, 2, 2]
    assert [ax.get_title("left") for ax in display.axes_] == ["row 7", "row 2", "row 2"]
    np.testing.assert_array_equal(display.axes_[0].images[0].get_array(), X[7])


def test_worst_images_have_the_highest_log_loss():
    losses = [log_loss(y, p, labels=[0, 1]) for y, p in zip(Y, PROB, strict=True)]
    display = draw(X, Y, PROB, select="worst", n_images=4)
    assert display.rows.tolist() == np.argsort(losses)[::-1][:4].tolist()


def test_worst_counts_known_labels_only_and_takes_plain_predictions():
    y_true = [[NAN, NAN], [1, NAN], [1, 0], [0, 0]]
    y_prob = [[0.9, 0.9], [0.3, 0.9], [0.0, 0.2], [0.1, 0.1]]
    assert draw(X[:4], y_true, y_prob, select="worst").rows.tolist() == [2, 1, 3, 0]
    y_pred = [[1, 1], [0, 1], [0, 0], [0, 0]]
    assert draw(X[:4], y_true, y_pred=y_pred, select="worst").rows.tolist() == [1, 2, 3, 0]


@pytest.mark.parametrize("select", ["first", "worst", [4, 1]])
def test_an_estimator_gives_what_its_predictions_give(select):
    model = FromPixel()
    ours = PredictionGridDisplay.from_estimator(model, X, Y, select=select, n_images=3)
    wanted = draw(X, Y, PROB, select=select, n_images=3)
    assert ours.rows.tolist() == wanted.rows.tolist()
    assert lines(ours) == lines(wanted)
    # Twice: for labels and for probabilities. Only the worst cannot be known beforehand.
    assert model.n_seen == 2 * (10 if select == "worst" else len(ours.rows))


@pytest.mark.parametrize(
    "y", [Y.astype(float), sparse.csr_array(Y), pd.DataFrame(Y, columns=NAMES)]
)
def test_labels_of_any_form(y):
    display = PredictionGridDisplay.from_estimator(FromPixel(), X, y, select=[3, 5])
    np.testing.assert_array_equal(display.y_true, Y[[3, 5]])
    assert display.label_names == (NAMES if hasattr(y, "columns") else DEFAULT_NAMES)


def test_an_estimator_without_labels():
    display = PredictionGridDisplay.from_estimator(FromPixel(), list(X), n_images=2)
    assert display.y_true is None
    assert display.y_pred.shape == (2, 4)


def test_images_come_from_the_column_named():
    frame = pd.DataFrame({"photo": list(X), "n": 1})
    display = draw(frame, Y, PROB, image="photo", n_images=1)
    np.testing.assert_array_equal(display.axes_[0].images[0].get_array(), X[0])
    with pytest.raises(ValueError, match="X has no column 'image'"):
        draw(frame, Y, PROB)
    with pytest.raises(ValueError, match="X holds numbers; expected images to show"):
        draw(PROB, Y, PROB)


def test_big_images_are_shown_small_in_their_proportion():
    display = draw([np.zeros((600, 1200, 3), np.uint8)], None, [[0.7]])
    assert display.axes_[0].images[0].get_array().shape == (200, 400, 3)


def test_an_unreadable_image_is_named():
    with pytest.raises(ImageError, match="Row 1, 'nowhere.jpg': there is no such file"):
        draw([X[0], "nowhere.jpg"], None, [[0.7], [0.1]], select=[1])


def test_the_grid_fits_the_axes_given():
    figure, axes = plt.subplots(1, 2, figsize=(12, 6), layout="constrained")
    display = draw(X, Y, PROB, n_images=5, ax=axes[1])
    figure.canvas.draw()
    assert display.figure_ is figure
    assert all(ax.get_position().x0 > 0.45 for ax in display.axes_)
    assert len({round(ax.get_position().x0, 3) for ax in display.plot(n_columns=2).axes_}) == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"select": "frist"}, "Unknown select 'frist'. Did you mean 'first'"),
        ({"select": [10]}, r"select=\[10\]; expected 'first', 'random', 'worst' or a list of rows"),
        ({"select": []}, r"select=\[\]; expected"),
        ({"select": [0.5]}, r"select=\[0.5\]; expected"),
        ({"select": 3}, "select=3; expected"),
        ({"select": "worst", "y_true": None}, "select='worst' compares predictions with true"),
        ({"y_prob": None}, "There are no predictions; pass y_prob, y_pred, or both"),
        ({"y_prob": PROB[:, :2]}, r"X has 10 rows, y_true has shape \(10, 4\), y_prob has shape"),
        ({"y_prob": PROB[:5], "y_true": None}, r"X has 10 rows, y_prob has shape \(5, 4\)"),
        ({"y_prob": 3 * PROB}, r"outside 0\.\.1"),
        ({"y_true": Y[:5]}, "X has 10 rows and y_true has 5"),
        ({"y_true": Y + 1}, "not 0 or 1"),
        ({"n_images": 0}, "n_images=0; expected"),
        ({"max_labels": 0}, "max_labels=0; expected"),
        ({"label_names": ["a"]}, "label_names has 1 names for 4 labels"),
        (
            {
                "y_true": pd.DataFrame(Y, columns=NAMES),
                "y_prob": pd.DataFrame(PROB, columns=NAMES[::-1]),
            },
            "same columns in another order",
        ),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        draw(X, **{"y_true": Y, "y_prob": PROB, **settings})


def test_labels_of_another_length_than_the_images():
    with pytest.raises(ValueError, match="X has 10 rows and y has 5"):
        PredictionGridDisplay.from_estimator(FromPixel(), X, Y[:5])
