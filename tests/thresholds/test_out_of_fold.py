"""What reaches the wrapped estimator and the splitter: metadata, sparse y, unknown labels."""

from typing import ClassVar

import numpy as np
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold

from helpers import ColumnClassifier
from sklearn_mlic import BinaryRelevance, ProbabilityCalibrator, ThresholdCalibrator
from sklearn_mlic.utils.estimator_checks import make_data

CALIBRATORS = [ThresholdCalibrator, ProbabilityCalibrator]
Y = np.tile([[1, 0], [0, 1], [1, 1], [0, 0]], (6, 1))
X = np.column_stack([np.arange(24) / 24, np.arange(24)[::-1] / 24])
ROWS = np.arange(24)


class Keeper(ColumnClassifier):
    """Keeps what its fit was given."""

    seen: ClassVar[list] = []

    def fit(self, X, y, sample_weight=None, note=None):
        self.seen.append((X, y, sample_weight, note))
        return super().fit(X, y)


@pytest.fixture(autouse=True)
def forget():
    Keeper.seen.clear()


@pytest.mark.parametrize("calibrator", CALIBRATORS)
@pytest.mark.parametrize("cv", [3, 0.25])
def test_weights_go_with_their_rows(calibrator, cv):
    model = calibrator(Keeper(), cv=cv, random_state=0)
    model.fit(X, Y, sample_weight=ROWS, note="a word")
    assert len(Keeper.seen) == (4 if cv == 3 else 1)
    for seen, _, weight, note in Keeper.seen:
        np.testing.assert_array_equal(seen, X[weight])
        assert note == "a word"


@pytest.mark.parametrize("calibrator", CALIBRATORS)
def test_unrouted_groups_go_to_the_splitter_alone(calibrator):
    groups = np.repeat(np.arange(4), 6)
    calibrator(Keeper(), cv=GroupKFold(4)).fit(X, Y, groups=groups)
    *folds, whole = Keeper.seen
    assert [len(seen) for seen, *_ in folds] == [18] * 4
    assert len(whole[0]) == 24
    for seen, *_ in folds:
        assert len(set(groups[np.isin(X[:, 0], seen[:, 0])])) == 3


@pytest.mark.parametrize("calibrator", CALIBRATORS)
def test_routed_metadata_goes_where_it_is_asked_for(calibrator):
    groups = np.repeat(np.arange(4), 6)
    with config_context(enable_metadata_routing=True):
        keeper = Keeper().set_fit_request(sample_weight=True)
        calibrator(keeper, cv=GroupKFold(4)).fit(X, Y, groups=groups, sample_weight=ROWS)
        for seen, _, weight, _ in Keeper.seen:
            np.testing.assert_array_equal(seen, X[weight])
            assert len(set(groups[weight])) in (3, 4)
        with pytest.raises(TypeError, match="unexpected argument.*groups"):
            calibrator(keeper, cv=KFold(3)).fit(X, Y, groups=groups)
        with pytest.raises(
            ValueError, match=r"\[sample_weight\] are passed but are not explicitly"
        ):
            calibrator(Keeper(), cv=3).fit(X, Y, sample_weight=ROWS)


def test_metadata_goes_through_both_calibrators():
    inner = ProbabilityCalibrator(Keeper(), cv=2, random_state=0)
    ThresholdCalibrator(inner, cv=2, random_state=0).fit(X, Y, sample_weight=ROWS)
    assert len(Keeper.seen) == 9
    for seen, _, weight, _ in Keeper.seen:
        np.testing.assert_array_equal(seen, X[weight])


@pytest.mark.parametrize("calibrator", CALIBRATORS)
@pytest.mark.parametrize("form", [sparse.csc_array, sparse.coo_matrix, sparse.csr_array])
def test_sparse_labels_stay_sparse_for_the_estimator(calibrator, form):
    dense = calibrator(Keeper(), cv=3, random_state=0).fit(X, Y)
    Keeper.seen.clear()
    model = calibrator(Keeper(), cv=3, random_state=0).fit(X, form(Y))
    assert {y.format for _, y, *_ in Keeper.seen} == {"csr"}
    np.testing.assert_array_equal(model.predict_proba(X), dense.predict_proba(X))
    np.testing.assert_array_equal(model.predict(X), dense.predict(X))


@pytest.mark.parametrize("calibrator", CALIBRATORS)
def test_unknown_labels_reach_the_estimator_as_they_are(calibrator):
    y = Y.astype(float)
    y[3:7, 1] = np.nan
    calibrator(Keeper(), cv=3, random_state=0).fit(X, y)
    np.testing.assert_array_equal(Keeper.seen[-1][1], y)
    assert sum(np.isnan(seen).sum() for _, seen, *_ in Keeper.seen[:-1]) == 2 * 4
    frozen = FrozenEstimator(BinaryRelevance(LogisticRegression()).fit(X, Y))
    assert np.isfinite(calibrator(frozen).fit(X, y).predict_proba(X)).all()


@pytest.mark.parametrize("calibrator", CALIBRATORS)
def test_one_thread_or_two_agree_with_routing(calibrator):
    with config_context(enable_metadata_routing=True):
        logistic = LogisticRegression().set_fit_request(sample_weight=True)
        model = calibrator(BinaryRelevance(logistic), cv=2, random_state=0)
        one = model.fit(X, Y, sample_weight=ROWS).predict_proba(X)
        two = model.set_params(n_jobs=2).fit(X, Y, sample_weight=ROWS).predict_proba(X)
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("cls", [ThresholdCalibrator, ProbabilityCalibrator])
def test_a_classifier_of_one_label_is_sent_to_binary_relevance(cls):
    X, y = make_data(BinaryRelevance(LogisticRegression()))
    with pytest.raises(ValueError, match=r"one label at a time.*BinaryRelevance\(Logistic"):
        cls(LogisticRegression()).fit(X, y)


@pytest.mark.parametrize("cls", [ThresholdCalibrator, ProbabilityCalibrator])
def test_without_a_seed_the_folds_are_the_same(cls):
    X, y = make_data(BinaryRelevance(LogisticRegression()))
    first, second = (cls(BinaryRelevance(LogisticRegression())).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    np.testing.assert_array_equal(first.predict(X), second.predict(X))


@pytest.mark.parametrize("form", ["coo", "dia"])
def test_any_sparse_form_is_cut_into_rows(form):
    X, y = make_data(BinaryRelevance(LogisticRegression()))
    model = ThresholdCalibrator(BinaryRelevance(LogisticRegression()), cv=2)
    expected = model.fit(sparse.csr_array(X), y).predict(X)
    got = model.fit(sparse.csr_array(X).asformat(form), sparse.csr_array(y).asformat(form))
    np.testing.assert_array_equal(got.predict(X), expected)
