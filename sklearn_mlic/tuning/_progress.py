"""What a search says while it runs: a bar with the best score so far, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import optuna
from optuna import Study
from optuna.trial import TrialState

from sklearn_mlic.tuning._records import is_recorded
from sklearn_mlic.tuning._trial import Evaluation
from sklearn_mlic.utils._progress import shared_console

SECONDS = 0.5


@contextmanager
def quiet(verbose: int) -> Iterator[None]:
    """Hold back Optuna's own lines: a trial that fails is told of as scikit-learn does.

    Parameters
    ----------
    verbose : int
        From 2 on they are shown.

    Yields
    ------
    None
        For the time of the search.
    """
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.INFO if verbose > 1 else optuna.logging.CRITICAL)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


@contextmanager
def show_progress(study: Study, evaluation: Evaluation, verbose: int) -> Iterator[None]:
    """Show a bar on the standard error while trials run, those of other workers too.

    Parameters
    ----------
    study : optuna.Study
        Looked at twice a second.
    evaluation : Evaluation
        Knows the budget.
    verbose : int
        0 shows nothing.

    Yields
    ------
    None
        For the time of the trials.
    """
    if not verbose:
        yield
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = [TextColumn("Trials"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
    bar = Progress(*columns, TextColumn("{task.fields[state]}"), console=shared_console())
    task = bar.add_task("", total=evaluation.n_trials, state="")
    has_ended = Event()

    def update() -> None:
        n_done, state = describe(study, len(evaluation.splits))
        bar.update(task, completed=n_done, state=state)

    def watch() -> None:
        while not has_ended.wait(SECONDS):
            update()

    thread = Thread(target=watch, daemon=True)
    with bar:
        thread.start()
        try:
            yield
        finally:
            has_ended.set()
            thread.join()
            update()


def describe(study: Study, n_splits: int) -> tuple[int, str]:
    """Return how many trials are done, and the best so far in words.

    Parameters
    ----------
    study : optuna.Study
        With trials or without.
    n_splits : int
        How many folds there are.

    Returns
    -------
    n_done : int
        Trials with a row in the results.
    state : str
        Such as ``"best 0.8123 (trial 4), 2 pruned"``.
    """
    trials: list[Any] = study.get_trials(deepcopy=False)
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    n_pruned = sum(trial.state == TrialState.PRUNED for trial in trials)
    parts = []
    if complete:
        best = max(complete, key=lambda trial: trial.values[0])
        parts.append(f"best {best.values[0]:.4f} (trial {best.number})")
    if n_pruned:
        parts.append(f"{n_pruned} pruned")
    return sum(is_recorded(trial, n_splits) for trial in trials), ", ".join(parts)
