"""Images in, vectors out: the same by every route, and once an image with a cache."""

import pickle
import shutil
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline

from helpers import write
from sklearn_mlic import BinaryRelevance, ImageEmbedder, ThresholdCalibrator
from sklearn_mlic.images import ImageError
from sklearn_mlic.nn.backbones import Backbone
from sklearn_mlic.utils.estimator_checks import make_data

IMAGES, LABELS = make_data(ImageEmbedder(), n_samples=20)


def embedder(**settings):
    small = {"pretrained": False, "image_size": 32, "precision": "fp32", "random_state": 0}
    return ImageEmbedder(**{"backbone": "test_resnet", **small, **settings})


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


# ---- the vectors


@pytest.mark.parametrize("pool", ["avg", "max"])
def test_it_is_a_bare_timm_forward_pass(pool):
    model = embedder(pool=pool, image_size=16).fit(IMAGES)
    network = timm.create_model("test_resnet", pretrained=False, num_classes=0).eval()
    weights = {name: torch.from_numpy(array) for name, array in _weights(model).items()}
    network.load_state_dict(weights)
    pixels = torch.from_numpy(IMAGES).permute(0, 3, 1, 2) / 255
    with torch.inference_mode():
        features = network.forward_features((pixels - 0.5) / 0.5)
    expected = features.mean((2, 3)) if pool == "avg" else features.amax((2, 3))
    block = model.transform(IMAGES)
    assert block.dtype == np.float32
    np.testing.assert_allclose(block, expected, rtol=1e-4, atol=1e-5)


def _weights(model):
    arrays = model.__getstate__()["backbone_"]["weights"]
    return {name.removeprefix("trunk."): array for name, array in arrays.items()}


def test_every_form_of_images_gives_the_same_vectors(paths):
    expected = embedder().fit_transform(IMAGES)
    frame = pd.DataFrame({"caption": "", "image": paths}, index=range(100, 120))
    pil = [Image.fromarray(pixels) for pixels in IMAGES]
    for X in (paths, np.array(paths), pd.Series(paths), pil, list(IMAGES), frame):
        np.testing.assert_array_equal(embedder().fit_transform(X), expected)
    renamed = frame.rename(columns={"image": "photo"})
    np.testing.assert_array_equal(embedder(image="photo").fit_transform(renamed), expected)


@pytest.mark.parametrize("batch_size", [1, 3, 20, 64])
@pytest.mark.parametrize("backbone", ["test_resnet", "test_vit"])
def test_the_batch_size_does_not_matter(backbone, batch_size):
    expected = embedder(backbone=backbone, batch_size=7).fit_transform(IMAGES)
    block = embedder(backbone=backbone, batch_size=batch_size).fit_transform(IMAGES)
    np.testing.assert_allclose(block, expected, atol=1e-4)


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_the_number_of_threads_does_not_matter(paths, n_jobs):
    expected = embedder().fit_transform(paths)
    np.testing.assert_array_equal(embedder(n_jobs=n_jobs).fit_transform(paths), expected)


def test_bfloat16_is_near_float32():
    exact = embedder().fit_transform(IMAGES)
    near = embedder(precision="bf16").fit_transform(IMAGES)
    assert near.dtype == np.float32
    assert np.abs(near - exact).max() < 0.05 * np.abs(exact).max()


def test_random_weights_follow_the_seed_and_leave_the_global_generator():
    before = torch.random.get_rng_state()
    first, second, other = (embedder(random_state=s).fit_transform(IMAGES) for s in (0, 0, 1))
    np.testing.assert_array_equal(first, second)
    assert not np.allclose(first, other)
    assert torch.equal(torch.random.get_rng_state(), before)


# ---- among scikit-learn's things


