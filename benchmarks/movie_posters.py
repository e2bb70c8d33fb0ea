"""How well a linear probe and a fine-tuned network name the genres of film posters.

    python benchmarks/movie_posters.py

The split is the data's own. Macro AP over all genres that occur in its validation part, and over
those with five posters there or more, as the rarest have one or two. Prints one JSON line a
figure; the network takes half an hour on two CPU cores.
"""

import numpy as np
from _common import NETWORK, NETWORK_PARAMS, WEIGHTS, load_posters, report

from sklearn_mlic import ImageClassifier, ImageEmbedder, LabelPrior
from sklearn_mlic.metrics import mean_average_precision
from sklearn_mlic.recipes import image_probe

posters = load_posters()
X, y, is_train = posters.X, posters.y, posters.is_train
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
