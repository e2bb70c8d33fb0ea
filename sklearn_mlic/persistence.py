"""Model files that run no code when they are opened."""

import inspect
import sys
import zipfile
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

import skops.io
from sklearn.base import BaseEstimator
from sklearn.model_selection import BaseCrossValidator

from sklearn_mlic.fitted import set_everywhere
from sklearn_mlic.utils._files import write_at_once

# Packages whose classes a model file may hold; skops itself knows numpy's arrays, dtypes and
# generators. Functions are refused wherever they come from, scores apart, and so are numpy's
# other classes: a file could name one that does harm, such as numpy.memmap, which overwrites
# files.
_PACKAGES = ("sklearn_mlic.", "sklearn.")
# The one kind of function that is let through: what a search scores by computes and no more.
_METRICS = ("sklearn_mlic.metrics.", "sklearn.metrics.")


def save(model: Any, path: str | Path) -> Path:
    """Write a fitted model to one file.

    The weights of networks are kept as plain arrays, so that a model trained on a GPU opens on
    any machine. The file appears whole or not at all. Of processes that train together (see
    `distributed` of :class:`~sklearn_mlic.ImageClassifier`) the first one writes.

    Parameters
    ----------
    model : estimator
        Any estimator of this package or of scikit-learn, or a pipeline or search of them.
    path : str or Path
        Where to write; ``.skops`` is the usual suffix.

    Returns
    -------
    Path
        The file that was written; of processes that train together the first one writes it, and
        the others are to wait before they read it.

    Raises
    ------
    ValueError
        If the model holds types that `load` would refuse, such as a class of your own.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mlic import BinaryRelevance, load, save
    >>> X, y = make_multilabel_classification(n_classes=3, random_state=0)
    >>> model = BinaryRelevance(LogisticRegression()).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     opened = load(save(model, f"{folder}/model.skops"))
    >>> bool((opened.predict(X) == model.predict(X)).all())
    True
    """
    path = Path(path)
    content = skops.io.dumps(model)
    _refuse(skops.io.get_untrusted_types(data=content), f"This {type(model).__name__}")
    if _is_first_process():
        write_at_once(path, content)
    return path


def _is_first_process() -> bool:
    """Whether this is the first of processes that train together, or alone."""
    distributed = sys.modules.get("torch.distributed")  # torch itself is not needed to save
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return True
    return distributed.get_rank() == 0


def load(path: str | Path) -> Any:
    """Open a model file, also one from a stranger: no code in it is run.

    Only classes of this package and scikit-learn and numpy's data types are built; anything
    else is refused by name before anything is built.

    Parameters
    ----------
    path : str or Path
        A file that `save` wrote.

    Returns
    -------
    estimator
        The model. Folders that it was trained with, ``cache`` and ``checkpoint``, are None.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no model file, or holds a type that is not trusted.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no model file {str(path)!r}.")
    try:
        unknown = skops.io.get_untrusted_types(file=path)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ValueError(
            f"{str(path)!r} is not a model file written by sklearn_mlic.save: {error}. "
            f"A pickle or joblib file runs code when it is opened; use joblib.load for one that "
            f"you made yourself."
        ) from error
    _refuse(unknown, f"The file {str(path)!r}")
    model = skops.io.load(path, trusted=unknown)
    # A file must not choose where its reader's disk is written to.
    set_everywhere(model, cache=None, checkpoint=None, resume=False)
    return model


def load_once(path: str | Path) -> Any:
    """Open a model file once in each process, however often it is asked for.

    Choose it in a function that is sent to workers, such as that of dask's ``map_partitions``:
    each worker then holds one model, and partitions only bring rows. A file that was written
    anew is opened anew; the last two models are kept.

    Parameters
    ----------
    path : str or Path
        A file that `save` wrote, which every worker can read.

    Returns
    -------
    estimator
        The model, which all in this process share: it is not to be changed. It shows no bars.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no model file, or holds a type that is not trusted.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mlic import BinaryRelevance, save
    >>> from sklearn_mlic.persistence import load_once
    >>> X, y = make_multilabel_classification(n_classes=3, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save(BinaryRelevance(LogisticRegression()).fit(X, y), f"{folder}/model.skops")
    ...     load_once(path) is load_once(path)
    True
    """
    path = Path(path).absolute()
    if not path.is_file():
        raise FileNotFoundError(f"There is no model file {str(path)!r}.")
    stamp = path.stat()
    # Threads of one worker ask at the same time.
    with _ONE_AT_A_TIME:
        return _load_version(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=2)
def _load_version(path: Path, mtime: int, size: int) -> Any:
    model = load(path)
    set_everywhere(model, verbose=0)
    return model


_ONE_AT_A_TIME = Lock()


def _refuse(unknown: list[str], holder: str) -> None:
    """Raise for the first types in `unknown` that are not classes of the trusted packages."""
    refused = [name for name in unknown if not _is_trusted(name)]
    if refused:
        raise ValueError(
            f"{holder} holds types that are not trusted: {', '.join(refused)}. A model file may "
            f"hold classes of sklearn_mlic and scikit-learn and numpy arrays only. Name your "
            f"choices (head='linear', loss='bce', a transformer as label_encoder) instead of "
            f"passing classes or functions of your own, or use joblib among people who trust each "
            f"other."
        )


# Numbers in another form: the training rows of a nearest-neighbour method.
_CONTAINERS = {
    f"scipy.sparse._{form}.{form}_{kind}" for form in ("csr", "csc") for kind in ("array", "matrix")
}


def _is_trusted(name: str) -> bool:
    """Tell whether `name` is a class, or a metric, that a trusted package defines itself."""
    if name in _CONTAINERS:
        return True
    # To import a __main__ module is to run it.
    if not name.startswith(_PACKAGES) or "__main__" in name:
        return False
    module, _, attribute = name.rpartition(".")
    try:
        found = getattr(import_module(module), attribute, None)
    except ImportError:
        return False
    home = f"{getattr(found, '__module__', None)}."
    if inspect.isfunction(found):
        return name.startswith(_METRICS) and home.startswith(_METRICS)
    if not inspect.isclass(found) or not home.startswith(_PACKAGES):
        return False
    # Of ours, what is part of a model: not a class such as the cache's, which makes folders.
    parts = (BaseEstimator, BaseCrossValidator)
    return home.startswith(("sklearn.", "sklearn_mlic.nn.heads.")) or issubclass(found, parts)
