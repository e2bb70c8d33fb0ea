"""The links of a classifier chain: features with labels beside them, fitted one at a time."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import _check_method_params

from sklearn_mlic.transformation._constant import fit_target
from sklearn_mlic.utils._calls import SentOnce
from sklearn_mlic.utils._labels import label_column
from sklearn_mlic.utils._parallel import check_parameters_once, run_parallel

_BATCH = 1024


def augment(X: Any, previous: Any, rows: np.ndarray | None = None) -> Any:
    """Put labels beside features, in one matrix that a fit need not copy again.

    Parameters
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
        The features.
    previous : ndarray or sparse array of shape (n_samples, n_previous)
        What the chain knows of the labels before.
    rows : ndarray of int, optional
        The rows to take; all by default.

    Returns
    -------
    ndarray or CSR of shape (n_rows, n_features + n_previous)
        X itself where nothing is added and nothing left out.
    """
    if rows is None and previous.shape[1] == 0:
        return X
    if sparse.issparse(X):
        parts = [X, sparse.csr_array(previous)]
        return sparse.hstack(
            parts if rows is None else [part[rows] for part in parts], format="csr"
        )
    n_rows, n_features = X.shape[0] if rows is None else len(rows), X.shape[1]
    dtype = X.dtype if X.dtype.kind == "f" else np.float64
    both = np.empty((n_rows, n_features + previous.shape[1]), dtype=dtype)
    # In batches, so that the rows taken never stand beside the result as a second copy.
    for batch in gen_batches(n_rows, _BATCH):
        taken = batch if rows is None else rows[batch]
        both[batch, :n_features] = X[taken]
        beside = previous[taken]
        both[batch, n_features:] = beside.toarray() if sparse.issparse(beside) else beside
    return both


def fit_link(
    estimator: Any,
    X: Any,
    chained: Any,
    target: np.ndarray,
    j: int,
    params: dict[str, Any],
    rows: np.ndarray | None = None,
) -> Any:
    """Fit the link at place j on the features and the j labels before it.

    Parameters
    ----------
    estimator : estimator
        A binary classifier; it is cloned.
    X : ndarray or CSR of shape (n_samples, n_features)
        The features.
    chained : ndarray or csc_array of shape (n_samples, n_labels)
        What the links see of the labels, in the order of the chain. It goes to each worker as a
        whole, so that joblib shares one copy.
    target : ndarray of shape (n_samples,)
        The label to learn.
    j : int
        The place in the chain.
    params : dict
        Goes to ``estimator.fit``.
    rows : ndarray of int, optional
        The rows to train on; all by default.

    Returns
    -------
    estimator
        The fitted clone, or the stand-in for a constant label.
    """
    params = _check_method_params(X, params, indices=rows)
    target = target if rows is None else target[rows]
    return fit_target(estimator, augment(X, chained[:, :j], rows), target, params)


def fit_links(
    estimator: Any,
    X: Any,
    chained: Any,
    params: dict[str, Any],
    rows: np.ndarray | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> list:
    """Fit all links on the true labels: each knows what it needs, so that none waits.

    Parameters
    ----------
    estimator, X, chained, params, rows : object
        As for `fit_link`.
    n_jobs : int, optional
        Number of links fitted at the same time.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    list of estimators
        In the order of the chain.
    """
    fits = (
        delayed(fit_link)(estimator, X, chained, label_column(chained, j), j, params, rows)
        for j in range(chained.shape[1])
    )
    with check_parameters_once(estimator):
        once = SentOnce(X, chained, params, rows)
        return run_parallel(fits, chained.shape[1], n_jobs, "Fitting labels", verbose, once)


def respond(links: list, X: Any, is_hard: bool, method: str) -> np.ndarray:
    """Go down a chain, each link on the features and on what was predicted before.

    Parameters
    ----------
    links : list of estimators
        In the order of the chain.
    X : ndarray or CSR of shape (n_samples, n_features)
        The features.
    is_hard : bool
        Whether 0 and 1 are handed on, or probabilities.
    method : {"predict_proba", "decision_function"}
        The response wanted.

    Returns
    -------
    ndarray of shape (n_samples, n_labels)
        In the order of the chain.
    """
    handed_on = np.empty((X.shape[0], len(links)))
    responses = np.empty((X.shape[0], len(links)))
    for j, link in enumerate(links):
        seen = augment(X, handed_on[:, :j])
        y_prob = link.predict_proba(seen)[:, 1]
        handed_on[:, j] = y_prob >= 0.5 if is_hard else y_prob
        responses[:, j] = y_prob if method == "predict_proba" else link.decision_function(seen)
    return responses
