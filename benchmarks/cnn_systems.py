"""Five networks over three epochs, two losses and four learning rates: the tables of a paper.

    python benchmarks/cnn_systems.py [image_size]

The networks, losses and rates are those of the published comparison on captioned photographs
(its images are not public), from random weights; the data here is the natural scenes and drawn
images. What is the same is the question: which network, which loss, which rate after three
epochs, beside a row that always predicts the training frequencies. F1 is of all decisions
(micro) at 0.5 on the fifth of the rows held out. Prints tables and one JSON line a figure.
"""

import sys
import time

import pandas as pd
from _common import load_scenes, report

from sklearn_mlic import LabelPrior, make_multilabel_images
from sklearn_mlic.metrics import mean_average_precision, of1_score
from sklearn_mlic.model_selection import train_test_split_multilabel
from sklearn_mlic.recipes import RECIPES

NETWORKS = ("simple_cnn", "deep_cnn", "resnet18", "vgg16", "efficientnet_b4")
RATES = (1e-4, 1e-3, 5e-3, 1e-2)
SIZE = int(sys.argv[1]) if len(sys.argv) > 1 else 64


def train(data, network, **settings):
    """Three epochs of a published network; its history with the score of each epoch."""
    X_train, X_test, y_train, y_test = data
    recipe = RECIPES[network](literal=True, image_size=SIZE, random_state=0)
    model = recipe.estimator.set_params(
        pretrained=False, max_epochs=3, early_stopping=False, scoring="micro_F1", **settings
    )
    start = time.perf_counter()
    model.fit(X_train, y_train, X_val=X_test, y_val=y_test)
    seconds = time.perf_counter() - start
    history = model.history_.set_index("epoch")[["train_loss", "valid_loss", "valid_micro_F1"]]
    score = mean_average_precision(y_test, model.predict_proba(X_test))
    return history.assign(mAP=[float("nan")] * (len(history) - 1) + [score]), seconds


def prior_row(data):
    """What a model gets that looks at no image."""
    X_train, X_test, y_train, y_test = data
    y_prob = LabelPrior().fit(X_train, y_train).predict_proba(X_test)
    return {
        "valid_micro_F1": of1_score(y_test, (y_prob >= 0.5).astype(int)),
        "mAP": mean_average_precision(y_test, y_prob),
    }


scenes = load_scenes()
drawn = make_multilabel_images(n_samples=1200, random_state=0)
sets = {"natural scenes": scenes, "drawn images": drawn}
for name, bunch in sets.items():
    data = train_test_split_multilabel(bunch.data, bunch.target, test_size=0.2, random_state=0)
    prior = prior_row(data)
    report(f"{name}: always the prior", **prior)
    tables = {}
    for network in NETWORKS:
        tables[network], seconds = train(data, network)
        last = tables[network].iloc[-1]
        report(f"{name}: {network}, 3 epochs", image_size=SIZE, seconds=seconds, **last)
    table = pd.concat(tables)
    print(table.round(4).to_string())
    best = max(tables, key=lambda network: tables[network]["valid_micro_F1"].iloc[-1])
    ablations = {"focal": {}, "bce": {"loss": "bce", "loss_params": None}}
    ablations |= {f"focal, lr {rate:g}": {"lr": rate} for rate in RATES}
    for ablation, settings in ablations.items():
        history, seconds = train(data, best, **settings)
        report(f"{name}: {best}, {ablation}", seconds=seconds, **history.iloc[-1])
