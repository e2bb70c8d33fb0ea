"""Images in, named blocks out: the same by every route."""

import pickle

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers import IMAGES, LABELS, coloured, write
from sklearn_mlic import BinaryRelevance, ImageDescriptors
from sklearn_mlic.features import _descriptors
from sklearn_mlic.features._descriptors import DESCRIPTORS, Picture, _batch
from sklearn_mlic.images import ImageError, load_image

ALL = [*DESCRIPTORS, "visual_words"]


def describe(*names, **settings):
    small = {"image_size": 32, "n_words": 6, "random_state": 0}
    return ImageDescriptors(list(names) or None, **{**small, **settings})


@pytest.fixture
def loaded(monkeypatch):
    """The rows of each image that is read."""
    loaded, load = [], _batch.load_image

    def spy(source, size, row):
        loaded.append(row)
        return load(source, size, row)

    monkeypatch.setattr(_batch, "load_image", spy)
    return loaded


# ---- the blocks


def test_each_block_is_its_descriptor():
    model = describe().fit(IMAGES)
    block = model.transform(IMAGES)
    assert list(model.blocks_) == ALL
    assert block.dtype == np.float32
    assert block.shape == (20, model.n_features_out_)
    for row in (0, 7):
        picture = Picture(load_image(IMAGES[row], 32))
        for name, function in DESCRIPTORS.items():
            expected = function(picture).astype(np.float32)
            np.testing.assert_array_equal(block[row, model.blocks_[name]], expected)


def test_blocks_stand_side_by_side_in_the_order_asked_for():
    whole = describe().fit(IMAGES)
    block = whole.transform(IMAGES)
    model = describe("lbp", "visual_words", "hog").fit(IMAGES)
    parts = [block[:, whole.blocks_[name]] for name in ("lbp", "visual_words", "hog")]
    np.testing.assert_array_equal(model.transform(IMAGES), np.hstack(parts))
    stops = [columns.stop for columns in model.blocks_.values()]
    assert stops == [236, 242, 818]


def test_names_tell_block_and_number():
    model = describe("gabor", "visual_words").fit(IMAGES)
    names = model.get_feature_names_out()
    assert [names[0], names[47], names[48]] == ["gabor__0", "gabor__47", "visual_words__0"]
    frame = pd.DataFrame({"image": list(IMAGES)}, index=range(5, 25))
    table = clone(model).set_output(transform="pandas").fit_transform(frame)
    assert list(table.columns) == list(names)
    assert list(table.index) == list(frame.index)


def test_every_form_of_images_gives_the_same(paths):
    expected = describe().fit_transform(IMAGES)
    frame = pd.DataFrame({"caption": "", "photo": paths}, index=range(100, 120))
    pil = [Image.fromarray(pixels) for pixels in IMAGES]
    for X in (paths, np.array(paths), pd.Series(paths), pil, list(IMAGES)):
        np.testing.assert_array_equal(describe().fit_transform(X), expected)
    np.testing.assert_array_equal(describe(image="photo").fit_transform(frame), expected)


def test_an_image_is_described_alone_as_among_others():
    model = describe().fit(IMAGES)
    alone = np.vstack([model.transform(IMAGES[row : row + 1]) for row in range(4)])
    np.testing.assert_array_equal(alone, model.transform(IMAGES)[:4])


def test_jobs_and_pickling_change_nothing():
    model = describe().fit(IMAGES)
    expected = model.transform(IMAGES)
    np.testing.assert_array_equal(describe(n_jobs=2).fit_transform(IMAGES), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).transform(IMAGES), expected)


def test_patches_of_one_batch_only_wait_to_be_counted(tmp_path, monkeypatch, loaded):
    images = np.concatenate([IMAGES, 255 - IMAGES])
    model = describe("visual_words", "lbp").fit(images)
    expected = model.transform(images)
    count, counted = _descriptors.count_words, []

    def spy(*args):
        counted.append(len(loaded))
        return count(*args)

    monkeypatch.setattr(_descriptors, "count_words", spy)
    for cache in (None, tmp_path):
        loaded.clear()
        counted.clear()
        np.testing.assert_array_equal(model.set_params(cache=cache).transform(images), expected)
        assert counted == [32] * 32 + [40] * 8  # images read when each was counted
    loaded.clear()
    np.testing.assert_array_equal(model.transform(images), expected)
    assert loaded == []


