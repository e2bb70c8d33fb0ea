"""Which rows an epoch draws, and with what chances."""

import numpy as np
import pytest

from helpers import classifier, coloured, imbalanced_labels
from sklearn_mlic.deep._batches import EpochBatches, balanced_weights


def drawn(n_samples, batch_size, seed=0, epoch=0, weights=None):
    batches = EpochBatches(n_samples, batch_size, seed, weights)
    batches.epoch = epoch
    made = list(batches)
    assert len(made) == len(batches)
    return made


@pytest.mark.parametrize("n_samples", range(1, 20))
@pytest.mark.parametrize("batch_size", [1, 2, 5, 32])
def test_every_row_is_drawn_once_and_none_alone(n_samples, batch_size):
    made = drawn(n_samples, batch_size)
    assert sorted(row for rows in made for row in rows) == list(range(n_samples))
    assert max(map(len, made)) <= batch_size + 1
    if n_samples > 1 < batch_size:
        assert min(map(len, made)) > 1  # batch norm needs two


def test_seed_and_epoch_decide_rows_and_seeds():
    def facts(**settings):
        return [(list(rows), rows.seed) for rows in drawn(40, 8, **settings)]

    assert facts(seed=1, epoch=2) == facts(seed=1, epoch=2)
    assert facts(seed=1, epoch=2) != facts(seed=1, epoch=3)
    assert facts(seed=1, epoch=2) != facts(seed=2, epoch=2)
    seeds = [seed for epoch in range(5) for _, seed in facts(epoch=epoch)]
    assert len(set(seeds)) == len(seeds)


# ---- balanced sampling


def test_each_label_has_the_same_chance_to_be_chosen():
    """A label is chosen, then one of its rows; rows without any are one label more."""
    y = np.array([[1, 0], [1, 0], [1, 1], [0, 0]])
    # Labels have 3, 1 and (none) 1 rows.
    expected = np.array([1 / 3, 1 / 3, 1 / 3 + 1, 1]) / 3
    np.testing.assert_allclose(balanced_weights(y), expected)


def test_labels_without_overlap_are_drawn_equally_often():
    y = np.repeat(np.eye(4)[:, :3], [60, 30, 8, 2], axis=0)  # the last two rows have no label
    rows = np.concatenate(
        [row for epoch in range(60) for row in drawn(100, 25, 0, epoch, balanced_weights(y))]
    )
    counts = np.append(y[rows].sum(axis=0), (~y[rows].any(axis=1)).sum())
    np.testing.assert_allclose(counts / counts.sum(), 0.25, atol=0.02)


def test_rare_labels_gain():
    y = imbalanced_labels()
    rates, balanced = y.mean(axis=0), balanced_weights(y) @ y
    assert balanced.max() / balanced.min() < 0.5 * rates.max() / rates.min()
    assert balanced_weights(y).min() > 0


def test_unknown_labels_count_as_not_there():
    y = imbalanced_labels().astype(float)
    unknown = y.copy()
    unknown[(y == 0) & (np.random.default_rng(0).random(y.shape) < 0.3)] = np.nan
    np.testing.assert_allclose(balanced_weights(unknown), balanced_weights(y))


@pytest.mark.parametrize("value", [0.0, 1.0, np.nan])
def test_labels_that_do_not_differ_leave_all_rows_alike(value):
    np.testing.assert_allclose(balanced_weights(np.full((5, 3), value)), 0.2)


def test_a_label_with_nothing_is_passed_over():
    y = np.array([[1, 0, 0], [0, 0, 1], [0, 0, 1]])
    np.testing.assert_allclose(balanced_weights(y), [0.5, 0.25, 0.25])


def test_balanced_sampling_raises_what_is_said_of_a_rare_label():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, 4)).astype(np.float32)
    y = np.zeros((400, 2))
    y[:200, 0], y[:8, 1] = 1, 1
    settings = {"max_epochs": 10, "lr": 0.05}
    uniform = classifier(**settings).fit(features, y).predict_proba(features)
    balanced = classifier(**settings, sampling="balanced").fit(features, y)
    assert balanced.predict_proba(features)[:, 1].mean() > 3 * uniform[:, 1].mean()


def test_an_unknown_sampling_is_an_error():
    with pytest.raises(ValueError, match="Unknown sampling 'balance'. Did you mean 'balanced'"):
        classifier(sampling="balance").fit(*coloured(8))
