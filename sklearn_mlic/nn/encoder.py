"""Layers in which tokens, or queries, look at each other."""

from torch import Tensor, nn

from sklearn_mlic.nn.attention import SelfAttention
from sklearn_mlic.nn.layers import feed_forward


class SelfAttentionBlock(nn.Module):
    """Self-attention, added to what came in and normalised.

    Parameters
    ----------
    attention : SelfAttention
        Plain or with relative positions.
    dropout : float, default=0.1
        Share that training drops of what is added.
    """

    def __init__(self, attention: SelfAttention, dropout: float = 0.1):
        super().__init__()
        self.attention = attention
        self.norm = nn.LayerNorm(attention.out.out_features)
        self.dropout = nn.Dropout(dropout)

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
            Tokens, or queries.
        grid : (int, int), optional
            Height and width of the grid that they lie on, for relative positions.
        position : Tensor that broadcasts, optional
            Added to what is compared, not to what is gathered.

        Returns
        -------
        Tensor of shape (B, N, d)
            Normalised.
        """
        return self.norm(tokens + self.dropout(self.attention(tokens, grid, position)))


class EncoderLayer(nn.Module):
    """Self-attention, then a feed-forward part, each post-norm.

    With plain attention it computes what ``torch.nn.TransformerEncoderLayer`` does.

    Parameters
    ----------
    attention : SelfAttention
        Plain or with relative positions.
    n_hidden : int
        Width of the feed-forward part.
    dropout : float, default=0.1
        Share that training drops of hidden values and what is added.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.encoder import EncoderLayer
    >>> from sklearn_mlic.nn.attention import SelfAttention
    >>> layer = EncoderLayer(SelfAttention(32, n_heads=4, rpe_on="k"), n_hidden=64)
    >>> layer(torch.zeros(2, 12, 32), grid=(3, 4)).shape
    torch.Size([2, 12, 32])
    """

    def __init__(self, attention: SelfAttention, n_hidden: int, dropout: float = 0.1):
        super().__init__()
        width = attention.out.out_features
        self.self_attention = SelfAttentionBlock(attention, dropout)
        self.feed_forward = feed_forward(width, n_hidden, dropout)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        tokens: Tensor,
        grid: tuple[int, int] | None = None,
        position: Tensor | float = 0.0,
    ) -> Tensor:
        """Return the tokens of each image in the light of each other.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, d)
            The tokens of each image.
        grid : (int, int), optional
            Height and width of the grid that they lie on, for relative positions.
        position : Tensor that broadcasts, optional
            Added to what is compared, not to what is gathered.

        Returns
        -------
        Tensor of shape (B, N, d)
            Normalised.
        """
        tokens = self.self_attention(tokens, grid, position)
        return self.norm(tokens + self.dropout(self.feed_forward(tokens)))
