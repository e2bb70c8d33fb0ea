"""Captions to predict from, and a model of them."""

import pytest

from streams import fit_words, write_texts


@pytest.fixture
def texts(tmp_path):
    return write_texts(tmp_path / "texts.csv")


@pytest.fixture
def words(texts):
    return fit_words(texts)
