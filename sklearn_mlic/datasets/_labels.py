"""Labels as they stand in a cell, and the indicator matrix of them."""

from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mlic.datasets._problems import Problem

if TYPE_CHECKING:
    import pandas as pd

NO_LABEL = "-"


def split_labels(cell: str, sep: str) -> list[str] | None:
    """Return the labels of a cell without repeats; None when it is empty."""
    found = list(dict.fromkeys(filter(None, map(str.strip, cell.split(sep)))))
    return [] if found == [NO_LABEL] else found or None


def check_label_names(label_names: Sequence[str]) -> list[str]:
    """Return the label names as a list of str without repeats, or say what is wrong with them."""
    if isinstance(label_names, str):
        raise ValueError(
            f"label_names={label_names!r} is one string; expected a list of names. "
            f"Pass [{label_names!r}] for one label."
        )
    names = [str(name) for name in label_names]
    if not names:
        raise ValueError("label_names is empty; expected one name or more, or None.")
    if len(set(names)) < len(names):
        repeated = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"label_names holds {repeated} more than once; remove the repeats.")
    return names


def check_sep(sep: str, label_names: Sequence[str] = ()) -> None:
    """Refuse an empty separator, and names that cannot be read back from a cell with this one."""
    if not sep:
        raise ValueError("sep=''; expected the text between two labels, such as ' ' or '|'.")
    for name in label_names:
        if split_labels(name, sep) != [name]:
            raise ValueError(
                f"label_names holds {name!r}, which cannot be read from a cell whose labels "
                f"are separated by sep={sep!r} and where {NO_LABEL!r} stands for no label. "
                f"Set sep, or rename the label."
            )


def drop_unknown(
    label_sets: list[list[str] | None], label_names: Collection[str]
) -> Iterator[tuple[int, str]]:
    """Take labels outside `label_names` out of the sets in place; yield each with its row."""
    known = {*label_names, NO_LABEL}
    for row, found in enumerate(label_sets):
        if found and not known.issuperset(found):
            label_sets[row] = [label for label in found if label in known]
            yield from ((row, label) for label in found if label not in known)


def find_label_problems(
    label_sets: list[list[str] | None], label_names: list[str] | None
) -> Iterator[Problem]:
    """Find the rows whose cell is empty or holds what it may not hold."""
    known = set(label_names or ())
    for row, found in enumerate(label_sets):
        if found is None:
            remedy = f"Write {NO_LABEL!r} where none of the labels applies."
            yield Problem(row, "the label cell is empty", remedy)
            continue
        for label in found:
            if label == NO_LABEL:
                remedy = f"Keep either {NO_LABEL!r} or the labels."
                yield Problem(row, f"{NO_LABEL!r} (no label) beside labels", remedy)
            elif label_names is not None and label not in known:
                remedy = (
                    "Correct the unknown labels, add them to label_names, set sep, or leave them "
                    "out with unknown='drop'."
                )
                yield Problem(row, describe_unknown(label, label_names), remedy)


def describe_unknown(label: str, label_names: list[str]) -> str:
    """Say that there is no such label, and which one is near."""
    close = get_close_matches(label, label_names, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"unknown label {label!r}{hint}"


def check_mark(parameter: str, value: Any) -> float:
    """Return what stands in the target for labels that are marked as doubtful."""
    if isinstance(value, str) and value == "nan":
        return np.nan
    if not isinstance(value, str) and value in (0, 1):
        return int(value)
    raise ValueError(f"{parameter}={value!r}; expected 'nan' (unknown), 0 (absent) or 1 (present).")


def make_target(
    label_sets: Sequence[Collection[str]],
    label_names: Sequence[str],
    doubtful: Sequence[Collection[str]] = (),
    mark: float = 0,
) -> "pd.DataFrame":
    """Make the indicator matrix: 1 for the labels of a row, `mark` for those only doubtful."""
    import pandas as pd

    columns = {name: j for j, name in enumerate(label_names)}
    indicators = np.zeros((len(label_sets), len(columns)), type(mark))
    for row, found in enumerate(doubtful):
        indicators[row, [columns[label] for label in found]] = mark
    for row, found in enumerate(label_sets):
        indicators[row, [columns[label] for label in found]] = 1
    return pd.DataFrame(indicators, columns=list(label_names))
