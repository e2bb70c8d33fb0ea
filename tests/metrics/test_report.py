"""The report against the metrics that it gathers."""

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk

from helpers import global_state, random_case
from sklearn_mlic import metrics as m
from sklearn_mlic.metrics import _bootstrap

# The names in `attrs`, by what they are computed from.
OF_SCORES = {
    "mAP": m.mean_average_precision,
    "macro_AUC": m.macro_auc,
    "micro_AUC": m.micro_auc,
    "sample_AUC": m.sample_auc,
    "ranking_loss": m.ranking_loss,
    "coverage_error": m.coverage_error,
    "coverage_minus_one": m.coverage_minus_one,
    "one_error": m.one_error,
    "LRAP": m.label_ranking_average_precision,
}
OF_PREDICTIONS = {
    "CP": m.cp_score,
    "CR": m.cr_score,
    "CF1": m.cf1_score,
    "macro_F1": m.macro_f1_score,
    "OP": m.op_score,
    "OR": m.or_score,
    "OF1": m.of1_score,
    "hamming_loss": m.hamming_loss,
    "sample_F1": m.sample_f1_score,
    "subset_accuracy": m.subset_accuracy,
}


def figures(y_true, y_prob, y_pred):
    """All figures of the summary, each by its own function."""
    return {
        **{name: metric(y_true, y_prob) for name, metric in OF_SCORES.items()},
        **{name: metric(y_true, y_pred) for name, metric in OF_PREDICTIONS.items()},
    }


@pytest.mark.parametrize("hidden", [0, 0.3])
def test_report_agrees_with_the_metrics(hidden):
    y_true, y_prob = random_case(15)
    y_true = np.where(np.random.default_rng(0).random(y_true.shape) < hidden, np.nan, y_true)
    thresholds = np.linspace(0.3, 0.9, 7)
    names = list("abcdefg")
    report = m.multilabel_report(y_true, y_prob, thresholds, names)
    y_pred = (y_prob >= thresholds).astype(int)
    assert list(report.index[:7]) == names
    support = np.nansum(y_true, axis=0)
    assert report["support"].tolist() == [*support, *[support.sum()] * 3]
    np.testing.assert_allclose(report["threshold"][:7], thresholds)
    np.testing.assert_allclose(report["AP"][:7], m.average_precision_per_label(y_true, y_prob))
    np.testing.assert_allclose(report["AUC"][:7], m.auc_per_label(y_true, y_prob))
    known = ~np.isnan(y_true)
    for column, metric in {
        "precision": sk.precision_score,
        "recall": sk.recall_score,
        "F1": sk.f1_score,
    }.items():
        expected = [
            metric(y_true[rows, j], y_pred[rows, j], zero_division=0.0)
            for j, rows in enumerate(known.T)
        ]
        np.testing.assert_allclose(report[column][:7], expected)
        assert report.loc["macro", column] == pytest.approx(np.mean(expected[:-1]))
    attrs = report.attrs
    expected = figures(y_true, y_prob, y_pred) | m.count_undefined(y_true)
    assert attrs == pytest.approx(expected, abs=1e-12)
    assert attrs["n_labels_without_positives"] == 1
    assert report.loc["macro", ["AP", "AUC"]].tolist() == [attrs["mAP"], attrs["macro_AUC"]]
    assert report.loc["micro", ["AUC", "F1"]].tolist() == [attrs["micro_AUC"], attrs["OF1"]]
    assert report.loc["samples", ["AUC", "F1"]].tolist() == [
        attrs["sample_AUC"],
        attrs["sample_F1"],
    ]


def test_report_names_rows_and_counts_p_equal_to_the_threshold_as_positive():
    y_true = pd.DataFrame([[1], [0]], columns=["cat"])
    report = m.multilabel_report(y_true, [[0.5], [0.4]])
    assert report.index[0] == "cat"
    assert report.loc["cat", "F1"] == 1.0
    assert m.multilabel_report([[1], [0]], [[0.5], [0.4]]).index[0] == "label_0"
    assert report["support"].dtype.kind == "i"


def test_report_prints_in_80_columns():
    lines = str(m.multilabel_report(*random_case(16, decimals=3))).splitlines()
    assert max(map(len, lines)) <= 80
    assert "..." not in lines[0]


def test_report_without_any_positive():
    report = m.multilabel_report(np.zeros((3, 2)), np.full((3, 2), 0.4))
    assert report.attrs["n_labels_without_positives"] == 2
    assert report.attrs["CF1"] == 0.0
    assert np.isnan(report.attrs["mAP"])
    assert report.attrs["sample_F1"] == 1.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"thresholds": [0.5, 0.5]}, r"thresholds have shape \(2,\).*shape \(1,\)"),
        ({"thresholds": np.nan}, "thresholds hold NaN"),
        ({"n_bootstrap": -1}, "n_bootstrap=-1; expected a whole number of 0"),
        ({"n_bootstrap": True}, "n_bootstrap=True; expected"),
        ({"confidence": 95}, "confidence=95 given; expected a number between 0 and 1"),
        ({"label_names": ["a", "b"]}, "label_names has 2 names for 1 labels"),
        ({"y_prob": [[3.0], [-2.0]]}, "it ranges from -2 to 3.*Pass the output of predict_p"),
    ],
)
def test_report_refuses(changes, message):
    arguments = {"y_true": [[1], [0]], "y_prob": [[0.6], [0.4]]} | changes
    with pytest.raises(ValueError, match=message):
        m.multilabel_report(**arguments)


