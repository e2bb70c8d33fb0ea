"""What a frozen backbone makes of images: computed once, kept where the user says."""

from typing import Any

import numpy as np
import torch

from sklearn_mlic.deep._batches import Collate, RecordDataset, make_loader
from sklearn_mlic.deep._memory import make_room
from sklearn_mlic.features._cache import open_cache
from sklearn_mlic.images import PREPARATION
from sklearn_mlic.nn.model import ImageModel
from sklearn_mlic.nn.state import setup_digest
from sklearn_mlic.utils._progress import track

_REMEDY = "Take augmentation='flip', which runs the backbone in each epoch, or a head that pools"


def frozen_tokens(
    dataset: RecordDataset,
    model: ImageModel,
    device: torch.device,
    *,
    cache: Any,
    batch_size: int,
    n_workers: int,
    verbose: int,
) -> np.ndarray:
    """Return the tokens of all images of a data set.

    Parameters
    ----------
    dataset : RecordDataset
        With a column ``image``.
    model : ImageModel
        Its backbone is run on what is not in the cache. Where its head can do with fewer tokens
        (``token_reduction`` names which ``reduce_tokens`` gives), only those are kept.
    device : torch.device
        Where the backbone runs.
    cache : None, "ram" or path
        Keeps tokens by the content of the images, the backbone and its weights.
    batch_size : int
        Images a forward pass.
    n_workers : int
        Processes that decode images.
    verbose : int
        1 shows a progress bar.

    Returns
    -------
    ndarray of float32, shape (n_samples, h, w, D)
        What the model takes as ``tokens``; where its head reduces them to k, (n_samples, k, 1, D).

    Raises
    ------
    ValueError
        If they do not fit into the memory that is free.
    """
    reduction = model.token_reduction
    setup = setup_digest(
        model.backbone, "token grid", PREPARATION, model.precision, reduction or "all"
    )
    store = open_cache(cache, setup)
    n_samples = len(dataset)
    what = f"The tokens of {n_samples} images"
    keys: list[Any] = list(range(n_samples))
    found: dict[Any, np.ndarray] = {}
    if store is not None:
        reader = dataset.columns["image"]
        keys = [reader.digest(row) for row in range(n_samples)]
        found = store.get(set(keys))
    tokens: np.ndarray | None = None
    missing = []
    for row, key in enumerate(keys):
        if key not in found:
            missing.append(row)
            continue
        if tokens is None:
            tokens = make_room((n_samples, *found[key].shape), what, _REMEDY)
        tokens[row] = found[key]
    del found
    loader = make_loader(
        torch.utils.data.Subset(dataset, missing),
        batch_size,
        Collate(),
        n_workers=n_workers,
        device=device,
    )
    model = model.to(device).eval()
    batches = track(loader, len(loader), "Computing tokens", verbose)
    for start, (columns, _) in zip(range(0, len(missing), batch_size), batches, strict=True):
        with torch.inference_mode():
            batch = model.embed(columns["image"].to(device, non_blocking=True)).float()
            if reduction is not None:
                batch = model.head.reduce_tokens(batch.flatten(1, 2))[:, :, None]  # (B, k, 1, D)
        values = batch.cpu().numpy()
        if tokens is None:
            tokens = make_room((n_samples, *values.shape[1:]), what, _REMEDY)
        rows = missing[start : start + batch_size]
        tokens[rows] = values
        if store is not None:
            store.put([keys[row] for row in rows], values)
    return tokens
