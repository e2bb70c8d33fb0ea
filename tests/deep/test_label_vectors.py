"""Labels known by their names: what is scored without ever having been trained on."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV

from heads import SMALL_HEADS
from helpers import classifier, coloured
from sklearn_mlic import ThresholdCalibrator, load, save
from sklearn_mlic.deep._label_vectors import encode_labels, fit_label_encoder
from sklearn_mlic.model_selection import MultilabelStratifiedKFold

X, Y = coloured(32)
NAMES = ["red", "green", "blue"]
Y = pd.DataFrame(Y, columns=NAMES)
CODES = {name: np.eye(4)[j] for j, name in enumerate([*NAMES, "grey"])}
OPEN = {
    "two_stage": {**SMALL_HEADS["two_stage"], "output": "shared"},
    "ml_decoder": SMALL_HEADS["ml_decoder"],
}
each_open_head = pytest.mark.parametrize("head", OPEN)


def encode(names):
    """Four numbers a colour."""
    return np.array([CODES[name] for name in names])


def open_classifier(head="two_stage", **settings):
    settings = {"label_encoder": encode, "head_params": OPEN[head], **settings}
    return classifier(head=head, **settings)


class Sentences:
    """Encodes as sentence-transformers models do."""

    def encode(self, names):
        return encode(names)


# ---- scoring


@each_open_head
def test_the_labels_of_the_fit_by_their_names(head):
    model = open_classifier(head).fit(X, Y)
    expected = model.predict_proba(X)
    np.testing.assert_allclose(model.predict_proba(X, label_names=NAMES), expected, rtol=1e-5)
    some = model.predict_proba(X, label_names=["blue", "red"])
    np.testing.assert_allclose(some, expected[:, [2, 0]], rtol=1e-5)


@each_open_head
def test_labels_never_trained_on_are_looked_for(head):
    model = open_classifier(head).fit(X, Y)
    maps = model.attention_maps(X, label_names=["grey", "red"])
    np.testing.assert_allclose(maps[:, 1], model.attention_maps(X)[:, 0], atol=1e-6)
    with pytest.raises(ValueError, match="MLPHead scores only the labels|was fitted without"):
        classifier(head="mlp").fit(X, Y).attention_maps(X, label_names=["grey"])


@each_open_head
def test_labels_never_trained_on_are_scored(head):
    model = open_classifier(head).fit(X, Y)
    y_prob = model.predict_proba(X, label_names=["grey", "red", "grey", "blue", "green"])
    assert y_prob.shape == (32, 5)
    assert np.isfinite(y_prob).all()
    np.testing.assert_array_equal(y_prob[:, 0], y_prob[:, 2])
    logits = model.decision_function(X, label_names=["grey"])
    np.testing.assert_allclose(1 / (1 + np.exp(-logits[:, 0])), y_prob[:, 0], rtol=1e-5)


def test_a_new_name_that_means_a_known_label_finds_it():
    """Two words for one colour are trained, a third for it is near them both."""
    rng = np.random.default_rng(0)
    meanings = {name: rng.normal(size=8) for name in NAMES}

    def understand(names):
        words = [meanings[name.removeprefix("light ")] for name in names]
        noise = [0.1 * np.random.default_rng(len(name)).normal(size=8) for name in names]
        return np.add(words, noise)

    model = open_classifier(label_encoder=understand, max_epochs=30, lr=3e-3).fit(X, Y)
    light = [f"light {name}" for name in NAMES]
    y_prob = model.predict_proba(X, label_names=light)
    positive, negative = (y_prob[Y.to_numpy() == value].mean() for value in (1, 0))
    assert positive > negative + 0.3


def test_constant_labels_hold_for_the_labels_of_the_fit_only():
    constant = Y.assign(green=1)
    model = open_classifier().fit(X, constant)
    assert (model.predict_proba(X)[:, 1] > 0.99).all()
    assert not (model.predict_proba(X, label_names=["green"]) > 0.99).all()


@each_open_head
def test_what_is_kept_scores_the_same(head, tmp_path):
    encoder = TfidfVectorizer(analyzer="char", ngram_range=(1, 2))
    model = open_classifier(head, label_encoder=encoder).fit(X, Y)
    expected = model.predict_proba(X, label_names=["reddish", "blue"])
    copies = pickle.loads(pickle.dumps(model)), load(save(model, tmp_path / "model.skops"))
    for twin in copies:
        np.testing.assert_array_equal(twin.predict_proba(X), model.predict_proba(X))
        np.testing.assert_array_equal(
            twin.predict_proba(X, label_names=["reddish", "blue"]), expected
        )


def test_frozen_tokens_score_other_labels_too():
    model = open_classifier(freeze="backbone", augmentation="none").fit(X, Y)
    assert model.predict_proba(X, label_names=["grey"]).shape == (32, 1)


def test_a_warm_fit_keeps_the_vectors():
    model = open_classifier(warm_start=True).fit(X, Y)
    vectors = model.model_spec_["label_vectors"]
    np.testing.assert_array_equal(vectors, encode(NAMES))
    model.fit(X, Y)
    np.testing.assert_array_equal(model.model_spec_["label_vectors"], vectors)
    assert model.predict_proba(X, label_names=["grey"]).shape == (32, 1)


def test_partial_fit_keeps_the_encoder():
    model = open_classifier().partial_fit(X, Y).partial_fit(X, Y)
    assert model.predict_proba(X, label_names=["grey"]).shape == (32, 1)


def test_a_resumed_fit_is_told_by_the_vectors(tmp_path):
    """An encoder is known by what it makes of the names: also one that has no name itself."""
    settings = {"checkpoint": tmp_path, "max_epochs": 2}
    model = open_classifier(**settings, label_encoder=lambda names: encode(names)).fit(X, Y)
    resumed = open_classifier(**settings, resume=True).fit(X, Y)
    np.testing.assert_array_equal(resumed.predict_proba(X), model.predict_proba(X))
    open_classifier(**settings, label_encoder=lambda names: 2 * encode(names)).fit(X, Y)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_model_opens_from_memory_that_cannot_be_written(tmp_path):
    """As workers get it from joblib, which maps large arrays."""
    model = open_classifier().fit(X, Y)
    joblib.dump(model, tmp_path / "model.joblib")
    twin = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    np.testing.assert_array_equal(twin.predict_proba(X), model.predict_proba(X))


def test_a_search_over_encoders():
    encoders = [TfidfVectorizer(analyzer="char"), encode]
    search = GridSearchCV(
        open_classifier(max_epochs=1),
        {"label_encoder": encoders},
        cv=MultilabelStratifiedKFold(2),
        scoring="f1_micro",
        error_score="raise",
    )
    search.fit(list(X), Y)
    assert len(search.cv_results_["params"]) == 2


def test_inside_a_calibrator_the_labels_are_those_of_the_fit():
    model = ThresholdCalibrator(open_classifier(), cv=0.3, random_state=0).fit(X, Y)
    assert model.predict(X).shape == (32, 3)
    assert model.estimator_.predict_proba(X, label_names=["grey"]).shape == (32, 1)


# ---- encoders


def test_a_transformer_is_fitted_on_the_names_unless_it_is_frozen():
    encoder = TfidfVectorizer(analyzer="char")
    model = open_classifier(label_encoder=encoder).fit(X, Y)
    assert not hasattr(encoder, "vocabulary_")
    assert set(model.label_encoder_.vocabulary_) == set("redgreenblue")
    fitted = TfidfVectorizer(analyzer="char").fit(["abcdefghijklmnopqrstuvwxyz"])
    model = clone(open_classifier(label_encoder=FrozenEstimator(fitted))).fit(X, Y)
    assert model.model_spec_["label_vectors"].shape == (3, 26)


def test_a_tensor_is_a_matrix_of_vectors():
    grown = torch.eye(3, requires_grad=True)
    np.testing.assert_array_equal(encode_labels(lambda names: grown, NAMES), np.eye(3))


def test_names_that_the_encoder_does_not_know_are_told():
    model = open_classifier(label_encoder=TfidfVectorizer()).fit(X, Y)
    with pytest.warns(UserWarning, match=r"knows nothing of \['beach', 'snow'\]"):
        model.predict_proba(X, label_names=["beach", "red", "snow"])


def test_three_forms_of_one_encoder():
    vectors = [
        encode_labels(fit_label_encoder(encoder, NAMES), NAMES) for encoder in (encode, Sentences())
    ]
    np.testing.assert_array_equal(*vectors)
    assert vectors[0].dtype == np.float32


def test_the_label_graph_takes_the_vectors_too():
    model = classifier(head="ml_gcn", head_params={"n_hidden": 8}, label_encoder=encode).fit(X, Y)
    assert model.net_.module_.head.label_vectors.shape == (3, 4)
    with pytest.raises(ValueError, match="MLGCNHead scores only the labels"):
        model.predict_proba(X, label_names=["grey"])


# ---- errors


@pytest.mark.parametrize("encoder", [3, "minilm", TfidfVectorizer, {"red": 1}])
def test_what_encodes_no_names(encoder):
    with pytest.raises(TypeError, match="label_encoder=.*expected a transformer of texts"):
        open_classifier(label_encoder=encoder).fit(X, Y)


@pytest.mark.parametrize(
    "vectors", [np.zeros(3), np.zeros((2, 4)), np.full((3, 4), np.nan)], ids=lambda v: str(v.shape)
)
def test_vectors_that_are_not_one_a_name(vectors):
    with pytest.raises(ValueError, match="expected a row of finite numbers for each"):
        open_classifier(label_encoder=lambda names: vectors).fit(X, Y)


@pytest.mark.parametrize("names", ["grey", [], [1], None])
def test_names_that_are_no_names(names):
    model = open_classifier().fit(X, Y)
    if names is None:
        assert model.predict_proba(X, label_names=None).shape == (32, 3)
        return
    with pytest.raises(ValueError, match="expected a list of the names to score"):
        model.predict_proba(X, label_names=names)


def test_without_an_encoder():
    model = classifier().fit(X, Y)
    with pytest.raises(ValueError, match="was fitted without label_encoder"):
        model.predict_proba(X, label_names=["grey"])


def test_a_head_that_takes_no_vectors():
    with pytest.raises(ValueError, match=r"head='linear' takes no label_vectors.*two_stage"):
        classifier(label_encoder=encode).fit(X, Y)


def test_vectors_given_twice():
    params = {**OPEN["two_stage"], "label_vectors": torch.eye(3)}
    with pytest.raises(ValueError, match="head_params holds label_vectors beside label_encoder"):
        open_classifier(head_params=params).fit(X, Y)


def test_labels_without_names():
    with pytest.raises(ValueError, match="reads the names of the labels, and y has none"):
        open_classifier().fit(X, Y.to_numpy())


def test_an_output_a_label_scores_no_others():
    model = open_classifier(head_params=SMALL_HEADS["two_stage"]).fit(X, Y)
    with pytest.raises(ValueError, match="output='shared'"):
        model.predict_proba(X, label_names=["grey"])
