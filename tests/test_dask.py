"""Two processes of dask: fits and trials go to both, and rows that dask keeps in partitions."""

import os
import pickle
import shutil
from functools import partial

import numpy as np
import optuna
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline

from partitions import (
    LINEAR,
    LOGISTIC,
    METHODS,
    CountedPath,
    count_loads,
    make_numbers,
    make_paths,
    path_classifier,
    predict_part,
)
from sklearn_mlic import (
    BinaryRelevance,
    ClassifierChain,
    ImageDescriptors,
    OptunaSearchCV,
    RAkEL,
    TextSelector,
    ThresholdCalibrator,
    compare,
    save,
)
from sklearn_mlic.images import ImageError
from sklearn_mlic.tuning._storage import open_storage
from sklearn_mlic.tuning._workers import Limits, _join

MISSING = {"reason": "pip install 'sklearn-mlic[dask]' brings dask", "exc_type": ImportError}
pytest.importorskip("distributed", **MISSING)
dd = pytest.importorskip("dask.dataframe", **MISSING)


@pytest.fixture(scope="module")
def client():
    from distributed import Client, LocalCluster

    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(**settings) as cluster, Client(cluster) as client:
        yield client


def test_two_workers_predict_what_one_process_does(client, tmp_path):
    texts = [f"{'a cat' * (row % 2)} {'a dog' * (row % 3 == 0)} {row}" for row in range(40)]
    X = pd.DataFrame({"caption": texts})
    y = np.array([["cat" in text, "dog" in text] for text in texts], dtype=int)
    # Nothing of torch: the workers start in no time.
    words = make_pipeline(TextSelector("caption"), TfidfVectorizer())
    model = make_pipeline(words, BinaryRelevance(LogisticRegression())).fit(X, y)
    path = str(save(model, tmp_path / "model.skops"))
    meta = {**dict.fromkeys(model[-1].label_names_, float), "process": int}
    parts = dd.from_pandas(X, npartitions=8).map_partitions(predict_part, path, meta=meta)
    table = parts.compute()
    np.testing.assert_allclose(table.iloc[:, :2], model.predict_proba(X))
    assert table.index.tolist() == list(range(40))
    loads = client.run(count_loads)
    assert len(loads) == 2
    assert table["process"].nunique() == sum(n > 0 for n in loads.values())
    assert max(loads.values()) == 1


@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
def test_fits_on_two_workers_are_those_of_one_process(client, method):
    X, y = make_numbers()
    here = method.fit(X, y).predict_proba(X)
    with parallel_config("dask"):
        there = method.fit(X, y).predict_proba(X)
    np.testing.assert_allclose(there, here, atol=1e-8)


def test_scores_on_two_workers_are_those_of_one_process(client):
    X, y = make_numbers()
    models = {"linear": LINEAR, "tuned": ThresholdCalibrator(LINEAR, random_state=0)}

    def score():
        folds = cross_validate(LINEAR, X, y, cv=3, scoring="average_precision")
        table = compare(models, X, y, cv=2, random_state=0)
        return folds["test_score"], table.drop(columns="fit seconds").to_numpy()

    here = score()
    with parallel_config("dask"):
        there = score()
    for a, b in zip(here, there, strict=True):
        np.testing.assert_allclose(a, b)


@pytest.mark.parametrize("form", [list, partial(np.array, dtype=object)], ids=["list", "array"])
@pytest.mark.parametrize("method", [BinaryRelevance, RAkEL, ThresholdCalibrator])
def test_what_all_fits_read_is_sent_once(client, method, form):
    paths, y = make_paths(40, n_labels=8)
    X = form(paths)
    model = method(path_classifier())
    if method is ThresholdCalibrator:
        model = method(BinaryRelevance(path_classifier()), cv=4, refit=True)
    CountedPath.n_sent = 0
    with parallel_config("dask"):
        model.fit(X, y)
    # The calibrator's last fit, on all rows, is a second one of many calls.
    assert CountedPath.n_sent == 1 + (method is ThresholdCalibrator)


def test_a_chain_sends_its_features_once_for_all_of_its_rounds(client, monkeypatch):
    X, y = make_numbers()
    sent = []
    scatter = type(client).scatter
    monkeypatch.setattr(
        type(client),
        "scatter",
        lambda self, data, **settings: sent.append(data) or scatter(self, data, **settings),
    )
    with parallel_config("dask"):
        ClassifierChain(LOGISTIC, cv=2).fit(X, y)
    assert sum(any(value is X for value in data) for data in sent) == 1


def test_both_workers_take_part(client):
    paths, y = make_paths(40, n_labels=8)
    with parallel_config("dask"):
        model = BinaryRelevance(path_classifier()).fit(paths, y)
    processes = {fitted[-1].process_ for fitted in model.estimators_}
    assert processes == set(client.run(os.getpid).values())


def test_the_bar_moves_and_an_error_names_the_row(client, capsys):
    paths, y = make_paths(40, n_labels=4)
    with parallel_config("dask"):
        BinaryRelevance(path_classifier(), verbose=1).fit(paths, y)
        assert "100%" in capsys.readouterr().err
        X = [*np.zeros((40, 32, 32, 3), dtype=np.uint8), "missing.png"]
        with pytest.raises(ImageError, match="Row 40, 'missing.png': there is no such file"):
            ImageDescriptors(["rgb_histogram"], image_size=32).fit_transform(X)


def test_a_search_shares_its_trials_between_workers(client):
    paths, y = make_paths(40, n_labels=2)
    space = {"estimator__worker__C": [0.1, 1.0, 10.0]}
    model = BinaryRelevance(path_classifier())
    search = OptunaSearchCV(model, space, n_trials=4, cv=2, n_jobs=2, refit=False)
    CountedPath.n_sent = 0
    with parallel_config("dask"):
        search.fit(paths, y)
    assert CountedPath.n_sent == 1
    assert len(search.cv_results_["params"]) == 4


def test_a_worker_that_does_not_see_the_journal_says_so(tmp_path):
    folder = tmp_path / "of another machine"
    folder.mkdir()
    study = optuna.create_study(storage=open_storage(folder / "study.journal"), study_name="own")
    storage = pickle.dumps(study._storage)
    shutil.rmtree(folder)
    limits = Limits(deadline=None, callbacks=(), verbose=0)
    with pytest.raises(ValueError, match="does not see the study's journal: .*URL of a database"):
        _join(None, pickle.loads(storage), "own", study.sampler, study.pruner, limits)
