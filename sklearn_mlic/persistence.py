"""Model files that run no code when they are opened."""

import inspect
import os
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import skops.io
from sklearn.base import BaseEstimator
from sklearn.model_selection import BaseCrossValidator

from sklearn_mlic.fitted import set_everywhere

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
    any machine. The file appears whole or not at all.

    Parameters
    ----------
    model : estimator
        Any estimator of this package or of scikit-learn, or a pipeline or search of them.
    path : str or Path
        Where to write; ``.skops`` is the usual suffix.

    Returns
    -------
    Path
        The file that was written.

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
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


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
