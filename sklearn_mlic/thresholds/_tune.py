"""Thresholds from labels and probabilities, as a plain function."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sklearn_mlic.metrics._checks import check_range
from sklearn_mlic.thresholds._cuts import DEFAULT_THRESHOLD
from sklearn_mlic.thresholds._methods import make_rule
from sklearn_mlic.utils._labels import as_label_matrix, check_same_columns


def tune_thresholds(
    y_true: Any,
    y_prob: Any,
    method: str | Callable = "f1",
    method_params: dict | None = None,
) -> np.ndarray:
    """Choose a decision threshold for each label; a label is predicted iff ``p >= threshold``.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicator matrix. NaN is an unknown label: every rule uses known entries only.
    y_prob : array-like of shape (n_samples, n_labels)
        Probabilities of rows that the model was not trained on.
    method : str or callable, default="f1"
        The rule, see the notes: one of its names; the name of any scikit-learn scorer of 0/1
        predictions; or a callable ``metric(y_true, y_pred) -> float``, larger is better, which
        gets the 0/1 values of one label.
    method_params : dict, optional
        Settings of the rule, by the names in the notes.

    Returns
    -------
    thresholds : ndarray of shape (n_labels,)
        In 0..1. A label without a positive of a score above 0 keeps 0.5, with a warning;
        the rules for all labels do so only where no label has a positive.

    Raises
    ------
    ValueError
        If the shapes differ, `y_true` is not 0/1, `y_prob` has entries that are NaN or outside
        0..1, or a method or setting is unknown.

    Notes
    -----
    For each label on its own:

    * ``"f1"``: the best F1 over all operating points (Lipton et al. 2014). So do ``"f2"``,
      ``"f05"``, ``"precision"``, ``"recall"``, ``"accuracy"``, ``"balanced_accuracy"``,
      ``"jaccard"``, ``"matthews_corrcoef"`` and ``"youden"`` for their score. The threshold lies
      halfway between the chosen score and the next lower one (0 below the lowest), where it
      generalises better than on an observed score; ``midpoint=False`` takes the latter.
      Where it is best to predict no row, it lies halfway between the highest score and 1.
    * ``"grid"``: the best F1 over the candidates ``grid=(0.30, 0.35, …, 0.70)``.
    * Another scorer name, or a callable: the best value over all cuts, or over ``n_cuts=100``
      of them, spread evenly half over the rows and half over the positive rows.
    * ``"fixed"``: ``threshold=0.5``, one number or one a label; looks at no data.
    * ``"at_least_one"``: as ``"f1"``. `ThresholdCalibrator` then gives a row that reaches no
      threshold its most probable label.

    For all labels together:

    * ``"cardinality"``: one threshold for which the mean number of predicted labels is nearest
      to that of true ones (Read et al. 2011).
    * ``"label_cardinality"``: a threshold t a label, of least ``lambda1=0.5`` times the
      difference in cardinality, were t applied to all labels, plus ``lambda2=0.5`` times the
      difference in the label's own frequency, for t in 0..1 by ``step=0.01``. The first
      difference may be n_labels times the second; ``normalize=True`` divides it by that. A
      label without a positive has no frequency to match and keeps 0.5, with a warning.
    * ``"micro_f1"``: a threshold a label, which together have the highest micro F1 that any
      thresholds have.
    * ``"sample_f1"``: one threshold of the highest `sample_f1_score` over all cuts.
    * ``"top_k"``: one threshold that ``k`` labels a row pass on average; None is the rounded
      mean number of true labels. `ThresholdCalibrator` predicts the k best of each row.

    Of equal thresholds the one nearest to 0.5 is taken, and for the three cardinality rules
    (``"top_k"`` is one) the middle of all that are equal.

    References
    ----------
    Lipton, Z., Elkan, C. and Naryanaswamy, B. (2014). Optimal thresholding of classifiers to
    maximize F1 measure. ECML PKDD.

    Read, J., Pfahringer, B., Holmes, G. and Frank, E. (2011). Classifier chains for multi-label
    classification. Machine Learning 85, 333-359.

    Dinkelbach, W. (1967). On nonlinear fractional programming. Management Science 13, 492-498.

    Examples
    --------
    >>> y_true = [[1, 0], [1, 1], [0, 0], [0, 1]]
    >>> y_prob = [[0.4, 0.1], [0.3, 0.9], [0.1, 0.2], [0.1, 0.8]]
    >>> tune_thresholds(y_true, y_prob)
    array([0.2, 0.5])
    >>> tune_thresholds(y_true, y_prob, method="cardinality")
    array([0.25, 0.25])
    """
    rule = make_rule(method, method_params)
    check_same_columns(y_true, y_prob, "y_prob")
    labels, names = as_label_matrix(y_true, "y_true", allow_unknown=True)
    scores = np.asarray(y_prob, dtype=np.float64)
    check_scores(labels, scores)
    check_range(scores)
    thresholds = rule(labels, scores)
    warn_untuned([name for name, t in zip(names, thresholds, strict=True) if np.isnan(t)])
    return or_default(thresholds)


def check_scores(labels: np.ndarray, scores: np.ndarray) -> None:
    """Raise where a label has no probability to tune on: another shape, or NaN."""
    if scores.shape != labels.shape:
        raise ValueError(
            f"y_prob has shape {scores.shape} and y_true {labels.shape}: expected the same shape, "
            f"one probability for each row and label. Wrap a binary classifier in BinaryRelevance."
        )
    n_unknown = np.isnan(scores).any(axis=1).sum()
    if n_unknown:
        raise ValueError(
            f"y_prob is NaN in {n_unknown} of {len(scores)} rows. Drop them if they are missing; "
            f"a network that predicts NaN has diverged in training: lower its learning rate."
        )


def warn_untuned(names: Sequence) -> None:
    """Name the labels that had nothing to tune on, if there are any."""
    if len(names):
        listing = ", ".join(map(str, names[:10])) + (", …" if len(names) > 10 else "")
        warnings.warn(
            f"No positive row of a score above 0 for {len(names)} label(s) to tune on: {listing}. "
            f"Their threshold stays at {DEFAULT_THRESHOLD}.",
            UserWarning,
            stacklevel=3,
        )


def or_default(thresholds: np.ndarray) -> np.ndarray:
    """Put the default where a rule had nothing to learn from."""
    return np.where(np.isnan(thresholds), DEFAULT_THRESHOLD, thresholds)
