"""How calls go out to workers, and what all of them need goes once."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from joblib import parallel_config
from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel, delayed

# Calls a worker in one round, where results come by rounds.
_ROUND = 8


class SentOnce:
    """Arguments of many calls that a cluster gets once, and not with each call.

    Processes of this machine are left to joblib, which shows them large arrays in place. To a
    cluster it sends a list or an object with each call; with dask an array once, with ray never.

    Parameters
    ----------
    *values : object
        What comes back as an argument of the calls: the very object. It must not change as long
        as this one lives, which may serve several rounds of calls. None is left out.
    """

    def __init__(self, *values: Any):
        self._values = [value for value in values if value is not None]
        self._sent: dict[int, Any] = {}

    def fill(self, calls: Iterable, put: Callable[[list], list]) -> Iterator:
        """Send the values, if that is not done; put a reference in place of each.

        Parameters
        ----------
        calls : iterable
            Made with ``sklearn.utils.parallel.delayed``.
        put : callable
            Sends a list of values; returns references.

        Returns
        -------
        iterator of tuple
            The calls; what one of them runs in parallel itself stays in its worker.
        """
        if self._values and not self._sent:
            references = put(self._values)
            self._sent = dict(zip(map(id, self._values), references, strict=True))
        return (
            delayed(_call_here)(
                function.__wrapped__, *(self._sent.get(id(arg), arg) for arg in args), **kwargs
            )
            for function, args, kwargs in calls
        )


def stream(calls: Iterable, n_jobs: int | None, once: SentOnce | None = None) -> Iterator:
    """Yield the results of calls, in order, as they come.

    Parameters
    ----------
    calls : iterable
        Made with ``sklearn.utils.parallel.delayed``.
    n_jobs : int or None
        As joblib takes it.
    once : SentOnce, optional
        Arguments that the calls share.

    Yields
    ------
    object
        A result. Where joblib hands on none before the last is there (ray, multiprocessing),
        they come by rounds of a few calls a worker.
    """
    backend, _ = get_active_backend()
    is_gradual = backend.supports_return_generator
    # It starts ray where nobody has.
    with Parallel(n_jobs=n_jobs, return_as="generator" if is_gradual else "list") as parallel:
        put = _find_put(backend)
        if put is not None and backend.effective_n_jobs(parallel.n_jobs) > 1:
            calls = (once or SentOnce()).fill(calls, put)
        if is_gradual:
            yield from parallel(calls)
            return
        size = _ROUND * backend.effective_n_jobs(parallel.n_jobs)
        calls = iter(calls)
        while some := list(islice(calls, size)):
            yield from parallel(some)


def _find_put(backend: Any) -> Callable[[list], list] | None:
    """Return what sends values to the cluster; None where there is none."""
    # By name: the classes stand in modules that import dask and ray.
    kind = type(backend).__name__
    if kind == "DaskDistributedBackend":
        # To all workers: dask gives a call to one that holds what it needs, else to no other.
        # Without hash, which fails inside of workers.
        return partial(backend.client.scatter, broadcast=True, hash=False)
    return _put_in_ray if kind == "RayBackend" else None


def _put_in_ray(values: list) -> list:
    import ray

    return [_Stored(ray.put(value)) for value in values]


class _Stored:
    """A value in ray's store. dask puts its own in place of a reference, ray leaves it to us."""

    def __init__(self, reference: Any):
        self._reference = reference

    def get(self) -> Any:
        import ray

        return ray.get(self._reference)


def _call_here(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """Call in a worker of a cluster, as joblib calls in a process of its own.

    What asks for parallel work inside gets threads: dask would spread it over the cluster again,
    and send each worker what it has.
    """
    with parallel_config(backend="threading"):
        return function(*(arg.get() if isinstance(arg, _Stored) else arg for arg in args), **kwargs)
