"""Which words of a text move a fitted model: each is left out, and the model asked again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import logit
from sklearn.utils import gen_batches

from sklearn_mlic.fitted import find_label_names, label_probabilities
from sklearn_mlic.images import as_columns, as_texts
from sklearn_mlic.utils._choices import check_choice
from sklearn_mlic.utils._labels import find_names
from sklearn_mlic.utils._numbers import check_count
from sklearn_mlic.utils._progress import track

if TYPE_CHECKING:
    from pandas import DataFrame

# A word, with the white space before it, which goes with it.
_WORD = re.compile(r"[^\S\n]*(\w+(?:['\u2019]\w+)*)")
_EPSILON = 1e-4  # probabilities are kept this far from 0 and 1, where log-odds have no bound


def word_effects(
    estimator: Any,
    X: Any,
    *,
    text: str = "text",
    labels: Sequence[str] | None = None,
    n_words: int | None = 20,
    min_rows: int = 1,
    max_rows: int | None = 200,
    batch_size: int = 1024,
    label_names: Sequence[str] | None = None,
    verbose: int = 0,
) -> DataFrame:
    """Tell which words drive each label of a fitted model, by leaving them out in turn.

    Choose it to see whether a model with a text side reads what it should, whatever encoder it
    has: it is only asked for predictions. The effect of a word in a row is the log-odds of the
    label with the text as it is, less those without the word (all its occurrences in that text
    at once); what else is in the row, such as an image, stays. Words that say the same cover for
    each other, and then both have a small effect.

    Parameters
    ----------
    estimator : estimator
        A fitted multi-label classifier, or a pipeline or search around one. Its
        ``decision_function`` is asked, which is log-odds for the classifiers here and for
        logistic regression, and a margin for an SVM; where there is none, ``predict_proba``,
        with probabilities kept within 0.0001 to 0.9999.
    X : DataFrame, or sequence of str
        In the form that ``fit`` took: a DataFrame with a column of text, or the texts alone for
        a model of text. Rows without two different words are left out.
    text : str, default="text"
        The column of a DataFrame whose words are left out.
    labels : sequence of str, optional
        The labels to tell of; None takes all.
    n_words : int or None, default=20
        Number of words a label, those of the largest effects, for or against; None lists all.
    min_rows : int, default=1
        Words in fewer of the rows are not tried. The mean over few rows is a matter of chance.
    max_rows : int or None, default=200
        Number of rows to try, spread evenly over those with two words or more; None tries all.
    batch_size : int, default=1024
        Number of texts a call of the estimator.
    label_names : sequence of str, optional
        Other names than those that the estimator knows.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    DataFrame
        A row for each word of each label, the words from most for the label to most against it.
        Columns:

        label, word : str
            The label, and the word in lower case.
        effect : float
            Mean over the rows with the word; above 0 where it speaks for the label.
        n_rows : int
            Rows with the word, of those tried.

    Raises
    ------
    ValueError
        If no row has two different words, `text` or `labels` name nothing that is there, no word
        is in `min_rows` rows, or a setting is out of range.

    Notes
    -----
    A text of one word tells no effect: without it the text is empty, which to many models means
    missing, and an answer to that is no answer to a text.

    The model predicts each row once, and once more for each different word in it: 200 captions
    of ten words take 2,200 predictions, with the image each time if there is one. Lower
    `max_rows` for long texts or slow models.

    References
    ----------
    Li, J., Monroe, W. and Jurafsky, D. (2016). Understanding Neural Networks through
    Representation Erasure. arXiv:1612.08220.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_mlic import BinaryRelevance, make_multilabel_images
    >>> from sklearn_mlic.features import word_effects
    >>> scenes = make_multilabel_images(n_samples=200, image_size=32, n_labels=3)
    >>> model = make_pipeline(TfidfVectorizer(), BinaryRelevance(LogisticRegression()))
    >>> captions = scenes.data["caption"]
    >>> model = model.fit(captions, scenes.target)
    >>> effects = word_effects(model, captions, labels=["square"], n_words=3)
    >>> effects["word"].tolist()
    ['square', 'box', 'block']
    """
    import pandas as pd  # slow to import, and needed here only

    if n_words is not None:
        check_count("n_words", n_words)
    check_count("batch_size", batch_size)
    texts = _read_texts(X, text)
    plan = _make_plan(texts, min_rows, max_rows)
    model = _Model(estimator, X, text)
    parts = [plan.rows[batch] for batch in gen_batches(len(plan.rows), batch_size)]
    whole = np.concatenate([model.log_odds(part, texts[part]) for part in parts])
    names = _name_labels(estimator, label_names, whole.shape[1])
    columns = _find_columns(labels, names)
    effects, n_rows = _measure(model, texts, plan, whole, batch_size, verbose)
    tables = []
    for j in columns:
        largest = np.argsort(-np.abs(effects[:, j]), kind="stable")[:n_words]
        shown = largest[np.argsort(-effects[largest, j], kind="stable")]
        table = {"word": plan.words[shown], "effect": effects[shown, j], "n_rows": n_rows[shown]}
        tables.append(pd.DataFrame({"label": names[j], **table}))
    return pd.concat(tables, ignore_index=True)


class _Plan(NamedTuple):
    """What is tried: `pairs` tells which word is left out of which row, by their places here."""

    rows: np.ndarray  # int (n_rows,): rows of X that have two words or more
    words: np.ndarray  # object (n_words,)
    pairs: np.ndarray  # int (n_pairs, 2): a place in `rows`, a place in `words`


class _Model(NamedTuple):
    """A fitted model on some rows with other texts in them."""

    estimator: Any
    X: Any
    text: str

    def log_odds(self, rows: np.ndarray, texts: Sequence[str]) -> np.ndarray:
        """Return a score of each label, shape (n_rows, n_labels)."""
        changed = self._put(rows, list(texts))
        if hasattr(self.estimator, "decision_function"):
            scores = np.asarray(self.estimator.decision_function(changed), dtype=np.float64)
            return scores.reshape(len(scores), -1)
        y_prob = label_probabilities(self.estimator, changed).astype(np.float64)
        return logit(y_prob.clip(_EPSILON, 1 - _EPSILON))

    def _put(self, rows: np.ndarray, texts: list[str]) -> Any:
        """Return some rows of X, in its own form."""
        if hasattr(self.X, "columns"):
            changed = self.X.iloc[rows].reset_index(drop=True)
            changed[self.text] = texts
            return changed
        if hasattr(self.X, "iloc"):
            return type(self.X)(texts, name=self.X.name)
        if hasattr(self.X, "shape"):
            return np.array(texts, dtype=object).reshape(-1, *self.X.shape[1:])
        return texts


def _read_texts(X: Any, text: str) -> np.ndarray:
    """Return the texts of X as an object array, None where there is none."""
    if not hasattr(X, "columns"):
        return as_texts(X)
    if isinstance(text, (list, tuple)):
        raise TypeError(
            f"text={text!r} names several columns; expected one. Ask for each on its own."
        )
    return as_columns(X, image=None, text=text)["text"]


def _make_plan(texts: np.ndarray, min_rows: int, max_rows: int | None) -> _Plan:
    """Choose the rows, and the words that enough of them have."""
    check_count("min_rows", min_rows)
    own_words = [{match[1].lower() for match in _WORD.finditer(text or "")} for text in texts]
    # Without its only word a text would be empty, which says that there is none.
    rows = several = np.flatnonzero([len(own) > 1 for own in own_words])
    if max_rows is not None:
        check_count("max_rows", max_rows)
        if max_rows < len(rows):
            rows = rows[np.linspace(0, len(rows) - 1, max_rows).astype(int)]
    found = [own_words[row] for row in rows]
    counts = Counter(word for own in found for word in own)
    words = sorted(word for word, n_rows in counts.items() if n_rows >= min_rows)
    if not words:
        raise ValueError(
            f"No word is in {min_rows} or more rows; {len(several)} of {len(texts)} rows have two "
            f"words or more, and {len(rows)} are tried. Is it the right column? Else lower "
            f"min_rows or pass more rows."
        )
    places = {word: k for k, word in enumerate(words)}
    pairs = [
        (i, k)
        for i, own in enumerate(found)
        for k in sorted(places[w] for w in own & places.keys())
    ]
    return _Plan(rows, np.array(words, dtype=object), np.array(pairs))


def _measure(
    model: _Model, texts: np.ndarray, plan: _Plan, whole: np.ndarray, batch_size: int, verbose: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean effect of each word on each label, and the number of rows with the word."""
    sums = np.zeros((len(plan.words), whole.shape[1]))
    n_pairs = len(plan.pairs)
    batches = gen_batches(n_pairs, batch_size)
    for batch in track(batches, -(-n_pairs // batch_size), "Leaving out words", verbose):
        i, k = plan.pairs[batch].T
        rows = plan.rows[i]
        changed = [_leave_out(*pair) for pair in zip(texts[rows], plan.words[k], strict=True)]
        np.add.at(sums, k, whole[i] - model.log_odds(rows, changed))
    n_rows = np.bincount(plan.pairs[:, 1])
    return sums / n_rows[:, None], n_rows


def _leave_out(text: str, word: str) -> str:
    """Return a text without any occurrence of a word."""
    return _WORD.sub(lambda match: "" if match[1].lower() == word else match[0], text).strip()


def _name_labels(estimator: Any, label_names: Sequence[str] | None, n_labels: int) -> list[str]:
    if label_names is None:
        try:
            label_names = find_label_names(estimator)
        except ValueError:  # a classifier of another package
            label_names = None
    return find_names(label_names, n_labels)


def _find_columns(labels: Sequence[str] | None, names: list[str]) -> list[int]:
    """Return the columns of the labels asked for, in their order."""
    if labels is None:
        return list(range(len(names)))
    labels = [labels] if isinstance(labels, str) else list(dict.fromkeys(labels))
    if not labels:
        raise ValueError("labels is empty; expected names of labels, or None.")
    for label in labels:
        check_choice("label", label, names)
    return [names.index(label) for label in labels]
