"""Letter n-grams: the simplest block of numbers that a caption gives."""

import re
from itertools import product
from numbers import Integral
from string import ascii_lowercase
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer, strip_accents_unicode
from sklearn.preprocessing import normalize

from sklearn_mlic.images import as_texts
from sklearn_mlic.utils._choices import check_choice

BOUNDARIES = {"joined": "", "word": " "}  # what stands in place of all that is no letter
NORMS = (None, "l1", "l2", "log1p")
# 26**5 names would take gigabytes.
MAX_N = 4
_NO_LETTERS = re.compile("[^a-z]+")


class CharNgramCounter(TransformerMixin, BaseEstimator):
    """Count the n-grams of letters in each text, over the fixed alphabet a to z.

    Choose it for short captions as a baseline that needs no model, or to repeat published
    systems. Nothing is learned: the columns are all ``26**n`` n-grams in alphabetical order,
    whatever the texts. A word vectoriser (``TfidfVectorizer``) or `TextEmbedder` usually
    predicts better.

    Parameters
    ----------
    n : int, default=3
        Letters in an n-gram, 1 to 4.
    boundary : {"joined", "word"}, default="joined"
        ``"joined"`` drops all but letters first, so that n-grams run on over spaces.
        ``"word"`` keeps them within a word, which anything but a letter ends.
    norm : {None, "l1", "l2", "log1p"}, default=None
        None gives counts; ``"l1"`` and ``"l2"`` scale each row to that length; ``"log1p"``
        is ``log(1 + count)``, which suits networks.

    Notes
    -----
    Letters are lower-cased and lose their accents (é counts as e, ß as ss). Other scripts,
    digits and punctuation are no letters. A missing text (None, NaN, blank) is a row of zeros.

    References
    ----------
    Cho, Y. J. and Lu, R. Multi-label image classification. Course report, COMP5329 Deep
    Learning, University of Sydney: triples of letters.

    Chen, T., Poon, K. N. A. and Yang, Z. (2025). Course report, COMP5329 Deep Learning,
    University of Sydney: pairs of letters.

    Examples
    --------
    >>> from sklearn_mlic import CharNgramCounter
    >>> counter = CharNgramCounter(n=2)
    >>> counts = counter.fit_transform(["A cat", None])
    >>> counts.shape
    (2, 676)
    >>> [str(name) for name in counter.get_feature_names_out()[counts[[0]].indices]]
    ['ac', 'at', 'ca']
    """

    def __init__(self, n=3, *, boundary="joined", norm=None):
        self.n = n
        self.boundary = boundary
        self.norm = norm

    def fit(self, X: Any, y: Any = None) -> "CharNgramCounter":
        """Check the settings and the form of X; nothing is learned.

        Parameters
        ----------
        X : sequence of str, Series, 1-D array, or DataFrame of one column
            The texts; None or NaN where one is missing.
        y : object, optional
            Ignored.

        Returns
        -------
        self : CharNgramCounter
            The same.

        Raises
        ------
        TypeError, ValueError
            If X holds no texts, or a setting is unknown.
        """
        as_texts(X)
        self._check_settings()
        return self

    def transform(self, X: Any) -> sparse.csr_matrix:
        """Count the n-grams of texts.

        Parameters
        ----------
        X : sequence of str, Series, 1-D array, or DataFrame of one column
            The texts.

        Returns
        -------
        counts : CSR matrix of float32, shape (n_samples, 26**n)
            Never dense. Counts, or what `norm` makes of them.
        """
        texts = as_texts(X)
        self._check_settings()
        vectorizer = CountVectorizer(
            analyzer="char",
            ngram_range=(self.n, self.n),
            preprocessor=self._letters,
            # An n-gram over a space is not in the vocabulary and so not counted.
            vocabulary={ngram: i for i, ngram in enumerate(self.get_feature_names_out())},
            dtype=np.float32,
        )
        counts = vectorizer.transform(["" if text is None else text for text in texts])
        if self.norm == "log1p":
            counts.data = np.log1p(counts.data)
        elif self.norm is not None:
            counts = normalize(counts, self.norm, copy=False)
        return counts

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the columns: the n-grams in alphabetical order.

        Parameters
        ----------
        input_features : object, optional
            Ignored.

        Returns
        -------
        names : ndarray of object, shape (26**n,)
            ``aaa`` to ``zzz`` where n is 3.
        """
        names = ["".join(letters) for letters in product(ascii_lowercase, repeat=self.n)]
        return np.array(names, dtype=object)

    def _letters(self, text: str) -> str:
        # Folded before the case: what a sign such as the Kelvin falls apart into may be upper-case.
        folded = strip_accents_unicode(text).casefold()
        return _NO_LETTERS.sub(BOUNDARIES[self.boundary], folded)

    def _check_settings(self) -> None:
        if not isinstance(self.n, Integral) or not 1 <= self.n <= MAX_N:
            raise ValueError(
                f"n={self.n!r}; expected a whole number from 1 to {MAX_N}, as there are 26**n "
                f"columns. For longer n-grams take scikit-learn's TfidfVectorizer(analyzer='char')."
            )
        check_choice("boundary", self.boundary, BOUNDARIES)
        if self.norm is not None:
            check_choice("norm", self.norm, NORMS[1:])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        tags.requires_fit = False
        return tags
