"""From tokens to one vector a label, and from that to its logit."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from sklearn_mlic.nn.attention import SelfAttention, check_heads
from sklearn_mlic.nn.checks import check_layers
from sklearn_mlic.nn.encoder import SelfAttentionBlock
from sklearn_mlic.nn.layers import DecoderLayer


class LabelDecoder(nn.Module):
    """Decoder layers whose queries are labels, and a last normalisation.

    Parameters
    ----------
    width : int
        Width d of queries and tokens.
    n_heads : int
        Attention heads; they divide the width.
    n_hidden : int
        Width of the feed-forward parts.
    n_layers : int, default=2
        Number of layers.
    dropout : float, default=0.1
        Share that training drops of attention weights, hidden values and what is added.
    self_attention : bool or sequence of int, default=False
        Whether labels look at each other before they look at the tokens; or in which layers,
        counted from 1. Without it a label's vector depends on its own query only.

    Raises
    ------
    ValueError
        If the heads do not divide the width, or there is no layer, or none of a number in
        `self_attention`.
    """

    def __init__(
        self,
        width: int,
        n_heads: int,
        n_hidden: int,
        n_layers: int = 2,
        dropout: float = 0.1,
        self_attention: bool | Sequence[int] = False,
    ):
        super().__init__()
        check_heads(width, n_heads)
        check_layers("n_decoders", n_layers)
        numbers = range(1, n_layers + 1)
        if isinstance(self_attention, bool):
            self_attention = numbers if self_attention else ()
        if not isinstance(self_attention, Iterable) or not set(self_attention) <= set(numbers):
            raise ValueError(
                f"self_attention={self_attention!r}; expected True, False or numbers of layers "
                f"from 1 to {n_layers}."
            )
        self.self_attention = nn.ModuleDict(
            {
                str(number): SelfAttentionBlock(SelfAttention(width, n_heads, dropout), dropout)
                for number in sorted(set(self_attention))
            }
        )
        self.layers = nn.ModuleDict(
            {str(number): DecoderLayer(width, n_heads, n_hidden, dropout) for number in numbers}
        )
        self.norm = nn.LayerNorm(width)

    def forward(
        self,
        queries: Tensor,
        tokens: Tensor,
        query_position: Tensor | float = 0.0,
        token_position: Tensor | float = 0.0,
        with_weights: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Let each label gather from the tokens.

        Parameters
        ----------
        queries : Tensor of shape (L, d)
            What each label starts from, in every image.
        tokens : Tensor of shape (B, N, d)
            The tokens of each image.
        query_position, token_position : Tensor that broadcasts, optional
            Added in every layer to what is compared, not to what is gathered.
        with_weights : bool, default=False
            Whether the last layer's attention weights are returned.

        Returns
        -------
        queries : Tensor of shape (B, L, d)
            Normalised.
        weights : Tensor of shape (B, L, N) or None
            Mean of the heads' weights; they sum to 1 over the tokens.
        """
        queries = queries.expand(len(tokens), -1, -1)  # (L, d) -> (B, L, d)
        weights = None
        for number, layer in self.layers.items():
            if number in self.self_attention:
                queries = self.self_attention[number](queries, position=query_position)
            wanted = with_weights and number == str(len(self.layers))
            queries, weights = layer(queries, tokens, query_position, token_position, wanted)
        return self.norm(queries), weights


class GroupwiseLinear(nn.Module):
    """One linear map a label, from the label's vector to its logit.

    Parameters
    ----------
    n_labels : int
        Number of labels L.
    width : int
        Width d of a label's vector.

    References
    ----------
    Liu, S. et al. (2021). Query2Label: a simple transformer way to multi-label classification.
    arXiv:2107.10834.
    """

    def __init__(self, n_labels: int, width: int):
        super().__init__()
        reach = width**-0.5
        self.weight = nn.Parameter(torch.empty(n_labels, width).uniform_(-reach, reach))
        self.bias = nn.Parameter(torch.empty(n_labels).uniform_(-reach, reach))

    def forward(self, vectors: Tensor) -> Tensor:
        """Return the logits.

        Parameters
        ----------
        vectors : Tensor of shape (B, L, d)
            One vector a label.

        Returns
        -------
        Tensor of shape (B, L)
            One logit a label.
        """
        return (vectors * self.weight).sum(dim=-1) + self.bias
