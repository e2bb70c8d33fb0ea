"""M3LA as a classifier: blocks in, what was read and said out, and what it costs."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.special import expit
from sklearn.exceptions import NotFittedError

from reading import BLOCKS, draw, make
from sklearn_mlic import ThresholdCalibrator


def lacking(X):
    """Some rows lack a block, one of them all."""
    X = X.copy()
    X[::4, 3:8] = np.nan
    X[::6, 8:] = np.nan
    X[5] = np.nan
    return X


@pytest.fixture(scope="module")
def fitted():
    X, y = draw()
    return make().fit(X, y), X


# ---- learning


def test_it_learns():
    X, y = draw(400)
    model = make(max_epochs=30).fit(X[:300], y[:300])
    assert (model.predict(X[300:]) == y[300:]).mean() > 0.9
    assert model.history_["train_loss"].iloc[-1] < model.history_["train_loss"].iloc[0] / 2


@pytest.mark.parametrize(
    "settings",
    [
        {"selector": "gumbel"},
        {"selector": "soft"},
        {"selector": "fixed", "first": "fixed"},
        {"attention": "bilinear", "summary": "mean"},
        {"label_correlation": False},
        {"label_activation": "softmax"},
        {"embedding_size": None, "standardize": False},
        {"cost": "rank", "cost_params": {"normalize": False, "reduction": "sum"}},
        {"dropout": 0.3, "modality_dropout": 0.3},
        {"stop_confidence": 0.9, "costs": {"colour": 1, "edges": 2.5, "words": 0}},
        {"ema_decay": 0.9, "early_stopping": True, "validation": 0.2},
        {"warm_start": True},
    ],
    ids=str,
)
def test_every_reading_of_the_paper_fits_and_predicts(settings):
    X, y = draw()
    y_prob = make(**settings).fit(lacking(X), y).predict_proba(lacking(X))
    assert np.isfinite(y_prob).all()


def test_going_on_keeps_the_blocks_and_the_scaler():
    X, y = draw()
    model = make(warm_start=True).fit(X, y)
    mean = model.scaler_.mean_
    model.fit(X + 5, y)
    np.testing.assert_array_equal(model.scaler_.mean_, mean)
    model = make().partial_fit(X, y).partial_fit(X, y)
    assert len(model.history_) == 2


def test_thresholds_by_cardinality_give_the_cardinality_of_the_training_rows():
    X, y = draw(200)
    model = ThresholdCalibrator(make(), method="cardinality", cv=0.3, random_state=0).fit(X, y)
    new, _ = draw(500, seed=1)
    cardinality = model.calibrate(new).predict(new).sum(axis=1).mean()
    assert abs(cardinality - y.sum(axis=1).mean()) <= 1 / len(new)


# ---- blocks


def test_blocks_come_from_the_names_of_a_frame():
    X, y = draw()
    names = [f"{name}__{i}" for name, s in BLOCKS.items() for i in range(s.stop - s.start)]
    frame = pd.DataFrame(X, columns=names)
    model = make(blocks=None).fit(frame, y)
    assert list(model.blocks_) == list(BLOCKS)
    np.testing.assert_array_equal(model.predict_proba(frame), make().fit(X, y).predict_proba(X))


def test_columns_may_lie_apart_and_some_be_left_out():
    X, y = draw()
    mixed = np.column_stack([X[:, ::-1], np.full(len(X), np.pi)])
    blocks = {name: 9 - np.arange(s.start, s.stop) for name, s in BLOCKS.items()}
    model = make(blocks=blocks).fit(mixed, y)
    np.testing.assert_array_equal(model.predict_proba(mixed), make().fit(X, y).predict_proba(X))


def test_without_blocks_or_names_it_is_one_block():
    X, y = draw()
    with pytest.warns(UserWarning, match="names no blocks: all 10 columns"):
        model = make(blocks=None).fit(X, y)
    assert len(model.blocks_) == 1
    assert model.modality_order_(X).shape == (80, 1)


def test_sparse_features_are_dense_ones():
    X, y = draw()
    X[X < 0.5] = 0.0
    scaled = X / X.std(axis=0)
    dense = make(standardize=False).fit(scaled, y).predict_proba(scaled)
    thin = sparse.csr_matrix(X)
    np.testing.assert_allclose(make().fit(thin, y).predict_proba(thin), dense, atol=1e-5)


def test_standardised_features_have_no_unit():
    X, y = draw()
    expected = make().fit(X, y).predict_proba(X)
    other = 1000 * X + 7
    np.testing.assert_allclose(make().fit(other, y).predict_proba(other), expected, atol=1e-3)


# ---- missing blocks


def test_a_missing_block_is_not_read(fitted):
    model, X = fitted
    order = model.modality_order_(lacking(X))
    for row, there in zip(order, ~np.isnan(lacking(X)), strict=True):
        names = {name for name, s in BLOCKS.items() if there[s].any()}
        assert {name for name in row if name is not None} == names
        assert all(name is None for name in row[len(names) :])
    assert np.isfinite(model.predict_proba(lacking(X))).all()


def test_rows_that_lack_nothing_do_not_mind_the_others(fitted):
    model, X = fitted
    whole = ~np.isnan(lacking(X)).any(axis=1)
    np.testing.assert_allclose(
        model.predict_proba(lacking(X))[whole], model.predict_proba(X)[whole], atol=1e-6
    )


def test_single_gaps_are_the_mean(fitted):
    model, X = fitted
    gap, mean = X.copy(), X.copy()
    gap[:, 4], mean[:, 4] = np.nan, model.scaler_.mean_[4]
    np.testing.assert_allclose(model.predict_proba(gap), model.predict_proba(mean), atol=1e-6)


def test_a_block_that_no_row_has_is_told_and_ignored():
    X, y = draw()
    whole = X.copy()
    X[:, 8:] = np.nan
    with pytest.warns(UserWarning, match=r"'words' are missing \(NaN\) in all 80 rows: nothing is"):
        model = make().fit(X, y)
    huge = whole.copy()
    huge[:, 8:] *= 1e6
    np.testing.assert_array_equal(model.predict_proba(huge), model.predict_proba(whole))


def test_a_feature_that_no_row_has_is_ignored():
    X, y = draw()
    filled = X.copy()
    X[:, 4] = np.nan
    model = make().fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(filled), model.predict_proba(X))


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_values_beyond_float32_are_named(form):
    X, y = draw()
    model = make().fit(form(X), y)
    X[3, 5] = 1e60
    with pytest.raises(ValueError, match="beyond float32 in row 3, column 5"):
        model.predict_proba(form(X))


# ---- what was read and said


def test_the_last_stage_is_the_prediction(fitted):
    model, X = fitted
    stages = list(model.staged_predict_proba(X))
    assert len(stages) == 3
    np.testing.assert_array_equal(stages[-1], model.predict_proba(X))
    assert np.abs(stages[0] - stages[-1]).max() > 1e-3
    np.testing.assert_allclose(expit(model.decision_function(X)), stages[-1])


def test_explain_is_the_order_and_the_stages(fitted):
    model, X = fitted
    X = lacking(X)
    lines = model.explain(X)
    stages, order = np.stack(list(model.staged_predict_proba(X)), axis=1), model.modality_order_(X)
    assert lines.index.names == ["row", "step"]
    assert len(lines) == sum(name is not None for name in order.ravel())
    for (row, step), line in lines.iterrows():
        assert line["read", "block"] == order[row, step]
        np.testing.assert_array_equal(line["probability"].to_numpy(float), stages[row, step])
    assert list(lines["probability"].columns) == list(model.label_names_)


def test_constant_labels_are_constant_at_every_step():
    X, y = draw()
    y[:, 1] = 1
    for y_prob in make().fit(X, y).staged_predict_proba(X):
        assert (y_prob[:, 1] > 0.999).all()


def test_the_matrix_of_the_labels_bears_their_names():
    X, y = draw()
    names = ["sea", "trees", "sunset"]
    matrix = make().fit(X, pd.DataFrame(y, columns=names)).label_correlation_
    assert list(matrix.columns) == list(matrix.index) == names
    assert matrix.to_numpy().any()
    without = make(label_correlation=False).fit(X, y)
    with pytest.raises(AttributeError, match="label_correlation=False"):
        _ = without.label_correlation_


# ---- settings


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"stop_confidence": 0.4}, "stop_confidence=0.4; expected a probability from 0.5"),
        ({"stop_confidence": "0.9"}, "stop_confidence='0.9'; expected a probability from 0.5"),
        ({"costs": {"colour": 1}}, "expected one cost for each"),
        (
            {"costs": {"colour": 1, "edges": 1, "words": -1}},
            "cost of 'words' is -1; expected a number, 0 or more",
        ),
        ({"hidden_size": 0}, "hidden_size=0; expected a whole number"),
        ({"embedding_size": 0}, "embedding_size=0; expected a whole number"),
        ({"dropout": 1.0}, "dropout=1.0; expected a part"),
        ({"selector": "best"}, "selector='best'; expected one of"),
        ({"cost": "f2"}, "cost='f2'; expected one of"),
        ({"blocks": {"a": slice(0, 11)}}, "X has 10 columns"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        make(**settings).fit(*draw())


def test_a_wrong_setting_of_the_cost_is_named():
    with pytest.raises(TypeError, match=r"StepLoss from cost_params=.*'strenght'"):
        make(cost_params={"strenght": 1}).fit(*draw())


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"blocks": {"a": slice(0, 5), "b": slice(5, 10)}}, "not those of the fit to go on from"),
        ({"blocks": {**BLOCKS, "words": [9, 8]}}, "not those of the fit to go on from"),
        ({"stop_confidence": 0.9}, "fitted without it"),
    ],
    ids=["names", "columns", "stop"],
)
def test_a_fit_goes_on_with_the_same_network_only(settings, words):
    X, y = draw()
    model = make(warm_start=True).fit(X, y)
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match=words):
        model.set_params(**settings).fit(X, y)
    model.set_params(blocks=BLOCKS, stop_confidence=None)
    np.testing.assert_array_equal(model.predict_proba(X), before)


def test_nothing_is_said_before_a_fit():
    for method in ("modality_order_", "explain", "reading_costs"):
        with pytest.raises(NotFittedError):
            getattr(make(), method)(draw()[0])
