"""What the contract hands to an estimator: named columns, rows without a side, labels to learn."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_mlic import BinaryRelevance, ImageEmbedder, ImageTextClassifier, TextSelector
from sklearn_mlic.metrics import mean_average_precision
from sklearn_mlic.utils.estimator_checks import make_data, takes_images


@pytest.mark.parametrize("text", ["words", ["title", "tags"]])
def test_columns_go_by_the_estimators_names_and_rows_lack_either_side(text):
    X, y = make_data(ImageTextClassifier(image="photo", text=text))
    names = [text] if isinstance(text, str) else text
    assert list(X.columns) == ["photo", *names]
    no_image, no_text = X["photo"].isna(), X[names].isna().all(axis=1)
    assert 0 < no_image.sum() < len(X) / 4
    assert 0 < no_text.sum() < len(X) / 4
    assert not (no_image & no_text).any()
    assert not (no_image | no_text)[:2].any()
    np.testing.assert_array_equal(y, make_data(ImageEmbedder())[1])


@pytest.mark.parametrize("text", ["words", ["title", "tags"]])
def test_the_words_tell_the_labels(text):
    X, y = make_data(ImageTextClassifier(text=text, image=None), n_samples=120)
    assert "image" not in X
    probe = BinaryRelevance(LogisticRegression())
    model = make_pipeline(TextSelector(text), CountVectorizer(), probe).fit(X[:80], y[:80])
    assert mean_average_precision(y[80:], model.predict_proba(X[80:])) > 0.8


def test_a_side_that_is_switched_off_is_not_made():
    assert not takes_images(ImageTextClassifier(image=None))
    images, _ = make_data(ImageTextClassifier(text=None))
    np.testing.assert_array_equal(images, make_data(ImageEmbedder())[0])
