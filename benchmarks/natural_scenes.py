"""How well a linear probe and a fine-tuned network do on the natural scenes.

    python benchmarks/natural_scenes.py

Five stratified folds for both, one 80/20 split for the network too, all from the same weights.
Prints one JSON line a figure: macro AP, and CF1 before and after threshold calibration. The
networks take an hour or two on a few CPU cores.
"""

from _common import NETWORK, NETWORK_PARAMS, WEIGHTS, load_scenes, report
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_mlic import (
    BinaryRelevance,
    ImageClassifier,
    ImageEmbedder,
    ThresholdCalibrator,
    compare,
)
from sklearn_mlic.recipes import fine_tuned, image_probe, label_prior, probe_and_network

SEED = 0

scenes = load_scenes()
settings = {"pretrained": str(WEIGHTS), "backbone_params": NETWORK_PARAMS, "random_state": SEED}
embedder = ImageEmbedder(NETWORK, **settings)


def plain_probe(C):
    """The probe as a newcomer writes it, without scaling."""
    logistic = BinaryRelevance(LogisticRegression(C=C, max_iter=1000))
    return make_pipeline(embedder, ThresholdCalibrator(logistic, random_state=SEED))


probes = {
    "prior": label_prior(SEED),
    "LogisticRegression(C=1)": plain_probe(1.0),
    "LogisticRegression(C=0.01)": plain_probe(0.01),
    "recipes.image_probe": image_probe(embedder, random_state=SEED),
}
table = compare(probes, scenes.data, scenes.target, cv=5, random_state=SEED)
print(table.round(3).to_string())
for name, row in table.iterrows():
    report(f"5-fold {name}", **row)

network = ImageClassifier(
    NETWORK,
    **settings,
    augmentation="light",
    lr=1e-3,
    schedule="one_cycle",
    clip_norm=1.0,
    ema_decay=0.99,
    max_epochs=8,
    precision="bf16",
)
networks = {
    "fine-tuned on all training rows": ThresholdCalibrator(network, method="fixed"),
    "recipes.fine_tuned (a fifth held out)": fine_tuned(network, SEED),
    "recipes.probe_and_network (a fifth held out)": probe_and_network(
        embedder, network, random_state=SEED
    ),
    "the same on all training rows": ThresholdCalibrator(
        probe_and_network(embedder, network).estimator, method="fixed"
    ),
}
# 0.2 is the 80/20 split, 5 the folds.
for cv in (0.2, 5):
    table = compare(networks, scenes.data, scenes.target, cv=cv, random_state=SEED, verbose=1)
    print(table.round(3).to_string())
    for name, row in table.iterrows():
        report(f"cv={cv} {name}", **row)
