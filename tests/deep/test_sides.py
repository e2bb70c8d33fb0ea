"""Images with text: which sides it takes, does without and refuses."""

import copy

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from multimodal import Words, make, make_scenes
from sklearn_mlic import (
    ImageClassifier,
    ImageTextClassifier,
)
from sklearn_mlic.metrics import mean_average_precision
from sklearn_mlic.nn.backbones import make_backbone
from sklearn_mlic.nn.heads import LinearHead
from sklearn_mlic.nn.heads.lstm_transformer import LSTMTransformerHead


@pytest.fixture(scope="module")
def bunch():
    return make_scenes()


@pytest.mark.parametrize("missing", [None, np.nan, "", "  ", pd.NA])
def test_missing_text_is_missing_whatever_stands_for_it(bunch, missing):
    model = make().fit(bunch.data, bunch.target)
    without = model.predict_proba(bunch.data.assign(caption=None))
    np.testing.assert_array_equal(model.predict_proba(bunch.data.assign(caption=missing)), without)


def test_rows_may_lack_either_side_or_both_in_training(bunch):
    X = bunch.data.copy()
    X.loc[:9, "image"] = None
    X.loc[5:14, "caption"] = None
    with pytest.warns(UserWarning, match="5 of 40 rows have neither image nor text"):
        model = make(fusion="concat").fit(X, bunch.target)
    y_prob = model.predict_proba(X)
    assert np.isfinite(y_prob).all()
    expected = (bunch.target.sum() + 0.5) / 41
    np.testing.assert_allclose(y_prob[5:10], np.tile(expected, (5, 1)), rtol=1e-5)


def test_rows_do_not_know_of_each_other(bunch):
    X = bunch.data.copy()
    X.loc[::3, "image"] = None
    X.loc[::4, "caption"] = None
    with pytest.warns(UserWarning, match="4 of 40 rows have neither"):
        model = make(fusion="gated").fit(X, bunch.target)
    together = model.predict_proba(X)
    for row in range(6):
        alone = model.predict_proba(X.iloc[[row]])
        np.testing.assert_allclose(alone[0], together[row], rtol=1e-4)


def test_image_alone_is_an_image_classifier(bunch):
    settings = {
        "backbone": "test_resnet",
        "pretrained": False,
        "image_size": 32,
        "max_epochs": 1,
        "random_state": 0,
    }
    one = ImageTextClassifier(text=None, **settings).fit(bunch.data, bunch.target)
    other = ImageClassifier(**settings).fit(bunch.data, bunch.target)
    np.testing.assert_array_equal(one.predict_proba(bunch.data), other.predict_proba(bunch.data))
    assert one.input_kind_ == "image"


def test_text_alone_never_asks_for_images(bunch):
    model = make(image=None, max_epochs=20, lr=0.1).fit(bunch.data[["caption"]], bunch.target)
    y_prob = model.predict_proba(bunch.data[["caption"]])
    assert mean_average_precision(bunch.target.to_numpy(), y_prob) > 0.9
    with pytest.raises(TypeError, match="text alone has no maps"):
        model.attention_maps(bunch.data)


@pytest.mark.parametrize("encoder", [TfidfVectorizer(), Words()], ids=["sparse", "a vector a word"])
def test_several_columns_stand_side_by_side(bunch, encoder):
    X = bunch.data.assign(title="a title", tags=None)
    model = make(text=["title", "caption", "tags"], text_encoder=encoder).fit(X, bunch.target)
    assert {"title", *model.text_encoder_.vocabulary_} == set(model.text_encoder_.vocabulary_)
    once = make(text="caption", text_encoder=encoder).fit(X, bunch.target)
    widths = [m.model_spec_["n_text"] for m in (model, once)]
    if isinstance(encoder, Words):
        assert widths == [2, 2]
    else:
        n_title = "title" not in once.text_encoder_.vocabulary_
        assert widths[0] == 3 * (widths[1] + n_title)
    # A row has text where one of its columns has.
    blank = X.assign(title=None, caption=None)
    other = model.predict_proba(blank.assign(tags="a ring"))
    assert not np.allclose(model.predict_proba(blank), other)


