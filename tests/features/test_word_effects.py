"""Effects of words: exact for a model that adds up its words, and the model is asked sparingly."""

from io import StringIO

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_mlic import (
    BinaryRelevance,
    ImageTextClassifier,
    ThresholdCalibrator,
    make_multilabel_images,
)
from sklearn_mlic.features import word_effects
from sklearn_mlic.utils import _progress

SCENES = make_multilabel_images(n_samples=80, image_size=32, n_labels=3)
CAPTIONS, Y = SCENES.data["caption"], SCENES.target
WORDS = make_pipeline(CountVectorizer(binary=True), BinaryRelevance(LogisticRegression()))
WORDS.fit(CAPTIONS, Y)
WEIGHTS = {"red": [2.0, -1.0], "blue": [-0.5, 3.0], "isn't": [0.25, 0.0]}


class Adder(BaseEstimator):
    """Adds up weights of words, each time that they occur; keeps what it was asked."""

    def __init__(self):
        self.asked = []

    def predict_proba(self, X):
        self.asked.append(list(X))
        found = [[WEIGHTS.get(word, [0, 0]) for word in text.lower().split()] for text in X]
        return expit([np.sum([[0, 0], *weights], axis=0) for weights in found])


def by_word(table, label):
    part = table[table["label"] == label]
    return dict(zip(part["word"], part["effect"], strict=True))


def test_the_effect_is_the_log_odds_that_the_word_adds():
    table = word_effects(Adder(), ["Red BLUE", "red red shoe", "it isn't", None, " "])
    assert by_word(table, "label_0") == pytest.approx(
        {"red": 3.0, "isn't": 0.25, "it": 0, "shoe": 0, "blue": -0.5}, abs=1e-9
    )
    assert table.loc[table["word"] == "red", "n_rows"].tolist() == [2, 2]
    for _, part in table.groupby("label"):
        assert part["effect"].is_monotonic_decreasing


def test_what_is_left_of_a_text():
    model = Adder()
    word_effects(model, ["A big dog,\nand a-cat"])
    assert model.asked[-1] == [
        "big dog,\nand-cat",
        "A big dog,\n a-cat",
        "A dog,\nand a-cat",
        "A big dog,\nand a-",
        "A big,\nand a-cat",
    ]


def test_a_text_is_never_left_empty():
    model = Adder()
    table = word_effects(model, ["red", "Red red", "red!", "red shoe", "blue blue shoe"])
    assert all(text.strip() for texts in model.asked for text in texts)
    assert set(table.loc[table["word"] == "red", "n_rows"]) == {1}
    assert set(table.loc[table["word"] == "shoe", "n_rows"]) == {2}


def test_the_column_is_called_text_unless_it_is_named():
    columns = ColumnTransformer([("words", CountVectorizer(binary=True), "text")])
    frame = SCENES.data.rename(columns={"caption": "text"})
    model = make_pipeline(columns, BinaryRelevance(LogisticRegression())).fit(frame, Y)
    pd.testing.assert_frame_equal(word_effects(model, frame), word_effects(WORDS, CAPTIONS))


def test_coefficients_of_a_linear_model_are_found():
    table = word_effects(WORDS, CAPTIONS, n_words=None, max_rows=None)
    vocabulary = WORDS[0].vocabulary_
    for label, model in zip(Y, WORDS[1].estimators_, strict=True):
        effects = by_word(table, label)
        wanted = {word: model.coef_[0, k] for word, k in vocabulary.items()}
        wanted["isn't"] = wanted.pop("isn")  # the vectoriser cuts words at the apostrophe
        # Words of one letter are none to it: leaving them out does nothing.
        wanted |= dict.fromkeys(effects.keys() - wanted.keys(), 0.0)
        # Some captions are this one word, which then tells no effect.
        assert "untitled" not in effects
        del wanted["untitled"]
        assert effects == pytest.approx(wanted, abs=1e-9)


def test_probabilities_serve_where_there_are_no_log_odds():
    proba = make_pipeline(CountVectorizer(binary=True), MultiOutputClassifier(LogisticRegression()))
    proba.fit(CAPTIONS, Y)
    assert not hasattr(proba, "decision_function")
    ours = word_effects(proba, CAPTIONS, label_names=list(Y))
    pd.testing.assert_frame_equal(ours, word_effects(WORDS, CAPTIONS), rtol=1e-6)


def test_certain_probabilities_give_finite_effects():
    class Sure(BaseEstimator):
        def predict_proba(self, X):
            return np.array([["red" in text] for text in X], dtype=np.float32)

    effects = word_effects(Sure(), ["red shoe", "red"])
    assert effects["effect"].tolist() == pytest.approx([2 * np.log(9999), 0], rel=1e-3)


@pytest.mark.parametrize(
    "form",
    [list, np.array, lambda texts: texts.to_numpy(object), lambda texts: texts.iloc[::-1]],
    ids=["list", "array", "objects", "series"],
)
def test_forms_of_text_agree(form):
    wanted = word_effects(WORDS, CAPTIONS, max_rows=None)
    pd.testing.assert_frame_equal(word_effects(WORDS, form(CAPTIONS), max_rows=None), wanted)


def test_texts_in_a_column_of_one():
    flat = FunctionTransformer(np.ravel)
    model = make_pipeline(flat, *[step for _, step in WORDS.steps])
    ours = word_effects(model, CAPTIONS.to_numpy(object)[:, None])
    pd.testing.assert_frame_equal(ours, word_effects(WORDS, CAPTIONS))


