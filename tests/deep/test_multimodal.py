"""Images with text: what the estimator takes, does without, keeps and refuses."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline, make_union

from multimodal import SMALL_FUSIONS, Words, make, make_scenes
from sklearn_mlic import (
    CharNgramCounter,
    load,
    save,
)
from sklearn_mlic.nn.fusion import FUSIONS, Concat
from sklearn_mlic.nn.heads import HEADS


@pytest.fixture(scope="module")
def bunch():
    return make_scenes()


class Counting(CountVectorizer):
    """Counts how often it is fitted and asked."""

    calls = []  # noqa: RUF012 - shared by clones on purpose

    def fit(self, texts, y=None):
        self.calls.append(("fit", len(texts)))
        return super().fit(texts, y)

    def transform(self, texts):
        self.calls.append(("transform", len(texts)))
        return super().transform(texts)


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


def test_text_is_encoded_once_a_fit(bunch):
    Counting.calls.clear()
    make(text_encoder=Counting(), max_epochs=3).fit(bunch.data, bunch.target)
    n_texts = bunch.data["caption"].str.strip().astype(bool).sum()
    assert Counting.calls == [("fit", n_texts), ("transform", n_texts)]


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
