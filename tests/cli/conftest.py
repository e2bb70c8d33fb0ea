"""Drawn scenes on disk, and a model of them."""

import pandas as pd
import pytest
from PIL import Image

from commands import NETWORK, call
from sklearn_mlic import make_multilabel_images


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """A folder with 60 images and a CSV of their labels and captions."""
    folder = tmp_path_factory.mktemp("scenes")
    bunch = make_multilabel_images(60, image_size=48, n_labels=3, random_state=0)
    for i, pixels in enumerate(bunch.data["image"]):
        Image.fromarray(pixels).save(folder / f"{i}.png")
    labels = [" ".join(bunch.target.columns[row == 1]) or "-" for row in bunch.target.to_numpy()]
    table = {"image": [f"{i}.png" for i in range(60)], "labels": labels}
    pd.DataFrame({**table, "caption": bunch.data["caption"]}).to_csv(
        folder / "labels.csv", index=False
    )
    return folder


@pytest.fixture(scope="module")
def model(scenes):
    """A model file fitted on them."""
    path = scenes / "model.skops"
    call("fit", scenes / "labels.csv", "--out", path, *NETWORK)
    return path
