"""Weight files: what they say about themselves, and how our own networks read them."""

import re
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from timm.models import load_state_dict
from torch import nn


def read_metadata(path: Path) -> dict[str, Any]:
    """Return what a weight file says of itself, under the names of timm's configurations.

    Parameters
    ----------
    path : Path
        A safetensors or torch file; only the former can hold metadata.

    Returns
    -------
    dict
        ``file`` and, where given, ``mean``, ``std`` and ``input_size``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it cannot be read, or its metadata make no sense.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"The weight file {str(path)!r} does not exist. Pass the path of a safetensors or "
            f"torch file, True for published weights, or False for random ones."
        )
    overlay: dict[str, Any] = {"file": str(path)}
    if path.suffix != ".safetensors":
        return overlay
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(f"{str(path)!r} is not a safetensors file: {error}") from error
    for key in ("mean", "std"):
        if key in metadata:
            overlay[key] = tuple(_numbers(metadata[key]))
            if len(overlay[key]) != 3:
                raise ValueError(
                    f"{str(path)!r} gives {key}={metadata[key]!r} in its metadata; expected three "
                    f"numbers, one a colour."
                )
    size = _numbers(metadata.get("input_size") or metadata.get("input", ""))
    if size:
        overlay["input_size"] = (3, int(max(size)), int(max(size)))
    return overlay


def _numbers(text: str) -> list[float]:
    """The numbers in a metadata string: ``"0.5 0.5 0.5"``, ``"[3, 224, 224]"``."""
    return [float(number) for number in re.findall(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", text)]


def load_trunk(trunk: nn.Module, name: str, file: str) -> None:
    """Fill the trunk of one of our own networks with the state dict in `file`.

    Parameters
    ----------
    trunk : nn.Module
        The network.
    name : str
        Its name, for the message.
    file : str
        A safetensors file, or a torch file of tensors only.

    Raises
    ------
    ValueError
        If the file cannot be read or holds other weights.
    """
    try:
        trunk.load_state_dict(load_state_dict(file, weights_only=True))
    except (RuntimeError, OSError, EOFError, KeyError, AttributeError, TypeError) as error:
        raise ValueError(
            f"The weights in {file} do not fit the backbone {name!r}: {error!s:.300}. Pass a file "
            f"of the state dict of its trunk."
        ) from error
