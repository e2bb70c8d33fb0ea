"""Images in, vectors out: the same by every route."""

import pickle
import sqlite3

import numpy as np
import pandas as pd
import pytest
import timm
import torch
from PIL import Image
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline

from helpers import IMAGES, LABELS, embedder, write
from sklearn_mlic import BinaryRelevance, ThresholdCalibrator
from sklearn_mlic.images import ImageError

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
    with sqlite3.connect(tmp_path / "cache" / "arrays.sqlite") as connection:
        (n_vectors,) = connection.execute("SELECT count(*) FROM arrays").fetchone()
    connection.close()
    assert n_vectors == 2 * len(paths)  # each image once a pool, over all folds and trials


@pytest.mark.parametrize("X", [np.zeros((4, 3)), [[1.0, 2.0]], pd.DataFrame({"a": [1.0]})])
def test_numbers_are_no_images(X):
    with pytest.raises(
        ValueError, match=r"ImageEmbedder takes images .* table of numbers of shape"
    ):
        embedder().fit(X)


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
