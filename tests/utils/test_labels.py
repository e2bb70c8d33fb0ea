"""The one check of a label matrix."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklearn_mlic.utils._labels import as_label_matrix, label_column

MATRIX = np.array([[1, 0, 1], [0, 0, 1]])
FORMS = {
    "list": MATRIX.tolist(),
    "bool": MATRIX.astype(bool),
    "float32": MATRIX.astype(np.float32),
    "object": MATRIX.astype(object),
    "csr": sparse.csr_matrix(MATRIX),
    "coo array": sparse.coo_array(MATRIX),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_of_labels_gives_one_matrix(form):
    labels, names = as_label_matrix(form, n_samples=2)
    np.testing.assert_array_equal(labels, MATRIX)
    assert labels.dtype == np.int64
    assert names == ["label_0", "label_1", "label_2"]


def test_columns_of_a_frame_name_the_labels():
    labels, names = as_label_matrix(pd.DataFrame(MATRIX, columns=["sea", 2, ("a", "b")]))
    np.testing.assert_array_equal(labels, MATRIX)
    assert names == ["sea", "2", "('a', 'b')"]


def test_label_matrix_is_a_copy():
    given = MATRIX.copy()
    labels, _ = as_label_matrix(given)
    labels[:] = 7
    np.testing.assert_array_equal(given, MATRIX)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed.*None"),
        ([0, 1, 1], r"y has shape \(3,\).*reshape\(-1, 1\)"),
        (np.zeros((2, 2, 2)), r"y has shape \(2, 2, 2\)"),
        ([{"sea"}, {"sky"}], "labels or label sets.*MultiLabelBinarizer"),
        ([["sea"], ["sea", "sky"]], "labels or label sets.*MultiLabelBinarizer"),
        ([["sea", "sky"], ["sky", "sea"]], "labels or label sets"),
        (np.array(["sea", "sky"]), r"one label a row use .*\(\[\[label\] for label in y\]\)"),
        ([["0", "1"], ["1", "1"]], r"use y.astype\(int\)"),
        ([[1, 0], [1]], "labels or label sets"),
        (np.empty((0, 3)), r"y is empty: it has shape \(0, 3\)"),
        (np.empty((3, 0)), r"y is empty: it has shape \(3, 0\)"),
        (
            [[0, 1], [2, -1]],
            "2 entries that are not 0 or 1, the first in row 1, label 'label_0': 2",
        ),
        ([[0, 1], [0.5, 1]], "row 1, label 'label_0': 0.5. Map the labels"),
        ([[0, np.nan]], "label 'label_1': nan. NaN marks an unknown label"),
        ([[0, None]], "NaN marks an unknown label"),
        (pd.DataFrame({"sea": [1, 3]}), "label 'sea': 3"),
    ],
)
def test_bad_labels(y, message):
    with pytest.raises(ValueError, match=message):
        as_label_matrix(y)


def test_bad_labels_are_called_by_their_name():
    with pytest.raises(ValueError, match=r"y_pred has 1 entries.*apply a threshold"):
        as_label_matrix([[0.3, 1]], "y_pred")
    with pytest.raises(ValueError, match="X has 3 rows and y_true has 2"):
        as_label_matrix(MATRIX, "y_true", n_samples=3)


def test_a_label_named_twice_is_refused():
    with pytest.raises(ValueError, match="several columns named 'sea'"):
        as_label_matrix(pd.DataFrame([[0, 1]], columns=["sea", "sea"]))


def test_sparse_labels_stay_sparse_unless_something_is_wrong():
    kept, _ = as_label_matrix(sparse.coo_matrix(MATRIX), keep_sparse=True)
    assert sparse.issparse(kept)
    np.testing.assert_array_equal(kept.toarray(), MATRIX)
    for j, column in enumerate(MATRIX.T):
        np.testing.assert_array_equal(label_column(kept, j), column)
    with pytest.raises(ValueError, match="row 1, label 'label_0': 2"):
        as_label_matrix(sparse.csr_array([[1], [2]]), keep_sparse=True)


@pytest.mark.parametrize("missing", [np.nan, None, pd.NA])
def test_every_kind_of_missing_entry_is_unknown(missing):
    y = pd.DataFrame({"sea": pd.array([1, missing], dtype=object), "sun": [0, 1]})
    labels, _ = as_label_matrix(y, allow_unknown=True)
    np.testing.assert_array_equal(labels, [[1, 0], [np.nan, 1]])
    with pytest.raises(ValueError, match="row 1, label 'sea': nan. NaN marks an unknown label"):
        as_label_matrix(y)
