"""ImageClassifier learns, stops, repeats itself, takes what users pass, and says what is wrong."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score

from helpers import classifier, coloured, write
from sklearn_mlic.images import ImageError
from sklearn_mlic.metrics import mean_average_precision

X, Y = coloured(24)


@pytest.fixture
def paths(tmp_path):
    paths = [tmp_path / f"{row:02}.png" for row in range(len(X))]
    for path, pixels in zip(paths, X, strict=True):
        Image.fromarray(pixels).save(path)
    return [str(path) for path in paths]


def with_bad(paths, tmp_path, rows=(5,)):
    paths = list(paths)
    for row in rows:
        paths[row] = str(write(tmp_path / f"bad{row}.jpg", b"not a picture"))
    return paths


# ---- learning


@pytest.mark.parametrize("backbone", ["test_resnet", "test_vit"])
def test_it_learns_an_easy_task(backbone):
    model = classifier(backbone=backbone, max_epochs=6, lr=0.003).fit(*coloured())
    images, y = coloured(seed=1)
    assert mean_average_precision(y, model.predict_proba(images)) > 0.9
    losses = model.history_["train_loss"]
    assert losses.iloc[-1] < losses.iloc[0]


def test_the_history_tells_each_epoch():
    history = classifier(max_epochs=3).fit(X, Y).history_
    assert history["epoch"].tolist() == [1, 2, 3]
    assert {"epoch", "lr", "train_loss", "dur"} <= set(history)
    assert np.isfinite(history.to_numpy(float)).all()


def test_feature_vectors_train_the_head_alone():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(80, 5))
    y = (features[:, :2] > 0).astype(int)
    model = classifier(max_epochs=30, lr=0.05).fit(features, y)
    assert model.n_features_in_ == 5
    assert sum(p.numel() for p in model.net_.module_.parameters()) == 5 * 2 + 2
    assert mean_average_precision(y, model.predict_proba(features)) > 0.95


# ---- bad images


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_bad_image_names_row_and_file(paths, tmp_path, n_jobs):
    bad = with_bad(paths, tmp_path)
    words = r"(?s)Row 5, '.*bad5\.jpg': its content is not an image"
    with pytest.raises(ImageError, match=words):
        classifier(n_jobs=n_jobs).fit(bad, Y)
    model = classifier(n_jobs=n_jobs).fit(paths, Y)
    with pytest.raises(ImageError, match=words):
        model.predict(bad)


def test_skip_leaves_bad_rows_out_and_lists_them(paths, tmp_path):
    bad = with_bad(paths, tmp_path, rows=(3, 7))
    words = r"(?s)Left out 2 of 24 rows.*Row 3, '.*bad3\.jpg'.*Row 7, '.*bad7\.jpg'"
    with pytest.warns(UserWarning, match=words):
        model = classifier(on_error="skip").fit(bad, Y)
    kept = np.setdiff1d(np.arange(24), [3, 7])
    expected = classifier().fit([paths[row] for row in kept], Y[kept])
    np.testing.assert_array_equal(model.predict_proba(paths), expected.predict_proba(paths))
    with pytest.raises(ImageError, match="Row 3"):
        model.predict(bad)


def test_skip_with_nothing_to_skip_is_silent(paths):
    expected = classifier().fit(paths, Y).predict_proba(paths)
    model = classifier(on_error="skip").fit(paths, Y)
    np.testing.assert_array_equal(model.predict_proba(paths), expected)


def test_skip_with_nothing_left(paths, tmp_path):
    bad = with_bad(paths, tmp_path, rows=range(24))
    with pytest.raises(ValueError, match=r"(?s)None of the 24 images can be read:.*Row 23"):
        classifier(on_error="skip").fit(bad, Y)


def test_every_kind_of_file_trains_together(tmp_path):
    rgb = Image.fromarray(X[0])
    deep = Image.fromarray(np.linspace(0, 65535, 600).astype(np.uint16).reshape(20, 30))
    pictures = {
        "one.png": rgb.resize((1, 1)),
        "wide.png": rgb.resize((2000, 3)),
        "grey.png": rgb.convert("L"),
        "palette.png": rgb.quantize(8),
        "alpha.png": rgb.convert("RGBA"),
        "print.jpg": rgb.convert("CMYK"),
        "deep.png": deep,
        "bilevel.png": rgb.convert("1"),
    }
    for name, picture in pictures.items():
        picture.save(tmp_path / name)
    files = [tmp_path / name for name in pictures]
    y_prob = classifier().fit(files, Y[: len(files)]).predict_proba(files)
    assert y_prob.shape == (len(files), 3)
    assert np.isfinite(y_prob).all()


# ---- the form of X


def test_prediction_takes_what_fit_took():
    features = np.zeros((24, 4))
    images, numbers = classifier().fit(X, Y), classifier().fit(features, Y)
    with pytest.raises(ValueError, match="fitted on images and is given feature vectors"):
        images.predict(features)
    with pytest.raises(ValueError, match="fitted on feature vectors and is given images"):
        numbers.predict(X)
    with pytest.raises(ValueError, match="X has 3 features, but ImageClassifier is expecting 4"):
        numbers.predict(features[:, :3])


def test_a_frame_is_read_by_its_named_column(paths):
    frame = pd.DataFrame({"photo": paths, "caption": "a scene", "width": 24})
    model = classifier(image="photo").fit(frame, Y)
    expected = model.predict_proba(frame)
    for other in (frame[["width", "caption", "photo"]], frame[["photo"]], frame.assign(more=1)):
        np.testing.assert_array_equal(model.predict_proba(other), expected)
    np.testing.assert_array_equal(model.predict_proba(paths), expected)
    for call in (model.predict, lambda X: classifier().fit(X, Y)):
        with pytest.raises(ValueError, match=r"X has no column '(photo|image)'; its columns are"):
            call(frame.rename(columns={"photo": "picture"}))


@pytest.mark.parametrize(
    "empty", [[], np.zeros((0, 8, 8, 3), np.uint8), pd.DataFrame({"image": []})]
)
def test_empty_X(empty):
    with pytest.raises(ValueError, match="is empty"):
        classifier().fit(empty, np.zeros((0, 3)))
    model = classifier().fit(X, Y)
    with pytest.raises(ValueError, match="X is empty"):
        model.predict(empty)


def test_labels_and_rows_must_match():
    with pytest.raises(ValueError, match="X has 24 rows and y has 23"):
        classifier().fit(X, Y[:-1])


# ---- randomness and processes


@pytest.mark.parametrize(
    "settings", [{}, {"early_stopping": True}, {"backbone": "test_vit"}], ids=str
)
def test_one_seed_one_result_and_the_global_generator_is_left_alone(settings):
    before = torch.random.get_rng_state()
    first = classifier(**settings).fit(X, Y).predict_proba(X)
    torch.rand(3)
    torch.random.set_rng_state(before)
    second = classifier(**settings).fit(X, Y).predict_proba(X)
    assert torch.equal(torch.random.get_rng_state(), before)
    np.testing.assert_array_equal(first, second)
    other = (
        classifier(
            **settings,
        )
        .set_params(random_state=1)
        .fit(X, Y)
        .predict_proba(X)
    )
    assert not np.array_equal(first, other)


def test_workers_change_nothing(paths):
    """Rows and augmentation of a batch follow from the seed, not from who makes it."""
    settings = {"augmentation": "light", "batch_size": 8}
    expected = classifier(**settings).fit(paths, Y).predict_proba(paths)
    model = classifier(**settings, n_jobs=2).fit(paths, Y)
    np.testing.assert_array_equal(model.predict_proba(paths), expected)


def test_cross_validation(paths):
    scores = cross_val_score(classifier(), paths, Y, cv=2, scoring="average_precision")
    assert scores.shape == (2,)
    assert np.isfinite(scores).all()


# ---- what it prints


def test_verbose_prints_to_the_standard_error_only(capsys):
    classifier().fit(X, Y).predict(X)
    assert capsys.readouterr() == ("", "")
    classifier(verbose=1, early_stopping=True).fit(X, Y).predict(X)
    out, err = capsys.readouterr()
    assert out == ""
    assert "epoch 2/2" in err
    assert "valid mAP" in err
    assert "Predicting" in err


def test_a_failed_fit_leaves_no_bar_behind(paths, tmp_path, capsys):
    model = classifier(verbose=1)
    with pytest.raises(ImageError, match="Row 5"):
        model.fit(with_bad(paths, tmp_path), Y)
    # rich allows one live display at a time: a bar left behind would make this fit fail.
    model.fit(paths, Y)
    assert "epoch 2/2" in capsys.readouterr().err


@pytest.mark.parametrize(
    "settings", [{"backbone": "nothing"}, {"net_params": {"oops": 1}}], ids=str
)
def test_a_failed_fit_leaves_nothing_of_an_earlier_one(settings):
    model = classifier().fit(X, Y)
    with pytest.raises((ValueError, TypeError), match="nothing|oops"):
        model.set_params(**settings).fit(X, Y[:, :2])
    with pytest.raises(NotFittedError, match="not fitted"):
        model.predict_proba(X)


def test_a_last_batch_of_one_row_does_no_harm():
    model = classifier(batch_size=len(X) - 1).fit(X, Y)
    assert np.isfinite(model.predict_proba(X)).all()


def test_a_diverged_training_is_an_error():
    with pytest.raises(ValueError, match=r"Training diverged: the loss is (nan|inf).*lr=1e\+30"):
        classifier(lr=1e30, max_epochs=3).fit(X, Y)


@pytest.mark.parametrize("settings", [{"max_epochs": 0}, {"batch_size": 0}])
def test_nothing_to_train_is_an_error(settings):
    with pytest.raises(ValueError, match="expected a whole number of 1 or more"):
        classifier(**settings).fit(X, Y)
