"""NaN in y_true: a metric is what it would be on the known entries alone."""

import numpy as np
import pytest

from helpers import ColumnClassifier, random_case
from sklearn_mlic import metrics as m

MODEL = ColumnClassifier().fit(None, np.zeros((1, 1)))
NAMES = [name for name in m.SCORERS if not name.endswith("_top3")]
OF_LABELS = ("mAP", "mAP_envelope", "macro_AUC", "CP", "CR", "macro_F1")
OF_ENTRIES = ("micro_AUC", "OP", "OR", "OF1", "micro_F1", "neg_hamming_loss")
OF_ROWS = tuple(set(NAMES) - {*OF_LABELS, *OF_ENTRIES, "CF1"})


def score(name, y_true, y_prob):
    """Each metric by its scorer, predictions at 0.5."""
    return m.SCORERS[name](MODEL, y_prob, y_true)


def hide(seed, part=0.4):
    """A random case with unknown entries: a whole row, a whole label, and others at random."""
    y_true, y_prob = random_case(seed)
    unknown = np.random.default_rng(seed).random(y_true.shape) < part
    unknown[2] = True
    unknown[:, 3] = True
    return np.where(unknown, np.nan, y_true), y_prob, ~unknown


def on_known_rows(name, y_true, y_prob, known):
    """Each label on its known rows; the mean over labels where that is defined."""
    columns = [
        (y_true[rows, j : j + 1], y_prob[rows, j : j + 1])
        for j, rows in enumerate(known.T)
        if y_true[rows, j].any()
    ]
    return np.nanmean([score(name, *column) for column in columns])


def on_known_labels(name, y_true, y_prob, known):
    """Each row on its known labels; the mean over rows where that is defined."""
    rows = zip(y_true, y_prob, known, strict=True)
    return np.nanmean([score(name, y[None, k], p[None, k]) for y, p, k in rows if k.any()])


def on_known_entries(name, y_true, y_prob, known):
    """All known entries as one label."""
    return score(name, y_true[known][:, None], y_prob[known][:, None])


REFERENCE = {
    **dict.fromkeys(OF_LABELS, on_known_rows),
    **dict.fromkeys(OF_ENTRIES, on_known_entries),
    **dict.fromkeys(OF_ROWS, on_known_labels),
}


@pytest.mark.parametrize("name", sorted(REFERENCE))
def test_hiding_entries_is_computing_on_what_remains(name):
    for seed in range(8):
        case = hide(seed)
        expected = REFERENCE[name](name, *case)
        assert score(name, *case[:2]) == pytest.approx(expected, abs=1e-12)
        assert not np.isnan(expected)


def test_cf1_is_that_of_the_known_cp_and_cr():
    case = hide(0)
    precision, recall = (on_known_rows(name, *case) for name in ("CP", "CR"))
    expected = 2 * precision * recall / (precision + recall)
    assert score("CF1", *case[:2]) == pytest.approx(expected)


@pytest.mark.parametrize("name", m.SCORERS)
def test_predictions_at_unknown_entries_make_no_difference(name):
    for seed in range(8):
        y_true, y_prob, known = hide(seed)
        expected = score(name, y_true, y_prob)
        assert np.isfinite(expected)
        for other in (0.0, 1.0, np.random.default_rng(1).random(y_prob.shape)):
            changed = np.where(known, y_prob, other)
            assert score(name, y_true, changed) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", [name for name in m.SCORERS if name.endswith("_top3")])
def test_top3_scorers_take_the_best_of_the_known_labels(name):
    y_true, y_prob, known = hide(1)
    y_pred = np.zeros(y_true.shape)
    for row, labels in enumerate(known):
        best = m.top_k_labels(y_prob[row, labels][None], 3) if labels.any() else 0
        y_pred[row, labels] = best
    assert score(name, y_true, y_prob) == score(name.removesuffix("_top3"), y_true, y_pred)


@pytest.mark.parametrize("metric", [m.f1_per_label, m.average_precision_per_label, m.auc_per_label])
def test_figures_of_a_label_are_those_of_its_known_rows(metric):
    y_true, y_prob, known = hide(2)
    y_other = y_prob >= 0.5 if metric is m.f1_per_label else y_prob
    got = metric(y_true, y_other)
    for j in (0, 1, 2, 4, 5):
        rows = known[:, j]
        np.testing.assert_allclose(
            got[j], metric(y_true[rows, j : j + 1], y_other[rows, j : j + 1])[0]
        )
    assert np.isnan(got[3]) or (metric is m.f1_per_label and got[3] == 0)


@pytest.mark.parametrize("name", m.SCORERS)
def test_one_known_positive_and_one_known_negative_define_every_metric(name):
    y_true = np.array([[1, 0], [0, 1], [np.nan, np.nan]])
    assert not np.isnan(score(name, y_true, np.full((3, 2), 0.7)))
