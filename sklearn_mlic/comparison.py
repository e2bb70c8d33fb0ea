"""Several approaches on the same folds, in one table."""

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.utils import indexable
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.parallel import delayed

from sklearn_mlic.fitted import predict_both, set_everywhere
from sklearn_mlic.metrics import (
    cf1_score,
    get_scorers,
    mean_average_precision,
    of1_score,
    sample_f1_score,
)
from sklearn_mlic.model_selection import check_multilabel_cv
from sklearn_mlic.recipes import RECIPES
from sklearn_mlic.utils._calls import SentOnce, stream
from sklearn_mlic.utils._choices import check_choice
from sklearn_mlic.utils._progress import track

if TYPE_CHECKING:
    import pandas as pd

THRESHOLDED = {"CF1": cf1_score, "OF1": of1_score, "sample-F1": sample_f1_score}
# Scorers whose figure is in the table: of predictions under "… tuned".
_HELD = {"mAP", "CF1", "OF1", "micro_F1", "sample_F1"}


def compare(
    approaches: Mapping[str, Any] | Sequence[str],
    X: Any,
    y: Any,
    *,
    cv: Any = 5,
    scoring: Sequence[str] = (),
    groups: Any = None,
    random_state: Any = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> "pd.DataFrame":
    """Fit each approach on the same folds and score it on the rows left out.

    Parameters
    ----------
    approaches : mapping of str to estimator or str, or sequence of str
        What to compare, by the name that it has in the table; or names of recipes alone, such as
        ``["label_prior", "resnet18"]``. A name stands for the recipe of
        `sklearn_mlic.recipes.RECIPES`, with `random_state` and `verbose` and else its defaults.
        ``predict`` is to apply tuned thresholds, as that of a recipe or of any
        ThresholdCalibrator does.
    X : array-like of n_samples rows
        Anything that all approaches take.
    y : array-like or DataFrame of shape (n_samples, n_labels)
        0/1 indicator matrix; NaN is an unknown label, where all approaches take it.
    cv : int, float, splitter or iterable, default=5
        A number of multi-label stratified folds, the fraction of one hold-out, or a splitter.
    scoring : sequence of str, default=()
        More scores to add, by the names of `sklearn_mlic.metrics.get_scorers`. Those of
        predictions are of ``predict``. What the table holds anyway is not added again.
    groups : array-like of shape (n_samples,), optional
        For a `cv` that keeps groups whole.
    random_state : int, RandomState or None, default=None
        Shuffles the folds, and seeds the recipes given by name.
    n_jobs : int, optional
        Number of fits at the same time, of all approaches and folds. None means 1 unless in a
        ``joblib.parallel_config`` context, -1 all processors.
    verbose : int, default=0
        1 shows a progress bar an approach, and those of the recipes given by name.

    Returns
    -------
    DataFrame
        One row an approach, in the order given, means over the folds: ``mAP`` (step-wise) and
        ``mAP std``; ``CF1``, ``OF1`` and ``sample-F1`` of ``predict_proba >= 0.5``, and each
        with `` tuned`` of ``predict``; those of `scoring`; ``fit seconds``.

    Raises
    ------
    ValueError
        If there is no approach, the name of a recipe or score is unknown, or `y` is not a 0/1
        indicator matrix.
    TypeError
        If estimators are given without names.

    Examples
    --------
    >>> from sklearn_mlic import compare, make_multilabel_images
    >>> from sklearn_mlic.recipes import text_probe
    >>> bunch = make_multilabel_images(n_samples=100, random_state=0)
    >>> approaches = {"prior": "label_prior", "text": text_probe("caption", random_state=0)}
    >>> table = compare(approaches, bunch.data, bunch.target, cv=0.3, random_state=0)
    >>> bool(table.loc["text", "mAP"] > table.loc["prior", "mAP"])
    True
    """
    import pandas as pd

    models = _find_models(approaches, random_state, verbose)
    scorers = {n: s for n, s in get_scorers(scoring).items() if n not in _HELD}
    (X,) = indexable(X)
    splitter = check_multilabel_cv(cv, y, random_state=random_state)
    splits = list(splitter.split(X, y, groups))
    n_splits = len(splits)
    calls = (
        delayed(_score)(clone(model), X, y, *split, scorers)
        for model in models.values()
        for split in splits
    )
    with closing(stream(calls, n_jobs, SentOnce(X, y))) as results:
        rows = [
            {"approach": name, **scores}
            for name in models
            for scores in track(islice(results, n_splits), n_splits, f"Comparing: {name}", verbose)
        ]
    folds = pd.DataFrame(rows).groupby("approach", sort=False)
    table = folds.mean()
    # One hold-out has no spread.
    table.insert(1, "mAP std", folds["mAP"].std(ddof=0) if len(splits) > 1 else np.nan)
    return table


def _find_models(
    approaches: Mapping[str, Any] | Sequence[str], random_state: Any, verbose: int
) -> dict[str, Any]:
    """Return an estimator under each name; what is a string becomes the recipe of this name."""
    if len(approaches) == 0:
        raise ValueError("approaches is empty; expected at least one estimator under its name.")
    if isinstance(approaches, str):
        raise TypeError(f"approaches={approaches!r}; expected a list of names: [{approaches!r}].")
    if not isinstance(approaches, Mapping):
        nameless = [a for a in approaches if not isinstance(a, str)]
        if nameless:
            kind = type(nameless[0]).__name__
            raise TypeError(
                f"approaches holds a {kind} without a name; expected names of recipes, or a "
                f"mapping such as {{'mine': {kind}(...), 'prior': 'label_prior'}}."
            )
        approaches = {name: name for name in approaches}
    models = dict(approaches)
    for name, model in approaches.items():
        if isinstance(model, str):
            check_choice("recipe", model, RECIPES)
            models[name] = RECIPES[model]()
            set_everywhere(models[name], random_state=random_state, verbose=verbose)
    return models


def _score(
    model: Any, X: Any, y: Any, train: np.ndarray, test: np.ndarray, scorers: Mapping[str, Any]
) -> dict[str, float]:
    """Fit on one fold; score before and after calibration on the rows left out."""
    X_train, y_train = _safe_split(model, X, y, train)
    X_test, y_test = _safe_split(model, X, y, test, train)
    start = time.perf_counter()
    model.fit(X_train, y_train)
    seconds = time.perf_counter() - start
    tuned, y_prob = predict_both(model, X_test)
    at_half = (y_prob >= 0.5).astype(int)
    scores = {"mAP": mean_average_precision(y_test, y_prob)}
    for name, metric in THRESHOLDED.items():
        scores |= {name: metric(y_test, at_half), f"{name} tuned": metric(y_test, tuned)}
    if scorers:
        # It predicts once for all of them.
        scores |= check_scoring(model, scoring=scorers)(model, X_test, y_test)
    return {**scores, "fit seconds": seconds}
