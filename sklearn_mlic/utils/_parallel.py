"""How many threads, and how many fits at a time."""

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from threading import current_thread, main_thread
from typing import Any

from sklearn import config_context
from sklearn.base import BaseEstimator
from threadpoolctl import ThreadpoolController

from sklearn_mlic.utils._calls import SentOnce, stream
from sklearn_mlic.utils._progress import track


@cache
def _controller() -> ThreadpoolController:
    # Looking for the libraries takes 10 ms; limiting them 15 microseconds.
    return ThreadpoolController()


def one_blas_thread() -> AbstractContextManager:
    """Hold BLAS to one thread inside a ``with`` block.

    A fit of one label multiplies a matrix by a vector, hundreds of times: threads wait for each
    other more than they compute, as ``benchmarks/classical_speed.py`` measures.

    Returns
    -------
    context manager
        It does nothing outside the main thread of a process: the number is one of the whole
        process, and threads that set it in turn would leave it wrong.
    """
    if current_thread() is not main_thread():
        return nullcontext()
    return _controller().limit(limits=1, user_api="blas")


def check_parameters_once(estimator: Any) -> AbstractContextManager:
    """Check an estimator's parameters now, and not again in the fit of each of its clones.

    A tenth of the seconds of small fits. An estimator that holds others checks for itself: a
    search, say, tries parameters that nobody has checked.

    Parameters
    ----------
    estimator : estimator
        Its clones are fitted inside the ``with`` block.

    Returns
    -------
    context manager
        It does nothing for an estimator around others, or of another kind than scikit-learn's.

    Raises
    ------
    sklearn.utils._param_validation.InvalidParameterError
        If scikit-learn refuses a parameter.
    """
    holds_others = len(estimator.get_params(deep=True)) > len(estimator.get_params(deep=False))
    if holds_others or not isinstance(estimator, BaseEstimator):
        return nullcontext()
    if hasattr(estimator, "_parameter_constraints"):
        estimator._validate_params()
    return config_context(skip_parameter_validation=True)


def run_parallel(
    calls: Iterable,
    total: int,
    n_jobs: int | None,
    description: str,
    verbose: int = 0,
    once: SentOnce | None = None,
) -> list:
    """Run many fits, with scikit-learn's configuration in each worker and a bar on request.

    Parameters
    ----------
    calls : iterable
        Made with ``sklearn.utils.parallel.delayed``.
    total : int
        How many there are.
    n_jobs : int, optional
        As joblib takes it.
    description : str
        Stands left of the bar.
    verbose : int, default=0
        0 shows nothing.
    once : SentOnce, optional
        Arguments that the calls share.

    Returns
    -------
    list
        The results, in order.
    """
    # Here for fits in this process, in threads or not; those in others hold their own BLAS.
    with one_blas_thread():
        return list(track(stream(calls, n_jobs, once), total, description, verbose))
