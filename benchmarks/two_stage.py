"""The two-stage head against the linear one, fine-tuned and on frozen tokens.

    python benchmarks/two_stage.py [tokens] [scenes] [posters] [maps]

``tokens``: five folds of the natural scenes, three seeds, tokens of a frozen MobileNetV1.
``scenes``: the same fine-tuned; its first four stages do not train. ``posters``: the film posters'
own split, one fit each. ``maps``: of the objects in drawn scenes that a network finds, how many
the highest place of their map lies on, for every head. Prints one JSON line a figure; the
fine-tuned scenes take two hours on two CPU cores, the rest about one.
"""

import sys

import numpy as np
from _common import NETWORK, NETWORK_PARAMS, WEIGHTS, load_posters, load_scenes, report

from sklearn_mlic import ImageClassifier, make_multilabel_images
from sklearn_mlic.metrics import mean_average_precision
from sklearn_mlic.model_selection import MultilabelStratifiedKFold
from sklearn_mlic.nn.heads import HEADS

SEEDS = (0, 1, 2)
FINE_TUNED = {
    "backbone": NETWORK,
    "backbone_params": NETWORK_PARAMS,
    "pretrained": str(WEIGHTS),
    "augmentation": "light",
    "schedule": "one_cycle",
    "clip_norm": 1.0,
    "precision": "bf16",
    "max_epochs": 5,
}
SIZE = {"width": 256, "n_heads": 4, "n_hidden": 512}
# Both backbones learn at 1e-3 at most; a head of a million random weights more slowly.
RIVALS = {
    "linear": {"head": "linear", "lr": 1e-3},
    "two_stage": {
        "head": "two_stage",
        "head_params": SIZE,
        "lr": 2e-4,
        "backbone_lr_scale": 5.0,
    },
}
# Tokens are computed once, so a fit is cheap: each head has the epochs and the rate that suit it.
FROZEN = {**FINE_TUNED, "freeze": "backbone", "augmentation": "none", "cache": "ram"}
RIVALS_FROZEN = {
    "linear": {"head": "linear", "lr": 1e-3, "max_epochs": 30},
    "two_stage": {
        "head": "two_stage",
        "head_params": {**SIZE, "n_decoders": 1},
        "lr": 1e-4,
        "max_epochs": 8,
    },
}


def tokens():
    """The heads on tokens of a backbone that does not train."""
    five_folds("natural scenes, frozen", FROZEN, RIVALS_FROZEN, ema_decay=0.99)


def scenes():
    """The heads with a backbone that trains along."""
    five_folds("natural scenes", FINE_TUNED, RIVALS, freeze=4, ema_decay=0.98)


def five_folds(title, common, rivals, **params):
    """Mean over the folds for each seed, and the margin between the heads."""
    bunch = load_scenes()
    X, y = bunch.data, bunch.target.to_numpy()
    folds = MultilabelStratifiedKFold(5, shuffle=True, random_state=0)
    means = {}
    for head, settings in rivals.items():
        scores = np.empty((len(SEEDS), 5))
        for i, seed in enumerate(SEEDS):
            for k, (train, test) in enumerate(folds.split(X, y)):
                model = ImageClassifier(**{**common, **settings, **params, "random_state": seed})
                model.fit(X.iloc[train], y[train])
                y_prob = model.predict_proba(X.iloc[test])
                scores[i, k] = mean_average_precision(y[test], y_prob)
            report(f"{title}, {head}, seed {seed}", mAP=scores[i].mean())
        means[head] = scores.mean(axis=1)
    gap = means["two_stage"] - means["linear"]
    report(
        f"{title}, two_stage over linear",
        margin=gap.mean(),
        standard_error=gap.std(ddof=1) / len(SEEDS) ** 0.5,
    )


# The posters' labels are many and rare: the lower rates and the loss that suited best.
RIVALS_ON_POSTERS = {
    "linear": {"head": "linear", "lr": 5e-4},
    "two_stage": {
        "head": "two_stage",
        "head_params": {**SIZE, "n_decoders": 1},
        "loss": "asymmetric_polynomial",
        "lr": 1e-4,
        "backbone_lr_scale": 5.0,
    },
}


def posters():
    """Macro AP over all genres, and over those with five validation posters or more."""
    data = load_posters()
    train = data.is_train
    frequent = data.y[~train].sum(axis=0) >= 5
    for head, settings in RIVALS_ON_POSTERS.items():
        model = ImageClassifier(
            **FINE_TUNED, **settings, image_size=160, ema_decay=0.99, cache="ram", random_state=0
        )
        y_prob = model.fit(data.X[train], data.y[train]).predict_proba(data.X[~train])
        report(
            f"movie posters, {head}",
            all=mean_average_precision(data.y[~train], y_prob),
            frequent=mean_average_precision(data.y[~train][:, frequent], y_prob[:, frequent]),
        )


def maps(n_train=400, size=64):
    """For every head, after a short fit from random weights."""
    bunch = make_multilabel_images(n_train + 150, image_size=size, n_labels=4, random_state=0)
    images, y = list(bunch.data["image"]), bunch.target.to_numpy()
    transformer = {"width": 64, "n_heads": 4, "n_hidden": 128, "dropout": 0.0}
    for head in HEADS:
        is_transformer = head in ("two_stage", "query2label", "ml_decoder")
        model = ImageClassifier(
            "simple_cnn",
            head=head,
            head_params=transformer if is_transformer else None,
            pretrained=False,
            image_size=size,
            schedule="one_cycle",
            clip_norm=1.0,
            lr=1e-3,
            max_epochs=12,
            random_state=0,
        ).fit(images[:n_train], y[:n_train])
        held_out, boxes = images[n_train:], bunch.boxes[n_train:]
        found = (model.predict(held_out) == 1) & (y[n_train:] == 1)
        hits = []
        for label_maps, image_boxes, row in zip(
            model.attention_maps(held_out), boxes, found, strict=True
        ):
            for j in np.flatnonzero(row):
                h, w = label_maps[j].shape
                i, k = np.unravel_index(label_maps[j].argmax(), (h, w))
                x0, y0, x1, y1 = image_boxes[bunch.label_names[j]]
                x, top = (k + 0.5) * size / w, (i + 0.5) * size / h
                hits.append(x0 <= x <= x1 and y0 <= top <= y1)
        score = mean_average_precision(y[n_train:], model.predict_proba(held_out))
        report(f"maps, {head}", on_object=float(np.mean(hits)), n_found=len(hits), mAP=score)


SECTIONS = {"tokens": tokens, "scenes": scenes, "posters": posters, "maps": maps}

for name in sys.argv[1:] or SECTIONS:
    SECTIONS[name]()
