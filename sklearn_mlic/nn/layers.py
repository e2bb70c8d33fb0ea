"""Blocks that two or more parts of the networks share."""

from torch import Tensor

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
