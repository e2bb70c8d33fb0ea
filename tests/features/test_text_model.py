"""A text model opens where its folder is not, runs no code, and says what is wrong with it."""

import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import sentence_transformers
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import modules
from sklearn.base import clone
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import BertModel

from helpers import write
from sklearn_mlic import TextEmbedder, load, save

TEXTS = ["A cat.", "Two dogs on the sofa", None, "a kitten", "A cat.", "bus stop " * 60]
FILLED = [row for row, text in enumerate(TEXTS) if text]


def test_a_pickle_needs_no_folder(text_folder, tmp_path):
    shutil.copytree(text_folder, tmp_path / "gone")
    embedder = TextEmbedder(tmp_path / "gone").fit(TEXTS)
    expected = embedder.transform(TEXTS)
    pickled, path = pickle.dumps(embedder), save(embedder, tmp_path / "model.skops")
    shutil.rmtree(tmp_path / "gone")
    for twin in (pickle.loads(pickled), load(path)):
        np.testing.assert_array_equal(twin.transform(TEXTS), expected)
        assert twin.n_features_out_ == 8
    with pytest.raises(ValueError, match=r"gone': there is no such folder"):
        clone(embedder).fit(TEXTS)


def test_a_changed_folder_does_not_change_what_was_fitted(text_folder, tmp_path):
    shutil.copytree(text_folder, tmp_path / "copy")
    embedder = TextEmbedder(tmp_path / "copy").fit(TEXTS)
    expected = embedder.transform(TEXTS)
    twin = pickle.loads(pickle.dumps(embedder))
    write(tmp_path / "copy" / "config.json", b"{}")
    np.testing.assert_array_equal(twin.transform(TEXTS), expected)


def test_weights_in_an_older_format(text_folder, tmp_path):
    """They are pickles: what is kept of them is not."""
    old = tmp_path / "old"
    shutil.copytree(text_folder, old)
    torch.save(BertModel.from_pretrained(text_folder).state_dict(), old / "pytorch_model.bin")
    (old / "model.safetensors").unlink()
    embedder = TextEmbedder(old).fit(TEXTS)
    assert {Path(name).suffix for name in embedder.files_} == {".json", ".safetensors"}
    expected = TextEmbedder(text_folder).fit_transform(TEXTS)
    np.testing.assert_allclose(embedder.transform(TEXTS), expected, atol=1e-6)


def test_a_trainers_leavings_stay_outside(text_folder, tmp_path):
    shutil.copytree(text_folder, tmp_path / "run")
    shutil.copytree(text_folder, tmp_path / "run" / "checkpoint-500")
    write(tmp_path / "run" / "training_args.bin", b"a pickle")
    assert set(TextEmbedder(tmp_path / "run").fit(TEXTS).files_) == set(
        TextEmbedder(text_folder).fit(TEXTS).files_
    )


def test_a_model_of_words_without_attention(tmp_path):
    letters = {chr(c): c - 97 for c in range(97, 123)}
    tokenizer = Tokenizer(models.WordLevel({**letters, "?": 26}, unk_token="?"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    weights = np.random.default_rng(0).normal(size=(27, 5)).astype(np.float32)
    static = modules.StaticEmbedding(tokenizer, embedding_weights=weights)
    network = SentenceTransformer(modules=[static], device="cpu")
    network.save_pretrained(str(tmp_path), create_model_card=False)
    block = TextEmbedder(tmp_path, max_tokens=9).fit_transform(TEXTS)
    expected = network.encode([TEXTS[row] for row in FILLED])
    np.testing.assert_allclose(block[FILLED], expected, atol=1e-6)
    with pytest.raises(ValueError, match=r"output='tokens', but the model .* no vectors of tokens"):
        TextEmbedder(tmp_path, output="tokens").fit(TEXTS)


def test_a_name_is_looked_for_here_before_it_is_downloaded(text_folder, monkeypatch):
    calls = []

    def hub(name, *, local_files_only, device):
        calls.append(local_files_only)
        if name == "some/model":
            if local_files_only:
                raise OSError("it is not in the local cache")
            name = str(text_folder)
        return plain(name, local_files_only=local_files_only, device=device)

    plain = sentence_transformers.SentenceTransformer
    monkeypatch.setattr(sentence_transformers, "SentenceTransformer", hub)
    embedder = TextEmbedder("some/model").fit(TEXTS)
    assert calls == [True, False, True]  # the last is of the files
    assert list(embedder.get_feature_names_out()[:2]) == ["model_0", "model_1"]
    expected = TextEmbedder(text_folder).fit_transform(TEXTS)
    np.testing.assert_array_equal(embedder.transform(TEXTS), expected)


def test_a_name_that_is_not_to_be_had(monkeypatch):
    def unreachable(name, **settings):
        raise OSError("We couldn't connect")

    monkeypatch.setattr(sentence_transformers, "SentenceTransformer", unreachable)
    words = r"model='no/model': there is no such folder, and .* downloaded \(OSError: We couldn't"
    with pytest.raises(ValueError, match=words + r".*Pass a folder that SentenceTransformer\.save"):
        TextEmbedder("no/model").fit(TEXTS)


def test_bad_folders(text_folder, tmp_path):
    with pytest.raises(ValueError, match=r"nowhere': there is no such folder\. Pass a folder"):
        TextEmbedder(tmp_path / "nowhere").fit(TEXTS)
    with pytest.raises(ValueError, match=r"holds no text model .*Expected one that Sentence"):
        TextEmbedder(tmp_path).fit(TEXTS)
    shutil.copytree(text_folder, tmp_path / "cut")
    weights = tmp_path / "cut" / "model.safetensors"
    write(weights, weights.read_bytes()[:300])
    with pytest.raises(ValueError, match=r"cut': the folder holds no text model"):
        TextEmbedder(tmp_path / "cut").fit(TEXTS)
    write(tmp_path / "cut" / "modules.json", b"[{")
    with pytest.raises(ValueError, match=r"cut': the folder holds no text model .*JSON"):
        TextEmbedder(tmp_path / "cut").fit(TEXTS)


@pytest.mark.parametrize(
    "name",
    ["../evil.json", "/tmp/evil.json", "a/../../evil.txt", "C:\\evil.txt", "code.py", "a.bin"],
)
def test_a_strangers_file_writes_nothing_outside_and_holds_no_code(text_folder, tmp_path, name):
    embedder = TextEmbedder(text_folder).fit(TEXTS)
    embedder.files_[name] = np.frombuffer(b"evil", np.uint8)
    twin = load(save(embedder, tmp_path / "model.skops"))
    with pytest.raises(ValueError, match=r"holds a file '.*'; expected .* Do not use this model"):
        twin.transform(TEXTS)
    assert os.listdir(tmp_path) == ["model.skops"]
