"""Which terms of the texts go with each label, or move a model towards it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mlic.features._label_terms import top_terms_per_label
from sklearn_mlic.features._word_effects import word_effects
from sklearn_mlic.plots._figure import choose_labels, describe_choice, shorten, with_note
from sklearn_mlic.plots._term_panels import (
    draw_bars,
    draw_cloud,
    find_limits,
    load_cloud_maker,
    open_panels,
)
from sklearn_mlic.utils._labels import as_label_matrix, find_names
from sklearn_mlic.utils._numbers import check_count

_IN_CLOUD = 40  # terms that are kept for a cloud; bars show fewer
_MEANING = {
    "difference": "Mean {} with the label less that without",
    "with_label": "Mean {} with the label",
}


class LabelTermsDisplay:
    """Terms of each label in a panel of its own, as bars or as a word cloud.

    Look at it to see what the texts say about the labels (`from_data`), or which words a fitted
    model goes by (`from_estimator`): a word that should not matter, and does, gives away a
    shortcut. Bars are for reading and comparing, clouds for an impression.

    Parameters
    ----------
    terms : sequence of sequence of str
        For each label its terms, each once.
    values : sequence of ndarray
        What each term weighs; below 0 where it speaks against the label.
    label_names : sequence of str
        One name a label.
    meaning : str, default="Weight"
        What the values are; it stands below the bars.
    n_positives : ndarray of int, shape (n_labels,), optional
        Rows that are known to have the label: the most frequent labels are shown first, and none
        without a positive. None leaves the labels in their order.

    Attributes
    ----------
    shown_ : ndarray of int, shape (n_labels_shown,)
        Columns of the labels shown.
    axes_ : ndarray of Axes, shape (n_labels_shown,)
        The panel of each label shown.
    bars_ : list of BarContainer
        The bars in each panel, from top to bottom; set by `plot`.
    text_ : Text
        What the values mean, and which labels are not shown, below the panels.
    figure_ : Figure
        The figure around them.

    Examples
    --------
    >>> from sklearn_mlic import make_multilabel_images
    >>> from sklearn_mlic.plots import LabelTermsDisplay
    >>> scenes = make_multilabel_images(n_samples=200, image_size=32, n_labels=3)
    >>> display = LabelTermsDisplay.from_data(scenes.data["caption"], scenes.target, n_terms=3)
    >>> [text.get_text() for text in display.axes_[1].get_yticklabels()]
    ['box', 'square', 'block']
    """

    def __init__(
        self,
        terms: Sequence[Sequence[str]],
        values: Sequence[np.ndarray],
        label_names: Sequence[str],
        meaning: str = "Weight",
        n_positives: np.ndarray | None = None,
    ):
        self.terms = terms
        self.values = values
        self.label_names = label_names
        self.meaning = meaning
        self.n_positives = n_positives

    @classmethod
    def from_data(
        cls,
        text: Any,
        y: ArrayLike,
        *,
        by: str = "difference",
        vectorizer: Any = None,
        n_terms: int = 10,
        label_names: Sequence[str] | None = None,
        max_labels: int | None = 6,
        ax: Any = None,
    ) -> LabelTermsDisplay:
        """Draw the terms that tell the rows of each label from the others.

        Parameters
        ----------
        text : sequence of str, Series, 1-D array, or DataFrame of one column
            One text a row; None, NaN or blank where it is missing.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicators, NaN where unknown. The columns of a DataFrame name the labels.
        by : {"difference", "with_label"}, default="difference"
            The weight, as in `top_terms_per_label`.
        vectorizer : transformer, optional
            As in `top_terms_per_label`; None is TF-IDF without English stop words.
        n_terms : int, default=10
            Number of bars a label.
        label_names : sequence of str, optional
            Other names for the labels.
        max_labels : int or None, default=6
            Number of labels to show, the most frequent; None shows all.
        ax : Axes, optional
            The place to draw in, which the labels share; None opens a figure.

        Returns
        -------
        LabelTermsDisplay
            The numbers and what was drawn.
        """
        check_count("n_terms", n_terms)
        labels, _ = as_label_matrix(y, allow_unknown=True)
        names = find_names(label_names, labels.shape[1], y)
        n_kept = max(n_terms, _IN_CLOUD)
        table = top_terms_per_label(
            text, y, n_terms=n_kept, by=by, vectorizer=vectorizer, label_names=names
        )
        meaning = _MEANING[by].format("TF-IDF" if vectorizer is None else "weight")
        terms, values = _by_label(table, names, "term", by)
        display = cls(terms, values, names, meaning, (labels == 1).sum(axis=0))
        return display.plot(ax, n_terms=n_terms, max_labels=max_labels)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        text: str = "text",
        labels: Sequence[str] | None = None,
        n_terms: int = 10,
        min_rows: int = 1,
        max_rows: int | None = 200,
        label_names: Sequence[str] | None = None,
        max_labels: int | None = 6,
        verbose: int = 0,
        ax: Any = None,
    ) -> LabelTermsDisplay:
        """Leave out words in turn and draw what that does to the labels of a fitted model.

        Parameters
        ----------
        estimator : estimator
            A fitted multi-label classifier, or a pipeline or search around one.
        X : DataFrame, or sequence of str
            In the form that ``fit`` took: a DataFrame with a column of text, or the texts alone.
        text : str, default="text"
            The column of a DataFrame whose words are left out.
        labels : sequence of str, optional
            The labels to show, in this order; None takes all.
        n_terms : int, default=10
            Number of bars a label: the words of the largest effects, for or against.
        min_rows : int, default=1
            Words in fewer of the rows are not tried.
        max_rows : int or None, default=200
            Number of rows to try; None tries all. See `word_effects` for what it costs.
        label_names : sequence of str, optional
            Other names than those that the estimator knows.
        max_labels : int or None, default=6
            Number of labels to show, the first; None shows all.
        verbose : int, default=0
            1 shows a progress bar.
        ax : Axes, optional
            The place to draw in, which the labels share; None opens a figure.

        Returns
        -------
        LabelTermsDisplay
            The numbers and what was drawn.
        """
        check_count("n_terms", n_terms)
        table = word_effects(
            estimator,
            X,
            text=text,
            labels=labels,
            n_words=max(n_terms, _IN_CLOUD),
            min_rows=min_rows,
            max_rows=max_rows,
            label_names=label_names,
            verbose=verbose,
        )
        names = list(table["label"].unique())
        words, effects = _by_label(table, names, "word", "effect")
        display = cls(words, effects, names, "Log-odds that the word adds")
        return display.plot(ax, n_terms=n_terms, max_labels=max_labels)

    def plot(
        self, ax: Any = None, *, n_terms: int = 10, max_labels: int | None = 6
    ) -> LabelTermsDisplay:
        """Draw bars, on the same scale in all panels.

        Parameters
        ----------
        ax : Axes, optional
            The place to draw in, which the labels share; None opens a figure.
        n_terms : int, default=10
            Number of bars a label, the longest.
        max_labels : int or None, default=6
            Number of labels to show, the most frequent or else the first; None shows all.

        Returns
        -------
        LabelTermsDisplay
            Itself, with what was drawn.
        """
        check_count("n_terms", n_terms)
        self._open(ax, max_labels, 0.7 + 0.19 * n_terms, self.meaning)
        chosen = [self._largest(j, n_terms) for j in self.shown_]
        limits = find_limits(np.concatenate([values for _, values in chosen]))
        self.bars_ = [
            draw_bars(panel, terms, values, n_terms, limits)
            for panel, (terms, values) in zip(self.axes_, chosen, strict=True)
        ]
        return self

    def plot_clouds(
        self, ax: Any = None, *, n_terms: int = _IN_CLOUD, max_labels: int | None = 6
    ) -> LabelTermsDisplay:
        """Draw word clouds: the larger a term, the more it weighs for its label.

        The same numbers give the same clouds. Letters are those of matplotlib's font: for
        Chinese, say, set ``matplotlib.rcParams["font.family"]`` to one that has them.

        Parameters
        ----------
        ax : Axes, optional
            The place to draw in, which the labels share; None opens a figure.
        n_terms : int, default=40
            Number of terms a label; the display may hold fewer. Those without room are left out.
        max_labels : int or None, default=6
            Number of labels to show, the most frequent or else the first; None shows all.

        Returns
        -------
        LabelTermsDisplay
            Itself, with what was drawn.

        Raises
        ------
        ImportError
            If wordcloud or matplotlib is not installed.
        """
        check_count("n_terms", n_terms)
        make_cloud = load_cloud_maker()
        is_mixed = any(np.any(np.less(values, 0)) for values in self.values)
        key = "; blue for the label, orange against it" if is_mixed else ""
        self._open(ax, max_labels, 2.3, f"Size: {self.meaning[:1].lower()}{self.meaning[1:]}{key}")
        for panel, j in zip(self.axes_, self.shown_, strict=True):
            draw_cloud(panel, make_cloud, *self._largest(j, n_terms))
        return self

    def _open(self, ax: Any, max_labels: int | None, height: float, meaning: str) -> None:
        """Open a panel for each label to show."""
        self.shown_, note = self._choose(max_labels)
        titles = shorten([self.label_names[j] for j in self.shown_])
        self.axes_, self.text_ = open_panels(ax, titles, height, with_note(meaning, note))
        self.figure_ = self.text_.figure

    def _choose(self, max_labels: int | None) -> tuple[np.ndarray, str]:
        """Return the columns of the labels to show, and a word on those that are not."""
        if self.n_positives is not None:
            columns = choose_labels(self.n_positives, max_labels)
            return columns, describe_choice(self.n_positives, columns)
        if max_labels is not None:
            check_count("max_labels", max_labels)
        n_labels = len(self.label_names)
        columns = np.arange(n_labels)[:max_labels]
        note = f"the first {len(columns)} of {n_labels} labels" if len(columns) < n_labels else ""
        return columns, note

    def _largest(self, label: int, n_terms: int) -> tuple[list[str], np.ndarray]:
        """Return the terms that weigh most, for or against, from the highest value down."""
        values = np.asarray(self.values[label], dtype=np.float64)
        largest = np.argsort(-np.abs(values), kind="stable")[:n_terms]
        order = largest[np.argsort(-values[largest], kind="stable")]
        return [self.terms[label][k] for k in order], values[order]


def _by_label(table: Any, names: list[str], term: str, value: str) -> tuple[list, list]:
    """Return the terms and the values of each label, empty where the table has none."""
    parts = [table[table["label"] == name] for name in names]
    return [part[term].tolist() for part in parts], [part[value].to_numpy() for part in parts]
