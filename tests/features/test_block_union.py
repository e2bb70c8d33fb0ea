"""Transformers side by side: scikit-learn's numbers, and whose columns they are."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from helpers import IMAGES, LABELS, embedder
from sklearn_mlic import (
    BinaryRelevance,
    BlockFusion,
    BlockUnion,
    CharNgramCounter,
    ImageDescriptors,
    ModalityChain,
    TextSelector,
)
from sklearn_mlic.utils._blocks import resolve_blocks

X = np.random.default_rng(0).normal(size=(20, 5))
FRAME = pd.DataFrame(X, columns=list("vwxyz"), index=range(100, 120))
SIDES = [("a", StandardScaler(), slice(0, 2)), ("b", MinMaxScaler(), [4, 2, 3])]
WORDS = ["cat dog", "bird", "dog", None] * 5
MIXED = pd.DataFrame({"image": list(IMAGES), "text": WORDS, "year": X[:, 0]}, index=FRAME.index)
LINEAR = BinaryRelevance(LogisticRegression())


def mixed_union(**settings):
    return BlockUnion(
        [
            ("looks", ImageDescriptors(["lbp", "gabor"], image_size=32), "image"),
            ("net", embedder(), ["image"]),
            ("text", make_pipeline(TextSelector(), CountVectorizer()), "text"),
            ("year", StandardScaler(), ["year"]),
        ],
        **settings,
    )


# ---- the numbers


def test_the_numbers_are_those_of_a_column_transformer():
    expected = ColumnTransformer(SIDES).fit(X)
    union = BlockUnion(SIDES).fit(X)
    np.testing.assert_array_equal(union.transform(X), expected.transform(X))
    assert union.blocks_ == {n: expected.output_indices_[n] for n in ("a", "b")}


def test_without_columns_it_is_a_feature_union():
    pairs = [("a", StandardScaler()), ("b", PCA(2))]
    expected = FeatureUnion(pairs).fit_transform(X)
    np.testing.assert_array_equal(BlockUnion(pairs).fit_transform(X), expected)


@pytest.mark.parametrize(
    "columns",
    [["x", "z"], [2, 4], [False, False, True, False, True], slice(2, 5, 2), np.array([2, 4])],
)
def test_columns_in_every_form(columns):
    union = BlockUnion([("a", "passthrough", columns)])
    np.testing.assert_array_equal(union.fit_transform(FRAME), X[:, [2, 4]])


# ---- the blocks


def test_blocks_come_back_from_the_names():
    table = BlockUnion(SIDES).fit_transform(FRAME)
    assert list(table.columns) == ["a__0", "a__1", "b__0", "b__1", "b__2"]
    assert list(table.index) == list(FRAME.index)
    found = resolve_blocks(None, table, 5)
    assert {n: c.tolist() for n, c in found.items()} == {"a": [0, 1], "b": [2, 3, 4]}


def test_blocks_of_images_texts_and_numbers():
    union = mixed_union().fit(MIXED)
    widths = {name: s.stop - s.start for name, s in union.blocks_.items()}
    expected = {"looks__lbp": 236, "looks__gabor": 48, "net": 96, "text": 3, "year": 1}
    assert widths == expected
    table = union.transform(MIXED)
    parts = union.named_transformers_
    looks = parts.looks.transform(MIXED["image"])
    np.testing.assert_array_equal(table.iloc[:, union.blocks_["looks__gabor"]], looks[:, 236:])
    words = CountVectorizer().fit_transform([text or "" for text in WORDS]).toarray()
    np.testing.assert_array_equal(table.iloc[:, union.blocks_["text"]], words)
    found = resolve_blocks(None, table, table.shape[1])
    assert {name: len(columns) for name, columns in found.items()} == expected


def test_a_union_in_a_union_and_in_a_pipeline_keeps_its_blocks():
    inner = BlockUnion(SIDES)
    union = BlockUnion([("in", inner), ("late", make_pipeline(StandardScaler(), clone(inner)))])
    assert list(union.fit(X).blocks_) == ["in__a", "in__b", "late__a", "late__b"]


def test_blocks_are_found_at_the_end_of_whatever_pipeline():
    inner = BlockUnion(SIDES)
    pipelines = {
        "nested": make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), inner)),
        "passed": make_pipeline(make_pipeline(inner, None), "passthrough"),
    }
    found = list(BlockUnion(list(pipelines.items())).fit(X).blocks_)
    assert found == ["nested__a", "nested__b", "passed__a", "passed__b"]
    # What comes after the blocks mixes them; what does nothing at all has none.
    others = [("mixed", make_pipeline(inner, PCA(2))), ("same", make_pipeline("passthrough"))]
    assert BlockUnion(others).fit(X).blocks_ == {"mixed": slice(0, 2), "same": slice(2, 7)}


def test_images_that_are_no_table():
    union = BlockUnion([("lbp", ImageDescriptors(["lbp"], image_size=32)), ("net", embedder())])
    for images in (IMAGES, list(IMAGES)):
        assert union.fit_transform(images).shape == (20, 236 + 96)
    assert not hasattr(union, "feature_names_in_")


def test_images_of_other_sizes_than_in_fit():
    union = BlockUnion([("lbp", ImageDescriptors(["lbp"], image_size=32))])
    tall = np.repeat(IMAGES, 2, axis=1)
    mixed = [*IMAGES[:10], *tall[10:]]
    expected = union.fit(IMAGES).transform(IMAGES).to_numpy()
    for images in (IMAGES, list(IMAGES), mixed, mixed[::-1]):
        fitted = union.fit(images)
        assert not hasattr(fitted, "n_features_in_")
        for others in (tall, list(tall), mixed, mixed[5:15]):
            assert fitted.transform(others).shape == (len(others), 236)
        np.testing.assert_array_equal(fitted.transform(mixed)[:10], expected[:10])
    # A table in between leaves nothing behind.
    pixels = BlockUnion([("numbers", "passthrough")]).fit(X)
    pixels.set_params(transformers=union.transformers).fit(IMAGES).transform(tall)


def test_what_stands_behind_knows_the_blocks():
    for last in (BlockFusion(LINEAR), ModalityChain(LogisticRegression())):
        model = make_pipeline(mixed_union(), last).fit(MIXED, LABELS)
        assert list(model[-1].blocks_) == ["looks__lbp", "looks__gabor", "net", "text", "year"]
        assert model.predict_proba(MIXED[:3]).shape == (3, LABELS.shape[1])


def test_a_block_that_is_dropped_is_not_there():
    union = BlockUnion(SIDES).set_params(a="drop")
    np.testing.assert_array_equal(union.fit_transform(X), BlockUnion(SIDES[1:]).fit_transform(X))
    assert union.blocks_ == {"b": slice(0, 3)}


# ---- sparse and dense


def test_what_is_mostly_zeros_stays_sparse():
    sides = [("n", CharNgramCounter(2), "text"), ("year", StandardScaler(), ["year"])]
    union = BlockUnion(sides, as_frame=False).fit(MIXED)
    matrix = union.transform(MIXED)
    assert sparse.issparse(matrix)
    assert union.sparse_output_
    dense = BlockUnion(sides, as_frame=False, sparse_threshold=0).fit_transform(MIXED)
    np.testing.assert_array_equal(matrix.toarray(), dense)
    table = BlockUnion(sides).fit_transform(MIXED)
    np.testing.assert_array_equal(table.to_numpy(), dense)
    assert all(isinstance(dtype, pd.SparseDtype) for dtype in table.dtypes)
    # A row alone keeps the form, however full it is.
    assert sparse.issparse(union.transform(MIXED[:1]))


def test_classifiers_get_sparse_frames_as_sparse_matrices():
    sides = [("one", CharNgramCounter(1), "text"), ("two", CharNgramCounter(2), "text")]
    model = make_pipeline(BlockUnion(sides), BlockFusion(LINEAR)).fit(MIXED, LABELS)
    blocks = BlockUnion(sides, as_frame=False).fit(MIXED)
    expected = BlockFusion(LINEAR, blocks.blocks_).fit(blocks.transform(MIXED), LABELS)
    np.testing.assert_allclose(
        model.predict_proba(MIXED), expected.predict_proba(blocks.transform(MIXED))
    )


def test_sparse_columns_go_in():
    union = BlockUnion([("a", "passthrough", [0, 1]), ("b", "passthrough", [4])], as_frame=False)
    found = union.fit_transform(sparse.coo_array(X))
    np.testing.assert_array_equal(found, X[:, [0, 1, 4]])


# ---- among scikit-learn's things


def test_parameters_go_by_name():
    union = BlockUnion(SIDES)
    assert union.get_params()["a__with_mean"] is True
    twin = clone(union).set_params(a__with_mean=False, b=StandardScaler(), n_jobs=2)
    assert [item[2] for item in twin.transformers] == [item[2] for item in SIDES]
    assert isinstance(twin.transformers[1][1], StandardScaler)
    assert union.get_params()["a__with_mean"] is True
    fitted = twin.fit(X)
    assert not hasattr(twin.transformers[0][1], "scale_")
    assert fitted.named_transformers_.a.mean_ is None or not fitted.named_transformers_.a.with_mean
    with pytest.raises(ValueError, match="Invalid parameter 'c'"):
        twin.set_params(c__with_mean=True)


def test_a_search_over_blocks():
    model = make_pipeline(BlockUnion(SIDES), LINEAR)
    grid = {"blockunion__a": ["drop", StandardScaler()], "blockunion__b": ["drop", "passthrough"]}
    grid = [grid | {"blockunion__a": [StandardScaler()]}, grid | {"blockunion__b": ["passthrough"]}]
    search = GridSearchCV(model, grid, cv=2, scoring="average_precision")
    assert np.all(np.isfinite(search.fit(X, LABELS).cv_results_["mean_test_score"]))


def test_jobs_and_pickling_change_nothing():
    union = mixed_union().fit(MIXED)
    expected = union.transform(MIXED)
    twin = pickle.loads(pickle.dumps(union))
    pd.testing.assert_frame_equal(twin.transform(MIXED), expected)
    one, two = (BlockUnion(SIDES, n_jobs=n).fit_transform(FRAME) for n in (1, 2))
    pd.testing.assert_frame_equal(two, one)


def test_columns_by_name_may_stand_elsewhere():
    union = BlockUnion([("a", StandardScaler(), ["v", "z"])]).fit(FRAME)
    turned = FRAME[["z", "y", "v"]].assign(more=1)
    np.testing.assert_array_equal(union.transform(turned), union.transform(FRAME))


# ---- what is refused


class Cube(TransformerMixin, BaseEstimator):
    """Gives three dimensions."""

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return np.zeros((len(X), 2, 2))


@pytest.mark.parametrize(
    ("transformers", "error", "words"),
    [
        ([], ValueError, r"transformers=\[\]; expected a list of \(name, transformer, columns\)"),
        (StandardScaler(), ValueError, "expected a list of"),
        ([("a",)], ValueError, "expected a list of"),
        ([(1, StandardScaler())], ValueError, "expected a list of"),
        ([SIDES[0], SIDES[0]], ValueError, r"not unique: \['a', 'a'\]"),
        ([("a__b", StandardScaler())], ValueError, "must not contain __"),
        ([("n_jobs", StandardScaler())], ValueError, "conflict with constructor arguments"),
        ([("a", LogisticRegression())], TypeError, "'a' has LogisticRegression.*a transformer"),
        ([("a", StandardScaler)], TypeError, "expected a transformer, 'passthrough' or 'drop'"),
        ([("a", "pass")], TypeError, "'a' has 'pass'"),
        ([("a", "drop")], ValueError, "All blocks are 'drop'"),
        ([("a", StandardScaler(), ["q"])], ValueError, r"'a' asks for the column\(s\) \['q'\]"),
        ([("a", StandardScaler(), [7])], ValueError, r"'a' asks for the column\(s\) \[7\]"),
        ([("a", StandardScaler(), [])], ValueError, r"'a' has no columns \(\[\]\); expected one"),
        ([("a", "passthrough", slice(2, 2))], ValueError, "'a' has no columns.*Leave the block ou"),
        ([("a", StandardScaler(), [False] * 5)], ValueError, "'a' has no columns"),
        ([("a", Cube())], ValueError, r"'a', Cube, is of shape \(20, 2, 2\)"),
    ],
)
def test_bad_transformers_are_named(transformers, error, words):
    with pytest.raises(error, match=words):
        BlockUnion(transformers).fit(FRAME)


def test_texts_are_no_numbers():
    with pytest.raises(
        ValueError, match=r"'t', FunctionTransformer, is of shape \(20, 1\) and dty"
    ):
        BlockUnion([("t", "passthrough", ["text"])]).fit(MIXED)


def test_other_columns_than_in_fit():
    union = BlockUnion(SIDES).fit(X)
    with pytest.raises(ValueError, match="X has 4 features, but BlockUnion is expecting 5"):
        union.transform(X[:, :4])
    with pytest.raises(ValueError, match="Reshape your data"):
        union.transform(X[0])
    with pytest.raises(ValueError, match=r"has shape \(20, .* expected a table of 5 columns, as"):
        union.transform(IMAGES)
    with pytest.raises(ValueError, match="X is a list; expected a table of 5 columns"):
        union.transform(["a", "b"])
    for empty in (FRAME, sparse.csr_array(X)):
        with pytest.raises(ValueError, match="'b' has no columns"):
            BlockUnion([("a", "passthrough"), ("b", "passthrough", [])]).fit(empty)
    named = BlockUnion([("a", StandardScaler(), ["v"])]).fit(FRAME)
    with pytest.raises(ValueError, match=r"'a' asks for the column\(s\) \['v'\]"):
        named.transform(FRAME[["w"]])


def test_before_fit():
    with pytest.raises(NotFittedError):
        BlockUnion(SIDES).transform(X)
