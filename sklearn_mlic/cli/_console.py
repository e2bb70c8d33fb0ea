"""What the commands print, and where."""

import sys
from typing import Any

from rich.console import Console
from rich.table import Table

# Progress and remarks; what a command finds goes to the standard output.
remarks = Console(stderr=True)


def print_leaderboard(leaderboard: Any) -> None:
    """Print a comparison; ``0.61 → 0.68`` is a score at 0.5 and at the tuned thresholds."""
    table = Table(title="Leaderboard: scores at 0.5 → at tuned thresholds")
    table.add_column("approach")
    for name in ("mAP", "CF1", "OF1", "sample-F1", "fit s"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, row in leaderboard.iterrows():
        spread = "" if row.isna()["mAP std"] else f" ±{row['mAP std']:.3f}"
        pairs = [f"{row[m]:.3f} → {row[f'{m} tuned']:.3f}" for m in ("CF1", "OF1", "sample-F1")]
        table.add_row(str(name), f"{row['mAP']:.3f}{spread}", *pairs, f"{row['fit seconds']:.1f}")
    Console(width=None if sys.stdout.isatty() else 100).print(table)
