"""What goes wrong in a net, in the user's words."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from sklearn_mlic.images import ImageError

# How torch says it on CPUs and MPS, where it has no exception of its own for it.
_NO_MEMORY = re.compile("not enough memory|can't allocate memory|out of memory")


@contextmanager
def clear_errors(batch_size: int) -> Iterator[None]:
    """Say what to do where a batch is too large or too small; cut a worker's error to its words.

    Parameters
    ----------
    batch_size : int
        Rows a batch, for the message.

    Yields
    ------
    None
        While such errors are looked for.
    """
    try:
        yield
    except ImageError as error:
        if error.row is not None:
            raise
        # From a worker process, with its traceback for a message.
        raise ImageError(str(error).strip().splitlines()[-1].partition(": ")[2]) from error
    except ValueError as error:
        if "Expected more than 1 value per channel" not in str(error):
            raise
        raise ValueError(
            f"Batch norm learns from two values a channel or more, and a batch of one image whose "
            f"map is one position has one (batch_size={batch_size}). Pass more rows, a larger "
            f"batch_size or image_size, or freeze='bn'."
        ) from error
    except RuntimeError as error:
        words = str(error)
        if not isinstance(error, torch.OutOfMemoryError) and not _NO_MEMORY.search(words):
            raise
        raise MemoryError(
            f"There is not enough memory for batches of {batch_size}: {words:.200}. Lower "
            f"batch_size (accumulate=2 makes up for half the rows) or image_size, or take "
            f"precision='bf16'."
        ) from error
