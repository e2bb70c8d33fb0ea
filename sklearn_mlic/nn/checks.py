"""What is refused in more than one part of the networks."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor


def check_choice(name: str, given: Any, choices: Iterable[Any]) -> None:
    """Raise a ValueError unless a setting is one of the choices.

    Parameters
    ----------
    name : str
        The setting.
    given : object
        What it was set to.
    choices : iterable
        What it may be.

    Raises
    ------
    ValueError
        If it is not so.
    """
    choices = list(choices)
    if given not in choices:
        raise ValueError(f"{name}={given!r}; expected one of {choices}.")


def check_layers(name: str, count: int, least: int = 1) -> None:
    """Raise a ValueError unless there are enough layers.

    Parameters
    ----------
    name : str
        The setting.
    count : int
        What it was set to.
    least : int, default=1
        The fewest that will do.

    Raises
    ------
    ValueError
        If it is not so.
    """
    if count < least:
        raise ValueError(f"{name}={count}; expected at least {least} layer(s).")


def check_heads(width: int, n_heads: int) -> None:
    """Raise a ValueError unless the attention heads divide the width.

    Parameters
    ----------
    width : int
        Width d of the tokens.
    n_heads : int
        Attention heads.

    Raises
    ------
    ValueError
        If it is not so.
    """
    if n_heads < 1 or width % n_heads:
        raise ValueError(
            f"n_heads={n_heads} does not divide the width of {width}; choose heads that share it "
            f"evenly."
        )


def check_grid(tokens: Tensor, grid: tuple[int, int]) -> None:
    """Raise a ValueError unless the tokens fill the grid.

    Parameters
    ----------
    tokens : Tensor of shape (B, N, D)
        The tokens of each image.
    grid : (int, int)
        Height and width of the grid that they lie on.

    Raises
    ------
    ValueError
        If it is not so.
    """
    height, width = grid
    if height * width != tokens.shape[1]:
        raise ValueError(
            f"grid=({height}, {width}) has {height * width} places, but an image has "
            f"{tokens.shape[1]} tokens; pass the height and width of the map that they are from."
        )


def check_labels(y: Tensor, n_labels: int) -> Tensor:
    """Return the labels that a head is shown as numbers, one column a label.

    Parameters
    ----------
    y : Tensor of shape (n, L)
        1, 0, and NaN for unknown.
    n_labels : int
        Number of labels L of the head.

    Returns
    -------
    Tensor of float32, shape (n, L)
        The same.

    Raises
    ------
    ValueError
        If it has another number of columns.
    """
    if y.ndim != 2 or y.shape[1] != n_labels:
        raise ValueError(
            f"y has shape {tuple(y.shape)}; expected (n, {n_labels}), a column for each label of "
            f"the head. Build the head with n_labels={y.shape[-1]}, or pass those labels."
        )
    return y.float()


def check_label_vectors(label_vectors: Any, n_labels: int) -> Tensor:
    """Return vectors of the labels as a tensor of its own.

    Parameters
    ----------
    label_vectors : Tensor or ndarray of shape (L, V)
        What stands for each label.
    n_labels : int
        Number of labels L.

    Returns
    -------
    Tensor of float32, shape (L, V)
        A copy.

    Raises
    ------
    ValueError
        If there is not one vector a label.
    """
    label_vectors = torch.as_tensor(label_vectors).detach().float().clone()
    if label_vectors.ndim != 2 or len(label_vectors) != n_labels:
        raise ValueError(
            f"label_vectors has shape {tuple(label_vectors.shape)}; expected one row a label, "
            f"({n_labels}, V)."
        )
    return label_vectors
