"""A classifier a block, averaged or stacked."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from scipy.special import logit
from sklearn.base import BaseEstimator, clone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from sklearn_mlic import BinaryRelevance, BlockFusion, BlockUnion, LateFusion, ThresholdCalibrator
from sklearn_mlic.base import MultilabelMixin

LINEAR = BinaryRelevance(LogisticRegression())
BLOCKS = {"a": slice(0, 2), "b": [4, 2, 3]}
FOLDS = KFold(3, shuffle=True, random_state=0)


class Remembers(MultilabelMixin, BaseEstimator):
    """Gives the prior; keeps what it was fitted on."""

    def fit(self, X, y, sample_weight=None):
        labels = self._check_labels(y, X)
        self.X_, self.weight_, self.prior_ = X, sample_weight, labels.mean(axis=0)
        return self

    def predict_proba(self, X):
        return np.tile(self.prior_, (len(X), 1))


def make_case(n_labels=3, n_samples=90):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 5))
    logits = X @ rng.normal(size=(5, n_labels)) + rng.normal(size=(n_samples, n_labels))
    return X, (logits > 0).astype(int)


def fuse(**settings):
    return BlockFusion(LINEAR, BLOCKS, **settings)


# ---- the mean


@pytest.mark.parametrize("n_labels", [1, 3])
def test_it_is_late_fusion_of_pipelines_that_take_their_columns(n_labels):
    X, y = make_case(n_labels)
    members = [
        (name, make_pipeline(make_column_transformer(("passthrough", columns)), LINEAR))
        for name, columns in BLOCKS.items()
    ]
    expected = LateFusion(members).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(fuse().fit(X, y).predict_proba(X), expected)


def test_one_block_is_the_classifier():
    X, y = make_case()
    alone = clone(LINEAR).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(
        BlockFusion(LINEAR, {"all": slice(None)}).fit(X, y).predict_proba(X), alone
    )


def test_the_order_of_blocks_changes_nothing():
    X, y = make_case()
    turned = BlockFusion(LINEAR, dict(reversed(BLOCKS.items()))).fit(X, y)
    np.testing.assert_allclose(turned.predict_proba(X), fuse().fit(X, y).predict_proba(X))


# ---- stacking


def test_the_final_estimator_learns_from_rows_left_out():
    X, y = make_case()
    model = fuse(final_estimator=Remembers(), cv=FOLDS).fit(X, y)
    answers = np.empty((len(X), 6))
    for train, test in FOLDS.split(X):
        for k, columns in enumerate(([0, 1], [4, 2, 3])):
            member = clone(LINEAR).fit(X[train][:, columns], y[train])
            y_prob = member.predict_proba(X[test][:, columns])
            answers[test, 3 * k : 3 * k + 3] = logit(y_prob)
    np.testing.assert_allclose(model.final_estimator_.X_, answers)


def test_stacking_asks_the_blocks_and_then_the_final_estimator():
    X, y = make_case()
    model = fuse(final_estimator=LINEAR, cv=3, random_state=0).fit(X, y)
    parts = [X[:, [0, 1]], X[:, [4, 2, 3]]]
    asked = zip(model.estimators_, parts, strict=True)
    answers = np.hstack([logit(member.predict_proba(part)) for member, part in asked])
    expected = model.final_estimator_.predict_proba(answers)
    np.testing.assert_allclose(model.predict_proba(X), expected)
    assert list(model.named_estimators_) == ["a", "b"]


def test_stacking_learns_which_block_to_believe():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, (400, 2))
    tells = y + 0.3 * rng.normal(size=y.shape)
    # Each block tells one label, and is sure of the other by chance.
    X = np.column_stack([tells[:, 0], rng.normal(size=(400, 40)), tells[:, 1]])
    blocks = {"first": slice(0, 21), "second": slice(21, 42)}
    loose = BinaryRelevance(LogisticRegression(C=1000, max_iter=1000))
    train, test = slice(0, 200), slice(200, None)
    scores = [
        BlockFusion(loose, blocks, final_estimator=final, cv=3, random_state=0)
        .fit(X[train], y[train])
        .score(X[test], y[test])
        for final in (None, LINEAR)
    ]
    assert scores[1] > scores[0]


def test_constant_labels_in_stacking():
    X, y = make_case()
    y[:, 1] = 1
    for final in (None, LINEAR):
        model = fuse(final_estimator=final, cv=3, random_state=0).fit(X, y)
        np.testing.assert_array_equal(model.predict_proba(X)[:, 1], 1)


def test_unknown_labels():
    X, y = make_case()
    y = y.astype(float)
    y[3:9, 1] = np.nan
    for final in (None, LINEAR):
        y_prob = fuse(final_estimator=final, cv=3, random_state=0).fit(X, y).predict_proba(X)
        assert np.all(np.isfinite(y_prob))


# ---- among other things


def test_blocks_from_the_step_before():
    X, y = make_case()
    union = BlockUnion([(name, StandardScaler(), columns) for name, columns in BLOCKS.items()])
    model = make_pipeline(union, BlockFusion(LINEAR)).fit(X, y)
    assert {n: c.tolist() for n, c in model[-1].blocks_.items()} == {"a": [0, 1], "b": [2, 3, 4]}
    scaled = StandardScaler().fit_transform(X)
    expected = fuse().fit(scaled, y).predict_proba(scaled)
    np.testing.assert_allclose(model.predict_proba(X), expected)


def test_frames_and_sparse_matrices():
    X, y = make_case()
    expected = fuse(final_estimator=LINEAR, cv=FOLDS).fit(X, y).predict_proba(X)
    names = pd.DataFrame(y, columns=["sea", "sky", "sun"], index=range(5, 95))
    frame = pd.DataFrame(X, columns=list("vwxyz"), index=range(5, 95))
    by_name = {"a": ["v", "w"], "b": ["z", "x", "y"]}
    model = BlockFusion(LINEAR, by_name, final_estimator=LINEAR, cv=FOLDS).fit(frame, names)
    np.testing.assert_allclose(model.predict_proba(frame), expected)
    for each in (model, *model.estimators_, model.final_estimator_):
        assert list(each.label_names_) == ["sea", "sky", "sun"]
    both = sparse.csr_array(X), sparse.csr_array(y)
    model = fuse(final_estimator=LINEAR, cv=FOLDS).fit(*both)
    np.testing.assert_allclose(model.predict_proba(both[0]), expected, atol=1e-3)


def test_a_search_and_thresholds():
    X, y = make_case()
    grid = {"estimator__estimator__C": [1e-6, 1.0], "final_estimator": [None, LINEAR]}
    search = GridSearchCV(fuse(cv=2), grid, cv=2, scoring="average_precision").fit(X, y)
    assert search.best_params_["estimator__estimator__C"] == 1.0
    model = ThresholdCalibrator(fuse(), cv=0.3, random_state=0).fit(X, y)
    assert model.predict(X).shape == y.shape


def test_jobs_change_nothing():
    X, y = make_case()
    settings = {"final_estimator": LINEAR, "cv": 3, "random_state": 0}
    one, two = fuse(**settings).fit(X, y), fuse(**settings, n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))


def test_weights_reach_every_fit():
    X, y = make_case()
    weight = np.arange(1.0, 91)
    model = BlockFusion(Remembers(), BLOCKS, final_estimator=Remembers(), cv=FOLDS)
    model.fit(X, y, sample_weight=weight)
    for each in (*model.estimators_, model.final_estimator_):
        np.testing.assert_array_equal(each.weight_, weight)


def test_routing_sends_each_what_it_asks_for():
    X, y = make_case()
    weight = np.arange(1.0, 91)
    with sklearn.config_context(enable_metadata_routing=True):
        asks = Remembers().set_fit_request(sample_weight=True)
        refuses = Remembers().set_fit_request(sample_weight=False)
        model = BlockFusion(asks, BLOCKS, final_estimator=refuses, cv=FOLDS)
        model.fit(X, y, sample_weight=weight)
        assert model.final_estimator_.weight_ is None
        np.testing.assert_array_equal(model.estimators_[1].weight_, weight)


# ---- what is refused


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"blocks": {"a": [0, 5]}}, ValueError, "asks for column 5, but X has 5 columns"),
        ({"estimator": LinearSVC()}, TypeError, "LinearSVC has no predict_proba"),
        ({"final_estimator": LinearSVC()}, TypeError, "final estimator LinearSVC has no predict"),
        (
            {"final_estimator": LINEAR, "cv": ShuffleSplit(2, random_state=0)},
            ValueError,
            "does not predict each row once, as stacking needs",
        ),
    ],
)
def test_bad_settings_are_named(settings, error, words):
    with pytest.raises(error, match=words):
        clone(fuse()).set_params(**settings).fit(*make_case())
