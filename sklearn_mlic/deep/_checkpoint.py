"""A fit on disk, so that a killed one goes on where it was."""

import os
import warnings
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sklearn_mlic.deep._records import Records
from sklearn_mlic.images import content_digest

# What may change between the run that was killed and the one that goes on.
_FREE = {"checkpoint", "resume", "verbose", "n_jobs", "cache", "device", "compile", "random_state"}
# What tells a checkpoint from another file of torch's.
_KEYS = {"seed", "history", "module", "optimizer"}


class Checkpoint:
    """The file of one fit in a folder that many fits may share.

    Its name follows from the data and the settings, so that each fold of a cross-validation
    finds its own.

    Parameters
    ----------
    folder : path
        Created when missing.
    data, settings : str
        Digests of what is fitted on and how.
    """

    def __init__(self, folder: str | Path, data: str, settings: str):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path = self.folder / f"fit-{data}-{settings}.pt"
        self._same_data = f"fit-{data}-*.pt"

    def load(self) -> dict[str, Any] | None:
        """Return the state of the last whole epoch, or None where there is none.

        Warns where the folder holds a fit of the same data with other settings only.

        Returns
        -------
        dict or None
            As given to `save`.

        Raises
        ------
        ValueError
            If the file cannot be read.
        """
        for rest in self.folder.glob(f"{self.path.stem}.*.part"):
            rest.unlink(missing_ok=True)  # of a write that was killed
        if not self.path.exists():
            others = list(self.folder.glob(self._same_data))
            if others:
                warnings.warn(
                    f"resume=True finds no fit with these settings in {str(self.folder)!r}; "
                    f"{others[0].name!r} holds one of the same data with other settings. "
                    f"Training starts anew.",
                    UserWarning,
                    stacklevel=4,
                )
            return None
        try:
            # Tensors and plain values only: a checkpoint runs no code.
            state = torch.load(self.path, map_location="cpu", weights_only=True)
            if not _KEYS.issubset(state):
                raise ValueError("it is no checkpoint of ours")
        except Exception as error:
            raise ValueError(
                f"The checkpoint {str(self.path)!r} cannot be read: {error!s:.200}. "
                f"Delete it to start anew."
            ) from error
        return state

    def save(self, state: dict[str, Any]) -> None:
        """Write the state of an epoch: the file is the old one or the new one, never half.

        Parameters
        ----------
        state : dict
            Tensors and plain values.
        """
        partial = self.path.with_suffix(f".{os.getpid()}.part")
        try:
            with open(partial, "wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, self.path)
        finally:
            partial.unlink(missing_ok=True)


def open_checkpoint(estimator: Any, records: Records, valid: Records | None) -> Checkpoint | None:
    """Return the checkpoint of a fit, or None where none is asked for.

    Parameters
    ----------
    estimator : BaseDeepClassifier
        Its parameters are read.
    records : Records
        What it is fitted on.
    valid : Records, optional
        The validation part that was given.

    Returns
    -------
    Checkpoint or None
        In the folder that the parameter ``checkpoint`` names.
    """
    if estimator.checkpoint is None:
        return None
    parts = [part for part in (records, valid) if part is not None]
    data = digest_data(*(item for part in parts for item in vars(part).values()))
    return Checkpoint(estimator.checkpoint, data, digest_settings(estimator.get_params(deep=False)))


def digest_data(*parts: Any) -> str:
    """Return a hash of what a fit is given.

    Parameters
    ----------
    *parts : dict of str to sequence, ndarray, or None
        Columns as `as_columns` returns them, labels, weights.

    Returns
    -------
    str
        12 hexadecimal digits.
    """
    digest = blake2b(digest_size=6)
    for part in parts:
        columns = part if isinstance(part, Mapping) else {"": part}
        for name, column in columns.items():
            digest.update(f"{name} {None if column is None else np.shape(column)}".encode())
            if column is None:
                continue
            if np.asarray(column).dtype.kind == "O":
                for value in column:
                    is_path = isinstance(value, (str, os.PathLike))
                    content = os.fspath(value).encode() if is_path else content_digest(value)
                    digest.update(len(content).to_bytes(8, "little") + content)
            else:
                digest.update(np.ascontiguousarray(column).data)
    return digest.hexdigest()


def digest_settings(params: Mapping[str, Any]) -> str:
    """Return a hash of the settings that decide a fit's weights.

    Parameters
    ----------
    params : mapping
        The parameters of the estimator.

    Returns
    -------
    str
        12 hexadecimal digits.
    """
    kept = {name: value for name, value in sorted(params.items()) if name not in _FREE}
    if kept.get("schedule") in ("none", "plateau"):
        del kept["max_epochs"]  # more epochs go on where the fewer ended
    seed = params.get("random_state")
    kept["random_state"] = seed if isinstance(seed, int) else type(seed).__name__
    words = ", ".join(f"{name}={_describe(value)}" for name, value in kept.items())
    return blake2b(words.encode(), digest_size=6).hexdigest()


def _describe(value: Any) -> str:
    """`repr` without the addresses that differ from one process to the next."""
    if isinstance(value, Mapping):
        return str({name: _describe(item) for name, item in value.items()})
    if isinstance(value, (list, tuple)):
        return str([_describe(item) for item in value])
    text = repr(value)
    return getattr(value, "__qualname__", type(value).__qualname__) if " at 0x" in text else text
