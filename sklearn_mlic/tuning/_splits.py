"""The folds of a search."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.model_selection import check_cv

from sklearn_mlic.model_selection import check_multilabel_cv


def check_search_cv(cv: Any, y: Any, is_classifier: bool, is_multilabel: bool) -> Any:
    """Return the splitter that a search's `cv` stands for.

    Parameters
    ----------
    cv : int, float, splitter, iterable or None
        The parameter.
    y : array-like, DataFrame, sparse matrix or None
        The targets.
    is_classifier : bool
        Whether the estimator is one.
    is_multilabel : bool
        Whether it takes nothing but several outputs.

    Returns
    -------
    splitter
        Stratified over the labels where y is an indicator matrix, else scikit-learn's.

    Raises
    ------
    ValueError
        If a float meets a y that is no indicator matrix.
    """
    if is_classifier and (is_multilabel or is_indicator(y)):
        return check_multilabel_cv(cv, y)
    if isinstance(cv, float):
        raise ValueError(
            f"cv={cv} is the part of a multi-label hold-out, and y is no 0/1 indicator matrix. "
            f"Pass a number of folds or a splitter."
        )
    return check_cv(cv, y, classifier=is_classifier)


def is_indicator(y: Any) -> bool:
    """Say whether y has a column a label, of 0, 1 and NaN alone.

    Parameters
    ----------
    y : array-like, DataFrame, sparse matrix or None
        The targets.

    Returns
    -------
    bool
        False for one dimension.
    """
    if y is None or (np.ndim(y) != 2 and not sparse.issparse(y)):
        return False
    values = y.data if sparse.issparse(y) else np.asarray(y)
    if values.dtype.kind not in "biuf":
        return False
    return bool(np.isin(values, (0, 1)).all() or np.isin(values[~np.isnan(values)], (0, 1)).all())
