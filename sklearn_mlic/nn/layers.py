"""Blocks that two or more parts of the networks share."""

from torch import Tensor, nn

POOLS = {
    "avg": lambda tokens: tokens.mean(dim=1),
    "max": lambda tokens: tokens.amax(dim=1),
}


def pool_tokens(tokens: Tensor, pool: str) -> Tensor:
    """Pool tokens into one vector an image.

    Parameters
    ----------
    tokens : Tensor of shape (B, N, D)
        The tokens of each image.
    pool : {"avg", "max"}
        Mean or maximum over the tokens.

    Returns
    -------
    Tensor of shape (B, D)
        One vector an image.

    Raises
    ------
    ValueError
        If `pool` is unknown.
    """
    if pool not in POOLS:
        raise ValueError(f"pool={pool!r}; expected one of {list(POOLS)}.")
    return POOLS[pool](tokens)


def conv_block(n_in: int, n_out: int) -> nn.Sequential:
    """Make a 3x3 convolution, ReLU and a 2x2 max pool.

    Parameters
    ----------
    n_in, n_out : int
        Widths of the map before and after.

    Returns
    -------
    nn.Sequential
        From (B, n_in, H, W) to (B, n_out, H // 2, W // 2).
    """
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
