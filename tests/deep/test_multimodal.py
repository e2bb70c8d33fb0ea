"""Images with text: what the estimator takes, does without, keeps and refuses."""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline, make_union

from sklearn_mlic import (
    CharNgramCounter,
    ImageClassifier,
    ImageTextClassifier,
    load,
    make_multilabel_images,
    save,
)
from sklearn_mlic.metrics import mean_average_precision
from sklearn_mlic.nn.backbones import make_backbone
from sklearn_mlic.nn.fusion import FUSIONS, Concat
from sklearn_mlic.nn.heads import HEADS, LinearHead
from sklearn_mlic.nn.heads.lstm_transformer import LSTMTransformerHead

SMALL_FUSIONS = {
    "concat": {"hidden": 16},
    "gated": {"width": 16},
    "cross_attention": {"width": 16, "n_heads": 2, "n_hidden": 16},
}


@pytest.fixture(scope="module")
def bunch():
    scenes = make_multilabel_images(40, image_size=32, n_labels=3, random_state=0)
    scenes.data["caption"] = scenes.data["caption"].replace("", "no words")
    return scenes


def make(**params):
    settings = {
        "backbone": "test_resnet",
        "pretrained": False,
        "image_size": 32,
        "text_encoder": TfidfVectorizer(),
        "text": "caption",
        "max_epochs": 1,
        "batch_size": 16,
        "lr": 1e-2,
        "precision": "fp32",
        "random_state": 0,
    }
    return ImageTextClassifier(**{**settings, **params})


class Counting(CountVectorizer):
    """Counts how often it is fitted and asked."""

    calls = []  # noqa: RUF012 - shared by clones on purpose

    def fit(self, texts, y=None):
        self.calls.append(("fit", len(texts)))
        return super().fit(texts, y)

    def transform(self, texts):
        self.calls.append(("transform", len(texts)))
        return super().transform(texts)


class Words(CountVectorizer):
    """A vector a word: where in the vocabulary it stands, twice over; zeros behind the last."""

    def transform(self, texts):
        counts = super().transform(texts).toarray()
        vectors = np.zeros((len(texts), 6, 2))
        for row, count in enumerate(counts):
            words = np.flatnonzero(count)[:6]
            vectors[row, : len(words)] = words[:, None] + 1
        return vectors


@pytest.mark.parametrize("fusion", FUSIONS)
def test_every_fusion_fits_predicts_and_is_pickled(bunch, fusion, tmp_path):
    head = "linear"
    head_params = None
    if fusion == "summary_concat":
        head = "lstm_transformer"
        head_params = {"n_units": 8, "n_heads": 2, "n_hidden": 8, "hidden": 8}
    model = make(
        fusion=fusion,
        fusion_params=SMALL_FUSIONS.get(fusion),
        head=head,
        head_params=head_params,
        modality_dropout=0.5,
    ).fit(bunch.data, bunch.target)
    y_prob = model.predict_proba(bunch.data)
    assert y_prob.shape == bunch.target.shape
    for twin in (pickle.loads(pickle.dumps(model)), load(save(model, tmp_path / "m.skops"))):
        np.testing.assert_array_equal(twin.predict_proba(bunch.data), y_prob)
    assert model.attention_maps(bunch.data[:2]).shape[:2] == (2, 3)


@pytest.mark.parametrize("head", HEADS)
def test_every_head_takes_what_a_fusion_makes(bunch, head):
    transformer = {"width": 16, "n_heads": 2, "n_hidden": 16}
    params = {
        "two_stage": transformer,
        "query2label": transformer,
        "ml_decoder": transformer,
        "lstm_transformer": {"n_units": 8, "n_heads": 2, "n_hidden": 8, "hidden": 8},
    }
    model = make(fusion="concat", head=head, head_params=params.get(head))
    X = bunch.data.assign(image=None)
    model.fit(bunch.data, bunch.target)
    assert model.predict_proba(X).shape == bunch.target.shape


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


def test_text_is_encoded_once_a_fit(bunch):
    Counting.calls.clear()
    make(text_encoder=Counting(), max_epochs=3).fit(bunch.data, bunch.target)
    n_texts = bunch.data["caption"].str.strip().astype(bool).sum()
    assert Counting.calls == [("fit", n_texts), ("transform", n_texts)]


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


def test_a_vector_a_word_will_do(bunch):
    for fusion in ("concat", "cross_attention"):
        model = make(text_encoder=Words(), fusion=fusion, fusion_params=SMALL_FUSIONS[fusion]).fit(
            bunch.data, bunch.target
        )
        assert model.predict_proba(bunch.data.assign(caption=None)).shape == (40, 3)
    alone = make(text_encoder=Words(), image=None).fit(bunch.data, bunch.target)
    assert alone.predict_proba(bunch.data).shape == (40, 3)


def test_any_transformer_of_texts_will_do(bunch):
    dense = make_pipeline(TfidfVectorizer(), TruncatedSVD(4, random_state=0))
    both = make_union(CountVectorizer(), TfidfVectorizer(analyzer="char"))
    for encoder in (dense, both):
        model = make(text_encoder=encoder).fit(bunch.data, bunch.target)
        assert model.predict_proba(bunch.data).shape == (40, 3)
        assert model.text_encoder_ is not encoder


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


