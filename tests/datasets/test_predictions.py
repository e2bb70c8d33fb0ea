"""write_predictions: what it writes, load_csv reads."""

import os
import re

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklearn_mlic.datasets import load_csv, write_predictions

NAMES = ["cat", "dog", "hot dog"]


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, pd.DataFrame])
@pytest.mark.parametrize("sep", ["|", ";", ", "])
def test_what_is_written_is_read(tmp_path, kind, sep):
    rng = np.random.default_rng(0)
    y = (rng.random((30, 3)) < 0.4).astype(int)
    assert not y.any(axis=1).all()
    ids = [f'{i}, "b".jpg' for i in range(30)]
    path = tmp_path / "p.csv"
    write_predictions(path, ids, kind(y), NAMES, sep=sep)
    loaded = load_csv(path, image=None, text="image", ids="image", label_names=NAMES, sep=sep)
    assert loaded.ids.tolist() == ids
    np.testing.assert_array_equal(loaded.target, y)


def test_columns_name_the_labels(tmp_path):
    path = tmp_path / "p.csv"
    y = pd.DataFrame([[1, 1], [0, 0]], columns=["a", "b"])
    write_predictions(path, [7, 8], y, no_label="")
    assert path.read_text().splitlines() == ["image,labels", "7,a b", "8,"]


def test_probabilities_have_columns_of_their_own(tmp_path):
    path = tmp_path / "p.csv"
    write_predictions(path, ["x"], [[1, 0]], ["a", "b"], y_prob=[[0.123456789, 0]])
    assert path.read_text().splitlines() == ["image,labels,a,b", "x,a,0.123457,0.0"]


def test_names_that_are_not_utf_8_stay_as_they_are(tmp_path):
    path = tmp_path / "p.csv"
    write_predictions(path, [os.fsdecode(b"caf\xe9.png")], [[1, 0]], ["a", "b"])
    assert path.read_bytes().splitlines()[1] == b"caf\xe9.png,a"


def test_a_label_called_like_a_header_is_written_where_it_has_no_column(tmp_path):
    path = tmp_path / "p.csv"
    write_predictions(path, ["x"], [[1, 0]], ["image", "labels"])
    assert path.read_text().splitlines() == ["image,labels", "x,image"]


@pytest.mark.parametrize(
    ("arguments", "params", "message"),
    [
        ((["x"], [[1, 0], [0, 1]], ["a", "b"]), {}, "There are 1 ids for 2 rows of y_pred"),
        ((["x"], [[0.3, 0]], ["a", "b"]), {}, "Pass predictions: apply a threshold first"),
        ((["x"], [[1, 0]], ["a"]), {}, "label_names has 1 names for 2 labels"),
        ((["x"], [[1, 0]], ["a", "a"]), {}, "['a'] more than once"),
        ((["x"], [[1, 0]], ["a", "hot dog"]), {}, "'hot dog', which cannot be read from a cell"),
        ((["x"], [[1, 0]], ["a", "-"]), {}, "'-', which cannot be read from a cell"),
        ((["x"], [[1, 0]], ["a", "none"]), {"no_label": "none"}, "is also the name of a label"),
        ((["x"], [[1, 0]], ["a", "b"]), {"sep": ""}, "sep=''"),
        ((["x"], [[1, 0]], ["a", "b"]), {"image": "labels"}, "are both 'labels'"),
        ((["x"], [[1]], ["image"]), {"y_prob": [[0.5]]}, "image='image' is also the name of a"),
        ((["x"], [[1]], ["a"]), {"y_prob": [[0.5]], "labels": "a"}, "labels='a' is also the name"),
        ((["x"], [[1, 0]], ["a", "b"]), {"y_prob": [[0.5]]}, "y_prob has shape (1, 1) and y_pred"),
    ],
)
def test_what_could_not_be_read_back_is_refused(tmp_path, arguments, params, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        write_predictions(tmp_path / "p.csv", *arguments, **params)
    assert not (tmp_path / "p.csv").exists()
