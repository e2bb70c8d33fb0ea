"""Blocks that two or more parts of the networks share."""

from torch import Tensor, nn

from sklearn_mlic.nn.checks import check_choice

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
    check_choice("pool", pool, POOLS)
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


class _Traced:
    """A recurrent net of one layer that gives gradients in evaluation too.

    cuDNN gives them in training mode only; with one layer, which drops nothing, the modes are the
    same.
    """

    def train(self, mode: bool = True) -> nn.Module:
        """Stay in training mode."""
        return super().train(True)


class TracedGRU(_Traced, nn.GRU):
    """`nn.GRU` of one layer that gives gradients in evaluation on every device.

    Parameters
    ----------
    n_in, n_units : int
        Widths of a step that is read, and of the state.
    """

    def __init__(self, n_in: int, n_units: int):
        super().__init__(n_in, n_units, batch_first=True)


class TracedLSTM(_Traced, nn.LSTM):
    """`nn.LSTM` of one layer that gives gradients in evaluation on every device.

    Parameters
    ----------
    n_in, n_units : int
        Widths of a step that is read, and of the state.
    """

    def __init__(self, n_in: int, n_units: int):
        super().__init__(n_in, n_units, batch_first=True)


def feed_forward(width: int, n_hidden: int, dropout: float) -> nn.Sequential:
    """Make the two linear maps of a transformer layer, with ReLU and dropout between them.

    Parameters
    ----------
    width, n_hidden : int
        Widths of the tokens and between the maps.
    dropout : float
        Share of the hidden values that training drops.

    Returns
    -------
    nn.Sequential
        From (B, N, width) to the same.
    """
    return nn.Sequential(
        nn.Linear(width, n_hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(n_hidden, width)
    )


class DecoderLayer(nn.Module):
    """Queries that look at tokens: cross-attention, then a feed-forward part, each post-norm.

    Queries do not look at each other, as ML-Decoder has it and Query2Label by default; where they
    should, put a self-attention before it.

    Parameters
    ----------
    width : int
        Width d of queries and tokens.
    n_heads : int
        Attention heads; they divide the width.
    n_hidden : int
        Width of the feed-forward part.
    dropout : float, default=0.1
        Share that training drops of attention weights, hidden values and what is added.
    """

    def __init__(self, width: int, n_heads: int, n_hidden: int, dropout: float = 0.1):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, n_heads, dropout, batch_first=True)
        self.feed_forward = feed_forward(width, n_hidden, dropout)
        self.norm_attention = nn.LayerNorm(width)
        self.norm_feed_forward = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        queries: Tensor,
        tokens: Tensor,
        query_position: Tensor | float = 0.0,
        token_position: Tensor | float = 0.0,
        with_weights: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Let each query gather from the tokens.

        Parameters
        ----------
        queries : Tensor of shape (B, L, d)
            What becomes of each label so far.
        tokens : Tensor of shape (B, N, d)
            The tokens of each image.
        query_position, token_position : Tensor that broadcasts, optional
            Added to what is compared, not to what is gathered.
        with_weights : bool, default=False
            Whether the attention weights are returned, which is slower.

        Returns
        -------
        queries : Tensor of shape (B, L, d)
            Normalised.
        weights : Tensor of shape (B, L, N) or None
            Mean of the heads' weights; they sum to 1 over the tokens.
        """
        gathered, weights = self.attention(
            queries + query_position, tokens + token_position, tokens, need_weights=with_weights
        )
        queries = self.norm_attention(queries + self.dropout(gathered))
        queries = self.norm_feed_forward(queries + self.dropout(self.feed_forward(queries)))
        return queries, weights
