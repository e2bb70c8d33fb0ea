"""The contract of a multi-label classifier: one function a promise.

Run them over an estimator of your own with `check_multilabel_estimator`, or one by one in
pytest with `contract_checks`. They stand beside ``sklearn.utils.estimator_checks``, whose
checks see one-dimensional y most of the time.
"""

import pickle
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import (
    average_precision_score,
    coverage_error,
    label_ranking_average_precision_score,
    label_ranking_loss,
    make_scorer,
    ndcg_score,
)
from sklearn.model_selection import ShuffleSplit, cross_val_predict, cross_val_score

from sklearn_mlic.utils._contract_data import (
    as_column,
    as_images,
    find_text_columns,
    image_forms,
    make_data,
    takes_images,
)

LABEL_COUNTS = (1, 2, 3, 5)
RANKING_SCORERS = {
    "average_precision": "average_precision",
    "roc_auc": "roc_auc",
    "average_precision of predict_proba": make_scorer(
        average_precision_score, response_method="predict_proba", average="macro"
    ),
}
SEVERAL_LABELS_SCORERS = {
    metric.__name__: make_scorer(metric, response_method="predict_proba")
    for metric in (
        label_ranking_average_precision_score,
        label_ranking_loss,
        coverage_error,
        ndcg_score,
    )
}


def check_multilabel_estimator(estimator: Any) -> None:
    """Run the whole contract over an estimator.

    Parameters
    ----------
    estimator : estimator
        Not fitted; it is cloned for each check.

    Raises
    ------
    AssertionError
        If a promise is broken; the failing check is in the traceback.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mlic import BinaryRelevance
    >>> check_multilabel_estimator(BinaryRelevance(LogisticRegression()))
    """
    for check in contract_checks(estimator):
        check(estimator)


def contract_checks(estimator: Any) -> Iterator[Callable[[Any], None]]:
    """Yield the checks that apply to an estimator, for ``pytest.mark.parametrize``.

    Parameters
    ----------
    estimator : estimator
        Not fitted.

    Yields
    ------
    callable
        Takes the estimator and raises AssertionError where a promise is broken.
    """
    yield from CONTRACT
    if takes_images(estimator):
        yield check_image_forms_agree


def check_probabilities(estimator: Any) -> None:
    """`predict_proba` is a float array (n_samples, n_labels) in 0..1, for any number of labels."""
    for n_labels in LABEL_COUNTS:
        X, y = make_data(estimator, n_labels)
        model = clone(estimator).fit(X, y)
        y_prob = model.predict_proba(X)
        assert isinstance(y_prob, np.ndarray), f"predict_proba returned {type(y_prob)}"
        assert y_prob.shape == y.shape, f"{y_prob.shape} for y of shape {y.shape}"
        assert y_prob.dtype.kind == "f", f"predict_proba has dtype {y_prob.dtype}"
        assert np.all((y_prob >= 0) & (y_prob <= 1)), "probabilities outside 0..1"
        assert np.array_equal(model.classes_, [[0, 1]] * n_labels), f"classes_ {model.classes_}"


def check_predict_agrees(estimator: Any) -> None:
    """`predict` is 1 exactly where the probability reaches the threshold, 0.5 without one."""
    for n_labels in LABEL_COUNTS:
        X, y = make_data(estimator, n_labels)
        model = clone(estimator).fit(X, y)
        y_pred = model.predict(X)
        assert y_pred.dtype.kind == "i", f"predict has dtype {y_pred.dtype}"
        expected = model.predict_proba(X) >= getattr(model, "thresholds_", 0.5)
        assert np.array_equal(y_pred, expected), "predict disagrees with predict_proba"


def check_decision_function(estimator: Any) -> None:
    """`decision_function`, where there is one, orders rows as `predict_proba` does."""
    X, y = make_data(estimator)
    model = clone(estimator).fit(X, y)
    if hasattr(model, "decision_function"):
        scores, y_prob = model.decision_function(X), model.predict_proba(X)
        assert scores.shape == y_prob.shape
        for score, prob in zip(scores.T, y_prob.T, strict=True):
            assert np.all(np.diff(prob[np.argsort(score, kind="stable")]) >= -1e-9)


