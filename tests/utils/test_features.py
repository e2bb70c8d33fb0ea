"""Numbers pass as scikit-learn passes them; images, paths and text meet words that help."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import sparse
from sklearn.base import BaseEstimator

from sklearn_mlic.utils._features import check_features

NUMBERS = np.arange(6.0).reshape(3, 2)
PICTURES = np.zeros((3, 4, 4, 3), np.uint8)
PIL_IMAGES = [Image.fromarray(picture) for picture in PICTURES]


class Method(BaseEstimator):
    allow_nan = False

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.allow_nan
        return tags


class NanMethod(Method):
    allow_nan = True


def check(X, method=Method):
    return check_features(method(), X, reset=True)


@pytest.mark.parametrize("form", [np.asarray, np.ndarray.tolist, pd.DataFrame, np.float32])
def test_numbers_pass(form):
    np.testing.assert_array_equal(check(form(NUMBERS)), NUMBERS)


@pytest.mark.parametrize("form", [sparse.csr_matrix, sparse.csc_array, sparse.coo_array])
def test_sparse_becomes_csr(form):
    checked = check(form(NUMBERS))
    assert checked.format == "csr"
    np.testing.assert_array_equal(checked.toarray(), NUMBERS)


def test_features_are_counted_named_and_compared():
    method = Method()
    check_features(method, pd.DataFrame(NUMBERS, columns=["a", "b"]), reset=True)
    assert method.n_features_in_ == 2
    assert list(method.feature_names_in_) == ["a", "b"]
    with pytest.raises(ValueError, match="feature names should match"):
        check_features(method, pd.DataFrame(NUMBERS, columns=["a", "c"]), reset=False)
    check_features(method, NUMBERS, reset=True)
    with pytest.raises(ValueError, match="expecting 2 features"):
        check_features(method, NUMBERS[:, :1], reset=False)


def test_sparse_is_refused_on_request():
    with pytest.raises(TypeError, match="dense data is required"):
        check_features(Method(), sparse.csr_array(NUMBERS), reset=True, accept_sparse=False)


def test_nan_passes_where_the_tags_say_so():
    X = np.where(NUMBERS == 3, np.nan, NUMBERS)
    np.testing.assert_array_equal(check(X, NanMethod), X)
    with pytest.raises(ValueError, match="contains NaN"):
        check(X)


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (["a.jpg", "b.jpg"], "a list of text or paths"),
        (np.array(["a.jpg", "b.jpg"]), "a ndarray of text or paths"),
        (pd.Series(["a.jpg", "b.jpg"]), "a Series of text or paths"),
        ([["a.jpg"], ["b.jpg"]], "a list of text or paths"),
        ([Path("a.jpg"), Path("b.jpg")], "a list of paths"),
        (PIL_IMAGES, "a list of images"),
        ([*PIL_IMAGES, Image.new("RGB", (5, 2))], "a list of images"),
        (list(PICTURES), "a list of images"),
        (PICTURES, r"an array of shape \(3, 4, 4, 3\) and dtype uint8"),
        (
            pd.DataFrame({"n": [1, 2], "image": ["a.jpg", "b.jpg"]}),
            "a DataFrame whose column 'image'",
        ),
        (pd.DataFrame({"image": PIL_IMAGES}), "a DataFrame whose column 'image' holds images"),
    ],
)
def test_images_and_text_are_told_what_to_put_in_front(X, words):
    with pytest.raises(ValueError, match=f"X is {words}.*Method computes.*ImageEmbedder"):
        check(X)


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (NUMBERS[0], "Reshape your data"),
        (NUMBERS + 1j, "Complex data not supported"),
        (NUMBERS[:0], "0 sample"),
        (pd.DataFrame(NUMBERS[:0]), "0 sample"),
        (NUMBERS[:, :0], "0 feature"),
        ([], "Reshape your data"),
        (7, "scalar array"),
        (sparse.csr_array(np.where(NUMBERS > 4, np.inf, 0)), "infinity"),
    ],
)
def test_other_disorder_is_scikit_learns_error(X, words):
    with pytest.raises(ValueError, match=words):
        check(X)
