"""One trial: a candidate through the folds, as long as it is worth going on."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna import Trial, TrialPruned
from optuna.pruners import NopPruner
from sklearn.base import clone
from sklearn.model_selection._validation import _fit_and_score
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import _check_method_params

from sklearn_mlic.tuning._epochs import STEPS, FoldWatch
from sklearn_mlic.tuning._interruption import Interruption
from sklearn_mlic.tuning._records import count_taken, start_record, write_fold
from sklearn_mlic.tuning._space import Space


class SurplusTrial(Exception):
    """Another worker has taken the last trial of the budget a moment before."""


@dataclass(frozen=True)
class Evaluation:
    """All that a worker needs to turn a trial into scores: an objective for Optuna.

    Parameters
    ----------
    estimator : estimator
        Cloned for each fold.
    X, y : as the estimator takes them
        All rows.
    splits : list of (train, test)
        Row numbers of the folds.
    scorer : callable
        As scikit-learn's searches make it.
    objectives : tuple of str
        The scores that the study maximises, of several; ``("score",)`` for a single one.
    space : Space
        What parameters are drawn from.
    n_trials : int or None
        The budget of the study, those of other workers included.
    fit_params, score_params : dict
        Metadata, row by row or not.
    error_score : "raise" or float
        As scikit-learn takes it.
    return_train_score : bool
        Whether the rows trained on are scored too.
    """

    estimator: Any
    X: Any
    y: Any
    splits: list[tuple[np.ndarray, np.ndarray]]
    scorer: Callable
    objectives: tuple[str, ...]
    space: Space
    n_trials: int | None
    fit_params: dict[str, Any]
    score_params: dict[str, Any]
    error_score: Any
    return_train_score: bool

    def __call__(self, trial: Trial) -> tuple[float, ...]:
        """Fit and score fold by fold; report the running score after each."""
        self._check_budget(trial)
        start_record(trial)
        params = self.space.suggest(trial)
        scores: list[list[float]] = []
        n_epochs = 0
        with Interruption() as interruption:
            for fold in range(len(self.splits)):
                watch = self._watch(trial, fold, scores)
                outcome = self._run_fold(params, fold, watch)
                interruption.check()  # a network ends its training at Ctrl-C, and says no more
                n_epochs += watch.n_epochs
                write_fold(trial, fold, outcome, n_epochs)
                if watch.is_pruned:
                    raise TrialPruned
                scores.append(self._objectives_of(outcome["test"]))
                is_last = fold + 1 == len(self.splits)
                if not self._report(trial, np.mean(scores, axis=0), (fold + 1) * STEPS, is_last):
                    raise TrialPruned
        return tuple(np.mean(scores, axis=0).tolist())

    def is_complete(self, trials: Sequence[Any]) -> bool:
        """Say whether the budget is taken by these trials.

        Parameters
        ----------
        trials : sequence of optuna.trial.FrozenTrial
            Of the study.

        Returns
        -------
        bool
            Never where there is no budget.
        """
        if self.n_trials is None:
            return False
        return count_taken(trials, len(self.splits)) >= self.n_trials

    def _check_budget(self, trial: Trial) -> None:
        # Storages number trials one by one, but cannot begin one on a condition.
        earlier = [t for t in trial.study.get_trials(deepcopy=False) if t.number < trial.number]
        if self.is_complete(earlier):
            raise SurplusTrial

    def _run_fold(self, params: dict[str, Any], fold: int, watch: FoldWatch) -> dict[str, Any]:
        train, test = self.splits[fold]
        # The values too: they may be estimators.
        model = clone(self.estimator).set_params(**clone(params, safe=False))
        watch.attach(model)
        start = time.perf_counter()
        try:
            outcome = _fit_and_score(
                model,
                self.X,
                self.y,
                scorer=self.scorer,
                train=train,
                test=test,
                verbose=0,
                parameters=None,
                fit_params=self.fit_params,
                score_params=self.score_params,
                return_train_score=self.return_train_score,
                return_n_test_samples=True,
                return_times=True,
                error_score=self.error_score,
            )
        except TrialPruned:  # error_score="raise" lets it through
            watch.is_pruned = True
        if watch.is_pruned:
            return {"test": None, "fit_time": time.perf_counter() - start, "score_time": 0.0}
        kept = {
            "test": _plain(outcome["test_scores"]),
            "fit_time": outcome["fit_time"],
            "score_time": outcome["score_time"],
            "fit_error": outcome["fit_error"],
        }
        if self.return_train_score:
            kept["train"] = _plain(outcome["train_scores"])
        return kept

    def _watch(self, trial: Trial, fold: int, earlier: list[list[float]]) -> FoldWatch:
        """What scores the epochs of a fold, where the study has a pruner that asks."""
        if isinstance(trial.study.pruner, NopPruner) or len(self.objectives) > 1:
            return FoldWatch()
        train, test = self.splits[fold]
        X, y = _safe_split(self.estimator, self.X, self.y, test, train)
        params = _check_method_params(self.X, params=self.score_params, indices=test)

        def score(estimator: Any, rows: Any) -> float:
            return self._objectives_of(_plain(self.scorer(estimator, rows, y, **params)))[0]

        def report(score: float, step: int) -> bool:
            running = np.mean([*earlier, [score]], axis=0)
            return self._report(trial, running, fold * STEPS + step)

        return FoldWatch(score, report, X, y)

    def _report(self, trial: Trial, running: np.ndarray, step: int, is_last: bool = False) -> bool:
        """Report the running score; say whether to go on."""
        if len(running) > 1 or not np.isfinite(running[0]):
            return True  # Optuna prunes by one score only
        trial.report(float(running[0]), step)
        return is_last or not trial.should_prune()

    def _objectives_of(self, scores: float | dict[str, float]) -> list[float]:
        if not isinstance(scores, dict):
            # One number in place of several: scikit-learn's error_score.
            return [scores] * len(self.objectives)
        missing = set(self.objectives) - set(scores)
        if missing:
            raise ValueError(
                f"scoring returned {sorted(scores)}, and the search needs to know which of them "
                f"counts: set refit to one of these names, or pass scoring as a list or dict."
            )
        return [scores[name] for name in self.objectives]


def _plain(scores: Any) -> Any:
    """Scores as a storage can hold them."""
    if isinstance(scores, dict):
        return {name: float(score) for name, score in scores.items()}
    return float(scores)
