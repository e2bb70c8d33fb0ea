"""Folds that leave each row out once, so that all rows have a prediction by others."""

from typing import Any

import numpy as np

from sklearn_mlic.model_selection import check_multilabel_cv


def split_whole(
    cv: Any, labels: Any, random_state: Any, params: dict[str, Any], user: str
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the splits of `cv`, or say that they are of another kind.

    Parameters
    ----------
    cv : int, float, splitter or iterable
        As the user gave it.
    labels : ndarray or sparse array of shape (n_samples, n_labels)
        The labels that are spread over the folds.
    random_state : int, RandomState or None
        Draws the folds.
    params : dict
        Goes to ``split``, as ``groups`` does.
    user : str
        What needs them, for the message: ``"a chain"``.

    Returns
    -------
    list of (ndarray of int, ndarray of int)
        Rows to train on and rows left out.

    Raises
    ------
    ValueError
        If a row is left out never or twice.
    """
    splitter = check_multilabel_cv(cv, labels, random_state=random_state)
    splits = list(splitter.split(np.zeros(labels.shape[0]), labels, **params))
    tests = np.concatenate([test for _, test in splits])
    if not np.array_equal(np.sort(tests), np.arange(labels.shape[0])):
        raise ValueError(
            f"cv={cv!r} does not predict each row once, as {user} needs. Pass a number of folds."
        )
    return splits
