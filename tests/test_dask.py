"""Rows that dask keeps in partitions, predicted by two processes that open the model once each."""

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from partitions import count_loads, predict_part
from sklearn_mlic import BinaryRelevance, TextSelector, save

MISSING = {"reason": "pip install 'sklearn-mlic[dask]' brings dask", "exc_type": ImportError}
pytest.importorskip("distributed", **MISSING)
dd = pytest.importorskip("dask.dataframe", **MISSING)


@pytest.fixture(scope="module")
def client():
    from distributed import Client, LocalCluster

    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
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
