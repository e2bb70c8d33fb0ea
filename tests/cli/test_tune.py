"""Searches on the command line: what they print, keep, go on with and refuse."""

import re

import pandas as pd
import pytest

from commands import NETWORK, call, fail
from sklearn_mlic import load

TEXT = ["--approach", "text", "--text", "caption", "--cv", 2, "-q"]


def tune(scenes, *options, approach=TEXT):
    return call("tune", scenes / "labels.csv", *approach, *options)


def test_tune_prints_the_best_and_keeps_its_model(scenes, tmp_path):
    table, model = tmp_path / "trials.csv", tmp_path / "model.skops"
    printed = tune(scenes, "--trials", 3, "--table", table, "-o", model)
    trials = pd.read_csv(table)
    assert trials["state"].tolist() == ["complete"] * 3
    best = trials.loc[trials["mean_test_score"].idxmax()]
    assert f"Best: mAP {best['mean_test_score']:.4f} with" in printed
    (name,) = [column for column in trials if column.startswith("param_")]
    assert f"  {name.removeprefix('param_')} = {best[name]:.4g}" in printed
    assert printed.rstrip().endswith(str(model))
    opened = load(model)
    assert opened.get_params()[name.removeprefix("param_")] == pytest.approx(best[name])
    out = tmp_path / "predictions.csv"
    call("predict", model, scenes / "labels.csv", "--text", "caption", "-o", out, "-q")
    assert len(pd.read_csv(out)) == 60


@pytest.mark.parametrize("form", ["{}/study.log", "sqlite:///{}/study.db"])
def test_a_storage_goes_on_with_the_trials(scenes, tmp_path, form):
    storage, tables = form.format(tmp_path), []
    for n_trials in (2, 4):
        table = tmp_path / f"{n_trials}.csv"
        tune(scenes, "--trials", n_trials, "--storage", storage, "--table", table)
        tables.append(pd.read_csv(table))
    assert list(map(len, tables)) == [2, 4]
    first, second = (table.filter(like="split") for table in tables)
    pd.testing.assert_frame_equal(second.head(2), first)


def test_a_storage_goes_on_where_images_are_embedded_into_another_cache(scenes, tmp_path):
    storage, sizes = tmp_path / "study.log", []
    for n_trials in (1, 2):
        table = tmp_path / f"{n_trials}.csv"
        approach = ["--approach", "image", "--cv", 0.3, *NETWORK]
        options = ["--trials", n_trials, "--storage", storage, "--table", table]
        tune(scenes, *options, approach=approach)
        sizes.append(len(pd.read_csv(table)))
    assert sizes == [1, 2]


def test_a_comparison_goes_on_with_its_searches(scenes, tmp_path):
    storage, table = tmp_path / "studies.log", tmp_path / "table.csv"
    approach = ["--approach", "image", "--cv", 0.3, *NETWORK]
    for _ in range(2):
        call(
            "compare", scenes / "labels.csv", "--tune", 1, "--storage", storage, "-o", table,
            *approach,
        )  # fmt: skip
    assert len(set(re.findall(r'"study_name": ?"([^"]+)"', storage.read_text()))) == 1


def test_a_storage_of_other_data_is_refused(scenes, tmp_path, capsys, monkeypatch):
    rows = (scenes / "labels.csv").read_text().splitlines(keepends=True)
    (tmp_path / "fewer.csv").write_text("".join(rows[:50]))
    storage = ["--storage", tmp_path / "study.log", "--trials", 2]
    tune(scenes, *storage)
    arguments = [tmp_path / "fewer.csv", "--images", scenes, *TEXT, *storage]
    message = fail(capsys, monkeypatch, "tune", *arguments)
    assert "The study 'text' is of other data or other folds" in message


def test_tune_takes_any_approach_metric_budget_and_a_pruner(scenes, tmp_path):
    table = tmp_path / "trials.csv"
    printed = tune(
        scenes, "--trials", 2, "--metric", "LRAP", "--budget", "full", "--prune", "--table", table,
        approach=["--approach", "image:mlknn", "--cv", 0.3, *NETWORK],
    )  # fmt: skip
    assert re.search(r"Best: LRAP 0\.\d+ with", printed)
    names = {column.rpartition("__")[2] for column in pd.read_csv(table)}
    assert {"n_neighbors", "s", "pool"} <= names


def test_compare_tunes_each_approach_but_the_prior(scenes, tmp_path):
    table, best = tmp_path / "table.csv", tmp_path / "best.skops"
    storage = tmp_path / "studies.log"
    arguments = ["compare", scenes / "labels.csv", "--tune", 2, "--storage", storage, "-o", table]
    printed = call(*arguments, *TEXT, "--best", best)
    assert "prior" in printed
    assert list(pd.read_csv(table)["approach"]) == ["prior", "text"]
    assert type(load(best)).__name__ == "Pipeline"
    names = set(re.findall(r'"study_name": ?"([^"]+)"', storage.read_text()))
    assert len(names) == 3  # two training parts, and all rows
    assert all(name.startswith("text ") for name in names)


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        ("compare", ["--storage", "study.log"], "--storage is for a search: give --tune"),
        ("compare", ["--prune"], "--prune is for a search: give --tune a number of trials"),
        ("compare", ["--tune", 2, "--budget", "smal"], "Did you mean 'small'?"),
        ("tune", ["--budget", "huge"], "Unknown --budget 'huge'"),
        ("tune", ["--metric", "map"], "Unknown scorer 'map'"),
        ("tune", ["--approach", "imgae"], "Did you mean 'image'?"),
    ],
)
def test_what_does_not_go_together_is_refused(
    scenes, capsys, monkeypatch, command, arguments, words
):
    monkeypatch.setattr("sklearn_mlic.cli._data_options.DataOptions.read", lambda *_: 1 / 0)
    assert words in fail(capsys, monkeypatch, command, scenes / "labels.csv", *arguments, "-q")
