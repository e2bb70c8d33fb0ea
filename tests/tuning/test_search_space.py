"""The spaces: known parameters, the present values among the choices, settings that fit."""

import inspect

import numpy as np
import optuna
import pytest
from sklearn.base import ClassifierMixin, clone
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection._search import BaseSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

import sklearn_mlic
from helpers import SMALL, wraps_binary
from sklearn_mlic import BinaryRelevance, ImageClassifier, ImageEmbedder, search_space
from sklearn_mlic.recipes import (
    CLASSIFIERS,
    RECIPES,
    TEXT_RECIPES,
    fine_tuned,
    image_modalities,
    image_probe,
    image_text,
    image_text_probe,
    m3la,
    probe_and_network,
    text_network,
    text_probe,
)
from sklearn_mlic.tuning._ranges import FULL
from sklearn_mlic.tuning._ranges import SMALL as SMALL_RANGES
from sklearn_mlic.tuning._space import Space
from sklearn_mlic.utils.estimator_checks import make_data

EMBEDDER, NETWORK = ImageEmbedder(), ImageClassifier()


def make(cls):
    """A classifier of ours with what it needs."""
    logistic = LogisticRegression()
    wrapped = logistic if wraps_binary(cls) else BinaryRelevance(logistic)
    given = {
        "estimator": wrapped,
        "estimators": [
            ("one", wrapped if "Late" not in cls.__name__ else BinaryRelevance(logistic))
        ],
        "param_distributions": {"estimator__C": [1.0]},
    }
    names = inspect.signature(cls).parameters
    return cls(**{name: value for name, value in given.items() if name in names})


PUBLIC = [getattr(sklearn_mlic, name) for name in sklearn_mlic.__all__]
CLASSES = [
    i for i in PUBLIC if inspect.isclass(i) and issubclass(i, (ClassifierMixin, BaseSearchCV))
]
MODELS = {
    **{cls.__name__: make(cls) for cls in CLASSES},
    **{name: make() for name, make in {**RECIPES, **TEXT_RECIPES}.items()},
    **{f"text {name}": text_probe(classifier=name) for name in CLASSIFIERS},
    "fine_tuned": fine_tuned(NETWORK),
    "image_modalities": image_modalities(EMBEDDER),
    "image_probe": image_probe(EMBEDDER),
    "image_text": image_text(),
    "image_text_probe": image_text_probe(EMBEDDER),
    "m3la": m3la(),
    "probe_and_network": probe_and_network(EMBEDDER, NETWORK),
    "text_network": text_network(),
}


def draw(space, seed):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    return Space(space).suggest(study.ask())


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_classifier_and_recipe_has_a_small_space_within_a_full_one(model):
    small, full = search_space(model), search_space(model, budget="full")
    assert 1 <= len(small) <= len(full)
    assert set(small) <= set(full) <= set(model.get_params())
    for seed in range(3):
        clone(model).set_params(**draw(full, seed))


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_the_value_that_is_set_is_among_the_choices(model):
    params = model.get_params()
    for name, choices in search_space(model, budget="full").items():
        if isinstance(choices, list):
            assert params[name] in choices
        elif isinstance(choices, optuna.distributions.CategoricalDistribution):
            assert params[name] in choices.choices
        elif params[name]:  # a decay of 0 is on no log scale
            assert choices.low * 0.999 <= params[name] <= choices.high * 1.001


@pytest.mark.parametrize("name", sorted({*SMALL_RANGES, *FULL} & {c.__name__ for c in CLASSES}))
def test_settings_of_the_full_space_can_be_fitted(name):
    settings = {
        **SMALL,
        "backbone": "test_resnet",
        "max_epochs": 1,
        "text_encoder": CountVectorizer(),
        "blocks": {"left": slice(0, 1), "right": slice(1, None)},
    }
    model = make(getattr(sklearn_mlic, name))
    known = model.get_params()
    model.set_params(**{key: value for key, value in settings.items() if key in known})
    X, y = make_data(model)
    for seed in range(2):
        params = draw(search_space(model, budget="full"), seed)
        y_prob = clone(model).set_params(**params).fit(X, y).predict_proba(X)
        assert np.isfinite(y_prob).all()


@pytest.mark.parametrize(
    "binary", [ExtraTreesClassifier(), HistGradientBoostingClassifier(), SVC(probability=False)]
)
def test_usual_classifiers_of_scikit_learn_are_known(binary):
    space = search_space(BinaryRelevance(binary))
    assert all(name.startswith("estimator__") for name in space)


def test_what_fits_the_present_choice_only_stays_with_it():
    free = search_space(ImageClassifier(), "full")
    bound = search_space(
        ImageClassifier(loss_params={"gamma": 2}, loss="focal", head_params={"pool": "max"}), "full"
    )
    assert set(free) - set(bound) == {"loss", "head"}
    frozen = search_space(ImageClassifier(freeze="backbone", augmentation="none"), "full")
    assert set(free) - set(frozen) == {"augmentation", "backbone_lr_scale"}


def test_nothing_to_tune_and_no_such_budget_are_errors():
    with pytest.raises(ValueError, match="No parameter of BinaryRelevance"):
        search_space(BinaryRelevance(GaussianNB()))
    with pytest.raises(ValueError, match="Unknown budget 'ful'. Did you mean 'full'"):
        search_space(BinaryRelevance(LogisticRegression()), "ful")
