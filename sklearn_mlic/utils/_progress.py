"""One progress bar for every long loop."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, TypeVar

Item = TypeVar("Item")


@cache
def shared_console() -> Any:
    """Return the console that all bars share: two of them would write over each other.

    Returns
    -------
    rich.console.Console
        On the standard error.
    """
    from rich.console import Console

    return Console(stderr=True)


def track(items: Iterable[Item], total: int, description: str, verbose: int) -> Iterator[Item]:
    """Yield `items`, with a progress bar on the standard error where `verbose` is not 0.

    Parameters
    ----------
    items : iterable
        What to go through.
    total : int
        How many there are.
    description : str
        Stands left of the bar.
    verbose : int
        0 shows nothing; nor is there anything to show of no items.

    Yields
    ------
    object
        The items, in order.
    """
    if not verbose or not total:
        yield from items
        return
    from rich.progress import track as rich_track

    yield from rich_track(items, description, total=total, console=shared_console())