def test_in_a_column_transformer_with_names(paths):
    frame = pd.DataFrame({"image": paths, "width": np.arange(20.0)})
    columns = ColumnTransformer(
        [("picture", embedder(), ["image"])],
        remainder="passthrough",
        verbose_feature_names_out=False,
    )
    table = columns.set_output(transform="pandas").fit_transform(frame)
    assert list(table.columns) == [f"test_resnet_{i}" for i in range(96)] + ["width"]
    np.testing.assert_array_equal(table.iloc[:, :96], embedder().fit_transform(paths))
    # One column is handed on as a Series too.
    single = ColumnTransformer([("picture", embedder(), "image")]).fit_transform(frame)
    np.testing.assert_array_equal(single, table.iloc[:, :96])


def test_set_output_keeps_the_index(paths):
    frame = pd.DataFrame({"image": paths}, index=range(5, 25))
    table = embedder().set_output(transform="pandas").fit_transform(frame)
    assert list(table.index) == list(frame.index)
    assert list(table.columns) == list(embedder().fit(paths).get_feature_names_out())


def test_pickle_and_clone(paths):
    model = embedder().fit(paths)
    expected = model.transform(paths)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).transform(paths), expected)
    np.testing.assert_array_equal(clone(model).fit_transform(paths), expected)
    with pytest.raises(Exception, match="not fitted"):
        clone(model).transform(paths)


def test_a_grid_search_over_a_pipeline_with_a_cache_in_two_processes(tmp_path, paths):
    classifier = BinaryRelevance(LogisticRegression())
    steps = [
        ("embed", embedder(cache=tmp_path / "cache")),
        ("classify", ThresholdCalibrator(classifier, cv=2, random_state=0)),
    ]
    grid = {"embed__pool": ["avg", "max"], "classify__estimator__estimator__C": [0.1, 1.0]}
    search = GridSearchCV(Pipeline(steps), grid, cv=2, n_jobs=2, scoring="average_precision")
    search.fit(paths, LABELS)
    assert search.predict(paths).shape == LABELS.shape
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    with sqlite3.connect(tmp_path / "cache" / "vectors.sqlite") as connection:
        (n_vectors,) = connection.execute("SELECT count(*) FROM vectors").fetchone()
    connection.close()
    assert n_vectors == 2 * len(paths)  # each image once a pool, over all folds and trials


@pytest.mark.parametrize("X", [np.zeros((4, 3)), [[1.0, 2.0]], pd.DataFrame({"a": [1.0]})])
def test_numbers_are_no_images(X):
    with pytest.raises(
        ValueError, match=r"ImageEmbedder takes images .* table of numbers of shape"
    ):
        embedder().fit(X)


# ---- the cache


def test_a_second_pass_calls_the_network_never(tmp_path, paths, seen):
    expected = embedder().fit_transform(paths)
    seen.clear()
    model = embedder(cache=tmp_path / "deep" / "cache", batch_size=8).fit(paths)
    np.testing.assert_allclose(model.transform(paths), expected, atol=1e-4)
    first = model.transform(paths)
    assert seen == [8, 8, 4]
    again = embedder(cache=str(tmp_path / "deep" / "cache")).fit_transform(paths[::-1])
    np.testing.assert_array_equal(again[::-1], first)
    assert seen == [8, 8, 4]


def test_processes_share_a_cache(tmp_path, paths, seen):
    halves = [paths[:12], paths[8:]]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        blocks = list(pool.map(embedder(cache=tmp_path / "cache").fit_transform, halves))
    together = embedder(cache=tmp_path / "cache").fit_transform(paths)
    assert seen == []
    np.testing.assert_allclose(blocks[0], together[:12], atol=1e-4)
    np.testing.assert_allclose(blocks[1], together[8:], atol=1e-4)


