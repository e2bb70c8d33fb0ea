"""A module's weights as plain CPU arrays, and back: what pickles and model files hold."""

from collections.abc import Mapping
from hashlib import blake2b

import numpy as np
import torch
from torch import nn


def to_arrays(module: nn.Module) -> dict[str, np.ndarray]:
    """Copy the weights of `module` into CPU arrays.

    Parameters
    ----------
    module : nn.Module
        On any device.

    Returns
    -------
    dict of str to ndarray
        The state dict as arrays, which any machine can open.
    """
    return {name: tensor.cpu().numpy().copy() for name, tensor in module.state_dict().items()}


def load_arrays(module: nn.Module, arrays: Mapping[str, np.ndarray]) -> None:
    """Fill `module` with the weights that `to_arrays` gave.

    Parameters
    ----------
    module : nn.Module
        Of the same architecture.
    arrays : mapping of str to ndarray
        As returned by `to_arrays`.
    """
    # What joblib maps into a worker's memory cannot be written, which torch warns of.
    owned = {name: a if a.flags.writeable else a.copy() for name, a in arrays.items()}
    module.load_state_dict({name: torch.from_numpy(array) for name, array in owned.items()})


def weights_digest(module: nn.Module) -> str:
    """Return a hash of the weights: two modules of equal weights share it.

    Parameters
    ----------
    module : nn.Module
        On any device.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    digest = blake2b(digest_size=16)
    for name, array in to_arrays(module).items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def setup_digest(module: nn.Module, *parts: str) -> str:
    """Return a hash of all but the image that decides what `module` makes of it: a cache's key.

    Parameters
    ----------
    module : nn.Module
        Its weights count, and its ``spec`` where it has one.
    *parts : str
        What else counts: how images are prepared, the precision.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    words = [*parts, repr(getattr(module, "spec", None)), weights_digest(module)]
    return blake2b("|".join(words).encode(), digest_size=16).hexdigest()
