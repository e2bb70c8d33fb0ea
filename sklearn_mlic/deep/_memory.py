"""Whether what is to be held fits into the memory that is free."""

import math
import re
import shutil
from pathlib import Path

import numpy as np

_SHARED_MEMORY = Path("/dev/shm")  # where Linux keeps it, and containers make it small
_TAKEN = 0.9  # of what is free; the rest is for batches and the network


def check_memory(needed: int, what: str, remedy: str, *, shared: bool = False) -> None:
    """Raise before memory runs out: the system would kill the process without a word.

    Parameters
    ----------
    needed : int
        Bytes.
    what : str
        What they are for.
    remedy : str
        What to do instead.
    shared : bool, default=False
        Whether processes share it.

    Raises
    ------
    ValueError
        If it does not fit. Not a MemoryError: a smaller batch would not help.
    """
    places = [("memory", _free_memory())]
    if shared and _SHARED_MEMORY.is_dir():
        places.append((f"shared memory ({_SHARED_MEMORY})", shutil.disk_usage(_SHARED_MEMORY).free))
    for place, free in places:
        if free is not None and needed > _TAKEN * free:
            if place != "memory":
                remedy += ", n_jobs=None, which needs none of it, or enlarge it (--shm-size)"
            raise ValueError(
                f"{what} would take {needed / 1e9:.1f} GB of {place}; {_TAKEN * free / 1e9:.1f} GB "
                f"can be had. {remedy}."
            )


def make_room(shape: tuple[int, ...], what: str, remedy: str) -> np.ndarray:
    """Return an array to be filled, where there is memory for it.

    Parameters
    ----------
    shape : tuple of int
        Its shape.
    what, remedy : str
        As `check_memory` takes them.

    Returns
    -------
    ndarray of float32
        Not initialised.

    Raises
    ------
    ValueError
        If it does not fit.
    """
    check_memory(4 * math.prod(shape), what, remedy)
    return np.empty(shape, np.float32)


def _free_memory() -> int | None:
    """Return the bytes of memory to be had, here or in our container; None where unknown."""
    free = [_read_sizes("/proc/meminfo").get("MemAvailable")]
    for folder, limit, used, prefix in (
        ("/sys/fs/cgroup", "memory.max", "memory.current", ""),
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_"),
    ):
        sizes = {name: _read_sizes(f"{folder}/{name}").get("") for name in (limit, used)}
        if None not in sizes.values():
            files = _read_sizes(f"{folder}/memory.stat")  # which can be dropped for what we need
            cached = [files.get(f"{prefix}{kind}_file", 0) for kind in ("active", "inactive")]
            free.append(sizes[limit] - sizes[used] + sum(cached))
    return min((size for size in free if size is not None), default=None)


def _read_sizes(path: str) -> dict[str, int]:
    """Read lines of an optional name and a number of bytes or kB, as the kernel writes them."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return {}
    found = (re.fullmatch(r"(.*?):?\s*(\d+)( kB)?", line) for line in lines)
    return {line[1]: int(line[2]) * (1024 if line[3] else 1) for line in found if line}
