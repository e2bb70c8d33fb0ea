"""Steps: gradients are accumulated, clipped, averaged and weighted as they should be."""

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from helpers import classifier, coloured

X, Y = coloured(24)
RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(32, 5)).astype(np.float32)
TARGETS = (FEATURES[:, :3] + RNG.normal(size=(32, 3)) > 0).astype(float)
PLAIN = {"optimizer": "sgd", "weight_decay": 0, "lr": 0.5}  # a step is the gradient


class Spy(Callback):
    """Calls a function at each step, and at the end of each epoch."""

    def __init__(self, at_step=None, at_epoch_end=None):
        self.at_step = at_step
        self.at_epoch_end = at_epoch_end

    def __deepcopy__(self, memo):
        return self  # so that a test sees what the copy saw

    def on_grad_computed(self, net, **_):
        if self.at_step is not None:
            self.at_step(net)

    def on_epoch_end(self, net, **_):
        if self.at_epoch_end is not None:
            self.at_epoch_end(net)


def weights(model):
    return {
        name: value.detach().clone().numpy()
        for name, value in model.net_.module_.state_dict().items()
    }


def assert_same_weights(first, second, **tolerance):
    first, second = weights(first), weights(second)
    for name, value in first.items():
        np.testing.assert_allclose(value, second[name], **{"rtol": 0, "atol": 0, **tolerance})


def features_model(**settings):
    return classifier(**{**PLAIN, "max_epochs": 1, **settings})


# ---- accumulation


@pytest.mark.parametrize("kind", ["features", "images"])
def test_two_batches_of_eight_are_one_of_sixteen(kind):
    images = {"backbone": "test_vit", "precision": "fp32", "augmentation": "none"}
    given, y = (FEATURES[:16], TARGETS[:16]) if kind == "features" else (X[:16], Y[:16])
    settings = {"max_epochs": 1, **PLAIN, **(images if kind == "images" else {})}
    parts = classifier(batch_size=8, accumulate=2, **settings).fit(given, y)
    whole = classifier(batch_size=16, **settings).fit(given, y)
    assert_same_weights(parts, whole, atol=1e-6)
    assert abs(weights(whole)["head.linear.weight"]).max() > 1e-3


@pytest.mark.parametrize(
    ("batch_size", "accumulate", "expected"),
    [(8, 1, 4), (8, 2, 2), (8, 3, 2), (5, 4, 2), (8, 9, 1)],
)
def test_the_last_group_is_stepped_however_small(batch_size, accumulate, expected):
    steps = []
    settings = {"batch_size": batch_size, "accumulate": accumulate, "max_epochs": 3}
    features_model(**settings, callbacks=[Spy(steps.append)]).fit(FEATURES, TARGETS)
    assert len(steps) == 3 * expected


def test_a_last_group_of_one_batch_moves_as_far_as_the_batch_alone():
    """The loss of a group is divided by the batches that it has."""
    alone = features_model(batch_size=32).fit(FEATURES, TARGETS)
    group = features_model(batch_size=32, accumulate=4).fit(FEATURES, TARGETS)
    assert_same_weights(alone, group)


def test_one_cycle_counts_steps_not_batches():
    rates = []
    spy = Spy(lambda net: rates.append(net.optimizer_.param_groups[0]["lr"]))
    settings = {"batch_size": 5, "accumulate": 3, "max_epochs": 4, "schedule": "one_cycle"}
    model = features_model(**settings, callbacks=[spy]).fit(FEATURES, TARGETS)
    assert len(rates) == 4 * 3  # 7 batches an epoch
    assert max(rates) > 0.95 * 0.5
    assert len(set(rates)) == len(rates)  # it ends with the last step, not before
    assert model.net_.optimizer_.param_groups[0]["lr"] < 1e-4 * 0.5


# ---- clipping


def test_the_optimizer_sees_clipped_gradients():
    norms = []

    def look(net):
        parts = [p.grad.norm() for p in net.module_.parameters() if p.grad is not None]
        norms.append(float(torch.stack(parts).norm()))

    settings = {"batch_size": 8, "callbacks": [Spy(look)]}
    features_model(**settings).fit(FEATURES, TARGETS)
    free = list(norms)
    norms.clear()
    features_model(**settings, clip_norm=0.01).fit(FEATURES, TARGETS)
    assert min(free) > 0.02
    assert max(norms) <= 0.01 * (1 + 1e-5)


# ---- the average


def test_the_average_predicts_and_is_scored():
    raw, seen = {}, []
    spy = Spy(
        lambda net: raw.update(before=net.module_.head.linear.weight.detach().clone()),
        lambda net: raw.update(after=net.module_.head.linear.weight.detach().clone()),
    )

    def score(estimator, X, y):
        seen.append(estimator.decision_function(X))
        return 0.0

    settings = {"batch_size": 32, "ema_decay": 0.9, "callbacks": [spy], "scoring": score}
    model = features_model(**settings).fit(FEATURES, TARGETS, X_val=FEATURES[:7], y_val=TARGETS[:7])
    # After one step: 2/11 of the initial weights and 9/11 of the raw ones.
    averaged = weights(model)["head.linear.weight"]
    expected = (2 * raw["before"] + 9 * raw["after"]) / 11
    np.testing.assert_allclose(averaged, expected, atol=1e-6)
    assert not np.allclose(averaged, raw["after"], atol=1e-4)
    np.testing.assert_allclose(model.decision_function(FEATURES[:7]), seen[0], atol=1e-6)


