"""How many threads many small fits should take."""

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    # Looking for the libraries takes 10 ms; limiting them 15 microseconds.
    return ThreadpoolController()


def one_blas_thread() -> AbstractContextManager:
    """Hold BLAS to one thread inside a ``with`` block.

    A fit of one label multiplies a matrix by a vector, thousands of times: threads wait for each
    other more than they compute. Measured in ``benchmarks/classical_speed.py``.

    Returns
    -------
    context manager
        For this process only; a worker enters its own.
    """
    return _controller().limit(limits=1, user_api="blas")
