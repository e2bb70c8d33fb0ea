"""A fit on disk, so that a killed one goes on where it was."""

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sklearn_mlic.deep._fingerprint import digest_settings
from sklearn_mlic.deep._label_vectors import encode_labels, fit_label_encoder
from sklearn_mlic.deep._records import Records
from sklearn_mlic.images import digest_data
from sklearn_mlic.nn.state import weights_digest

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
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(
                f"checkpoint={str(folder)!r} cannot be made a folder: {error}"
            ) from error
        self.path = self.folder / f"fit-{data}-{settings}.pt"
        self._same_data = f"fit-{data}-*.pt"

    def load(self, estimator: Any) -> dict[str, Any] | None:
        """Return the state of the last whole epoch, or None where there is none.

        Warns where the folder holds a fit of the same data with other settings only. A fit
        without a seed that has ended counts for nothing: the next one is to be another.

        Parameters
        ----------
        estimator : BaseDeepClassifier
            Its ``max_epochs`` and ``random_state`` are read.

        Returns
        -------
        dict or None
            As given to `save`.

        Raises
        ------
        ValueError
            If the file cannot be read, or holds more epochs than are asked for.
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
        n_done = len(state["history"])
        if n_done > estimator.max_epochs:
            raise ValueError(
                f"The checkpoint {str(self.path)!r} holds {n_done} epochs, and "
                f"max_epochs={estimator.max_epochs}. Expected as many or more; or delete it."
            )
        has_ended = state["is_stopped"] or n_done == estimator.max_epochs
        return None if has_ended and estimator.random_state is None else state

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
                torch.save(_plain(state), file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, self.path)
        finally:
            partial.unlink(missing_ok=True)


def open_checkpoint(
    estimator: Any, records: Records, valid: Records | None, start: torch.nn.Module | None
) -> Checkpoint | None:
    """Return the checkpoint of a fit, or None where none is asked for.

    Parameters
    ----------
    estimator : BaseDeepClassifier
        Its parameters are read.
    records : Records
        What it is fitted on.
    valid : Records, optional
        The validation part that was given.
    start : nn.Module, optional
        The network whose weights the fit starts from, where it goes on from another fit.

    Returns
    -------
    Checkpoint or None
        In the folder that the parameter ``checkpoint`` names.
    """
    if estimator.checkpoint is None:
        return None
    parts = [part for part in (records, valid) if part is not None]
    origin = None if start is None else weights_digest(start)
    data = digest_data(*(item for part in parts for item in vars(part).values()), origin)
    params = estimator.get_params(deep=False)
    if params.get("label_encoder") is not None:
        # All that an encoder decides; what it is may have no words.
        names = estimator.label_names_
        params["label_encoder"] = encode_labels(
            fit_label_encoder(params["label_encoder"], names), names
        )
    settings = digest_settings(params)
    return Checkpoint(estimator.checkpoint, data, settings)


def _plain(state: Any) -> Any:
    """The same with plain numbers for numpy's, which a file without code cannot hold."""
    if isinstance(state, np.generic):
        return state.item()
    if isinstance(state, dict):
        return {_plain(key): _plain(value) for key, value in state.items()}
    if isinstance(state, (list, tuple)):
        return type(state)(map(_plain, state))
    return state
