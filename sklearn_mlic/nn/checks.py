"""What is refused in more than one part of the networks."""

from collections.abc import Iterable
from typing import Any

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
    """
    choices = list(choices)
    if given not in choices:
        raise ValueError(f"{name}={given!r}; expected one of {choices}.")


def check_layers(**counts: int) -> None:
    """Raise a ValueError unless there is at least one of each.

    Parameters
    ----------
    **counts : int
        Numbers of layers by their setting.
    """
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name}={count}; expected at least 1 layer.")


def check_heads(width: int, n_heads: int) -> None:
    """Raise a ValueError unless the attention heads divide the width.

    Parameters
    ----------
    width : int
        Width d of the tokens.
    n_heads : int
        Attention heads.
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
    """
    height, width = grid
    if height * width != tokens.shape[1]:
        raise ValueError(
            f"grid=({height}, {width}) has {height * width} places, but an image has "
            f"{tokens.shape[1]} tokens; pass the height and width of the map that they are from."
        )


def check_label_vectors(label_vectors: Tensor, n_labels: int) -> None:
    """Raise a ValueError unless there is one vector a label.

    Parameters
    ----------
    label_vectors : Tensor of shape (L, V)
        What stands for each label.
    n_labels : int
        Number of labels L.
    """
    if label_vectors.ndim != 2 or len(label_vectors) != n_labels:
        raise ValueError(
            f"label_vectors has shape {tuple(label_vectors.shape)}; expected one row a label, "
            f"({n_labels}, V)."
        )
