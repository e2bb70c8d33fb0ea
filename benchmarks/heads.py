"""Heads on the same tokens: a published head's three ablations, and a leaderboard of all heads.

    python benchmarks/heads.py [encoder] [decoder] [loss] [heads]

The ablations are those of Wang, Zhong and Lin (their Tables IV, V and VI): which encoder, whether
labels look at each other, which loss. The backbone is frozen and its tokens are computed once, so
that what differs is the head; its size is cut to the data. Natural scenes: a fifth held out;
film posters: the data's own split. Mean and spread of the macro AP over three seeds, parameters of
the head, seconds a fit. Prints tables and one JSON line a figure; an hour on two CPU cores.
"""

import sys
import tempfile
import time

import numpy as np
import pandas as pd
from _common import NETWORK, NETWORK_PARAMS, WEIGHTS, load_posters, load_scenes, report

from sklearn_mlic import ImageClassifier
from sklearn_mlic.metrics import mean_average_precision
from sklearn_mlic.model_selection import train_test_split_multilabel

SEEDS = (0, 1, 2)
SIZE = {"width": 128, "n_heads": 4, "n_hidden": 256}
APL = {"loss": "asymmetric_polynomial"}
# A head that pools starts from zero and has few weights: it takes a higher rate than attention.
POOLED, ATTENTION = {"lr": 3e-3}, {"lr": 3e-4}


def two_stage(**params):
    """The two-stage head with other settings."""
    return {"head": "two_stage", "head_params": {**SIZE, **params}, **ATTENTION}


TABLES = {
    "encoder": {
        "none": {**two_stage(encoder="none"), **APL},
        "standard": {**two_stage(encoder="standard"), **APL},
        "irpe": {**two_stage(), **APL},
    },
    "decoder": {
        "without self-attention": {**two_stage(), **APL},
        "with self-attention": {**two_stage(self_attention=True), **APL},
        "with it in layer 2": {**two_stage(self_attention=(2,)), **APL},
    },
    "loss": {
        name: {**two_stage(), "loss": name}
        for name in ("bce", "focal", "asymmetric", "asymmetric_polynomial")
    },
    "heads": {
        **{
            f"linear, {pool}": {"head": "linear", "head_params": {"pool": pool}, **POOLED}
            for pool in ("avg", "max", "gem")
        },
        "mlp": {"head": "mlp", **ATTENTION},
        "csra": {"head": "csra", **POOLED},
        "chain": {"head": "chain", "lr": 1e-3},
        "ml_gcn": {"head": "ml_gcn", **ATTENTION},
        "lstm_transformer": {
            "head": "lstm_transformer",
            "head_params": {"n_hidden": 256, "hidden": 256},
            **ATTENTION,
        },
        "query2label": {"head": "query2label", "head_params": SIZE, **ATTENTION},
        "ml_decoder": {"head": "ml_decoder", "head_params": SIZE, **ATTENTION},
        "two_stage": two_stage(),
    },
}


def load_sets():
    """Each set as (X_train, X_test, y_train, y_test) and what its fits have of their own."""
    scenes, posters = load_scenes(), load_posters()
    train = posters.is_train
    return {
        "natural scenes": (
            train_test_split_multilabel(
                scenes.data, scenes.target.to_numpy(), test_size=0.2, random_state=0
            ),
            {"max_epochs": 8},
        ),
        "movie posters": (
            (posters.X[train], posters.X[~train], posters.y[train], posters.y[~train]),
            {"max_epochs": 3, "image_size": 160},
        ),
    }


def score(data, settings, seed):
    """Macro AP on the part held out, parameters of the head, seconds of the fit."""
    X_train, X_test, y_train, y_test = data
    model = ImageClassifier(
        NETWORK,
        pretrained=str(WEIGHTS),
        backbone_params=NETWORK_PARAMS,
        freeze="backbone",
        augmentation="none",
        schedule="one_cycle",
        clip_norm=1.0,
        ema_decay=0.99,
        random_state=seed,
        **settings,
    )
    start = time.perf_counter()
    model.fit(X_train, y_train)
    seconds = time.perf_counter() - start
    n_weights = sum(weight.numel() for weight in model.net_.module_.head.parameters())
    return mean_average_precision(y_test, model.predict_proba(X_test)), n_weights, seconds


asked = sys.argv[1:] or list(TABLES)
with tempfile.TemporaryDirectory() as cache:
    for set_name, (data, own) in load_sets().items():
        done = {}  # a variant that two tables share is trained once
        score(data, {**own, **POOLED, "max_epochs": 1, "cache": cache}, 0)  # computes the tokens
        for table in asked:
            rows = {}
            for name, settings in TABLES[table].items():
                key = repr(sorted({"loss": "bce", **settings}.items()))
                if key not in done:
                    settings = {**own, **settings, "cache": cache}
                    done[key] = [score(data, settings, seed) for seed in SEEDS]
                scores, n_weights, seconds = map(np.array, zip(*done[key], strict=True))
                rows[name] = {
                    "mAP": scores.mean(),
                    "std": scores.std(ddof=1),
                    "weights": int(n_weights[0]),
                    "seconds": np.median(seconds),
                }
                report(f"{set_name}, {table}: {name}", **rows[name])
            print(f"\n{set_name}, {table}\n{pd.DataFrame(rows).T.round(4).to_string()}\n")
