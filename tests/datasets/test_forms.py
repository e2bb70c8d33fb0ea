"""Parquet holds what CSV holds."""

import sys

import numpy as np
import pandas as pd
import pytest

from sklearn_mlic.datasets import _forms, load_csv, stream_predictions
from streams import rows_of


def test_a_row_group_of_parquet_takes_many_chunks(words, texts, tmp_path, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow writes Parquet")

    def group_sizes():
        stream_predictions(words, rows_of(texts), tmp_path / "p.parquet")
        written = parquet.read_metadata(tmp_path / "p.parquet")
        return [written.row_group(group).num_rows for group in range(written.num_row_groups)]

    assert group_sizes() == [23]
    monkeypatch.setattr(_forms, "_GROUP_ROWS", 8)
    assert group_sizes() == [10, 10, 3]
    expected = load_csv(texts, image=None, labels=None, text="caption", ids="id").ids
    assert pd.read_parquet(tmp_path / "p.parquet")["image"].tolist() == expected.tolist()
    monkeypatch.setattr(_forms, "_GROUP_BYTES", 1)
    assert group_sizes() == [5, 5, 5, 5, 3]


def test_parquet_holds_the_table_of_the_csv_file(words, texts, tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow writes Parquet")
    for suffix in ("csv", "parquet"):
        stream_predictions(words, rows_of(texts), tmp_path / f"p.{suffix}", probabilities=True)
    read = pd.read_parquet(tmp_path / "p.parquet")
    expected = pd.read_csv(tmp_path / "p.csv", dtype={"image": str, "labels": str})
    assert read.dtypes.iloc[2:].tolist() == [np.float32] * 2
    assert read.columns.tolist() == expected.columns.tolist()
    assert read["labels"].tolist() == expected["labels"].tolist()
    assert read["image"].tolist() == expected["image"].tolist()
    np.testing.assert_allclose(read.iloc[:, 2:], expected.iloc[:, 2:], atol=1e-6)


def test_parquet_without_pyarrow_says_what_to_install(words, texts, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install 'sklearn-mlic\[parquet\]', or name a .csv"):
        stream_predictions(words, rows_of(texts), tmp_path / "out.parquet")
