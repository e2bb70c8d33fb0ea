"""Our training against loops written by hand and against plain skorch, and what caches save.

    python benchmarks/training_speed.py [part ...]

Each pair is timed in turn in one run, with the same images, batch size, precision and memory
layout; a figure is the median of the ratios (the other's seconds / ours: above 1 we are faster).
The loop by hand mirrors whole batches where the data is, ours image by
image on the CPU. Parts: loop, skorch, cache, frozen; all by default. Prints one JSON line a figure.
"""

import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import timm
import torch
from _common import NETWORK, NETWORK_PARAMS, WEIGHTS, in_turn, load_scenes, report
from PIL import Image
from skorch import NeuralNetClassifier

from sklearn_mlic import ImageClassifier
from sklearn_mlic.deep._reader import ImageReader
from sklearn_mlic.images import load_image
from sklearn_mlic.nn.runtime import autocast, resolve_device, resolve_precision

BATCH = 32
DEVICE = resolve_device("auto")
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

scenes = load_scenes()
paths = scenes.data["image"].tolist()
n_images = 2048 if DEVICE.type == "cuda" else 128
network_name = "resnet50" if DEVICE.type == "cuda" else "resnet18"
images = np.stack([load_image(path, 224) for path in (paths * 2)[:n_images]])
y = np.tile(scenes.target.to_numpy(), (2, 1))[:n_images]


def train_by_hand(precision, optimizer_class=torch.optim.AdamW):
    """One epoch as a careful script would write it."""
    network = timm.create_model(network_name, num_classes=y.shape[1])
    network = network.to(DEVICE, memory_format=torch.channels_last).train()
    shift = torch.tensor(MEAN, device=DEVICE).view(3, 1, 1)
    scale = torch.tensor(STD, device=DEVICE).view(3, 1, 1)
    optimizer = optimizer_class(network.parameters(), lr=3e-4, weight_decay=1e-4)
    order = np.random.default_rng(0).permutation(n_images)
    for start in range(0, n_images, BATCH):
        rows = order[start : start + BATCH]
        pixels = torch.from_numpy(images[rows]).to(DEVICE, non_blocking=True).permute(0, 3, 1, 2)
        target = torch.from_numpy(y[rows].astype(np.float32)).to(DEVICE, non_blocking=True)
        flip = torch.rand(len(rows), device=DEVICE) < 0.5
        pixels = torch.where(flip[:, None, None, None], pixels.flip(-1), pixels)
        with autocast(DEVICE, precision):
            logits = network((pixels.float() / 255 - shift) / scale)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    loss.item()


def loop():
    """The same epoch by `ImageClassifier` and by hand."""
    for precision in ("fp32", "bf16"):
        model = ImageClassifier(
            network_name, pretrained=False, precision=precision, max_epochs=1, batch_size=BATCH
        )
        figures = in_turn(
            partial(model.fit, images, y), partial(train_by_hand, precision), n_rounds=5
        )
        backbone = model.net_.module_.backbone
        report(
            f"training epoch of {network_name}, hand-written loop / ImageClassifier",
            precision=precision,
            auto=resolve_precision("auto", DEVICE, backbone),
            images_per_s=n_images / figures["first_s"],
            **figures,
        )


def skorch():
    """The same net in plain skorch: float32 images, its defaults but for batch and loss."""
    pixels = ((images / 255 - MEAN) / STD).transpose(0, 3, 1, 2).astype(np.float32)
    plain = NeuralNetClassifier(
        timm.create_model(network_name, num_classes=y.shape[1]),
        criterion=torch.nn.BCEWithLogitsLoss,
        train_split=None,
        max_epochs=1,
        batch_size=BATCH,
        device=DEVICE,
        verbose=0,
    )
    ours = ImageClassifier(network_name, pretrained=False, max_epochs=1, batch_size=BATCH)
    figures = in_turn(
        partial(ours.fit, images, y), partial(plain.fit, pixels, y.astype(np.float32)), n_rounds=3
    )
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    report(
        f"training epoch of {network_name}, plain skorch / ImageClassifier",
        amx=bool(capabilities.get("amx_bf16")),
        avx512_bf16=bool(capabilities.get("avx512_bf16")),
        **figures,
    )


def cache():
    """Later epochs from decoded images against decoding JPEGs of 1,000 px again."""
    with tempfile.TemporaryDirectory() as folder:
        large = [f"{folder}/{row}.jpg" for row in range(200)]
        for source, path in zip(paths, large, strict=False):
            Image.open(source).resize((1000, 1000), Image.Resampling.BICUBIC).save(path, quality=92)
        rows = range(len(large))
        full = partial(lambda: [np.asarray(Image.open(p).resize((224, 224))) for p in large])
        draft = partial(lambda: [load_image(p, 224) for p in large])
        report("reading 1,000-px JPEGs, whole / draft", **in_turn(draft, full, n_rounds=3))
        for where in ("ram", str(Path(folder) / "cache")):
            kept = ImageReader(large, 224, cache=where)
            figures = in_turn(
                partial(kept.read, rows), partial(ImageReader(large, 224).read, rows), n_rounds=3
            )
            kind = "ram" if where == "ram" else "folder"
            report(f"reading, decoding again / cache={kind}", **figures)
            settings = {"pretrained": False, "image_size": 224, "max_epochs": 4}
            kept, again = (
                ImageClassifier("test_resnet", cache=cache_, **settings) for cache_ in (where, None)
            )
            targets = np.resize(y, (len(large), y.shape[1]))
            report(
                f"epochs 2+ of a tiny net, decoding again / cache={kind}",
                **later_epochs(kept, again, large, targets),
            )


def later_epochs(first, second, X, y, n_rounds=3):
    """Fit both in turn; medians of the seconds of epochs 2+, and of their ratio."""
    pairs = [
        [model.fit(X, y).history_["dur"].iloc[1:].median() for model in (first, second)]
        for _ in range(n_rounds)
    ]
    seconds = np.median(pairs, axis=0)
    ratio = float(np.median([b / a for a, b in pairs]))
    return {"first_s": seconds[0], "second_s": seconds[1], "ratio": ratio}


def frozen():
    """Epochs of a frozen backbone: each through the network, and from its tokens."""
    settings = {
        "pretrained": str(WEIGHTS),
        "backbone_params": NETWORK_PARAMS,
        "freeze": "backbone",
        "max_epochs": 3,
    }
    again = ImageClassifier(NETWORK, **settings, augmentation="flip")
    once = ImageClassifier(NETWORK, **settings, augmentation="none")
    report(
        "epochs 2+ of a frozen backbone, through the network / from its tokens",
        **later_epochs(once, again, images, y),
    )


parts = {"loop": loop, "skorch": skorch, "cache": cache, "frozen": frozen}
for part in sys.argv[1:] or parts:
    parts[part]()