def test_words_follow_the_seed():
    one, same, other = (describe("visual_words", random_state=s).fit(IMAGES) for s in (0, 0, 1))
    np.testing.assert_array_equal(one.words_, same.words_)
    assert not np.array_equal(one.words_, other.words_)
    assert not hasattr(one.set_params(descriptors=["lbp"]).fit(IMAGES), "words_")


def test_colours_are_learned_from_them():
    X, y = coloured()
    linear = BinaryRelevance(LogisticRegression())
    model = make_pipeline(describe("colour_moments"), StandardScaler(), linear)
    assert model.fit(X[:64], y[:64]).score(X[64:], y[64:]) > 0.9


# ---- the cache


@pytest.mark.parametrize("where", ["ram", "folder"])
def test_an_image_is_read_once_however_many_ask(tmp_path, paths, loaded, where):
    # The size is this test's own: the memory cache is shared by the whole process.
    cache = "ram" if where == "ram" else tmp_path / "cache"
    settings = {"cache": cache, "image_size": 34}
    expected = describe(image_size=34).fit_transform(paths)
    loaded.clear()
    model = describe(**settings).fit(paths)
    np.testing.assert_array_equal(model.transform(paths), expected)
    assert sorted(loaded) == sorted([*range(20)] * 2)  # patches for the words, then the rest
    loaded.clear()
    np.testing.assert_array_equal(
        describe(**settings).fit_transform(paths[::-1])[::-1][:, :1629], expected[:, :1629]
    )
    np.testing.assert_array_equal(
        describe("lbp", **settings).fit_transform(paths), expected[:, model.blocks_["lbp"]]
    )
    assert loaded == []


def test_another_size_misses(tmp_path, paths, loaded):
    describe("lbp", cache=tmp_path).fit_transform(paths)
    loaded.clear()
    block = describe("lbp", cache=tmp_path, image_size=40).fit_transform(paths)
    assert len(loaded) == 20
    np.testing.assert_array_equal(block, describe("lbp", image_size=40).fit_transform(paths))


def test_what_was_done_before_a_kill_is_kept(tmp_path, monkeypatch, loaded):
    images = np.concatenate([IMAGES, 255 - IMAGES])  # two batches
    model = describe("lbp", cache=tmp_path).fit(images)
    load = _batch.load_image

    def killed(source, size, row):
        if row == 35:
            raise KeyboardInterrupt
        return load(source, size, row)

    with monkeypatch.context() as patch:
        patch.setattr(_batch, "load_image", killed)
        with pytest.raises(KeyboardInterrupt):
            model.transform(images)
    loaded.clear()
    np.testing.assert_array_equal(model.transform(images), describe("lbp").fit_transform(images))
    assert loaded[:8] == list(range(32, 40))


# ---- what is refused


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"descriptors": "hog"}, r"descriptors='hog'; expected a list of names, such as"),
        ({"descriptors": []}, "or None for all"),
        ({"descriptors": ["hgo"]}, "Unknown descriptor 'hgo'. Did you mean 'hog'"),
        ({"descriptors": ["hog", "hog"]}, "expected each descriptor once"),
        ({"image_size": 16}, "image_size=16; expected a whole number of 32 or more"),
        ({"n_words": 0}, "n_words=0"),
        ({"n_words": 500}, r"n_words=500, but the 20 image\(s\) have 180 patches"),
        ({"cache": "ramm"}, 'did you mean "ram"'),
    ],
)
def test_bad_settings_are_named(settings, words):
    with pytest.raises(ValueError, match=words):
        describe().set_params(**settings).fit(IMAGES)


def test_numbers_are_no_images():
    with pytest.raises(ValueError, match="ImageDescriptors takes images .* table of numbers of"):
        describe().fit(np.zeros((4, 3)))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_bad_image_names_row_and_file(tmp_path, paths, n_jobs):
    bad = str(write(tmp_path / "bad.png", b"nothing"))
    model = describe("lbp", n_jobs=n_jobs).fit(paths)
    with pytest.raises(ImageError, match=r"Row 7, '.*bad\.png': its content is not an image"):
        model.transform([*paths[:7], bad, *paths[7:]])


def test_labels_are_ignored():
    np.testing.assert_array_equal(
        describe().fit(IMAGES, LABELS).transform(IMAGES), describe().fit_transform(IMAGES)
    )
