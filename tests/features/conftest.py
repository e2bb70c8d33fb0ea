"""Small images on disk, and a spy on every forward pass."""

import pytest
from PIL import Image

from helpers import IMAGES
from sklearn_mlic.nn.backbones import Backbone


@pytest.fixture
def paths(tmp_path):
    paths = [tmp_path / f"{row:02}.png" for row in range(len(IMAGES))]
    for path, pixels in zip(paths, IMAGES, strict=True):
        Image.fromarray(pixels).save(path)
    return [str(path) for path in paths]


@pytest.fixture
def seen(monkeypatch):
    """The number of images in each forward pass of any network."""
    seen, forward = [], Backbone.forward

    def spy(self, image):
        seen.append(len(image))
        return forward(self, image)

    monkeypatch.setattr(Backbone, "forward", spy)
    return seen