SWITCHES = [
    ({}, {"text": None}, "on images and texts and is given images.*leave its column empty"),
    ({}, {"image": None}, "on images and texts and is given texts"),
    ({"text": None}, {"text": "caption"}, "on images and is given images and texts"),
    ({"image": None}, {"image": "image"}, "on texts and is given images and texts"),
]


@pytest.mark.parametrize(("fitted", "switched", "message"), SWITCHES)
def test_a_side_cannot_be_switched_after_the_fit(bunch, fitted, switched, message):
    model = make(**fitted).fit(bunch.data, bunch.target).set_params(**switched)
    with pytest.raises(ValueError, match=message):
        model.predict_proba(bunch.data)


def test_a_head_that_does_not_read_the_text_is_refused(bunch):
    width = make_backbone("test_resnet", pretrained=False, image_size=32).n_features
    for head in (LinearHead(width, 3), LSTMTransformerHead(width, 3)):
        with pytest.raises(ValueError, match="does not take a text of"):
            make(fusion="summary_concat", head=head).fit(bunch.data, bunch.target)


BAD = [
    ({"fusion": "lat"}, ValueError, "Unknown fusion 'lat'. Did you mean 'late'"),
    ({"fusion": print}, TypeError, "fusion=<built-in function print>; expected one of late|concat"),
    (
        {"fusion": "summary_concat"},
        ValueError,
        "LinearHead does not take a text of .* Choose head='lstm",
    ),
    ({"text_encoder": 3}, TypeError, "text_encoder=3; expected the name or folder"),
    ({"text_encoder": TfidfVectorizer}, TypeError, "expected the name or folder"),
    ({"modality_dropout": 1.0}, ValueError, "modality_dropout=1.0; expected a share"),
    ({"augmentation": "mixup"}, ValueError, "'mixup' mixes the images and labels of rows, and not"),
    ({"text": "captoin"}, ValueError, "X has no column 'captoin'; its columns are 'image', 'cap"),
    ({"text": ["caption", "tags"]}, ValueError, "no column 'tags'.*Set `text`"),
    ({"image": None, "text": None}, ValueError, "No column was asked for"),
]


@pytest.mark.parametrize(("params", "error", "message"), BAD)
def test_bad_settings_are_named(bunch, params, error, message):
    with pytest.raises(error, match=message):
        make(**params).fit(bunch.data, bunch.target)


def test_a_side_without_any_row_is_named(bunch):
    with pytest.raises(ValueError, match="None of the 40 rows has text. Set text=None"):
        make().fit(bunch.data.assign(caption=None), bunch.target)
    with pytest.raises(ValueError, match="None of the 40 rows has an image. Set image=None"):
        make().fit(bunch.data.assign(image=None), bunch.target)


def test_columns_of_text_are_those_of_the_fit(bunch):
    X = bunch.data.assign(title="a title")
    model = make(text=["title", "caption"]).fit(X, bunch.target).set_params(text="caption")
    with pytest.raises(ValueError, match="was trained on .* Name the columns that fit"):
        model.predict_proba(X)
    for text in ("image", ["caption", "caption"]):
        with pytest.raises(ValueError, match="One column is named twice"):
            make(text=text).fit(X, bunch.target)


def test_an_encoder_that_cannot_be_fitted_is_named(bunch):
    with pytest.raises(ValueError, match="text_encoder TfidfVectorizer cannot be fitted.*empty"):
        make().fit(bunch.data.assign(caption="?"), bunch.target)


def test_other_forms_of_x_are_refused(bunch):
    images = list(bunch.data["image"])
    with pytest.raises(ValueError, match="X is a list without columns, but text='caption'"):
        make().fit(images, bunch.target)
    with pytest.raises(TypeError, match="Row 1 of the text column is of type int"):
        make().fit(bunch.data.assign(caption=["a", 1] * 20), bunch.target)


def test_an_encoder_that_gives_nan_is_named(bunch):
    class Bad(Words):
        def transform(self, texts):
            return np.full((len(texts), 2), np.nan)

    with pytest.raises(ValueError, match="text_encoder Bad gives NaN"):
        make(text_encoder=Bad()).fit(bunch.data, bunch.target)


def test_a_failed_fit_leaves_x_as_it_was(bunch):
    X = bunch.data.copy()
    X.loc[0, "image"] = None
    before = copy.deepcopy(X)
    make().fit(X, bunch.target)
    pd.testing.assert_frame_equal(X, before)
