"""Each recipe without a published network on a few drawn scenes."""

import pickle

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.base import clone

from sklearn_mlic import (
    CharNgramCounter,
    ImageClassifier,
    ImageEmbedder,
    make_multilabel_images,
)
from sklearn_mlic.fitted import find_label_names, find_thresholds
from sklearn_mlic.recipes import (
    CLASSIFIERS,
    fine_tuned,
    image_probe,
    image_text_probe,
    label_prior,
    probe_and_network,
    text_probe,
)

SMALL = {"pretrained": False, "image_size": 32, "random_state": 0}
EMBEDDER = ImageEmbedder("test_resnet", **SMALL)
NETWORK = ImageClassifier("test_resnet", max_epochs=1, **SMALL)
RECIPES = {
    "label_prior": label_prior(0),
    "text_probe": text_probe("caption", random_state=0),
    "image_probe": image_probe(EMBEDDER, random_state=0),
    "image_text_probe": image_text_probe(EMBEDDER, "caption", random_state=0),
    "fine_tuned": fine_tuned(NETWORK, random_state=0),
    "probe_and_network": probe_and_network(EMBEDDER, NETWORK, random_state=0),
    **{f"text {c}": text_probe("caption", classifier=c, random_state=0) for c in CLASSIFIERS},
    "another rule": text_probe("caption", rule="micro_f1", random_state=0),
}


@pytest.fixture(scope="module")
def scenes():
    return make_multilabel_images(n_samples=60, image_size=32, random_state=0)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_recipe_fits_predicts_and_pickles(recipe, scenes):
    X, y = scenes.data, scenes.target
    model = clone(recipe).fit(X, y)
    y_prob, y_pred = model.predict_proba(X), model.predict(X)
    assert y_prob.shape == y_pred.shape == y.shape
    assert find_label_names(model) == scenes.label_names
    np.testing.assert_array_equal(y_pred, y_prob >= find_thresholds(model))
    twin = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(twin.predict_proba(X), y_prob)
    np.testing.assert_array_equal(twin.predict(X), y_pred)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_same_seed_same_model(recipe, scenes):
    X, y = scenes.data, scenes.target
    first, second = (clone(recipe).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    np.testing.assert_array_equal(find_thresholds(first), find_thresholds(second))


def test_prior_is_the_frequency_of_each_label(scenes):
    model = label_prior(0).fit(scenes.data, scenes.target)
    expected = np.tile(scenes.target.mean(), (60, 1))
    np.testing.assert_allclose(model.predict_proba(scenes.data), expected)


def test_probes_read_only_their_side(scenes):
    X, y = scenes.data, scenes.target
    text = clone(RECIPES["text_probe"]).fit(X, y)
    np.testing.assert_array_equal(text.predict_proba(X[["caption"]]), text.predict_proba(X))
    image = clone(RECIPES["image_probe"]).fit(X, y)
    np.testing.assert_allclose(
        image.predict_proba(list(X["image"])), image.predict_proba(X), atol=1e-6
    )


def test_columns_go_by_the_names_given(scenes):
    X = scenes.data.rename(columns={"image": "photo", "caption": "words"})
    embedder = clone(EMBEDDER).set_params(image="photo")
    renamed = image_text_probe(embedder, "words", random_state=0).fit(X, scenes.target)
    plain = clone(RECIPES["image_text_probe"]).fit(scenes.data, scenes.target)
    np.testing.assert_array_equal(renamed.predict_proba(X), plain.predict_proba(scenes.data))


def test_missing_text_is_an_empty_one(scenes):
    X, y = scenes.data, scenes.target
    blank, missing = X.copy(), X.copy()
    blank.loc[::3, "caption"] = ""
    missing.loc[::3, "caption"] = None
    for name in ("text_probe", "image_text_probe"):
        probes = [clone(RECIPES[name]).fit(rows, y) for rows in (blank, missing)]
        y_prob = [probe.predict_proba(blank) for probe in probes]
        np.testing.assert_array_equal(y_prob[0], y_prob[1])
        np.testing.assert_array_equal(probes[0].predict_proba(missing), y_prob[0])


def test_several_columns_are_one_text(scenes):
    X, y = scenes.data, scenes.target
    words = X["caption"].str.split(n=2, expand=True).reindex(columns=range(3))
    parted = X[["image"]].assign(start=words[0], middle=words[1], end=words[2])
    columns = ["start", "middle", "end"]
    for several, one in (
        (text_probe(columns, random_state=0), RECIPES["text_probe"]),
        (image_text_probe(EMBEDDER, columns, random_state=0), RECIPES["image_text_probe"]),
    ):
        expected = clone(one).fit(X, y).predict_proba(X)
        np.testing.assert_allclose(several.fit(parted, y).predict_proba(parted), expected)


def test_another_vectoriser_may_stand_in_front_of_the_probe(scenes):
    letters = CharNgramCounter(2, norm="log1p")
    model = text_probe("caption", vectorizer=letters, random_state=0)
    model.fit(scenes.data, scenes.target)
    assert model.predict(scenes.data).shape == scenes.target.shape
    coefficients = model[-1].estimator_.estimators_[0].coef_
    assert coefficients.shape == (1, 26**2)


def test_strength_reaches_the_logistic_regression():
    for model in (
        text_probe(C=0.7),
        image_probe(EMBEDDER, C=0.7),
        image_text_probe(EMBEDDER, C=0.7),
    ):
        assert model[-1].estimator.estimator.C == 0.7


def test_the_probe_and_the_network_are_those_given(scenes):
    model = probe_and_network(EMBEDDER, NETWORK, C=0.7, rule="f2", random_state=0)
    assert model.get_params()["estimator__probe__binaryrelevance__estimator__C"] == 0.7
    assert model.method == "f2"
    model.set_params(estimator__network__max_epochs=2).fit(scenes.data, scenes.target)
    members = model.estimator_.named_estimators_
    assert len(members["network"].history_) == 2
    logits = [logit(m.predict_proba(scenes.data)) for m in members.values()]
    np.testing.assert_allclose(model.predict_proba(scenes.data), expit(np.mean(logits, axis=0)))


def test_an_unknown_classifier_shows_the_nearest():
    with pytest.raises(ValueError, match="Unknown classifier 'chain'"):
        text_probe(classifier="chain")
