"""How a union calls its transformers: with which labels and metadata, for which form of output."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from joblib import parallel_config
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.feature_selection import SelectKBest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sklearn_mlic import BlockUnion, CharNgramCounter, TextSelector

X = np.random.default_rng(0).normal(size=(20, 5))
FRAME = pd.DataFrame(X, columns=list("vwxyz")).assign(text=["cat dog", "bird", "dog", None] * 5)
SIDES = [("a", StandardScaler(), slice(0, 2)), ("b", MinMaxScaler(), [4, 2, 3])]


# ---- labels and metadata


def test_labels_reach_the_transformers():
    y = (X[:, 3] > 0).astype(int)
    union = BlockUnion([("best", SelectKBest(k=1)), ("all", "passthrough")])
    np.testing.assert_array_equal(union.fit_transform(X, y)["best__0"], X[:, 3])


class Shift(BaseEstimator):
    """Moves numbers as the metadata of both its methods say; it has no ``fit_transform``."""

    def fit(self, X, y=None, start=0.0):
        self.start_ = start
        return self

    def transform(self, X, step=0.0):
        return X + self.start_ + step


ROUTED = np.random.default_rng(1).exponential(size=20)


def asking():
    """Blocks of which two ask for metadata."""
    scaler = StandardScaler().set_fit_request(sample_weight=True)
    shift = Shift().set_fit_request(start=True).set_transform_request(step=True)
    return [("s", scaler, [0, 1]), ("m", shift, [2, 3]), ("p", "passthrough", [4])]


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_routing_is_that_of_a_column_transformer(n_jobs):
    metadata = {"sample_weight": ROUTED, "start": 2.0, "step": 5.0}
    # In threads, as a class of the tests is unknown to other processes.
    with parallel_config("threading"), sklearn.config_context(enable_metadata_routing=True):
        union = BlockUnion(asking(), n_jobs=n_jobs)
        theirs = ColumnTransformer(asking())
        expected = theirs.fit_transform(X, **metadata)
        np.testing.assert_array_equal(union.fit_transform(X, **metadata), expected)
        np.testing.assert_allclose(expected[:, 2:4], X[:, 2:4] + 7)
        assert union.fit(X, **metadata).named_transformers_.m.start_ == 2
        np.testing.assert_array_equal(union.transform(X, step=5.0), expected)
        np.testing.assert_array_equal(union.transform(X), theirs.transform(X))
        for caller in ("fit", "fit_transform", "transform"):
            expected = theirs.get_metadata_routing().consumes(caller, metadata)
            assert union.get_metadata_routing().consumes(caller, metadata) == expected


def test_weights_reach_a_block_behind_pipelines_and_unions():
    scaled = MinMaxScaler().fit_transform(X)
    expected = StandardScaler().fit(scaled, sample_weight=ROUTED).mean_
    with sklearn.config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        inner = BlockUnion([("pipe", make_pipeline(MinMaxScaler(), scaler))])
        model = make_pipeline(BlockUnion([("in", inner)]), MinMaxScaler())
        model.fit(X, sample_weight=ROUTED)
    reached = model[0].named_transformers_["in"].named_transformers_.pipe[-1]
    np.testing.assert_array_equal(reached.mean_, expected)


def test_metadata_that_nobody_asks_for():
    with sklearn.config_context(enable_metadata_routing=True):
        with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
            BlockUnion(SIDES).fit(X, sample_weight=ROUTED)
        with pytest.raises(TypeError, match="unexpected argument.*weights"):
            BlockUnion(SIDES).fit(X, weights=ROUTED)
    union = BlockUnion(SIDES).fit(X)
    for call in (union.fit, union.fit_transform, union.transform):
        with pytest.raises(ValueError, match="only supported if enable_metadata_routing=True"):
            call(X, sample_weight=ROUTED)


# ---- the form of the output


def test_set_output():
    plain = BlockUnion(SIDES, as_frame=False)
    assert isinstance(plain.fit_transform(X), np.ndarray)
    table = plain.set_output(transform="pandas").fit_transform(FRAME)
    pd.testing.assert_frame_equal(table, BlockUnion(SIDES).fit_transform(FRAME))
    both = BlockUnion(SIDES).set_output(transform="pandas").fit_transform(FRAME)
    pd.testing.assert_frame_equal(both, table)


def test_set_output_of_sparse_blocks():
    sides = [("n", CharNgramCounter(2), "text"), ("v", StandardScaler(), ["v"])]
    plain = BlockUnion(sides, as_frame=False, sparse_threshold=1.0)
    assert sparse.issparse(plain.fit_transform(FRAME))
    expected = BlockUnion(sides, sparse_threshold=1.0).fit_transform(FRAME)
    # The counter alone would be asked for a frame, and refuse.
    with sklearn.config_context(transform_output="pandas"):
        pd.testing.assert_frame_equal(plain.fit_transform(FRAME), expected)
        pd.testing.assert_frame_equal(plain.transform(FRAME), expected)
    plain.set_output(transform="pandas")
    pd.testing.assert_frame_equal(plain.fit_transform(FRAME), expected)
    pd.testing.assert_frame_equal(plain.transform(FRAME), expected)


def test_frames_between_the_steps_of_a_pipeline_stay():
    by_name = ColumnTransformer([("z", "passthrough", ["z"])])
    union = BlockUnion([("late", make_pipeline(StandardScaler(), by_name), list("vwxyz"))])
    with sklearn.config_context(transform_output="pandas"):
        found = union.fit_transform(FRAME)
    np.testing.assert_allclose(found, StandardScaler().fit_transform(X)[:, 4:])


def test_a_sparse_block_that_is_told_to_give_a_frame_is_named():
    counter = CharNgramCounter(1)
    words = "'n', .*, gives a sparse matrix, and scikit-learn is set to return DataFrames"
    with pytest.raises(ValueError, match=words):
        BlockUnion([("n", clone(counter).set_output(transform="pandas"), "text")]).fit(FRAME)
    union = BlockUnion([("n", make_pipeline(TextSelector(), counter), "text")])
    with sklearn.config_context(transform_output="pandas"):
        with pytest.raises(ValueError, match=words):
            union.fit(FRAME)
        counter.set_output(transform="default")
        assert union.fit_transform(FRAME).shape == (20, 26)
