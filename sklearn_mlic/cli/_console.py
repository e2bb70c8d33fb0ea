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
