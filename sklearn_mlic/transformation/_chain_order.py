"""The order of the labels in a chain."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_mlic.utils._choices import check_choice
from sklearn_mlic.utils._random import as_generator


def find_order(
    order: Any, labels: Any, label_names: Sequence[str], random_state: Any
) -> np.ndarray:
    """Return the columns of y in the order of a chain.

    Parameters
    ----------
    order : {None, "random", "frequency"} or sequence of int or str
        What the user asked for.
    labels : ndarray or sparse array of shape (n_samples, n_labels)
        The checked labels.
    label_names : sequence of str
        Their names.
    random_state : int, RandomState or None
        Draws a random order.

    Returns
    -------
    ndarray of int, shape (n_labels,)
        Each column once.

    Raises
    ------
    ValueError
        If `order` is something else.
    """
    n_labels = labels.shape[1]
    if order is None:
        return np.arange(n_labels)
    if isinstance(order, str):
        check_choice("order", order, ("random", "frequency"))
        if order == "random":
            return as_generator(random_state).permutation(n_labels)
        return np.argsort(-np.asarray(labels.sum(axis=0)), kind="stable")
    columns = {name: j for j, name in enumerate(label_names)}
    found = [columns.get(label, label) for label in np.atleast_1d(order).tolist()]
    if set(found) != set(range(n_labels)) or len(found) != n_labels:
        raise ValueError(
            f"order={order!r} given for {n_labels} labels; expected each label once, by name or by "
            f"column number from 0 to {n_labels - 1}."
        )
    return np.array(found)
