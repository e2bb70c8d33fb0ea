"""Image relative position encoding (Wu et al. 2021): which pairs of tokens share a learned vector.

Every pair of tokens falls into a bucket by its offset on the grid, and a bucket has a learned
vector (or, as a bias, a number) for the keys, the queries or the values. The differences from the
paper: quantised distances are ranked over all offsets there are and not over those of one grid, so
that an offset has the same bucket on every grid; undirected methods keep only the buckets that a
distance can reach; buckets are read and written by matrix products, which give the same sums in
every run on every device. `sklearn_mlic.nn.attention.SelfAttention` holds the vectors.
"""

from functools import lru_cache
from math import isqrt, log
from typing import Any

import torch
from torch import Tensor

METHODS = ("product", "cross", "euclidean", "quant")


def piecewise_index(offset: Tensor, ratio: float) -> Tensor:
    """Shorten distances: near ones keep their own index, far ones share one.

    Distances up to `ratio` are rounded, those beyond grow with the logarithm, and from 8 times
    `ratio` on all are 2 times `ratio`, rounded down. The sign stays.

    Parameters
    ----------
    offset : Tensor
        Distances in tokens, with or without a sign.
    ratio : float
        Where the logarithm begins, at least 0.5.

    Returns
    -------
    Tensor of int64
        Of the same shape.
    """
    distance = offset.abs().double()
    octaves = (distance.clamp(min=ratio) / ratio).log() / log(8)
    far = (ratio + octaves * ratio).round().clamp(max=2 * ratio)
    index = torch.where(distance <= ratio, distance.round(), far).trunc().long()
    return index * offset.sign().long()


def count_buckets(method: str, ratio: float) -> int:
    """Return how many vectors a table of this method has.

    Parameters
    ----------
    method : {"product", "cross", "euclidean", "quant"}
        How a pair of tokens gets its bucket, see `bucket_indices`.
    ratio : float
        See `piecewise_index`.

    Returns
    -------
    int
        Number of buckets.
    """
    reach = int(2 * ratio)
    side = 2 * reach + 1
    return {"product": side**2, "cross": 2 * side}.get(method, reach + 1)


def bucket_indices(height: int, width: int, method: str, ratio: float) -> Tensor:
    """Return the bucket of every pair of tokens of a grid.

    Parameters
    ----------
    height, width : int
        Of the grid; its N tokens lie row by row.
    method : {"product", "cross", "euclidean", "quant"}
        A bucket for each pair of row and column offset; one for the row offset and one for the
        column offset, whose vectors are added; one for each rounded distance; one for each rank of
        the distance (0, 1, sqrt 2, 2, sqrt 5, ... are 0, 1, 2, 3, 4, ...).
    ratio : float
        See `piecewise_index`, which shortens offsets, distances and ranks alike.

    Returns
    -------
    Tensor of int64 of shape (T, N, N)
        On the CPU. T is 2 for "cross", else 1. Entry (i, j) is of the offset from token j to
        token i.
    """
    rows = torch.arange(height, device="cpu").repeat_interleave(width)  # (N,)
    columns = torch.arange(width, device="cpu").repeat(height)  # (N,)
    down = rows[:, None] - rows  # (N, N)
    right = columns[:, None] - columns  # (N, N)
    reach = int(2 * ratio)
    side = 2 * reach + 1
    if method in ("product", "cross"):
        down = piecewise_index(down, ratio) + reach
        right = piecewise_index(right, ratio) + reach
        if method == "product":
            return (down * side + right)[None]
        return torch.stack([down, right + side])
    squared = down**2 + right**2
    if method == "euclidean":
        return piecewise_index(squared.double().sqrt().round(), ratio)[None]
    steps = torch.arange(isqrt(int(squared.max())) + 1, device="cpu") ** 2
    distinct = torch.unique(steps[:, None] + steps)  # sorted
    return piecewise_index(torch.searchsorted(distinct, squared), ratio)[None]


def bucket_members(height: int, width: int, method: str, ratio: float, like: Tensor) -> Tensor:
    """Return for every token of a grid which tokens fall into which of its buckets.

    Parameters
    ----------
    height, width : int
        Of the grid.
    method : {"product", "cross", "euclidean", "quant"}
        See `bucket_indices`.
    ratio : float
        See `piecewise_index`.
    like : Tensor
        Its device and type are taken.

    Returns
    -------
    Tensor of shape (N, K, N)
        1 at (i, bucket of (i, j), j), else 0; K is the number of buckets. Kept for the next call:
        do not write to it.
    """
    return _constant_members(height, width, method, ratio, like.device, like.dtype)


@torch.compiler.assume_constant_result
def _constant_members(*setting: Any) -> Tensor:
    """To a compiled network what is kept is a constant, as torch looks into no cache."""
    return _kept_members(*setting)


@lru_cache(maxsize=4)  # of 24 x 24 tokens they take 65 MB
def _kept_members(
    height: int, width: int, method: str, ratio: float, device: torch.device, dtype: torch.dtype
) -> Tensor:
    with torch.inference_mode(False):  # what is kept must also serve training
        indices = bucket_indices(height, width, method, ratio).to(device)  # (T, N, N)
        n_tokens = height * width
        shape = n_tokens, count_buckets(method, ratio), n_tokens
        members = torch.zeros(shape, device=device, dtype=dtype)
        return members.scatter_(1, indices.transpose(0, 1), 1.0)  # (N, T, N) marks


def per_token_product(a: Tensor, b: Tensor) -> Tensor:
    """Multiply by a matrix of its own for every token.

    Parameters
    ----------
    a : Tensor of shape (..., N, K)
        A row for every token.
    b : Tensor of shape (N, K, M)
        A matrix for every token.

    Returns
    -------
    Tensor of shape (..., N, M)
        Their products.
    """
    rows = a.flatten(0, -3).transpose(0, 1)  # (N, batch, K): one large product a token
    return torch.bmm(rows, b).transpose(0, 1).unflatten(0, a.shape[:-2])
