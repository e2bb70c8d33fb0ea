"""The part held out: how it is chosen, what it scores, and what the score decides."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, f1_score, log_loss, make_scorer
from sklearn.model_selection import KFold

from helpers import classifier, coloured
from sklearn_mlic.deep._validation import hold_out
from sklearn_mlic.metrics import mean_average_precision
from sklearn_mlic.model_selection import MultilabelStratifiedKFold
from sklearn_mlic.utils._random import draw_seed

X, Y = coloured(40)
X_VAL, Y_VAL = coloured(17, seed=1)
RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(60, 4)).astype(np.float32)
TARGETS = (FEATURES[:, :2] + 0.5 * RNG.normal(size=(60, 2)) > 0).astype(int)


class Dictated:
    """A scorer that gives the scores of a list, and keeps the logits that it was given."""

    def __init__(self, scores):
        self.scores = list(scores)
        self.logits = []

    def __deepcopy__(self, memo):
        return self

    def __call__(self, estimator, X, y):
        self.logits.append(estimator.decision_function(X))
        return self.scores[len(self.logits) - 1]


def head_model(**settings):
    return classifier(**{"max_epochs": 3, "lr": 0.05, "early_stopping": True, **settings})


# ---- what is held out


@pytest.mark.parametrize(
    ("validation", "n_valid"),
    [
        (0.25, 15),
        (3, 20),
        (KFold(4), 15),
        (MultilabelStratifiedKFold(5, random_state=0), 12),
        ([(np.arange(50), np.arange(50, 60))], 10),
    ],
    ids=["fraction", "int", "KFold", "stratified", "iterable"],
)
def test_each_kind_of_validation_holds_rows_out(validation, n_valid):
    train, valid = hold_out(validation, TARGETS, draw_seed(0))
    assert abs(len(valid) - n_valid) <= 2
    assert sorted([*train, *valid]) == list(range(60))
    score = Dictated([0.1, 0.2, 0.3])
    head_model(validation=validation, scoring=score).fit(FEATURES, TARGETS)
    assert all(len(logits) == len(valid) for logits in score.logits)


def test_rows_held_out_are_not_trained_on():
    train, valid = np.arange(50), np.arange(50, 60)
    garbage = TARGETS.copy()
    garbage[valid] = 1 - garbage[valid]
    settings = {"validation": [(train, valid)], "scoring": Dictated([1, 2, 3])}
    first = head_model(**settings).fit(FEATURES, TARGETS)
    second = head_model(**{**settings, "scoring": Dictated([1, 2, 3])}).fit(FEATURES, garbage)
    given = head_model(scoring=Dictated([1, 2, 3])).fit(
        FEATURES[train], TARGETS[train], X_val=FEATURES[valid], y_val=TARGETS[valid]
    )
    for other in (second, given):
        np.testing.assert_array_equal(
            first.decision_function(FEATURES), other.decision_function(FEATURES)
        )
    assert first.history_["valid_loss"].tolist() == given.history_["valid_loss"].tolist()


def test_a_fraction_keeps_the_rates_of_labels():
    train, valid = hold_out(0.5, TARGETS, 0)
    np.testing.assert_allclose(TARGETS[train].mean(axis=0), TARGETS[valid].mean(axis=0), atol=0.08)


@pytest.mark.parametrize("validation", [1.5, 0, 1, 1.0, -0.1, True, "tenth"])
def test_what_cannot_be_held_out_is_an_error(validation):
    with pytest.raises(ValueError, match="validation|cv='tenth'"):
        head_model(validation=validation).fit(FEATURES, TARGETS)


def test_half_of_a_validation_part_is_an_error():
    for part in ({"X_val": FEATURES}, {"y_val": TARGETS}):
        with pytest.raises(ValueError, match="One of X_val and y_val is given; expected both"):
            head_model().fit(FEATURES, TARGETS, **part)


def test_validation_labels_must_be_those_of_training():
    y = pd.DataFrame(TARGETS, columns=["cat", "dog"])
    with pytest.raises(ValueError, match=r"y_val has the labels \['cat'\] and y has"):
        head_model().fit(FEATURES, y, X_val=FEATURES, y_val=y[["cat"]])
    with pytest.raises(ValueError, match="X_val|y_val has 59|60"):
        head_model().fit(FEATURES, y, X_val=FEATURES, y_val=y[:-1])
    with pytest.raises(ValueError, match="fitted on feature vectors and is given images"):
        head_model().fit(FEATURES, y, X_val=X_VAL, y_val=Y_VAL[:, :2])


def test_validation_labels_in_another_order_are_an_error():
    y = pd.DataFrame(TARGETS, columns=["cat", "dog"])
    with pytest.raises(ValueError, match="(?s)y_val.*dog.*cat"):
        head_model().fit(FEATURES, y, X_val=FEATURES, y_val=y[["dog", "cat"]])


def test_given_data_are_scored_without_early_stopping_too():
    model = head_model(early_stopping=False).fit(
        FEATURES, TARGETS, X_val=FEATURES[:9], y_val=TARGETS[:9]
    )
    assert {"valid_loss", "valid_mAP"} <= set(model.history_)
    plain = head_model(early_stopping=False).fit(FEATURES, TARGETS)
    np.testing.assert_array_equal(
        model.decision_function(FEATURES), plain.decision_function(FEATURES)
    )


# ---- what is scored


def log_score(estimator, X, y):
    return -log_loss(y[:, 0], estimator.predict_proba(X)[:, 0])


@pytest.mark.parametrize(
    ("scoring", "column", "metric"),
    [
        ("mAP", "mAP", lambda y, p: mean_average_precision(y, p)),
        ("average_precision", "average_precision", average_precision_score),
        ("f1_macro", "f1_macro", lambda y, p: f1_score(y, p >= 0.5, average="macro")),
        (log_score, "log_score", lambda y, p: -log_loss(y[:, 0], p[:, 0])),
        (
            make_scorer(f1_score, average="micro"),
            "score",
            lambda y, p: f1_score(y, p >= 0.5, average="micro"),
        ),
    ],
    ids=["mAP", "average_precision", "f1_macro", "function", "scorer"],
)
@pytest.mark.parametrize("batch_size", [5, 16, 40])
def test_the_score_is_that_of_the_whole_part(scoring, column, metric, batch_size):
    """Never a mean over batches: it equals the metric of all predictions, whatever the batches."""
    settings = {"max_epochs": 1, "scoring": scoring, "batch_size": batch_size, "precision": "fp32"}
    model = classifier(**settings).fit(X, Y, X_val=X_VAL, y_val=Y_VAL)
    expected = metric(Y_VAL, model.predict_proba(X_VAL))
    assert model.history_[f"valid_{column}"].iloc[-1] == pytest.approx(expected, abs=1e-6)


def test_the_loss_is_that_of_the_whole_part():
    model = classifier(max_epochs=1, batch_size=8, precision="fp32")
    model.fit(X, Y, X_val=X_VAL, y_val=Y_VAL)  # batches of 8, 8 and 1 row
    losses = np.logaddexp(0, model.decision_function(X_VAL) * (1 - 2 * Y_VAL))
    assert model.history_["valid_loss"].iloc[-1] == pytest.approx(losses.mean(), rel=1e-5)


@pytest.mark.parametrize("scoring", ["CF1", "macro_AUC", "accuracy"])
def test_other_names_are_scored(scoring):
    history = head_model(scoring=scoring).fit(FEATURES, TARGETS).history_
    assert history[f"valid_{scoring}"].between(0, 1).all()


def test_an_unknown_score_shows_those_there_are():
    with pytest.raises(ValueError, match="Unknown scoring 'map'; expected 'loss', one of mAP"):
        head_model(scoring="map").fit(FEATURES, TARGETS)


# ---- what the score decides


@pytest.mark.parametrize("settings", [{}, {"ema_decay": 0.9}], ids=str)
@pytest.mark.parametrize(
    ("scores", "n_epochs", "best"),
    [
        ([1, 3, 2, 2, 9, 9], 4, 1),  # two epochs without a better one
        ([1, 1, 1, 9], 3, 0),  # equal is not better
        ([1, 2, 1, 3, 1, 1], 6, 3),
        ([6, 5, 4], 3, 0),
        ([-5, -4, -6, -6], 4, 1),
        ([np.nan, 2, np.nan, np.nan], 4, 1),
    ],
)
def test_training_stops_and_goes_back_to_the_best_epoch(settings, scores, n_epochs, best):
    score = Dictated([*scores, *[-99] * 9])
    model = head_model(max_epochs=6, n_iter_no_change=2, scoring=score, **settings)
    model.fit(FEATURES, TARGETS, X_val=FEATURES, y_val=TARGETS)
    assert len(model.history_) == len(score.logits) == n_epochs
    np.testing.assert_allclose(model.decision_function(FEATURES), score.logits[best], atol=1e-6)


def test_where_there_is_never_a_score_the_last_weights_are_kept():
    score = Dictated([np.nan] * 9)
    model = head_model(max_epochs=6, n_iter_no_change=2, scoring=score)
    with pytest.warns(UserWarning, match="valid_score was no number in any epoch"):
        model.fit(FEATURES, TARGETS, X_val=FEATURES, y_val=TARGETS)
    np.testing.assert_allclose(model.decision_function(FEATURES), score.logits[-1], atol=1e-6)


def test_the_loss_may_be_what_decides():
    model = head_model(max_epochs=9, lr=3.0, n_iter_no_change=2, scoring="loss")
    noise = 1 - TARGETS
    model.fit(FEATURES, TARGETS, X_val=FEATURES, y_val=noise)
    assert len(model.history_) == 3  # it rises from the first epoch on
    assert "valid_mAP" not in model.history_


def test_the_best_epoch_includes_the_statistics_of_batch_norm():
    score = Dictated([2, 1, 1])
    model = classifier(max_epochs=3, early_stopping=True, scoring=score, precision="fp32")
    model.fit(X, Y, X_val=X_VAL, y_val=Y_VAL)
    assert not np.allclose(score.logits[0], score.logits[-1], atol=1e-3)
    np.testing.assert_allclose(model.decision_function(X_VAL), score.logits[0], atol=1e-5)


def test_without_early_stopping_the_last_epoch_counts():
    score = Dictated([3, 2, 1])
    model = head_model(early_stopping=False, scoring=score)
    model.fit(FEATURES, TARGETS, X_val=FEATURES, y_val=TARGETS)
    np.testing.assert_allclose(model.decision_function(FEATURES), score.logits[-1], atol=1e-6)


def test_a_plateau_watches_the_loss_and_stopping_the_score():
    """The rate falls although the score rises."""
    settings = {"schedule": "plateau", "schedule_params": {"patience": 0}, "max_epochs": 4}
    noise = 1 - TARGETS  # the better the fit, the worse the loss
    model = head_model(**settings, scoring=Dictated([1, 2, 3, 4]))
    model.fit(FEATURES, TARGETS, X_val=FEATURES, y_val=noise)
    assert model.history_["lr"].tolist() == [0.05, 0.05, 0.025, 0.0125]
    assert model.history_["valid_loss"].is_monotonic_increasing
