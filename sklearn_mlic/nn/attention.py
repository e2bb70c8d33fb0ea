"""Self-attention of tokens on a grid, plain or with image relative positions (Wu et al. 2021).

Unlike the authors' code, the term of the queries takes the bucket of (i, j) as the paper has it,
not of (j, i), and a bias is divided by the root of a head's width as all scores are.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sklearn_mlic.nn.checks import check_choice, check_heads
from sklearn_mlic.nn.irpe import (
    METHODS,
    bucket_members,
    count_buckets,
    per_token_product,
)

MODES = ("contextual", "bias")
SIDES = (None, "k", "qk", "qkv")


class SelfAttention(nn.Module):
    """Multi-head self-attention of tokens on a grid, plain or with relative positions.

    At the start it is the plain one, whatever `rpe_on`, since the tables are zero; do not
    initialise them again. The same tables serve every grid, also rectangular ones.

    Parameters
    ----------
    width : int
        Width d of the tokens.
    n_heads : int
        Attention heads H; they divide the width.
    dropout : float, default=0.1
        Share of the attention weights that training drops.
    rpe_on : {"k", "qk", "qkv"} or None, default=None
        What the relative position meets: the query (a term of the keys), also the key (a term of
        the queries), also what is gathered (a term of the values, which needs the attention matrix
        itself and is slower). None is plain self-attention.
    rpe_method : {"product", "cross", "euclidean", "quant"}, default="product"
        How a pair of tokens gets its bucket, see `sklearn_mlic.nn.irpe.bucket_indices`.
    rpe_mode : {"contextual", "bias"}, default="contextual"
        A vector a bucket, which is compared with the token; or a number a bucket, the same for all
        tokens. As a bias, "k" and "qk" are the same, and "qkv" does not exist.
    rpe_ratio : float, default=1.9
        Where offsets begin to share buckets, at least 0.5; see
        `sklearn_mlic.nn.irpe.piecewise_index`.
    rpe_shared : bool, default=True
        One table for all heads, or one each.

    Raises
    ------
    ValueError
        If the heads do not divide the width, a name is unknown, or a setting impossible.

    References
    ----------
    Wu, K. et al. (2021). Rethinking and improving relative position encoding for vision
    transformer. ICCV.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.attention import SelfAttention
    >>> SelfAttention(32, n_heads=4, rpe_on="k")(torch.zeros(2, 12, 32), grid=(3, 4)).shape
    torch.Size([2, 12, 32])
    """

    def __init__(
        self,
        width: int,
        n_heads: int,
        dropout: float = 0.1,
        rpe_on: str | None = None,
        rpe_method: str = "product",
        rpe_mode: str = "contextual",
        rpe_ratio: float = 1.9,
        rpe_shared: bool = True,
    ):
        super().__init__()
        check_heads(width, n_heads)
        _check_settings(rpe_on, rpe_method, rpe_mode, rpe_ratio)
        self.n_heads = n_heads
        self.dropout = dropout
        self.method = rpe_method
        self.ratio = rpe_ratio
        self.n_buckets = count_buckets(rpe_method, rpe_ratio)
        # One tensor for queries, keys and values, as torch has it.
        self.project = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.project.weight)
        nn.init.zeros_(self.project.bias)
        nn.init.zeros_(self.out.bias)
        shape = (1 if rpe_shared else n_heads, self.n_buckets)
        if rpe_mode == "contextual":
            tables = {side: torch.zeros(*shape, width // n_heads) for side in rpe_on or ""}
        else:
            tables = {"bias": torch.zeros(shape)} if rpe_on else {}
        self.tables = nn.ParameterDict(tables)  # (1 or H, K, d / H), as a bias (1 or H, K)

    def no_weight_decay(self) -> set[str]:
        """Name the parameters that weight decay leaves alone, as timm's networks do.

        Returns
        -------
        set of str
            The tables of relative positions.
        """
        return {f"tables.{side}" for side in self.tables}

    def forward(
        self,
        tokens: Tensor,
        grid: tuple[int, int] | None = None,
        position: Tensor | float = 0.0,
    ) -> Tensor:
        """Let every token gather from all of its image.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, d)
            The tokens of each image.
        grid : (int, int), optional
            Height and width of the grid that they lie on. Only relative positions need it.
        position : Tensor that broadcasts, optional
            Added to what is compared, not to what is gathered.

        Returns
        -------
        Tensor of shape (B, N, d)
            What each token gathered.
        """
        width = tokens.shape[-1]
        weight, bias = self.project.weight, self.project.bias
        compared = F.linear(tokens + position, weight[: 2 * width], bias[: 2 * width])
        gathered = F.linear(tokens, weight[2 * width :], bias[2 * width :])
        query, key = map(self._split_heads, compared.chunk(2, dim=-1))  # (B, H, N, d / H)
        value = self._split_heads(gathered)
        dropout = self.dropout if self.training else 0.0
        if not self.tables:
            mixed = F.scaled_dot_product_attention(query, key, value, dropout_p=dropout)
        else:
            members = bucket_members(*grid, self.method, self.ratio, tokens)  # (N, K, N)
            mixed = self._attend(query, key, value, members, dropout)
        return self.out(mixed.transpose(1, 2).flatten(2))  # (B, H, N, d / H) -> (B, N, d)

    def _split_heads(self, tokens: Tensor) -> Tensor:
        return tokens.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)  # (B, N, d) -> (B, H, N, .)

    def _attend(
        self, query: Tensor, key: Tensor, value: Tensor, members: Tensor, dropout: float
    ) -> Tensor:
        query = query * query.shape[-1] ** -0.5
        bias = self._position_scores(query, key, members)
        if "v" not in self.tables:
            return F.scaled_dot_product_attention(query, key, value, bias, dropout, scale=1.0)
        scores = query @ key.transpose(-1, -2) + bias  # (B, H, N, N)
        attention = F.dropout(scores.softmax(dim=-1), dropout)
        by_bucket = per_token_product(attention, members.transpose(1, 2))  # (B, H, N, K)
        return attention @ value + by_bucket @ self.tables["v"]

    def _position_scores(self, query: Tensor, key: Tensor, members: Tensor) -> Tensor:
        """Return what the positions add to the scores: (B, H, N, N), or for a bias (1, ., N, N)."""
        scale = query.shape[-1] ** -0.5
        if "bias" in self.tables:
            table = self.tables["bias"][None, :, None] * scale  # (1, 1 or H, 1, K)
            return per_token_product(table.expand(-1, -1, len(members), -1), members)
        scores = per_token_product(query @ self.tables["k"].transpose(-1, -2), members)
        if "q" in self.tables:
            # The bucket of (i, j) also here, where the token is j.
            of_keys = (key * scale) @ self.tables["q"].transpose(-1, -2)  # (B, H, N, K)
            scores = scores + per_token_product(of_keys, members.permute(2, 1, 0)).mT
        return scores


def _check_settings(rpe_on: str | None, method: str, mode: str, ratio: float) -> None:
    check_choice("rpe_on", rpe_on, SIDES)
    check_choice("rpe_method", method, METHODS)
    check_choice("rpe_mode", mode, MODES)
    if not 0.5 <= ratio < torch.inf:
        raise ValueError(
            f"rpe_ratio={ratio!r}; expected a finite number of at least 0.5, below which all "
            f"offsets are 0."
        )
    if mode == "bias" and rpe_on == "qkv":
        raise ValueError(
            "rpe_on='qkv' with rpe_mode='bias': a bias is added to scores, and values have none. "
            "Use rpe_on='k', or rpe_mode='contextual'."
        )