def check_parameters_untouched(estimator: Any) -> None:
    """`fit` changes no parameter, and a clone has the same ones."""
    X, y = make_data(estimator)
    model = clone(estimator)
    before = {name: repr(value) for name, value in model.get_params().items()}
    model.fit(X, y)
    for twin in (model, clone(model)):
        assert {name: repr(value) for name, value in twin.get_params().items()} == before


def check_pickle(estimator: Any) -> None:
    """A fitted model predicts the same after pickling."""
    X, y = make_data(estimator)
    model = clone(estimator).fit(X, y)
    twin = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(twin.predict_proba(X), model.predict_proba(X))
    assert list(twin.label_names_) == list(model.label_names_)


def check_same_seed(estimator: Any) -> None:
    """Two fits with one `random_state` agree, and leave numpy's global generator alone."""
    X, y = make_data(estimator)
    model = _seeded(estimator)
    state = pickle.dumps(np.random.get_state())  # noqa: NPY002 - the global one is what we watch
    first = clone(model).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(clone(model).fit(X, y).predict_proba(X), first)
    after = pickle.dumps(np.random.get_state())  # noqa: NPY002 - as above
    assert after == state, "numpy's global generator was used"


def check_inputs_untouched(estimator: Any) -> None:
    """`fit` and prediction do not write into X or y."""
    X, y = make_data(estimator)
    X_before, y_before = pickle.loads(pickle.dumps((X, y)))  # the images in a DataFrame as well
    model = clone(estimator).fit(X, y)
    model.predict(X)
    framed = hasattr(X, "columns")
    assert_same = pd.testing.assert_frame_equal if framed else np.testing.assert_array_equal
    assert_same(X, X_before)
    np.testing.assert_array_equal(y, y_before)


def check_one_row(estimator: Any) -> None:
    """One row alone gets what it gets among others."""
    X, y = make_data(estimator)
    model = clone(estimator).fit(X, y)
    alone = model.predict_proba(X[:1])
    np.testing.assert_allclose(alone, model.predict_proba(X)[:1], rtol=1e-3, atol=1e-4)


def check_constant_label(estimator: Any) -> None:
    """A label of one value only in training raises nothing and is predicted as that value."""
    for value in (0, 1):
        X, y = make_data(estimator)
        y[:, 1] = value
        model = clone(estimator).fit(X, y)
        assert model.predict_proba(X).shape == y.shape
        y_pred = model.predict(X)
        assert np.all(y_pred[:, 1] == value), f"a label that is always {value}: {y_pred[:, 1]}"


def check_label_order(estimator: Any) -> None:
    """Permuting the columns of y permutes the probabilities."""
    X, y = make_data(estimator)
    order = [2, 0, 1]
    model = _seeded(estimator)
    y_prob = clone(model).fit(X, y).predict_proba(X)
    permuted = clone(model).fit(X, y[:, order]).predict_proba(X)
    np.testing.assert_allclose(permuted, y_prob[:, order], rtol=1e-3, atol=1e-4)


def check_label_names(estimator: Any) -> None:
    """The columns of a DataFrame y become `label_names_`; other forms of y learn the same."""
    X, y = make_data(estimator)
    names = ["sea", "trees", "sunset"]
    model = _seeded(estimator)
    named = clone(model).fit(X, pd.DataFrame(y, columns=names))
    assert list(named.label_names_) == names
    expected = named.predict_proba(X)
    for form in (y, y.tolist(), sparse.csr_matrix(y), y.astype(bool), y.astype(float)):
        np.testing.assert_array_equal(clone(model).fit(X, form).predict_proba(X), expected)