def test_other_columns_stay_and_x_is_not_changed():
    frame = SCENES.data.assign(bright=np.arange(80.0), note="square")
    columns = ColumnTransformer(
        [("words", TfidfVectorizer(), "note and more"), ("rest", "passthrough", ["bright"])]
    )
    frame = frame.rename(columns={"caption": "note and more"})
    model = make_pipeline(columns, BinaryRelevance(LogisticRegression(max_iter=2000)))
    model.fit(frame, Y)
    before = frame.copy()
    ours = word_effects(model, frame, text="note and more")
    pd.testing.assert_frame_equal(frame.drop(columns="image"), before.drop(columns="image"))
    words = columns.fit(frame).named_transformers_["words"]
    # One row by hand: a text without its last word.
    row = frame.iloc[[0]]
    word = row["note and more"].iloc[0].split()[-1].strip("!,")
    changed = row.assign(**{"note and more": row["note and more"].str.replace(word, "")})
    wanted = model.decision_function(row) - model.decision_function(changed)
    alone = word_effects(model, row, text="note and more", n_words=None)
    assert word in words.vocabulary_
    np.testing.assert_allclose(alone.loc[alone["word"] == word, "effect"], wanted[0])
    assert set(ours["label"]) == set(Y)


def test_names_and_scores_are_found_inside_other_estimators():
    calibrated = ThresholdCalibrator(WORDS, method="fixed").fit(CAPTIONS, Y)
    pd.testing.assert_frame_equal(word_effects(calibrated, CAPTIONS), word_effects(WORDS, CAPTIONS))


def test_labels_are_told_of_in_the_order_asked_for():
    ours = word_effects(WORDS, CAPTIONS, labels=["triangle", "disc"])
    assert ours["label"].unique().tolist() == ["triangle", "disc"]
    full = word_effects(WORDS, CAPTIONS)
    alone = word_effects(WORDS, CAPTIONS, labels="square")
    wanted = full[full["label"] == "square"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, wanted)


def test_few_words_are_those_of_the_largest_effects():
    full = word_effects(WORDS, CAPTIONS, n_words=None)
    few = word_effects(WORDS, CAPTIONS, n_words=4)
    for label, part in few.groupby("label"):
        sizes = full.loc[full["label"] == label, "effect"].abs().nlargest(4)
        np.testing.assert_allclose(sorted(part["effect"].abs()), sorted(sizes))


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_batches_change_nothing_but_the_calls(batch_size):
    texts = ["red blue shoe", "red", None, "the blue isn't red"]
    model = Adder()
    ours = word_effects(model, texts, batch_size=batch_size)
    pd.testing.assert_frame_equal(ours, word_effects(Adder(), texts))
    # Each text of several words as it is, and once more for each of its words.
    assert sum(map(len, model.asked)) == 2 + 3 + 4
    assert max(map(len, model.asked)) <= batch_size


def test_rows_are_spread_over_those_with_text():
    model = Adder()
    texts = [(None, f"w{row} shoe", "red")[row % 3] for row in range(30)]
    tried = word_effects(model, texts, max_rows=4)["word"].unique()
    assert set(tried) == {"shoe", "w1", "w10", "w19", "w28"}


def test_rare_words_are_not_tried():
    model = Adder()
    table = word_effects(model, ["red shoe", "red hat", "blue hat"], min_rows=2)
    assert set(table["word"]) == {"red", "hat"}
    assert sum(map(len, model.asked)) == 3 + 4


@pytest.mark.parametrize("verbose", [0, 1])
def test_progress_is_shown_on_request(monkeypatch, verbose):
    console = Console(file=StringIO())
    monkeypatch.setattr(_progress, "shared_console", lambda: console)
    word_effects(Adder(), ["red shoe"], verbose=verbose)
    assert ("Leaving out words" in console.file.getvalue()) == bool(verbose)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_words": 0}, "n_words=0; expected"),
        ({"min_rows": 0}, "min_rows=0; expected"),
        ({"max_rows": 0}, "max_rows=0; expected"),
        ({"batch_size": 0}, "batch_size=0; expected"),
        ({"labels": ["scuare"]}, "Unknown label 'scuare'. Did you mean 'square'"),
        ({"labels": []}, "labels is empty"),
        ({"label_names": ["a"]}, "label_names has 1 names for 3 labels"),
        ({"min_rows": 81}, r"No word is in 81 or more rows; \d+ of 80 rows have two"),
        ({"X": [None, "...", "dog dog"]}, "No word is in 1 or more rows; 0 of 3 rows have two"),
        ({"X": SCENES.data, "text": "captoin"}, "X has no column 'captoin'"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        word_effects(**{"estimator": WORDS, "X": CAPTIONS, **settings})


def test_several_columns_at_once_are_refused():
    with pytest.raises(TypeError, match="names several columns; expected one"):
        word_effects(WORDS, SCENES.data, text=["caption", "image"])


def test_words_of_a_network_on_images_and_text():
    network = ImageTextClassifier(
        "test_resnet",
        pretrained=False,
        image_size=32,
        text_encoder=TfidfVectorizer(),
        text="caption",
        max_epochs=20,
        lr=0.05,
        precision="fp32",
        random_state=0,
    ).fit(SCENES.data, Y)
    table = word_effects(network, SCENES.data, text="caption", labels=["square"], n_words=3)
    assert table["word"].iloc[0] == "square"
    assert table["effect"].iloc[0] > 0
    # The effect is that of the network itself, with the image in place.
    told = SCENES.data[CAPTIONS.str.contains(r"\bsquare\b", case=False)]
    without = told.assign(caption=told["caption"].str.replace(r"(?i) ?\bsquare\b", "", regex=True))
    change = network.decision_function(told) - network.decision_function(without)
    column = list(Y.columns).index("square")
    assert table["effect"].iloc[0] == pytest.approx(change[:, column].mean(), rel=1e-3)
