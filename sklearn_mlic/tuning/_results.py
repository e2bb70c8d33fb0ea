"""From the trials of a study to the table that scikit-learn's searches have."""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from optuna import Study
from optuna.trial import FrozenTrial, TrialState
from sklearn.model_selection._validation import (
    _insert_error_scores,
    _warn_or_raise_about_fit_failures,
)

from sklearn_mlic.tuning._records import is_recorded, read_epochs, read_folds
from sklearn_mlic.tuning._trial import Evaluation

_STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


class Outcomes(NamedTuple):
    """The recorded trials of a study, in their order, and their folds, trial by trial."""

    trials: list[FrozenTrial]
    candidates: list[dict[str, Any]]
    folds: list[dict[str, Any]]


def read_outcomes(study: Study, evaluation: Evaluation) -> Outcomes:
    """Read what a search has found, by whatever worker.

    Parameters
    ----------
    study : optuna.Study
        With its trials.
    evaluation : Evaluation
        What the trials ran, in earlier searches perhaps with another `error_score` or without
        scores of the rows trained on: those are NaN then.

    Returns
    -------
    Outcomes
        A fold that was not run has scores of NaN and took no time.

    Raises
    ------
    ValueError
        If every fit failed, with scikit-learn's message, or one did and is to raise.
    """
    n_splits, error_score = len(evaluation.splits), evaluation.error_score
    trials = [t for t in study.get_trials(deepcopy=False) if is_recorded(t, n_splits)]
    records = [record for trial in trials for record in read_folds(trial, n_splits)]
    ran = [
        _as_result(record, evaluation)
        for record in records
        if record and record["test"] is not None
    ]
    if not ran:
        return Outcomes([], [], [])
    if error_score == "raise":
        _raise_failure(study, ran)
    else:
        _warn_or_raise_about_fit_failures(ran, error_score)
        _insert_error_scores(ran, error_score)
    blank = {
        key: _nan_like(value) if key.endswith("_scores") else value for key, value in ran[0].items()
    }
    done = iter(ran)
    folds = []
    for record in records:
        if record is not None and record["test"] is not None:
            folds.append(next(done))
        else:
            spent = {"fit_time": record["fit_time"] if record else 0.0, "score_time": 0.0}
            folds.append({**blank, **spent, "fit_error": None})
    return Outcomes(trials, [evaluation.space.recall(trial) for trial in trials], folds)


def tabulate(
    outcomes: Outcomes, study: Study, n_splits: int, format_results: Callable
) -> dict[str, Any]:
    """Return ``cv_results_``.

    Parameters
    ----------
    outcomes : Outcomes
        At least one trial.
    study : optuna.Study
        Of which they are.
    n_splits : int
        How many folds there are.
    format_results : callable
        `BaseSearchCV._format_results`.

    Returns
    -------
    dict of str to array
        scikit-learn's columns, and ``trial``, ``state``, ``n_epochs``; of several objectives
        ``on_pareto_front``.
    """
    trials = outcomes.trials
    more = {
        "trial": [trial.number for trial in trials],
        "state": [_STATES[trial.state] for trial in trials],
        "n_epochs": [read_epochs(trial) for trial in trials],
    }
    if len(study.directions) > 1:
        front = {trial.number for trial in study.best_trials}
        more["on_pareto_front"] = [trial.number in front for trial in trials]
    if not any(trial.state == TrialState.COMPLETE for trial in trials):
        warnings.warn(
            "No trial has gone through all folds with a score, so that the best is no better "
            "than the others. Of a pruner raise n_startup_trials or n_warmup_steps, or leave it "
            "out; else see state and the scores in cv_results_.",
            UserWarning,
            stacklevel=5,
        )
    with warnings.catch_warnings():
        if _only_pruned_lack_scores(outcomes, n_splits):
            # What pruning does on purpose is nothing to warn of.
            warnings.filterwarnings("ignore", "One or more of the (test|train) scores are non-fin")
        return format_results(outcomes.candidates, n_splits, outcomes.folds, more)


def _as_result(record: dict[str, Any], evaluation: Evaluation) -> dict[str, Any]:
    """A fold as scikit-learn's `_fit_and_score` would have returned it to this search."""
    has_failed = record["fit_error"] is not None
    scores = {"test_scores": evaluation.error_score if has_failed else record["test"]}
    if evaluation.return_train_score:
        train = record.get("train", _nan_like(record["test"]))
        scores["train_scores"] = evaluation.error_score if has_failed else train
    rest = {key: value for key, value in record.items() if key not in ("test", "train")}
    return {**rest, **scores}


def _raise_failure(study: Study, ran: list[dict[str, Any]]) -> None:
    """Raise what a fit of an earlier search raised, which went on then."""
    errors = [result["fit_error"] for result in ran if result["fit_error"] is not None]
    if errors:
        raise ValueError(
            f"The study {study.study_name!r} has {len(errors)} fit(s) that failed in an earlier "
            f"search, and error_score='raise'. Pass a number as error_score, or another study. The "
            f"first error was:\n{errors[0]}"
        )


def _nan_like(scores: Any) -> Any:
    return dict.fromkeys(scores, np.nan) if isinstance(scores, dict) else np.nan


def _only_pruned_lack_scores(outcomes: Outcomes, n_splits: int) -> bool:
    whole = np.repeat([trial.state != TrialState.PRUNED for trial in outcomes.trials], n_splits)
    scores = [
        score
        for fold, is_whole in zip(outcomes.folds, whole, strict=True)
        for key in ("test_scores", "train_scores")
        if is_whole and key in fold
        for score in (fold[key].values() if isinstance(fold[key], dict) else [fold[key]])
    ]
    return bool(np.isfinite(scores).all())