def identity(image):
    """An augmentation that changes nothing, and keeps tokens from being computed once."""
    return image


@pytest.mark.parametrize("fusion", ["concat", "late", "gated"])
def test_frozen_tokens_change_nothing(bunch, fusion):
    X = bunch.data.copy()
    X.loc[::5, "image"] = None
    settings = {"fusion": fusion, "fusion_params": SMALL_FUSIONS.get(fusion), "image_size": 64}
    once = make(freeze="backbone", augmentation="none", cache="ram", **settings)
    anew = make(freeze="backbone", augmentation=identity, **settings)
    y_prob = once.fit(X, bunch.target).predict_proba(X)
    np.testing.assert_allclose(y_prob, anew.fit(X, bunch.target).predict_proba(X), rtol=1e-4)


def test_maps_look_at_the_image_given_its_text(bunch):
    model = make(image_size=96).fit(bunch.data, bunch.target)
    maps = model.attention_maps(bunch.data[:4])
    assert maps.shape == (4, 3, 3, 3)
    assert maps.std(axis=(2, 3)).min() > 0
    other = model.attention_maps(bunch.data[:4].assign(caption="another text"))
    assert not np.allclose(maps, other)


def test_settings_may_change_between_fits(bunch):
    model = make(warm_start=True).fit(bunch.data, bunch.target)
    model.set_params(modality_dropout=0.9).fit(bunch.data, bunch.target)
    assert model.net_.module_.modality_dropout == 0.9
    with pytest.raises(ValueError, match="'mixup' mixes"):
        model.set_params(augmentation="mixup").fit(bunch.data, bunch.target)


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


def test_other_labels_are_scored_given_the_text(bunch):
    model = make(
        head="ml_decoder",
        head_params={"width": 16, "n_heads": 2, "n_hidden": 16},
        label_encoder=CharNgramCounter(1),
    ).fit(bunch.data, bunch.target)
    with_text = model.predict_proba(bunch.data, label_names=["moon", "box"])
    assert with_text.shape == (40, 2)
    without = bunch.data.assign(caption=None)
    assert not np.allclose(with_text, model.predict_proba(without, label_names=["moon", "box"]))


def test_workers_fetch_sparse_rows(bunch):
    alone, helped = (make(n_jobs=n).fit(bunch.data, bunch.target) for n in (None, 2))
    np.testing.assert_array_equal(alone.predict_proba(bunch.data), helped.predict_proba(bunch.data))


def test_a_head_that_does_not_read_the_text_is_refused(bunch):
    width = make_backbone("test_resnet", pretrained=False, image_size=32).n_features
    for head in (LinearHead(width, 3), LSTMTransformerHead(width, 3)):
        with pytest.raises(ValueError, match="does not take a text of"):
            make(fusion="summary_concat", head=head).fit(bunch.data, bunch.target)


def test_rows_held_out_keep_their_text(bunch):
    model = make(early_stopping=True, validation=0.25, max_epochs=2, image=None)
    X = bunch.data.assign(caption=[f"word{i}" for i in range(40)])
    model.fit(X, bunch.target)
    assert {"valid_loss", "valid_mAP"} <= set(model.history_.columns)


def test_folds_searches_and_metadata(bunch):
    y_prob = cross_val_predict(
        make(), bunch.data, bunch.target.to_numpy(), cv=2, method="predict_proba"
    )
    assert np.shape(y_prob) == (40, 3)
    search = GridSearchCV(
        make(image=None),
        {"text_encoder__ngram_range": [(1, 1), (1, 2)]},
        scoring="average_precision",
        cv=2,
    ).fit(bunch.data, bunch.target.to_numpy())
    assert set(search.best_params_) == {"text_encoder__ngram_range"}


def test_going_on_keeps_the_encoder_and_the_network(bunch):
    model = make(warm_start=True).fit(bunch.data, bunch.target)
    encoder = model.text_encoder_
    model.fit(bunch.data.assign(caption="unknown words"), bunch.target)
    assert model.text_encoder_ is encoder
    stepwise = make().partial_fit(bunch.data, bunch.target)
    stepwise.partial_fit(bunch.data[:20], bunch.target[:20])
    assert len(stepwise.history_) == 2


def test_a_killed_fit_goes_on(bunch, tmp_path):
    whole = make(max_epochs=2).fit(bunch.data, bunch.target)
    make(max_epochs=1, checkpoint=tmp_path).fit(bunch.data, bunch.target)
    resumed = make(max_epochs=2, checkpoint=tmp_path, resume=True).fit(bunch.data, bunch.target)
    np.testing.assert_array_equal(
        resumed.predict_proba(bunch.data), whole.predict_proba(bunch.data)
    )
    other_text = bunch.data.assign(caption="something else")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        anew = make(checkpoint=tmp_path, resume=True).fit(other_text, bunch.target)
    assert len(anew.history_) == 1


def test_a_fusion_of_ones_own(bunch):
    class Mine(Concat):
        def __init__(self, n_image, n_text, n_labels):
            super().__init__(n_image, n_text, n_labels, hidden=None)

    model = make(fusion=Mine).fit(bunch.data, bunch.target)
    width = model.net_.module_.head.linear.in_features
    assert width == model.model_spec_["n_features"] + model.model_spec_["n_text"]


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