PERCENTILES = {"n_bootstrap": 300, "random_state": 0}


def test_intervals_are_those_of_the_metrics_on_the_rows_drawn(monkeypatch):
    y_true, y_prob = random_case(18, n_samples=25, n_labels=4)
    y_true = np.where(np.random.default_rng(1).random(y_true.shape) < 0.2, np.nan, y_true)
    drawn = []

    class Spy(np.random.Generator):
        def integers(self, *args, **kwargs):
            drawn.append(super().integers(*args, **kwargs))
            return drawn[-1]

    monkeypatch.setattr(np.random, "default_rng", lambda seed: Spy(np.random.PCG64(seed)))
    report = m.multilabel_report(y_true, y_prob, n_bootstrap=40, confidence=0.8, random_state=0)
    rows = np.concatenate(drawn)
    assert rows.shape == (40, 25)
    y_pred = y_prob >= 0.5
    whole = [figures(y_true[r], y_prob[r], y_pred[r]) for r in rows]
    for name in whole[0]:
        values = [figures[name] for figures in whole]
        got = [report.attrs[f"{name} low"], report.attrs[f"{name} high"]]
        np.testing.assert_allclose(got, np.nanquantile(values, [0.1, 0.9]), err_msg=name)
    precisions = [m.average_precision_per_label(y_true[r], y_prob[r])[:-1] for r in rows]
    got = report.loc[["label_0", "label_1", "label_2"], ["AP low", "AP high"]]
    np.testing.assert_allclose(got.T, np.nanquantile(precisions, [0.1, 0.9], axis=0))
    f1 = np.quantile([m.f1_per_label(y_true[r], y_pred[r])[0] for r in rows], [0.1, 0.9])
    np.testing.assert_allclose(report.loc["label_0", ["F1 low", "F1 high"]].astype(float), f1)
    assert report.loc["macro", "AP low"] == report.attrs["mAP low"]
    assert report.loc["micro", "F1 high"] == report.attrs["OF1 high"]


def test_intervals_leave_the_figures_as_they_are():
    case = random_case(19)
    plain, report = m.multilabel_report(*case), m.multilabel_report(*case, **PERCENTILES)
    pd.testing.assert_frame_equal(report[plain.columns], plain)
    assert {name: report.attrs[name] for name in plain.attrs} == plain.attrs
    assert list(report.columns[len(plain.columns) :]) == ["AP low", "AP high", "F1 low", "F1 high"]


def test_intervals_hold_the_figure_and_widen_with_confidence_and_fewer_rows():
    y_true, y_prob = random_case(20, n_samples=400)

    def width(n_samples, confidence):
        report = m.multilabel_report(
            y_true[:n_samples], y_prob[:n_samples], confidence=confidence, **PERCENTILES
        )
        low, high = report.attrs["mAP low"], report.attrs["mAP high"]
        assert low < report.attrs["mAP"] < high
        return high - low

    assert width(400, 0.5) < width(400, 0.95) < width(50, 0.95)


def test_intervals_cover_the_truth_about_as_often_as_asked():
    rng = np.random.default_rng(0)
    y_true = (rng.random((100, 150, 1)) < 0.5).astype(float)
    y_prob = np.where(rng.random(y_true.shape) < 0.8, y_true, 1 - y_true)  # wrong for 1 in 5
    reports = [
        m.multilabel_report(*case, n_bootstrap=200, confidence=0.9, random_state=0)
        for case in zip(y_true, y_prob, strict=True)
    ]
    ends = np.array([[r.attrs[f"hamming_loss {end}"] for end in ("low", "high")] for r in reports])
    assert 0.8 <= np.mean((ends[:, 0] <= 0.2) & (ends[:, 1] >= 0.2)) <= 0.97


def test_batches_of_resamples_make_no_difference(monkeypatch):
    case = random_case(21)
    expected = m.multilabel_report(*case, **PERCENTILES)
    monkeypatch.setattr(_bootstrap, "_BATCH_ENTRIES", 60 * 7 * 7)
    pd.testing.assert_frame_equal(m.multilabel_report(*case, **PERCENTILES), expected)


def test_intervals_are_repeatable_and_leave_the_global_generator():
    case = random_case(22)
    state = global_state()
    first, again = (m.multilabel_report(*case, **PERCENTILES) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    other = m.multilabel_report(*case, n_bootstrap=300)
    assert other.attrs["mAP low"] != first.attrs["mAP low"]
    assert global_state() == state


def test_intervals_of_what_is_never_defined_are_nan():
    report = m.multilabel_report(np.zeros((3, 2)), np.full((3, 2), 0.4), **PERCENTILES)
    assert np.isnan(report.attrs["mAP low"])
    assert np.isnan(report.loc["label_0", "F1 high"])
    assert report.attrs["sample_F1 low"] == report.attrs["sample_F1 high"] == 1.0