def check_scorers(estimator: Any) -> None:
    """Every ranking scorer and `cross_val_predict` work for any number of labels."""
    for n_labels in LABEL_COUNTS:
        X, y = make_data(estimator, n_labels)
        cv = ShuffleSplit(1, test_size=0.5, random_state=0)
        several = SEVERAL_LABELS_SCORERS if n_labels > 1 else {}
        for name, scoring in {**RANKING_SCORERS, **several}.items():
            scores = cross_val_score(
                clone(estimator), X, y, cv=cv, scoring=scoring, error_score="raise"
            )
            assert np.all(np.isfinite(scores)), f"{name} gives {scores} for {n_labels} labels"
        y_prob = cross_val_predict(clone(estimator), X, y, cv=2, method="predict_proba")
        assert y_prob.shape == y.shape


def check_bad_y(estimator: Any) -> None:
    """What is no 0/1 matrix of the right length is refused with words that help."""
    X, y = make_data(estimator)
    sets = [{"sea"}, {"sea", "trees"}] * (len(y) // 2)
    cases = {
        "MultiLabelBinarizer": sets,
        "reshape": y[:, 0],
        "not 0 or 1": y * 2,
        "rows": y[:-1],
    }
    for words, bad in cases.items():
        _expect(ValueError, words, clone(estimator).fit, X, bad)


def check_unknown_labels(estimator: Any) -> None:
    """NaN in y is learned around, or refused with a message that names who can."""
    X, y = make_data(estimator)
    y = y.astype(float)
    y[4:9, 1] = np.nan
    try:
        y_prob = clone(estimator).fit(X, y).predict_proba(X)
    except ValueError:
        words = "NaN marks an unknown label, which this method cannot use: BinaryRelevance"
        _expect(ValueError, words, clone(estimator).fit, X, y)
    else:
        assert np.all(np.isfinite(y_prob)), "an unknown label gives no finite probability"


def check_unfitted(estimator: Any) -> None:
    """Predicting before `fit` raises scikit-learn's NotFittedError."""
    X, _ = make_data(estimator)
    for method in ("predict", "predict_proba"):
        _expect(NotFittedError, "not fitted", getattr(clone(estimator), method), X)


def check_image_forms_agree(estimator: Any) -> None:
    """Paths, arrays, PIL images and a DataFrame column of the same images give the same."""
    X, y = make_data(estimator)
    arrays = as_images(np.random.RandomState(1).normal(size=(len(y), 6)))
    model, with_text = _seeded(estimator), bool(find_text_columns(estimator))
    with tempfile.TemporaryDirectory() as folder:
        forms = list(image_forms(arrays, Path(folder)))
        if with_text:
            forms = [X.assign(**{model.image: as_column(form, model.image)}) for form in forms]
        else:
            forms += [arrays, pd.DataFrame({"other": 0, model.image: forms[-1]})]
        expected = clone(model).fit(forms[-1], y).predict_proba(forms[-1])
        for form in forms[:-1]:
            got = clone(model).fit(form, y).predict_proba(form)
            np.testing.assert_array_equal(got, expected, err_msg=f"X as {type(form)}")


def _seeded(estimator: Any) -> Any:
    seeds = {"random_state": 0} if "random_state" in estimator.get_params(deep=False) else {}
    return clone(estimator).set_params(**seeds)


def _expect(error: type[Exception], words: str, call: Callable, *args: Any) -> None:
    try:
        call(*args)
    except error as raised:
        message = str(raised)
    else:
        message = f"{call} did not raise {error.__name__}"
    assert words in message, f"expected an error that says {words!r}; got: {message}"


CONTRACT = (
    check_probabilities,
    check_predict_agrees,
    check_decision_function,
    check_parameters_untouched,
    check_pickle,
    check_same_seed,
    check_inputs_untouched,
    check_one_row,
    check_constant_label,
    check_label_order,
    check_label_names,
    check_scorers,
    check_bad_y,
    check_unknown_labels,
    check_unfitted,
)
