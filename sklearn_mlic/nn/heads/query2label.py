"""Query2Label (Liu et al. 2021).

As in the authors' code, queries do not look at each other. It differs in that the tokens are
always projected to `width`, also where they have it, and in the sizes: the authors take 2048 wide
tokens, 4 heads and 8192 hidden values behind a ResNet-101.
"""

import torch
from torch import Tensor, nn

from sklearn_mlic.nn.attention import SelfAttention
from sklearn_mlic.nn.checks import check_grid, check_layers
from sklearn_mlic.nn.decoder import GroupwiseLinear, LabelDecoder
from sklearn_mlic.nn.encoder import EncoderLayer
from sklearn_mlic.nn.positions import sine_position


class Query2LabelHead(nn.Module):
    """Learned label queries look at the tokens, whose places are told by sines in every layer.

    Choose it to compare with published figures; :class:`TwoStageHead` knows relative positions
    besides.

    Parameters
    ----------
    n_features : int
        Width D of a token.
    n_labels : int
        Number of labels L.
    width : int, default=512
        Width d that tokens are projected to, and of the queries; a multiple of 4.
    n_heads : int, default=8
        Attention heads; they divide the width.
    n_hidden : int, default=2048
        Width of the feed-forward parts.
    n_encoders : int, default=1
        Layers in which tokens look at each other.
    n_decoders : int, default=2
        Layers in which queries look at the tokens.
    dropout : float, default=0.1
        Share that training drops of attention weights, hidden values and what is added.

    Raises
    ------
    ValueError
        If a setting is impossible.

    References
    ----------
    Liu, S. et al. (2021). Query2Label: a simple transformer way to multi-label classification.
    arXiv:2107.10834.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.heads.query2label import Query2LabelHead
    >>> head = Query2LabelHead(64, 3, width=32, n_heads=4, n_hidden=64)
    >>> head(torch.zeros(2, 12, 64), grid=(3, 4)).shape
    torch.Size([2, 3])
    """

    def __init__(
        self,
        n_features: int,
        n_labels: int,
        *,
        width: int = 512,
        n_heads: int = 8,
        n_hidden: int = 2048,
        n_encoders: int = 1,
        n_decoders: int = 2,
        dropout: float = 0.1,
    ):
        super().__init__()
        sine_position((1, 1), width, torch.empty(0))  # complains about the width at once
        check_layers("n_encoders", n_encoders, least=0)
        self.project = nn.Linear(n_features, width)
        self.encoder = nn.ModuleList(
            EncoderLayer(SelfAttention(width, n_heads, dropout), n_hidden, dropout)
            for _ in range(n_encoders)
        )
        self.queries = nn.Parameter(torch.randn(n_labels, width))
        self.decoder = LabelDecoder(width, n_heads, n_hidden, n_decoders, dropout)
        self.output = GroupwiseLinear(n_labels, width)

    def no_weight_decay(self) -> set[str]:
        """Name the parameters that weight decay leaves alone, as timm's networks do.

        Returns
        -------
        set of str
            The queries.
        """
        return {"queries"}

    def forward(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """Return the logits of a batch.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image.
        grid : (int, int)
            Height and width of the grid that they lie on, row by row.

        Returns
        -------
        Tensor of shape (B, L)
            One logit a label.
        """
        vectors, _ = self._decode(tokens, grid)  # (B, L, d)
        return self.output(vectors)

    def label_maps(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """Return how much each label looks at each token in the last layer.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image.
        grid : (int, int)
            Height and width of the grid that they lie on, row by row.

        Returns
        -------
        Tensor of shape (B, L, N)
            Mean of the heads' weights; in evaluation they sum to 1 over the tokens.
        """
        _, weights = self._decode(tokens, grid, with_weights=True)
        return weights

    def _decode(
        self, tokens: Tensor, grid: tuple[int, int], with_weights: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        check_grid(tokens, grid)
        tokens = self.project(tokens)  # (B, N, D) -> (B, N, d)
        position = sine_position(grid, tokens.shape[-1], tokens)  # (N, d)
        for layer in self.encoder:
            tokens = layer(tokens, grid, position)
        start = torch.zeros_like(self.queries)  # (L, d)
        return self.decoder(start, tokens, self.queries, position, with_weights)
