"""What the commands print, and where."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sklearn_mlic.utils._progress import shared_console

# Progress and remarks; what a command finds goes to the standard output.
remarks = shared_console()
# Scores at 0.5 and tuned.
PAIRS = ("CF1", "OF1", "sample-F1")
# Our way and scikit-learn's of saying that a column of text is missing, by its name in a model.
_NO_TEXT = re.compile(
    r"no column 'text\d*'|columns are missing: .*'text\d*'|now missing:\n- text\d*\b"
)


def print_leaderboard(leaderboard: Any) -> None:
    """Print a comparison; ``0.61 → 0.68`` is a score at 0.5 and at the tuned thresholds.

    Parameters
    ----------
    leaderboard : DataFrame
        From `compare`; scores that were asked for are printed beside the usual ones.
    """
    from sklearn_mlic.metrics import SCORERS

    more = [name for name in leaderboard.columns if name in SCORERS and name not in ("mAP", *PAIRS)]
    table = Table(title="Leaderboard: scores at 0.5 → at tuned thresholds")
    table.add_column("approach", no_wrap=True)
    for name in ("mAP", *PAIRS, *more, "fit s"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, row in leaderboard.iterrows():
        spread = "" if row.isna()["mAP std"] else f" ±{row['mAP std']:.3f}"
        pairs = [f"{row[m]:.3f} → {row[f'{m} tuned']:.3f}" for m in PAIRS]
        cells = [*pairs, *(f"{row[column]:.3f}" for column in more), f"{row['fit seconds']:.1f}"]
        table.add_row(str(name), f"{row['mAP']:.3f}{spread}", *cells)
    Console(width=max(Console().width, 100 + sum(len(name) + 3 for name in more))).print(table)


def print_trials(search: Any, metric: str, n_shown: int = 10) -> None:
    """Print the best trials of a search, and the parameters of the best.

    Parameters
    ----------
    search : OptunaSearchCV
        Fitted, with one score.
    metric : str
        What the score is called.
    n_shown : int, default=10
        Trials to print.
    """
    import numpy as np

    results = search.cv_results_
    names = list(dict.fromkeys(name for params in results["params"] for name in params))
    order = np.argsort(results["rank_test_score"], kind="stable")[:n_shown]
    n_trials, n_folds = len(results["params"]), search.n_splits_
    table = Table(title=f"The best {len(order)} of {n_trials} trials: {metric} of {n_folds} folds")
    for name in ("trial", metric, *map(_shorten, names), "fit s"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in order:
        mean, std = (results[f"{what}_test_score"][row] for what in ("mean", "std"))
        score = results["state"][row] if np.isnan(mean) else f"{mean:.4f} ±{std:.3f}"
        values = [_show(results["params"][row].get(name, "")) for name in names]
        seconds = results["mean_fit_time"][row]
        table.add_row(str(results["trial"][row]), score, *values, f"{seconds:.1f}")
    Console(width=max(Console().width, 40 + sum(len(_shorten(n)) + 14 for n in names))).print(table)
    print(f"Best: {metric} {search.best_score_:.4f} with")
    for name, value in search.best_params_.items():
        print(f"  {name} = {_show(value)}")


def _shorten(name: str) -> str:
    """A nested parameter's own name."""
    return name.rpartition("__")[2]


def _show(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def prepare_output(*paths: Path | None) -> None:
    """Make the folders of the files to write, before the work and not after it."""
    for path in paths:
        if path is not None:
            if path.is_dir():
                raise IsADirectoryError(f"{str(path)!r} is a folder; name a file to write.")
            path.parent.mkdir(parents=True, exist_ok=True)


@contextmanager
def explain_text(texts: Sequence[str] | None) -> Iterator[None]:
    """Say in the command's terms that a model was trained on text that it is not given."""
    try:
        yield
    except ValueError as error:
        if not _NO_TEXT.search(str(error)):
            raise
        if not texts:
            message = "This model needs text: give a CSV file and name its column with --text."
        else:
            message = (
                f"This model was trained on another number of columns of text than the "
                f"{len(texts)} that --text names: give as many, in the same order."
            )
        raise ValueError(message) from error
