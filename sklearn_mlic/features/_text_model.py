"""A sentence-transformers model as its files: read from where it lies, and opened anywhere."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

# Data in all of them, and no code: a pickle (.bin, .pt) or a module (.py) stays outside.
_SUFFIXES = (".json", ".txt", ".safetensors", ".model", ".jinja")


def read_files(model: str | os.PathLike) -> dict[str, np.ndarray]:
    """Read the files of a text model, without opening it where that can be helped.

    Parameters
    ----------
    model : str or path
        A folder, or a name on the Hugging Face hub, which is looked for among what was
        downloaded before and else downloaded.

    Returns
    -------
    dict of str to ndarray of uint8
        The content of each file by its path inside the folder, in order of the paths.

    Raises
    ------
    ValueError
        If there is no such folder and no such name is to be had, or it is no text model.
    """
    if Path(model).is_dir():
        try:
            files = _read_folder(Path(model))
        except (KeyError, TypeError, ValueError) as error:  # the list of its modules is broken
            raise _no_model(model, error) from error
        if any(name.endswith(".safetensors") for name in files):
            return files
        network = _open_folder(model, model)  # its weights lie in an older format
    else:
        network = _open_by_name(model)
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, _quiet():
        network.save_pretrained(folder, create_model_card=False)
        return _read_folder(Path(folder))


def files_digest(files: Mapping[str, np.ndarray]) -> str:
    """Return a hash of the files of a model: two of equal files share it.

    Parameters
    ----------
    files : mapping of str to ndarray
        As `read_files` returns them.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    digest = blake2b(digest_size=16)
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def open_files(files: Mapping[str, np.ndarray], model: Any) -> Any:
    """Open a model that is kept as its files, on the CPU and in float32.

    Parameters
    ----------
    files : mapping of str to ndarray
        As `read_files` returns them, perhaps from a stranger's model file.
    model : str or path
        Where they once lay, for the messages.

    Returns
    -------
    sentence_transformers.SentenceTransformer
        The network and its tokenizer.

    Raises
    ------
    ValueError
        If the files are no model, or hold what could run code or lie outside the folder.
    """
    # On Windows a file that is mapped into memory cannot be deleted yet.
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name, content in files.items():
            _check_name(name)
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.tobytes())
        return _open_folder(folder, model)


def _read_folder(folder: Path) -> dict[str, np.ndarray]:
    """Read the files at the top and in the folders of the modules; not a trainer's leavings."""
    listing = folder / "modules.json"
    modules = json.loads(listing.read_text("utf-8")) if listing.is_file() else []
    inner = [folder / module["path"] for module in modules if module["path"]]
    found = {*folder.glob("*"), *(path for part in inner for path in part.rglob("*"))}
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in found
        if path.is_file() and path.suffix in _SUFFIXES
    )
    return {name: np.fromfile(folder / name, np.uint8) for name in names}


def _check_name(name: str) -> None:
    path = PurePosixPath(name)
    is_inside = not path.is_absolute() and ".." not in path.parts and not set(name) & set("\\:")
    if not (is_inside and path.suffix in _SUFFIXES):
        raise ValueError(
            f"The text model holds a file {name!r}; expected files inside one folder that end "
            f"in {', '.join(_SUFFIXES)}. Do not use this model: it was tampered with."
        )


def _open_folder(folder: str | os.PathLike, model: Any) -> Any:
    try:
        with _quiet():
            return _open(folder, local_files_only=True)
    except Exception as error:  # the libraries below raise many kinds
        raise _no_model(model, error) from error


def _no_model(model: Any, error: Exception) -> ValueError:
    return ValueError(
        f"model={os.fspath(model)!r}: the folder holds no text model that can be opened "
        f"({type(error).__name__}: {error}). Expected one that "
        f"SentenceTransformer.save_pretrained wrote."
    )


def _open_by_name(model: str | os.PathLike) -> Any:
    advice = (
        "Pass a folder that SentenceTransformer.save_pretrained wrote, or the name of a model "
        "on the Hugging Face hub, such as 'sentence-transformers/all-MiniLM-L6-v2', which a "
        "machine with network downloads once."
    )
    if not isinstance(model, str):
        raise ValueError(f"model={os.fspath(model)!r}: there is no such folder. {advice}")
    try:
        with _quiet():
            return _open(model, local_files_only=True)
    except Exception:  # not downloaded yet, whatever the libraries call that
        try:
            return _open(model, local_files_only=False)
        except Exception as error:
            raise ValueError(
                f"model={model!r}: there is no such folder, and no such model could be "
                f"downloaded ({type(error).__name__}: {error}). {advice}"
            ) from error


def _open(source: str | os.PathLike, *, local_files_only: bool) -> Any:
    import torch
    from sentence_transformers import SentenceTransformer

    from sklearn_mlic.nn.runtime import seeded

    # Layers that the files lack are drawn: the same each time.
    with seeded(0, torch.device("cpu")):
        network = SentenceTransformer(
            os.fspath(source), device="cpu", local_files_only=local_files_only
        )
    return network.float()


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide the libraries' bars over a second's work; ours is the only one."""
    from transformers.utils import logging

    was_shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_shown:
            logging.enable_progress_bar()
