"""Small images on disk, a small text network, and spies on what networks do."""

import pytest
import torch
from PIL import Image
from sentence_transformers import SentenceTransformer
from transformers import BertConfig, BertModel, BertTokenizerFast

from helpers import IMAGES, write
from sklearn_mlic.features import _text_model
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


@pytest.fixture(scope="session")
def text_folder(tmp_path_factory):
    """A text network of random weights, 8 wide, over letters."""
    letters = [chr(c) for c in range(97, 123)]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *("##" + c for c in letters)]
    folder = tmp_path_factory.mktemp("network")
    write(folder / "vocab.txt", "\n".join(words).encode())
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=100,
    )
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        BertModel(config).save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=100).save_pretrained(folder)
    network = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    network.save_pretrained(str(folder / "whole"), create_model_card=False)
    return folder / "whole"


@pytest.fixture
def opened(monkeypatch):
    """Each opening of a network, of any kind."""
    opened, plain = [], _text_model._open

    def spy(source, **settings):
        opened.append(source)
        return plain(source, **settings)

    monkeypatch.setattr(_text_model, "_open", spy)
    return opened


@pytest.fixture
def encoded(monkeypatch):
    """The texts of each forward pass."""
    encoded, encode = [], SentenceTransformer.encode

    def spy(self, texts, **settings):
        encoded.append(texts)
        return encode(self, texts, **settings)

    monkeypatch.setattr(SentenceTransformer, "encode", spy)
    return encoded