@pytest.mark.parametrize(
    "change",
    [
        {"backbone": "test_convnext"},
        {"backbone_params": {"act_layer": "silu"}},
        {"pool": "max"},
        {"image_size": 48},
        {"random_state": 1},
        {"precision": "bf16"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_setting_never_hits_the_wrong_vectors(tmp_path, paths, seen, change):
    cache = tmp_path / "cache"
    embedder(cache=cache).fit_transform(paths)
    seen.clear()
    block = embedder(cache=cache, **change).fit_transform(paths)
    assert sum(seen) == len(paths)
    np.testing.assert_array_equal(block, embedder(**change).fit_transform(paths))


def test_another_weight_file_or_its_normalisation_never_hits(tmp_path, paths, seen):
    state = timm.create_model("test_resnet", pretrained=False, num_classes=0).state_dict()
    state = {name: tensor.contiguous() for name, tensor in state.items()}
    save_file(state, tmp_path / "a.safetensors")
    save_file(state, tmp_path / "same.safetensors")
    save_file(state, tmp_path / "mean.safetensors", metadata={"mean": "0.1 0.2 0.3"})
    save_file({n: t * 1.5 for n, t in state.items()}, tmp_path / "weights.safetensors")
    calls = {}
    for name in ("a", "same", "mean", "weights"):
        seen.clear()
        model = embedder(cache=tmp_path / "cache", pretrained=tmp_path / f"{name}.safetensors")
        model.fit_transform(paths)
        calls[name] = sum(seen)
    assert calls == {"a": 20, "same": 0, "mean": 20, "weights": 20}


def test_a_renamed_file_hits_and_changed_content_misses(tmp_path, paths, seen):
    model = embedder(cache=tmp_path / "cache").fit(paths)
    before = model.transform(paths)
    seen.clear()
    shutil.move(paths[0], tmp_path / "renamed.png")
    Image.fromarray(255 - IMAGES[1]).save(paths[1])
    after = model.transform([tmp_path / "renamed.png", *paths[1:]])
    assert seen == [1]
    changed = np.abs(after - before).max(axis=1) > 1e-6
    assert changed.tolist() == [False, True] + [False] * 18


def test_what_was_done_before_a_kill_is_kept(tmp_path, paths, monkeypatch, seen):
    spied = Backbone.forward

    def killed(self, image):
        if len(seen) == 2:
            raise KeyboardInterrupt
        return spied(self, image)

    model = embedder(cache=tmp_path / "cache", batch_size=6).fit(paths)
    with monkeypatch.context() as patch:
        patch.setattr(Backbone, "forward", killed)
        with pytest.raises(KeyboardInterrupt):
            model.transform(paths)
    assert seen == [6, 6]
    np.testing.assert_allclose(model.transform(paths), embedder().fit_transform(paths), atol=1e-4)
    assert seen[:4] == [6, 6, 6, 2]


@pytest.mark.parametrize("damage", ["all", "pages"])
def test_a_corrupt_cache_file(tmp_path, paths, damage):
    model = embedder(cache=tmp_path / "cache").fit(paths)
    model.transform(paths)
    file = tmp_path / "cache" / "vectors.sqlite"
    content = file.read_bytes()
    write(file, b"no database " * 1000 if damage == "all" else content[:4096] + b"\xff" * 9000)
    with pytest.raises(
        ValueError, match=r"(?s)cache file '.*vectors\.sqlite' cannot be used: .*Delete it"
    ):
        model.transform(paths)


# ---- bad images


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: write(path, path.read_bytes()[:-400]), "it cannot be decoded"),
        (lambda path: path.unlink(), "there is no such file"),
        (lambda path: write(path, b""), "the file is empty"),
    ],
    ids=["truncated", "missing", "empty"],
)
def test_a_bad_image_names_row_and_file(tmp_path, paths, cached, spoil, words):
    """Also where the other rows come from the cache."""
    bad = tmp_path / "bad.jpg"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(bad)
    spoil(bad)
    model = embedder(cache=tmp_path / "cache" if cached else None).fit(paths)
    model.transform(paths)
    with pytest.raises(ImageError, match=rf"Row 7, '.*bad\.jpg': {words}"):
        model.transform([*paths[:7], str(bad), *paths[7:]])


def test_a_pipeline_predicts_what_its_parts_do(paths):
    pipeline = make_pipeline(embedder(), BinaryRelevance(LogisticRegression()))
    pipeline.fit(paths, LABELS)
    block = embedder().fit_transform(paths)
    parts = BinaryRelevance(LogisticRegression()).fit(block, LABELS)
    np.testing.assert_allclose(pipeline.predict_proba(paths), parts.predict_proba(block))
