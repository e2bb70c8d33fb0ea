"""One column of text, or several as one, for what stands behind it in a pipeline."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from sklearn_mlic.images import as_columns, as_texts


class TextSelector(TransformerMixin, BaseEstimator):
    """Take the text out of a DataFrame, in the form that scikit-learn's vectorisers take.

    Choose it as the first step of a pipeline in front of ``TfidfVectorizer``,
    :class:`CharNgramCounter` or :class:`TextEmbedder`: missing text, which a vectoriser refuses,
    becomes the empty string, and texts of several columns become one, a line each.

    Parameters
    ----------
    text : str or list of str, default="text"
        The column, or the columns, of a DataFrame X. A Series, list or array of texts is taken as
        it is.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mlic.features import TextSelector
    >>> X = pd.DataFrame({"title": ["Alien", None], "tags": ["space", None]})
    >>> TextSelector(["title", "tags"]).fit_transform(X)
    array(['Alien\\nspace', ''], dtype=object)
    """

    def __init__(self, text="text"):
        self.text = text

    def fit(self, X: Any, y: Any = None) -> "TextSelector":
        """Check that there is text; nothing is learned.

        Parameters
        ----------
        X : DataFrame, Series or sequence of str
            With the columns that are named.
        y : object, optional
            Ignored.

        Returns
        -------
        self : TextSelector
            The fitted transformer.

        Raises
        ------
        TypeError, ValueError
            If a column is missing, or holds something else than texts.
        """
        self.transform(X)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the texts.

        Parameters
        ----------
        X : DataFrame, Series or sequence of str
            With the columns that are named.

        Returns
        -------
        texts : ndarray of object, shape (n_samples,)
            Each a str, empty where there is no text.

        Raises
        ------
        TypeError, ValueError
            As `fit` does.
        """
        if not hasattr(X, "columns"):
            columns = as_texts(X)[:, None]
        else:
            columns = as_columns(X, image=None, text=self.text)["text"]
            columns = columns.reshape(len(columns), -1)
        texts = np.empty(len(columns), dtype=object)
        for row, found in enumerate(columns):
            texts[row] = "\n".join(text for text in found if text is not None)
        return texts

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags
