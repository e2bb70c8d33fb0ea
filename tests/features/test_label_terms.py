"""Terms of each label: means that can be worked out by hand, and what is left out."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.preprocessing import FunctionTransformer

from sklearn_mlic import make_multilabel_images
from sklearn_mlic.features import top_terms_per_label

TEXTS = ["A cat sat", "the Cat and a dog", "dog", "a house", "house cat"]
Y = pd.DataFrame({"cat": [1, 1, 0, 0, 1], "dog": [0, 1, 1, 0, 0], "eel": 0})
COUNTS = CountVectorizer(stop_words="english")
SCENES = make_multilabel_images(n_samples=60, image_size=32, n_labels=4)
CAPTIONS = SCENES.data["caption"]


def terms_of(table, label):
    return table.loc[table["label"] == label, "term"].tolist()


def test_means_by_hand():
    table = top_terms_per_label(TEXTS, Y, vectorizer=COUNTS)
    wanted = [
        ("cat", "cat", 1, 1, 0, 3),
        ("cat", "sat", 1 / 3, 1 / 3, 0, 1),
        ("dog", "dog", 1, 1, 0, 2),
    ]
    columns = ["label", "term", "difference", "with_label", "without_label", "n_rows"]
    pd.testing.assert_frame_equal(table, pd.DataFrame(wanted, columns=columns), check_dtype=False)


def test_the_mean_alone_lists_what_is_common_everywhere():
    table = top_terms_per_label(TEXTS, Y, by="with_label", vectorizer=COUNTS)
    assert terms_of(table, "cat") == ["cat", "dog", "house", "sat"]
    assert terms_of(table, "dog") == ["dog", "cat"]


@pytest.mark.parametrize("by", ["difference", "with_label"])
def test_the_numbers_are_means_of_tf_idf(by):
    table = top_terms_per_label(CAPTIONS, SCENES.target, n_terms=None, by=by)
    vectorizer = TfidfVectorizer(stop_words="english")
    weights = vectorizer.fit_transform(CAPTIONS).toarray()
    for label, part in table.groupby("label"):
        columns = [vectorizer.vocabulary_[term] for term in part["term"]]
        has = (SCENES.target[label] == 1).to_numpy()
        np.testing.assert_allclose(part["with_label"], weights[has][:, columns].mean(axis=0))
        np.testing.assert_allclose(part["without_label"], weights[~has][:, columns].mean(axis=0))
        np.testing.assert_allclose(part["difference"], part["with_label"] - part["without_label"])
        np.testing.assert_array_equal(part["n_rows"], (weights[has][:, columns] > 0).sum(axis=0))
        assert part[by].is_monotonic_decreasing
        assert (part[by] > 0).all()


def test_case_and_stop_words_do_not_count():
    shouted = CAPTIONS.str.upper() + " the and with"
    pd.testing.assert_frame_equal(
        top_terms_per_label(shouted, SCENES.target), top_terms_per_label(CAPTIONS, SCENES.target)
    )


def test_fewer_terms_are_the_first_of_more():
    full = top_terms_per_label(CAPTIONS, SCENES.target, n_terms=None)
    few = top_terms_per_label(CAPTIONS, SCENES.target, n_terms=2)
    pd.testing.assert_frame_equal(few, full.groupby("label").head(2).reset_index(drop=True))


def test_unknown_rows_are_left_out_for_their_label():
    y = Y.astype(float)
    y.loc[4, "cat"] = np.nan
    ours = top_terms_per_label(TEXTS, y, n_terms=None, vectorizer=COUNTS)
    # The vectoriser learns nothing but words here, so rows may be dropped beforehand.
    known = [0, 1, 2, 3]
    vectorizer = CountVectorizer(vocabulary=COUNTS.fit(TEXTS).vocabulary_)
    wanted = top_terms_per_label(
        [TEXTS[i] for i in known], Y.loc[known, ["cat"]], n_terms=None, vectorizer=vectorizer
    )
    ours = ours[ours["label"] == "cat"]
    pd.testing.assert_frame_equal(ours.reset_index(drop=True), wanted, check_dtype=False)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, "", "  "])
def test_missing_text_is_a_text_without_terms(missing):
    texts = pd.Series([*TEXTS[:4], missing], dtype=object)
    table = top_terms_per_label(texts, Y, vectorizer=COUNTS)
    assert table.loc[0, ["term", "with_label", "n_rows"]].tolist() == ["cat", 2 / 3, 2]


def test_a_label_on_in_all_rows_has_nothing_that_tells_it_from_the_rest():
    y = np.ones((5, 1))
    assert top_terms_per_label(TEXTS, y).empty
    table = top_terms_per_label(TEXTS, y, by="with_label")
    assert terms_of(table, "label_0")[0] == "cat"
    assert table["difference"].isna().all()


def test_a_label_without_a_positive_has_no_terms():
    assert "eel" not in set(top_terms_per_label(TEXTS, Y)["label"])
    nothing = top_terms_per_label(TEXTS, np.zeros((5, 2)))
    assert nothing.empty
    assert list(nothing.columns[:3]) == ["label", "term", "difference"]


@pytest.mark.parametrize(
    "form",
    [np.asarray, sparse.csr_array, lambda y: y.to_numpy().tolist()],
    ids=["array", "sparse", "lists"],
)
def test_forms_of_text_and_labels_agree(form):
    wanted = top_terms_per_label(TEXTS, Y)
    ours = top_terms_per_label(
        pd.DataFrame({"text": TEXTS}), form(Y), label_names=["cat", "dog", "eel"]
    )
    pd.testing.assert_frame_equal(ours, wanted)


def test_another_vectoriser_stands_in_and_stays_as_it_is():
    letters = CountVectorizer(analyzer="char", ngram_range=(2, 2))
    table = top_terms_per_label(TEXTS, Y, vectorizer=letters)
    assert {"do", "og"} <= set(table.loc[table["difference"] == 1, "term"])
    assert not hasattr(letters, "vocabulary_")


def test_dense_weights_are_taken():
    class Dense(CountVectorizer):
        def fit_transform(self, texts, y=None):
            return super().fit_transform(texts).toarray()

    pd.testing.assert_frame_equal(
        top_terms_per_label(TEXTS, Y, vectorizer=Dense(stop_words="english")),
        top_terms_per_label(TEXTS, Y, vectorizer=COUNTS),
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_terms": 0}, "n_terms=0; expected a whole number of 1 or more"),
        ({"by": "diference"}, "Unknown value of by 'diference'. Did you mean 'difference'"),
        ({"text": TEXTS[:3]}, "X has 3 rows and y has 5"),
        ({"text": [None, ""] * 2 + [" "]}, "None of the 5 rows has text"),
        ({"label_names": ["a"]}, "label_names has 1 names for 3 labels"),
        ({"y": Y + 1}, "not 0 or 1, the first in row 0"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        top_terms_per_label(**{"text": TEXTS, "y": Y, **settings})


@pytest.mark.parametrize("vectorizer", [HashingVectorizer(), FunctionTransformer()])
def test_a_vectoriser_without_names(vectorizer):
    with pytest.raises(TypeError, match="does not name its columns. Expected one with get_feature"):
        top_terms_per_label(TEXTS, Y, vectorizer=vectorizer)
