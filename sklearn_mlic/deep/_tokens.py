"""What a frozen backbone makes of images: computed once, kept where the user says."""

from typing import Any

import numpy as np
import torch

from sklearn_mlic.deep._batches import Collate, RecordDataset, make_loader
from sklearn_mlic.features._cache import open_cache
from sklearn_mlic.images import PREPARATION, content_digest
from sklearn_mlic.nn.model import ImageModel
from sklearn_mlic.nn.state import setup_digest
from sklearn_mlic.utils._progress import track


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
        (``reduce_tokens``), only those are kept.
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
    ndarray of float32, shape (n_samples, N, D)
        What the model takes as ``tokens``.
    """
    reduce = getattr(model.head, "reduce_tokens", None)
    kept = "all" if reduce is None else f"{type(model.head).__name__} {model.head.extra_repr()}"
    setup = setup_digest(model.backbone, "tokens", PREPARATION, model.precision, kept)
    store = open_cache(cache, setup)
    column = dataset.columns["image"].column
    keys: list[Any] = list(range(len(dataset)))
    found: dict[Any, np.ndarray] = {}
    if store is not None:
        keys = [content_digest(source, row) for row, source in enumerate(column)]
        found = store.get(set(keys))
    missing = [row for row, key in enumerate(keys) if key not in found]
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
            tokens = model.embed(columns["image"].to(device, non_blocking=True)).float()
            tokens = tokens if reduce is None else reduce(tokens)
        batch_keys = [keys[row] for row in missing[start : start + batch_size]]
        values = tokens.cpu().numpy()
        if store is not None:
            store.put(batch_keys, values)
        found.update(zip(batch_keys, values, strict=True))
    return np.stack([found[key] for key in keys])
