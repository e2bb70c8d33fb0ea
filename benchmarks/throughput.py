"""Our embedding and training against loops written by hand, and the cache against no cache.

    python benchmarks/throughput.py

Each pair is timed in turn in one run, with the same images, batch size, precision and memory
layout; the figure is the median of the ratios (hand-written seconds / ours: above 1 we are
faster). Prints one JSON line a figure.
"""

import tempfile
import time
from functools import partial

import numpy as np
import timm
import torch
from _common import NETWORK, NETWORK_PARAMS, WEIGHTS, in_turn, load_scenes, report
from PIL import Image

from sklearn_mlic import ImageClassifier, ImageEmbedder
from sklearn_mlic.nn.runtime import autocast, resolve_device, resolve_precision

BATCH = 32
DEVICE = resolve_device("auto")

scenes = load_scenes()
paths = scenes.data["image"].tolist()
y = scenes.target.to_numpy()
overlay = {"file": str(WEIGHTS), "mean": (0.5,) * 3, "std": (0.5,) * 3}


def bare_network(n_outputs):
    """The network as timm makes it, channels last."""
    network = timm.create_model(
        NETWORK,
        pretrained=True,
        num_classes=n_outputs,
        pretrained_cfg_overlay=overlay,
        **NETWORK_PARAMS,
    )
    return network.to(DEVICE, memory_format=torch.channels_last)


def read(rows):
    """A batch as a script would read it: (B, 3, 224, 224), normalised."""
    images = [np.asarray(Image.open(paths[row]).convert("RGB")) for row in rows]
    pixels = torch.from_numpy(np.stack(images)).to(DEVICE).permute(0, 3, 1, 2).float()
    return pixels.div_(127.5).sub_(1.0)


def embed_by_hand(network, precision):
    vectors = []
    with torch.inference_mode():
        for start in range(0, n_embed, BATCH):
            with autocast(DEVICE, precision):
                batch = network(read(range(start, min(start + BATCH, n_embed))))
            vectors.append(batch.float().cpu().numpy())
    return np.concatenate(vectors)


def train_by_hand(precision):
    network = bare_network(y.shape[1]).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-4, weight_decay=1e-4)
    order = torch.randperm(n_train)
    for start in range(0, n_train, BATCH):
        rows = order[start : start + BATCH].tolist()
        images = read(rows)
        flip = torch.rand(len(rows)) < 0.5
        images[flip] = images[flip].flip(-1)
        with autocast(DEVICE, precision):
            logits = network(images)
        target = torch.from_numpy(y[rows].astype(np.float32)).to(DEVICE)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()


n_embed, n_train = 384, 192
settings = {"pretrained": str(WEIGHTS), "backbone_params": NETWORK_PARAMS, "batch_size": BATCH}
embedder = ImageEmbedder(NETWORK, **settings).fit(paths)
network = bare_network(0).eval()
for precision in ("fp32", "bf16"):
    embedder.set_params(precision=precision)
    ours = embedder.transform(paths[:n_embed])
    close = np.allclose(ours, embed_by_hand(network, precision), atol=0.3)
    figures = in_turn(
        partial(embedder.transform, paths[:n_embed]),
        partial(embed_by_hand, network, precision),
        n_rounds=5,
    )
    report(
        "embedding, hand-written loop / ImageEmbedder",
        precision=precision,
        equal_vectors=bool(close),
        images_per_s=n_embed / figures["first_s"],
        **figures,
    )

for precision in ("fp32", "bf16"):
    model = ImageClassifier(NETWORK, precision=precision, max_epochs=1, **settings)
    figures = in_turn(
        partial(model.fit, paths[:n_train], y[:n_train]),
        partial(train_by_hand, precision),
        n_rounds=3,
    )
    report(
        "training epoch, hand-written loop / ImageClassifier",
        precision=precision,
        auto=resolve_precision("auto", DEVICE, model.net_.module_.backbone),
        images_per_s=n_train / figures["first_s"],
        **figures,
    )

ratios = []
for _ in range(3):
    with tempfile.TemporaryDirectory() as folder:
        cached = ImageEmbedder(NETWORK, cache=folder, **settings).fit(paths)
        times = [time.perf_counter()]
        passes = []
        for _ in range(2):
            passes.append(cached.transform(paths))
            times.append(time.perf_counter())
        assert np.array_equal(*passes)
        ratios.append((times[1] - times[0]) / (times[2] - times[1]))
report("cache, first pass / second pass", images=len(paths), ratio=float(np.median(ratios)))
