"""Which terms of the texts go with which label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer

from sklearn_mlic.images import as_texts
from sklearn_mlic.utils._choices import check_choice
from sklearn_mlic.utils._labels import as_label_matrix, find_names
from sklearn_mlic.utils._numbers import check_count

if TYPE_CHECKING:
    from pandas import DataFrame

_ORDERS = ("difference", "with_label")


def top_terms_per_label(
    text: Any,
    y: ArrayLike,
    *,
    n_terms: int | None = 10,
    by: str = "difference",
    vectorizer: Any = None,
    label_names: Sequence[str] | None = None,
) -> DataFrame:
    """List the terms whose TF-IDF weight tells the rows of a label from the others.

    Choose it before training, to see what the texts say about each label, and to find words that
    give a label away. It describes the data; `word_effects` tells what a fitted model makes of
    them.

    Parameters
    ----------
    text : sequence of str, Series, 1-D array, or DataFrame of one column
        One text a row. Missing text (None, NaN, blank) counts as a text without terms.
    y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators; the columns of a DataFrame name the labels. Rows with NaN, unknown, are
        left out for that label.
    n_terms : int or None, default=10
        Number of terms a label; None lists all.
    by : {"difference", "with_label"}, default="difference"
        What ranks the terms: how much heavier a term is with the label than without, or the mean
        weight with it alone, as Cho and Lu have it. The latter lists words that are common
        everywhere under every label.
    vectorizer : transformer, optional
        Turns texts into weights, and names them by ``get_feature_names_out``; a clone of it is
        fitted on `text`. None takes scikit-learn's ``TfidfVectorizer(stop_words="english")``,
        which lower-cases and leaves out English stop words.
    label_names : sequence of str, optional
        Other names for the labels.

    Returns
    -------
    DataFrame
        A row for each term of each label, labels in the order of `y`, terms from the highest
        down. Terms at which that number is not above 0 are left out, so a label may have fewer,
        and one without a positive has none. Columns:

        label, term : str
            Their names.
        difference : float
            ``with_label - without_label``; NaN if no row is without the label.
        with_label, without_label : float
            Mean weight of the term in the rows known to have the label, and not to have it.
        n_rows : int
            Rows with the label in which the term occurs.

    Raises
    ------
    ValueError
        If no row has text, shapes do not fit together, or a setting is out of range.
    TypeError
        If `vectorizer` does not name its columns.

    References
    ----------
    Cho, Y. J. and Lu, R. Multi-Label Image Classification, section 5.1.2.

    Examples
    --------
    >>> from sklearn_mlic import make_multilabel_images
    >>> from sklearn_mlic.features import top_terms_per_label
    >>> scenes = make_multilabel_images(n_samples=200, image_size=32, n_labels=3)
    >>> terms = top_terms_per_label(scenes.data["caption"], scenes.target, n_terms=3)
    >>> terms.groupby("label", sort=False)["term"].agg(list)["square"]
    ['box', 'square', 'block']
    """
    import pandas as pd  # slow to import, and needed here only

    if n_terms is not None:
        check_count("n_terms", n_terms)
    check_choice("value of by", by, _ORDERS)
    texts = as_texts(text)
    labels, _ = as_label_matrix(y, n_samples=len(texts), allow_unknown=True)
    label_names = find_names(label_names, labels.shape[1], y)
    weights, terms = _weigh(texts, vectorizer)
    tables = []
    for name, column in zip(label_names, labels.T, strict=True):
        table = _compare(weights, column)
        ranked = np.argsort(-table[by], kind="stable")
        ranked = ranked[table[by][ranked] > 0][:n_terms]
        columns = {number: values[ranked] for number, values in table.items()}
        tables.append(pd.DataFrame({"label": name, "term": terms[ranked], **columns}))
    return pd.concat(tables, ignore_index=True)


def _weigh(texts: np.ndarray, vectorizer: Any) -> tuple[sparse.csr_array, np.ndarray]:
    """Return the weights of the terms in each text, and the terms."""
    if not any(texts):
        raise ValueError(
            f"None of the {len(texts)} rows has text. Expected some; is it the right column?"
        )
    chosen = TfidfVectorizer(stop_words="english") if vectorizer is None else clone(vectorizer)
    if not hasattr(chosen, "get_feature_names_out"):
        raise TypeError(
            f"vectorizer is a {type(chosen).__name__}, which does not name its columns. Expected "
            f"one with get_feature_names_out, such as TfidfVectorizer or CountVectorizer."
        )
    weights = sparse.csr_array(chosen.fit_transform(["" if t is None else t for t in texts]))
    return weights, np.asarray(chosen.get_feature_names_out(), dtype=object)


def _compare(weights: sparse.csr_array, label: np.ndarray) -> dict[str, np.ndarray]:
    """Return what is told of each term for one label, by name."""
    having, lacking = weights[label == 1], weights[label == 0]
    with_label, without_label = _mean(having), _mean(lacking)
    return {
        "difference": with_label - without_label,
        "with_label": with_label,
        "without_label": without_label,
        "n_rows": np.asarray((having != 0).sum(axis=0)),
    }


def _mean(weights: sparse.csr_array) -> np.ndarray:
    """Return the mean of each column; NaN where there is no row."""
    n_rows, n_terms = weights.shape
    return np.asarray(weights.sum(axis=0)) / n_rows if n_rows else np.full(n_terms, np.nan)
