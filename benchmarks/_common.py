"""What the benchmark scripts share: where the data is, timing in turn, one JSON line a figure."""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

DATA = Path(os.environ.get("MLIC_DATA", Path(__file__).parents[2] / "shared"))
NETWORK = "mobilenetv1_100"
NETWORK_PARAMS = {"pad_type": "same"}
WEIGHTS = DATA / "weights" / f"{NETWORK}.safetensors"


def load_scenes() -> Any:
    """The natural scenes: 1,200 photographs of 224 px, 5 labels."""
    from sklearn_mlic import load_csv

    folder = DATA / "data" / "natural_scenes"
    if not folder.is_dir() or not WEIGHTS.is_file():
        sys.exit(f"Skipped: {folder} or {WEIGHTS} is missing. Set MLIC_DATA to the data's folder.")
    return load_csv(folder / "labels.csv", folder / "images")


def load_posters() -> Any:
    """The film posters with their texts: X, y, and the rows of the data's own training part."""
    from sklearn.utils import Bunch

    from sklearn_mlic import load_csv

    folder = DATA / "data" / "movie_posters"
    if not folder.is_dir() or not WEIGHTS.is_file():
        sys.exit(f"Skipped: {folder} or {WEIGHTS} is missing. Set MLIC_DATA to the data's folder.")
    texts = ["title", "tags", "overview"]
    bunch = load_csv(folder / "posters.csv", folder / "images", text=texts, split="split")
    return Bunch(X=bunch.data, y=bunch.target.to_numpy(), is_train=bunch.split == "train")


def load_blocks(name: str) -> Any:
    """A set of feature blocks side by side: X, y, `blocks`, official parts if any."""
    import numpy as np
    from sklearn.utils import Bunch

    from sklearn_mlic.utils._blocks import block_slices

    path = DATA / "data" / "feature_blocks" / f"{name}.npz"
    if not path.is_file():
        sys.exit(f"Skipped: {path} is missing. Set MLIC_DATA to the data's folder.")
    with np.load(path, allow_pickle=False) as file:
        names = [str(name) for name in file["view_names"]]
        views = [file[f"view_{i}"] for i in range(len(names))]
        y, label_names = file["Y"].astype(int), [str(name) for name in file["label_names"]]
        parts = {}
        if "split" in file:
            parts = {"train": file["split"] == 0, "test": file["split"] == 1}
    return Bunch(
        X=np.hstack(views).astype(np.float64),
        y=y,
        label_names=label_names,
        blocks=block_slices({n: v.shape[1] for n, v in zip(names, views, strict=True)}),
        **{part: np.flatnonzero(rows) for part, rows in parts.items()},
    )


def in_turn(first: Callable[[], Any], second: Callable[[], Any], n_rounds: int) -> dict[str, float]:
    """Time two things A B A B ..., after one warm-up each; medians of seconds and of the ratio."""
    pairs = []
    for round_ in range(n_rounds + 1):
        seconds = []
        for run in (first, second):
            start = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - start)
        if round_:
            pairs.append(seconds)
    firsts, seconds = zip(*pairs, strict=True)
    return {
        "first_s": statistics.median(firsts),
        "second_s": statistics.median(seconds),
        "ratio": statistics.median(b / a for a, b in pairs),
    }


def report(figure: str, **values: Any) -> None:
    """Print one figure as a JSON line."""
    rounded = {k: round(v, 4) if isinstance(v, float) else v for k, v in values.items()}
    print(json.dumps({"figure": figure, **rounded}), flush=True)
