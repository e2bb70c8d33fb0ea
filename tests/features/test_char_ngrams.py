"""The counts of letter n-grams are those that a loop over the letters gives."""

import pickle
from string import ascii_lowercase

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline, make_union

from sklearn_mlic import BinaryRelevance, CharNgramCounter

TEXTS = [
    "A cat",
    "Two dogs, on a SOFA at 10 o'clock!",
    "",
    "Zebra zebra zebra",
    "by",
    "naïve café",
]
MISSING = [None, np.nan, "  \n", "", "12 %", "猫"]


def positions(counts):
    """Column: value of the first row."""
    row = counts[[0]].tocoo()
    return dict(zip(row.col.tolist(), row.data.tolist(), strict=True))


def loop(text, n):
    """The joined rule, letter by letter, for plain text."""
    letters = [c for c in text.lower() if c in ascii_lowercase]
    counts = np.zeros(26**n, np.float32)
    for start in range(len(letters) - n + 1):
        index = 0
        for letter in letters[start : start + n]:
            index = 26 * index + ascii_lowercase.index(letter)
        counts[index] += 1
    return counts


def test_the_published_examples():
    assert positions(CharNgramCounter(n=3).transform(["A cat"])) == {52: 1, 1371: 1}
    assert positions(CharNgramCounter(n=2).transform(["A cat"])) == {2: 1, 52: 1, 19: 1}
    assert CharNgramCounter(n=3).transform(["A cat"]).shape[1] + 128 == 17_704


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_it_is_a_loop_over_the_letters(n):
    texts = TEXTS[:-1]  # the last has accents
    counts = CharNgramCounter(n=n).fit_transform(texts)
    assert sparse.issparse(counts)
    assert counts.format == "csr"
    assert counts.dtype == np.float32
    np.testing.assert_array_equal(counts.toarray(), [loop(text, n) for text in texts])
    assert counts.has_sorted_indices


@pytest.mark.parametrize("n", [1, 2, 3])
def test_names_follow_the_columns(n):
    names = CharNgramCounter(n=n).get_feature_names_out()
    assert len(set(names)) == len(names) == 26**n
    assert list(names) == sorted(names)
    for name in names[:: 26**n // 13]:
        counts = CharNgramCounter(n=n).transform([name])
        assert names[counts.indices].tolist() == [name]


def test_words_alone_have_no_ngram_across_them():
    joined, word = (CharNgramCounter(n=2, boundary=b) for b in ("joined", "word"))
    names = joined.get_feature_names_out()
    text = ["it's by-\nand"]
    assert sorted(names[word.transform(text).indices]) == ["an", "by", "it", "nd"]
    assert joined.transform(text).sum() == len("itsbyand") - 1
    # Of one word both are the same, and single letters have no boundary.
    for one in (["zebra"], ["Ampère"]):
        assert (joined.transform(one) != word.transform(one)).nnz == 0
    single = [CharNgramCounter(n=1, boundary=b).transform(TEXTS) for b in ("joined", "word")]
    assert (single[0] != single[1]).nnz == 0


@pytest.mark.parametrize(
    ("text", "plain"),
    [("Café", "cafe"), ("cafe\u0301", "cafe"), ("STRASSE", "straße"), ("ﬁn", "fin"), ("İ", "i")],
)
def test_accents_are_folded(text, plain):
    counter = CharNgramCounter(n=1)
    assert (counter.transform([text]) != counter.transform([plain])).nnz == 0


@pytest.mark.parametrize("norm", [None, "l1", "l2", "log1p"])
def test_norms(norm):
    plain = CharNgramCounter().transform(TEXTS).toarray()
    counts = CharNgramCounter(norm=norm).transform(TEXTS)
    assert counts.dtype == np.float32
    dense = counts.toarray()
    assert ((dense > 0) == (plain > 0)).all()
    has_ngrams = plain.any(axis=1)
    if norm == "log1p":
        np.testing.assert_allclose(np.expm1(dense), plain, rtol=1e-6)
    elif norm:
        lengths = np.linalg.norm(dense, ord={"l1": 1, "l2": 2}[norm], axis=1)
        np.testing.assert_allclose(lengths, has_ngrams, rtol=1e-6)


@pytest.mark.parametrize("norm", [None, "l1", "l2", "log1p"])
def test_missing_text_is_a_row_of_zeros(norm):
    counts = CharNgramCounter(norm=norm).fit_transform([*MISSING, "cat"])
    assert counts.getnnz(axis=1).tolist() == [0] * len(MISSING) + [1]
    assert CharNgramCounter(norm=norm).fit_transform(MISSING).nnz == 0


def test_every_form_of_a_column_gives_the_same():
    expected = CharNgramCounter().fit_transform(TEXTS)
    series = pd.Series(TEXTS, index=range(10, 16))
    for X in (tuple(TEXTS), np.array(TEXTS), series, series.to_frame()):
        assert (CharNgramCounter().fit_transform(X) != expected).nnz == 0


def test_nothing_is_learned():
    counter = CharNgramCounter(n=2)
    before = counter.transform(TEXTS)
    assert (counter.fit(["another"]).transform(TEXTS) != before).nnz == 0
    assert (clone(counter).transform(TEXTS) != before).nnz == 0
    assert (pickle.loads(pickle.dumps(counter)).transform(TEXTS) != before).nnz == 0


def test_among_scikit_learns_things():
    frame = pd.DataFrame({"caption": TEXTS, "width": np.arange(6.0)})
    columns = ColumnTransformer(
        [("text", CharNgramCounter(n=2), "caption")], remainder="passthrough"
    )
    table = columns.fit_transform(frame)
    assert sparse.issparse(table)
    assert table.shape == (6, 677)
    assert list(columns.get_feature_names_out()[[0, 675, 676]]) == [
        "text__aa",
        "text__zz",
        "remainder__width",
    ]
    union = make_union(CharNgramCounter(n=1), CharNgramCounter(n=2, norm="l2"))
    assert union.fit_transform(TEXTS).shape == (6, 702)
    y = np.array([[1, 0], [0, 1]] * 3)
    pipeline = make_pipeline(CharNgramCounter(n=1), BinaryRelevance(LogisticRegression()))
    grid = {"charngramcounter__n": [1, 2], "charngramcounter__norm": [None, "log1p"]}
    search = GridSearchCV(pipeline, grid, cv=2, scoring="average_precision").fit(TEXTS, y)
    assert search.predict(TEXTS).shape == y.shape


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n": 0}, r"n=0; expected a whole number from 1 to 4.*26\*\*n columns"),
        ({"n": 5}, r"n=5; .*TfidfVectorizer"),
        ({"n": 2.0}, r"n=2\.0; expected a whole number"),
        ({"boundary": "words"}, r"Unknown boundary 'words'\. Did you mean 'word'"),
        ({"norm": "l3"}, r"Unknown norm 'l3'.* 'l1', 'l2', 'log1p'"),
    ],
)
def test_bad_settings(settings, words):
    with pytest.raises(ValueError, match=words):
        CharNgramCounter(**settings).fit(TEXTS)
    with pytest.raises(ValueError, match=words):
        CharNgramCounter(**settings).transform(TEXTS)


@pytest.mark.parametrize(
    ("X", "words"),
    [
        ("a cat", r"single str.*Pass \[X\]"),
        ([1.0, 2.0], r"Row 0 of the text column is of type float"),
        (np.zeros((2, 3)), r"array of shape \(2, 3\)"),
        ([], "X is empty"),
    ],
)
def test_what_is_no_text(X, words):
    with pytest.raises((TypeError, ValueError), match=words):
        CharNgramCounter().fit(X)
