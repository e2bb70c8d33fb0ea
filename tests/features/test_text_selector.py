"""Text out of a DataFrame: the form that vectorisers take, missing text and all."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from sklearn_mlic import BinaryRelevance, CharNgramCounter, TextSelector, make_multilabel_images

FILMS = pd.DataFrame(
    {
        "title": ["Alien", " ", None, "Heat"],
        "tags": ["space", "war", np.nan, pd.NA],
        "year": [1979, 1980, 1981, 1995],
    }
)


def test_one_column_is_its_texts():
    texts = TextSelector("tags").fit_transform(FILMS)
    assert texts.tolist() == ["space", "war", "", ""]
    assert texts.dtype == object
    assert texts.shape == (4,)


def test_several_columns_are_lines_in_the_order_asked_for():
    assert TextSelector(["title", "tags"]).transform(FILMS).tolist() == [
        "Alien\nspace", "war", "", "Heat",
    ]  # fmt: skip
    swapped = TextSelector(["tags", "title"]).transform(FILMS)
    assert swapped.tolist() == ["space\nAlien", "war", "", "Heat"]
    for alone in ("title", ["title"]):
        np.testing.assert_array_equal(
            TextSelector(alone).transform(FILMS), ["Alien", "", "", "Heat"]
        )


TEXTS = ["a cat", None, " ", "two dogs"]
FORMS = {
    "list": TEXTS,
    "tuple": tuple(TEXTS),
    "Series": pd.Series(TEXTS, index=[5, 6, 7, 8]),
    "array": np.array(TEXTS, dtype=object),
    "a column of an array": np.array(TEXTS, dtype=object)[:, None],
    "DataFrame": pd.DataFrame({"text": TEXTS}, index=[5, 6, 7, 8]),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_of_texts_gives_the_same(form):
    assert TextSelector().fit_transform(form).tolist() == ["a cat", "", "", "two dogs"]


def test_nothing_is_learned_and_nothing_is_changed():
    before = FILMS.copy()
    selector = TextSelector(["title", "tags"])
    expected = selector.transform(FILMS)
    check_is_fitted(selector)
    np.testing.assert_array_equal(clone(selector).fit(FILMS[:1]).transform(FILMS), expected)
    pd.testing.assert_frame_equal(FILMS, before)


def test_it_says_that_it_takes_text():
    tags = get_tags(TextSelector()).input_tags
    assert tags.string
    assert not tags.two_d_array


@pytest.mark.parametrize("vectorizer", [TfidfVectorizer(), CharNgramCounter(2)])
def test_vectorisers_take_it_and_searches_reach_it(vectorizer):
    bunch = make_multilabel_images(n_samples=60, image_size=32, n_labels=3, random_state=0)
    X = bunch.data.assign(title="a drawing")
    X.loc[::5, "caption"] = None
    logistic = BinaryRelevance(LogisticRegression())
    model = make_pipeline(TextSelector("caption"), vectorizer, logistic)
    columns = {"textselector__text": ["caption", ["title", "caption"]]}
    search = GridSearchCV(model, columns, cv=2, scoring="average_precision")
    search.fit(X, bunch.target.to_numpy())
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


BAD = [
    ("plot", FILMS, ValueError, "X has no column 'plot'; its columns are 'title', 'tags', 'year'"),
    (["title", "plot"], FILMS, ValueError, "no column 'plot'.*Set `text`"),
    ("year", FILMS, TypeError, "Row 0 of the text column is of type int"),
    ([], FILMS, ValueError, r"text=\[\] names no column; name one or more"),
    ("text", "a cat", TypeError, "X is a single str"),
    ("text", [], ValueError, "X is empty"),
    ("text", np.zeros((2, 2), dtype=object), ValueError, "expected one text a row"),
]


@pytest.mark.parametrize(("text", "X", "error", "message"), BAD)
def test_what_is_no_text_is_named(text, X, error, message):
    with pytest.raises(error, match=message):
        TextSelector(text).fit(X)
