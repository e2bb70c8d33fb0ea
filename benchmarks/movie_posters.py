"""How well a linear probe and a fine-tuned network name the genres of film posters.

    python benchmarks/movie_posters.py

The split is the data's own. Macro AP over all genres that occur in its validation part, and over
those with five posters there or more, as the rarest have one or two. Prints one JSON line a
figure; the network takes half an hour on two CPU cores.
"""

import sys

import numpy as np
import pandas as pd
from _common import DATA, NETWORK, NETWORK_PARAMS, WEIGHTS, report

from sklearn_mlic import ImageClassifier, ImageEmbedder, LabelPrior, load_csv
from sklearn_mlic.metrics import mean_average_precision
from sklearn_mlic.recipes import image_probe

folder = DATA / "data" / "movie_posters"
if not folder.is_dir():
    sys.exit(f"Skipped: {folder} is missing. Set MLIC_DATA to the data's folder.")
bunch = load_csv(folder / "posters.csv", folder / "images")
is_train = (pd.read_csv(folder / "posters.csv")["split"] == "train").to_numpy()
X, y = bunch.data, bunch.target.to_numpy()
frequent = y[~is_train].sum(axis=0) >= 5

network = {
    "pretrained": str(WEIGHTS),
    "backbone_params": NETWORK_PARAMS,
    "precision": "bf16",
    "random_state": 0,
    "verbose": 1,
}
approaches = {
    "always the prior": LabelPrior(),
    "recipes.image_probe": image_probe(ImageEmbedder(NETWORK, **network), random_state=0),
    "fine-tuned": ImageClassifier(
        NETWORK,
        **network,
        image_size=160,
        augmentation="light",
        lr=5e-4,
        schedule="one_cycle",
        ema_decay=0.99,
        max_epochs=5,
        cache="ram",
    ),
}
for name, model in approaches.items():
    y_prob = model.fit(X[is_train], y[is_train]).predict_proba(X[~is_train])
    scores = {
        part: mean_average_precision(y[~is_train][:, columns], y_prob[:, columns])
        for part, columns in (("all", np.full(len(frequent), True)), ("frequent", frequent))
    }
    report(f"movie posters, {name}", n_frequent=int(frequent.sum()), **scores)
