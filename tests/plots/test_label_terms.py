"""What the panels of terms show, in which order, and that a cloud is the same each time."""

import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_mlic import BinaryRelevance, make_multilabel_images
from sklearn_mlic.features import top_terms_per_label, word_effects
from sklearn_mlic.plots import LabelTermsDisplay
from sklearn_mlic.plots._figure import COLOURS

SCENES = make_multilabel_images(n_samples=100, image_size=32, n_labels=4)
CAPTIONS, Y = SCENES.data["caption"], SCENES.target
BY_FREQUENCY = Y.columns[np.argsort(-Y.sum(), kind="stable")].tolist()
MODEL = make_pipeline(CountVectorizer(), BinaryRelevance(LogisticRegression())).fit(CAPTIONS, Y)
TERMS = [["cat", "fur", "dog"], ["bark"], []]
VALUES = [np.array([2.0, 0.5, -1.0]), np.array([1.5]), np.array([])]
draw = LabelTermsDisplay.from_data


def by_hand(**settings):
    return LabelTermsDisplay(TERMS, VALUES, ["cats", "dogs", "eels"], "Force", **settings)


def titles(display):
    return [panel.get_title("left") for panel in display.axes_]


def shown(display):
    """Term and length of each bar, label by label, from the top down."""
    terms = [[text.get_text() for text in panel.get_yticklabels()] for panel in display.axes_]
    return [
        list(zip(own, bars.datavalues, strict=True))
        for own, bars in zip(terms, display.bars_, strict=True)
    ]


def test_bars_are_the_top_terms_of_the_most_frequent_labels():
    display = draw(CAPTIONS, Y, n_terms=5, max_labels=3)
    assert titles(display) == BY_FREQUENCY[:3]
    table = top_terms_per_label(CAPTIONS, Y, n_terms=5)
    for label, bars in zip(BY_FREQUENCY, shown(display), strict=False):
        part = table[table["label"] == label]
        assert bars == list(zip(part["term"], part["difference"], strict=True))
    assert "3 most frequent of 4 labels" in display.text_.get_text()
    assert "most frequent" not in draw(CAPTIONS, Y, max_labels=None).text_.get_text()


def test_the_text_below_says_what_is_drawn():
    assert "Mean TF-IDF with the label less" in draw(CAPTIONS, Y).text_.get_text()
    display = draw(CAPTIONS, Y, by="with_label", vectorizer=CountVectorizer())
    assert display.text_.get_text() == "Mean weight with the label"
    table = top_terms_per_label(CAPTIONS, Y, by="with_label", vectorizer=CountVectorizer())
    wanted = table.loc[table["label"] == BY_FREQUENCY[0], "term"].tolist()
    assert [term for term, _ in shown(display)[0]] == wanted


def test_more_bars_can_be_drawn_of_the_same_numbers():
    display = draw(CAPTIONS, Y, n_terms=3)
    assert [len(bars) for bars in shown(display)] == [3] * 4
    assert [len(bars) for bars in shown(display.plot(n_terms=12))] == [12] * 4


def test_labels_without_a_positive_or_without_terms():
    y = Y.assign(nothing=0, silent=(CAPTIONS == "").astype(int))
    display = draw(CAPTIONS, y)
    assert "1 without a positive left out" in display.text_.get_text()
    assert set(titles(display)) == {*Y, "silent"}
    silent = display.axes_[titles(display).index("silent")]
    assert [text.get_text() for text in silent.texts] == ["no terms"]
    with pytest.raises(ValueError, match="No label has a positive"):
        draw(CAPTIONS, 0 * Y)


def test_effects_are_drawn_for_and_against():
    display = LabelTermsDisplay.from_estimator(MODEL, CAPTIONS, n_terms=8)
    assert titles(display) == list(Y)
    table = word_effects(MODEL, CAPTIONS, n_words=8)
    for label, bars, drawn in zip(Y, shown(display), display.bars_, strict=True):
        part = table[table["label"] == label]
        assert bars == list(zip(part["word"], part["effect"], strict=True))
        for (_, effect), bar in zip(bars, drawn, strict=True):
            assert to_hex(bar.get_facecolor()) == COLOURS[int(effect < 0)].lower()


def test_settings_reach_the_effects():
    display = LabelTermsDisplay.from_estimator(
        MODEL,
        SCENES.data["caption"],
        labels=["star", "disc"],
        min_rows=5,
        max_rows=50,
        label_names=["disc", "a", "b", "star"],
        max_labels=1,
    )
    assert titles(display) == ["star"]
    assert display.label_names == ["star", "disc"]
    assert "the first 1 of 2 labels" in display.text_.get_text()
    table = word_effects(MODEL, CAPTIONS, n_words=10, min_rows=5, max_rows=50)
    wanted = table[table["label"] == list(Y)[3]]
    assert shown(display)[0] == list(zip(wanted["word"], wanted["effect"], strict=True))


