"""Once a text with a cache, however many ask, and never the wrong vector."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from helpers import write
from sklearn_mlic import BinaryRelevance, TextEmbedder
from texts import FILLED, LABELS, TEXTS


def test_a_text_is_encoded_once_and_the_longest_first(text_folder, encoded):
    TextEmbedder(text_folder, batch_size=3).fit(TEXTS).transform(TEXTS * 3)
    lengths = [[len(text) for text in batch] for batch in encoded]
    assert lengths == [[1], [540, 48, 8], [6]]  # the one of fit is "a"


@pytest.mark.parametrize("output", ["pooled", "tokens"])
@pytest.mark.parametrize("kind", ["folder", "ram"])
def test_a_full_cache_opens_no_network(text_folder, tmp_path, opened, output, kind):
    settings = {"output": output, "cache": tmp_path if kind == "folder" else "ram"}
    first = TextEmbedder(text_folder, **settings).fit_transform(TEXTS)
    np.testing.assert_allclose(
        first, TextEmbedder(text_folder, output=output).fit_transform(TEXTS), atol=1e-6
    )
    opened.clear()
    again = TextEmbedder(text_folder, **settings).fit_transform(TEXTS[::-1])
    np.testing.assert_array_equal(again[::-1], first)
    assert opened == []


def test_only_what_is_new_is_encoded(text_folder, tmp_path, encoded):
    TextEmbedder(text_folder, cache=tmp_path).fit_transform(["red", "green"])
    encoded.clear()
    TextEmbedder(text_folder, cache=tmp_path).fit_transform(["green", "blue", "red", "blue"])
    assert encoded == [["blue"]]


def test_what_was_done_before_a_kill_is_kept(text_folder, tmp_path, encoded, monkeypatch):
    texts = ["a" * n for n in range(2, 11)]
    embedder = TextEmbedder(text_folder, cache=tmp_path, batch_size=3).fit(texts)
    spied = SentenceTransformer.encode

    def killed(self, batch, **settings):
        if len(encoded) == 3:
            raise KeyboardInterrupt
        return spied(self, batch, **settings)

    with monkeypatch.context() as patch:
        patch.setattr(SentenceTransformer, "encode", killed)
        with pytest.raises(KeyboardInterrupt):
            embedder.transform(texts)
    encoded.clear()
    embedder.transform(texts)
    assert encoded == [["aaaa", "aaa", "aa"]]


@pytest.mark.parametrize(
    "change", [{"output": "tokens"}, {"max_tokens": 5}, {"precision": "bf16"}], ids=str
)
def test_another_setting_never_hits_the_wrong_vectors(text_folder, tmp_path, change):
    TextEmbedder(text_folder, cache=tmp_path).fit_transform(TEXTS)
    block = TextEmbedder(text_folder, cache=tmp_path, **change).fit_transform(TEXTS)
    np.testing.assert_array_equal(block, TextEmbedder(text_folder, **change).fit_transform(TEXTS))


def test_other_weights_never_hit_and_a_copy_of_the_folder_does(text_folder, tmp_path, opened):
    cache = tmp_path / "cache"
    before = TextEmbedder(text_folder, cache=cache).fit_transform(TEXTS)
    shutil.copytree(text_folder, tmp_path / "copy")
    write(tmp_path / "copy" / "README.md", b"About it.")  # decides nothing
    opened.clear()
    same = TextEmbedder(tmp_path / "copy", cache=cache).fit_transform(TEXTS)
    np.testing.assert_array_equal(same, before)
    assert opened == []
    network = SentenceTransformer(str(text_folder), device="cpu")
    with torch.no_grad():
        network[0].auto_model.embeddings.word_embeddings.weight.mul_(2)
    network.save_pretrained(str(tmp_path / "copy"), create_model_card=False)
    other = TextEmbedder(tmp_path / "copy", cache=cache).fit_transform(TEXTS)
    assert not np.allclose(other[FILLED], before[FILLED], atol=1e-3)


def test_a_grid_search_encodes_each_text_once_a_setting(text_folder, tmp_path, encoded):
    pipeline = make_pipeline(
        TextEmbedder(text_folder, cache=tmp_path), BinaryRelevance(LogisticRegression())
    )
    grid = {
        "textembedder__max_tokens": [5, 20],
        "binaryrelevance__estimator__C": [0.1, 1.0],
    }
    search = GridSearchCV(pipeline, grid, cv=2, scoring="average_precision").fit(TEXTS, LABELS)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    n_texts = len(set(np.array(TEXTS, dtype=object)[FILLED])) + 1  # and the one of fit
    assert sum(map(len, encoded)) == 2 * n_texts


def test_a_full_cache_on_disk_needs_no_text_library(text_folder, tmp_path):
    expected = TextEmbedder(text_folder, cache=tmp_path).fit_transform(TEXTS)
    code = (
        "import sys; from sklearn_mlic import TextEmbedder; "
        f"embedder = TextEmbedder({str(text_folder)!r}, cache={str(tmp_path)!r}); "
        f"block = embedder.fit_transform({TEXTS!r}); "
        "print(str(abs(block).sum()), {'transformers', 'sentence_transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{abs(expected).sum()!s} set()"