def test_the_average_takes_the_statistics_of_batch_norm():
    model = classifier(ema_decay=0.999, batch_size=8).fit(X, Y)
    kept = weights(model)
    counts = [value for name, value in kept.items() if name.endswith("num_batches_tracked")]
    assert counts
    assert all(count == 2 * 3 for count in counts)
    plain = weights(classifier(batch_size=8).fit(X, Y))
    for name in kept:
        if "running" in name:
            np.testing.assert_array_equal(kept[name], plain[name])


# ---- weights of rows


def test_a_weight_of_zero_leaves_a_row_out():
    weight = np.ones(32)
    weight[20:] = 0
    left_out = features_model(batch_size=32).fit(FEATURES, TARGETS, sample_weight=weight)
    absent = features_model(batch_size=20).fit(FEATURES[:20], TARGETS[:20])
    assert_same_weights(left_out, absent, atol=1e-6)


def test_a_weight_of_two_is_a_row_twice():
    weight = np.ones(32)
    weight[:8] = 2
    doubled = np.r_[np.arange(32), np.arange(8)]
    heavy = features_model(batch_size=32).fit(FEATURES, TARGETS, sample_weight=weight)
    twice = features_model(batch_size=40).fit(FEATURES[doubled], TARGETS[doubled])
    assert_same_weights(heavy, twice, atol=1e-6)


@pytest.mark.parametrize("scale", [1, 1e-3, 1e3])
def test_only_the_ratios_of_weights_count(scale):
    weight = np.random.default_rng(1).exponential(size=32)
    first = features_model(batch_size=8).fit(FEATURES, TARGETS, sample_weight=weight)
    other = features_model(batch_size=8).fit(FEATURES, TARGETS, sample_weight=scale * weight)
    assert_same_weights(first, other, atol=1e-6)
    even = features_model(batch_size=8).fit(FEATURES, TARGETS)
    assert np.abs(weights(first)["head.linear.weight"] - weights(even)["head.linear.weight"]).max()


def test_a_batch_without_weight_does_no_harm():
    weight = np.zeros(32)
    weight[0] = 1
    model = features_model(batch_size=4, max_epochs=2).fit(FEATURES, TARGETS, sample_weight=weight)
    assert np.isfinite(model.predict_proba(FEATURES)).all()


@pytest.mark.parametrize(
    ("weight", "words"),
    [
        (np.r_[-1.0, np.ones(31)], "[Nn]egative"),
        (np.ones(31), r"sample_weight.*\(31,\).*\(32,\)"),
        (np.zeros(32), "is 0 in all rows|at least one non-zero"),
        (np.full(32, np.nan), "NaN"),
    ],
    ids=["negative", "length", "zero", "nan"],
)
def test_wrong_weights_are_errors(weight, words):
    with pytest.raises(ValueError, match=words):
        features_model().fit(FEATURES, TARGETS, sample_weight=weight)


class Unweighted(torch.nn.Module):
    """A loss of one's own that knows no weights."""

    def forward(self, logits, y):
        return (torch.sigmoid(logits) - y).square().mean()


def test_a_loss_without_weights_is_an_error_only_where_they_are_given():
    model = features_model(loss=Unweighted).fit(FEATURES, TARGETS)
    with pytest.raises(TypeError, match="sample_weight"):
        model.fit(FEATURES, TARGETS, sample_weight=np.ones(32))


# ---- unknown labels


def test_unknown_labels_train_nothing():
    """The step is that of the known entries alone, label by label."""
    y = TARGETS.copy()
    y[10:, 0] = np.nan
    model = features_model(batch_size=32, loss_params={"reduction": "sum"}).fit(FEATURES, y)
    few = features_model(batch_size=32, loss_params={"reduction": "sum"})
    few.fit(FEATURES[:10], TARGETS[:10, :1])
    np.testing.assert_allclose(
        weights(model)["head.linear.weight"][:1], weights(few)["head.linear.weight"], atol=1e-5
    )


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"early_stopping": True, "validation": 0.4},
        {"schedule": "plateau", "validation": 0.4},
        {"sampling": "balanced"},
        {"augmentation": "mixup"},
    ],
    ids=str,
)
def test_unknown_labels_are_welcome_everywhere(settings):
    y = Y.astype(float)
    y[np.random.default_rng(0).random(y.shape) < 0.3] = np.nan
    y[3] = np.nan
    model = classifier(**settings).fit(X, y)
    assert np.isfinite(model.predict_proba(X)).all()
    assert np.isfinite(model.history_.to_numpy(float)).all()


def test_a_label_that_is_unknown_everywhere_is_an_error():
    y = Y.astype(float)
    y[:, 1] = np.nan
    with pytest.raises(ValueError, match=r"'label_1' are unknown \(NaN\) in all 24 rows"):
        classifier().fit(X, y)