def test_bars_of_all_labels_have_one_scale_around_0():
    display = by_hand().plot()
    assert titles(display) == ["cats", "dogs", "eels"]
    assert shown(display) == [[("cat", 2.0), ("fur", 0.5), ("dog", -1.0)], [("bark", 1.5)], []]
    limits = {panel.get_xlim() for panel in display.axes_}
    assert len(limits) == 1
    low, high = limits.pop()
    assert low < -1
    assert high > 2
    assert display.axes_[0].get_ylim()[0] > display.axes_[0].get_ylim()[1]


def test_few_bars_are_the_longest_from_the_highest_down():
    assert shown(by_hand().plot(n_terms=2))[0] == [("cat", 2.0), ("dog", -1.0)]


@pytest.mark.parametrize("plot", [LabelTermsDisplay.plot, LabelTermsDisplay.plot_clouds])
def test_a_new_figure_or_the_axes_given(plot):
    display = by_hand()
    assert plot(display) is display
    figure, axes = plt.subplots(1, 2, layout="constrained")
    plot(display, axes[1])
    assert display.figure_ is figure
    figure.canvas.draw()
    assert all(panel.get_position().x0 > 0.45 for panel in display.axes_)
    with pytest.raises(ValueError, match="max_labels=0; expected"):
        plot(display, max_labels=0)
    with pytest.raises(ValueError, match="n_terms=0; expected"):
        plot(display, n_terms=0)


def test_drawing_to_pixels_gives_no_warning():
    odd = ["$x$ and $", "_hidden", "naïve", "x" * 90]
    display = LabelTermsDisplay([odd], [np.array([4.0, 3.0, 2.0, 1.0])], ["$a_"])
    display.plot().figure_.canvas.draw()
    display.plot_clouds().figure_.canvas.draw()


def test_a_label_that_words_do_not_move():
    display = LabelTermsDisplay([["a", "b"]], [np.zeros(2)], ["still"])
    assert shown(display.plot()) == [[("a", 0.0), ("b", 0.0)]]
    assert not display.plot_clouds().axes_[0].images


def clouds(display):
    return [np.asarray(panel.images[0].get_array()) for panel in display.axes_ if panel.images]


def test_clouds_are_the_same_each_time():
    ours, again = (clouds(draw(CAPTIONS, Y).plot_clouds()) for _ in range(2))
    assert len(ours) == 4
    for cloud, other in zip(ours, again, strict=True):
        assert cloud.min() < 100  # something is written there
        np.testing.assert_array_equal(cloud, other)


def test_clouds_hold_more_words_than_the_bars():
    few, many = (clouds(draw(CAPTIONS, Y).plot_clouds(n_terms=n))[0] for n in (1, 40))
    assert not np.array_equal(few, many)
    table = top_terms_per_label(CAPTIONS, Y, n_terms=40)
    assert [len(terms) for terms in draw(CAPTIONS, Y, n_terms=2).terms] == [
        (table["label"] == label).sum() for label in Y
    ]


def test_a_cloud_is_blue_for_the_label_and_orange_against_it():
    display = by_hand().plot_clouds()
    assert "Size: force; blue for the label, orange against it" in display.text_.get_text()
    mixed, positive = (cloud.astype(int) for cloud in clouds(display))
    assert (mixed[..., 0] - mixed[..., 2]).max() > 100
    assert (positive[..., 0] - positive[..., 2]).max() <= 0
    assert "orange" not in draw(CAPTIONS, Y).plot_clouds().text_.get_text()
    assert [text.get_text() for text in display.axes_[2].texts] == ["no terms"]


def test_names_come_from_columns_or_the_argument():
    assert set(titles(draw(CAPTIONS, Y.to_numpy()))) == {f"label_{j}" for j in range(4)}
    assert set(titles(draw(CAPTIONS, Y, label_names="abcd"))) == set("abcd")


def test_a_column_of_a_frame_is_read():
    frame = pd.DataFrame({"title": CAPTIONS})
    columns = ColumnTransformer([("words", CountVectorizer(), "title")])
    display = LabelTermsDisplay.from_estimator(
        make_pipeline(columns, BinaryRelevance(LogisticRegression())).fit(frame, Y),
        frame,
        text="title",
        n_terms=4,
    )
    wanted = LabelTermsDisplay.from_estimator(MODEL, CAPTIONS, n_terms=4)
    assert shown(display) == shown(wanted)


@pytest.mark.parametrize("absent", ["wordcloud", "matplotlib.font_manager"])
def test_without_a_package_the_way_to_get_it_is_told(monkeypatch, absent):
    display = by_hand()
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(ImportError, match=r"Word clouds need .*pip install sklearn-mlic\[plot\]"):
        display.plot_clouds()


def test_the_column_is_called_text_unless_it_is_named():
    frame = pd.DataFrame({"text": CAPTIONS, "more": 0})
    columns = ColumnTransformer([("words", CountVectorizer(), "text")])
    model = make_pipeline(columns, BinaryRelevance(LogisticRegression())).fit(frame, Y)
    wanted = LabelTermsDisplay.from_estimator(MODEL, CAPTIONS, n_terms=4)
    assert shown(LabelTermsDisplay.from_estimator(model, frame, n_terms=4)) == shown(wanted)


def test_unknown_order():
    with pytest.raises(ValueError, match="Unknown value of by 'diff'"):
        draw(CAPTIONS, Y, by="diff")
