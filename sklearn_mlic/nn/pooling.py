"""From tokens to one vector an image: a mean to be learned, and what heads share that pool."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sklearn_mlic.nn.checks import check_choice
from sklearn_mlic.nn.layers import POOLS, pool_tokens

SMALLEST = 1e-6  # what the generalised mean takes in place of anything less


class GeneralizedMean(nn.Module):
    """Pool tokens by a mean between the average and the maximum, and learn where between.

    The mean is ``mean(tokens ** p) ** (1 / p)``, with one exponent p for all features: 1 is the
    average, and the maximum is what large p approach. It starts at 3. The paper lets p go
    anywhere; here it stays above 1, between the two.

    References
    ----------
    Radenovic, F., Tolias, G. and Chum, O. (2019). Fine-tuning CNN image retrieval with no human
    annotation. IEEE TPAMI 41(7).
    """

    def __init__(self):
        super().__init__()
        self.raw_exponent = nn.Parameter(torch.tensor(math.log(math.expm1(2.0))))

    @property
    def exponent(self) -> Tensor:
        """The exponent p, above 1."""
        return 1 + F.softplus(self.raw_exponent)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return one vector an image.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image; what is below 1e-6 counts as 1e-6.

        Returns
        -------
        Tensor of shape (B, D)
            The generalised mean of each feature.
        """
        # By logarithms, as 1e3 ** 13 is more than float32 holds.
        powers = self.exponent * tokens.clamp(min=SMALLEST).log()  # (B, N, D)
        log_mean = powers.logsumexp(dim=1) - math.log(tokens.shape[1])  # (B, D)
        return (log_mean / self.exponent).exp()


class FixedPool(nn.Module):
    """Pool tokens without anything to learn.

    Parameters
    ----------
    pool : str
        A name in `sklearn_mlic.nn.layers.POOLS`.
    """

    def __init__(self, pool: str):
        super().__init__()
        self.pool = pool

    def forward(self, tokens: Tensor) -> Tensor:
        """Return one vector an image.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image.

        Returns
        -------
        Tensor of shape (B, D)
            The pooled token.
        """
        return pool_tokens(tokens, self.pool)


class PooledHead(nn.Module):
    """Template of heads that look at one pooled vector an image.

    Parameters
    ----------
    pool : {"avg", "max", "gem"}
        How the tokens of an image become one vector: mean, maximum or generalised mean.
    dropout : float
        Share of the pooled features that training drops.

    Attributes
    ----------
    token_reduction : str or None
        Names what `reduce_tokens` does, for heads that can share what it gives. None: all tokens
        are needed, as what the generalised mean gives changes with its exponent.

    Raises
    ------
    ValueError
        If `pool` is unknown.
    """

    def __init__(self, pool: str, dropout: float):
        super().__init__()
        check_choice("pool", pool, (*POOLS, "gem"))
        self.token_reduction = None if pool == "gem" else pool
        self.pool = GeneralizedMean() if pool == "gem" else FixedPool(pool)
        self.dropout = nn.Dropout(dropout)

    def pool_image(self, tokens: Tensor) -> Tensor:
        """Return what the head looks at.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image.

        Returns
        -------
        Tensor of shape (B, D)
            One vector an image, after dropout.
        """
        return self.dropout(self.pool(tokens))

    def reduce_tokens(self, tokens: Tensor) -> Tensor:
        """Return the least of the tokens that gives the same logits, where that is fixed.

        What a frozen backbone gives can then be kept as one vector an image.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image.

        Returns
        -------
        Tensor of shape (B, 1, D)
            The pooled token.
        """
        return self.pool(tokens)[:, None]
