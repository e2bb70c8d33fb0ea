"""The two-stage transformer of Wang, Zhong and Lin.

Tokens first look at each other with image relative position encoding (Wu et al. 2021); then label
queries, which do not look at each other, look at the tokens. The paper leaves open what the
relative position is added to, its method, all sizes, and whether the last linear map is shared;
these are settings here. Learned positions are stretched to the grid, so that any resolution works.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sklearn_mlic.nn.attention import SelfAttention
from sklearn_mlic.nn.checks import check_choice, check_grid, check_layers
from sklearn_mlic.nn.decoder import GroupwiseLinear, LabelDecoder
from sklearn_mlic.nn.encoder import EncoderLayer
from sklearn_mlic.nn.named_queries import NamedQueries
from sklearn_mlic.nn.positions import GridPosition

ENCODERS = ("irpe", "standard", "none")
QUERY_MODES = ("content", "positional", "fixed")
OUTPUTS = ("groupwise", "shared")


class TwoStageHead(nn.Module):
    """Tokens look at each other with relative positions, then label queries look at the tokens.

    Choose it where labels are objects at a place of the image, and where new labels are to be
    scored by the text of their names.

    Parameters
    ----------
    n_features : int
        Width D of a token.
    n_labels : int
        Number of labels L.
    width : int, default=512
        Width d that tokens are projected to, and of the queries.
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
    encoder : {"irpe", "standard", "none"}, default="irpe"
        Self-attention with relative positions, plain, or no encoder layers.
    rpe_on : {"k", "qk", "qkv"} or None, default="k"
        Where "irpe" brings relative positions in: to the keys, also to the queries, also to the
        values, which costs most. None is the standard encoder. This and the next four are told
        more of in `sklearn_mlic.nn.attention.SelfAttention`.
    rpe_method : {"product", "cross", "euclidean", "quant"}, default="product"
        Which pairs of tokens share a learned vector.
    rpe_mode : {"contextual", "bias"}, default="contextual"
        A vector that is compared with the token, or a number whatever the token.
    rpe_ratio : float, default=1.9
        Offset in tokens up to which each has a vector of its own.
    rpe_shared : bool, default=True
        One table for all heads, or one each.
    query_mode : {"content", "positional", "fixed"}, default="content"
        Queries are what labels start from; or labels start from zero and the queries are added
        wherever they are compared with tokens (Query2Label); or as the first, but drawn once and
        not trained (ML-Decoder).
    self_attention : bool or sequence of int, default=False
        Whether labels look at each other too; or in which decoder layers, counted from 1.
    output : {"groupwise", "shared"}, default="groupwise"
        A linear map for each label, or one for all, which other labels can use too.
    label_vectors : Tensor of shape (L, V), optional
        Vectors that stand for the labels, such as text embeddings of their names. The queries are
        then a learned linear map of them, whatever their length.

    Raises
    ------
    ValueError
        If a name is unknown or a setting impossible.

    References
    ----------
    Wang, Z.-J., Zhong, N. and Lin, X. A novel transformer-based two stage framework for
    multi-label image classification.

    Wu, K. et al. (2021). Rethinking and improving relative position encoding for vision
    transformer. ICCV.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.heads.two_stage import TwoStageHead
    >>> head = TwoStageHead(64, 3, width=32, n_heads=4, n_hidden=64)
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
        encoder: str = "irpe",
        rpe_on: str | None = "k",
        rpe_method: str = "product",
        rpe_mode: str = "contextual",
        rpe_ratio: float = 1.9,
        rpe_shared: bool = True,
        query_mode: str = "content",
        self_attention: bool | Sequence[int] = False,
        output: str = "groupwise",
        label_vectors: Tensor | None = None,
    ):
        super().__init__()
        check_choice("encoder", encoder, ENCODERS)
        check_choice("query_mode", query_mode, QUERY_MODES)
        check_choice("output", output, OUTPUTS)
        check_layers("n_encoders", n_encoders, least=0)
        rpe_on = rpe_on if encoder == "irpe" else None
        rpe = (rpe_on, rpe_method, rpe_mode, rpe_ratio, rpe_shared)
        self.project = nn.Linear(n_features, width)
        self.position = GridPosition(width)
        self.encoder = nn.ModuleList(
            EncoderLayer(SelfAttention(width, n_heads, dropout, *rpe), n_hidden, dropout)
            for _ in range(0 if encoder == "none" else n_encoders)
        )
        self.positional = query_mode == "positional"
        self.decoder = LabelDecoder(width, n_heads, n_hidden, n_decoders, dropout, self_attention)
        self.shared = output == "shared"
        self.output = nn.Linear(width, 1) if self.shared else GroupwiseLinear(n_labels, width)
        self._make_queries(n_labels, width, query_mode, label_vectors)

    def _make_queries(
        self, n_labels: int, width: int, query_mode: str, label_vectors: Tensor | None
    ) -> None:
        self.named_queries = None
        if label_vectors is None:
            queries = torch.randn(n_labels, width)
            if query_mode == "fixed":
                self.register_buffer("queries", queries)
            else:
                self.queries = nn.Parameter(queries)
            return
        if query_mode == "fixed":
            raise ValueError(
                "query_mode='fixed' draws queries that are not trained, but label_vectors were "
                "given to make them from; use query_mode='content', or no label vectors."
            )
        self.named_queries = NamedQueries(label_vectors, n_labels, width)

    def no_weight_decay(self) -> set[str]:
        """Name the parameters that weight decay leaves alone, as timm's networks do.

        Returns
        -------
        set of str
            The queries, where they are parameters.
        """
        return {"queries"} & dict(self.named_parameters()).keys()

    def forward(
        self, tokens: Tensor, grid: tuple[int, int], label_vectors: Tensor | None = None
    ) -> Tensor:
        """Return the logits of a batch.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image.
        grid : (int, int)
            Height and width of the grid that they lie on, row by row.
        label_vectors : Tensor of shape (K, V), optional
            Score these labels in place of those trained on.

        Returns
        -------
        Tensor of shape (B, L), or (B, K)
            One logit a label.

        Raises
        ------
        ValueError
            If the tokens do not fill the grid, or the head cannot score other labels.
        """
        vectors, _ = self._decode(tokens, grid, self._queries(label_vectors))  # (B, L, d)
        logits = self.output(vectors)
        return logits[..., 0] if self.shared else logits  # (B, L)

    def label_maps(
        self, tokens: Tensor, grid: tuple[int, int], label_vectors: Tensor | None = None
    ) -> Tensor:
        """Return how much each label looks at each token in the last layer.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image.
        grid : (int, int)
            Height and width of the grid that they lie on, row by row.
        label_vectors : Tensor of shape (K, V), optional
            As `forward` takes them.

        Returns
        -------
        Tensor of shape (B, L, N), or (B, K, N)
            Mean of the heads' weights; in evaluation they sum to 1 over the tokens.
        """
        _, weights = self._decode(tokens, grid, self._queries(label_vectors), with_weights=True)
        return weights

    def _decode(
        self, tokens: Tensor, grid: tuple[int, int], queries: Tensor, with_weights: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        check_grid(tokens, grid)
        tokens = self.project(tokens) + self.position(grid)  # (B, N, D) -> (B, N, d)
        for layer in self.encoder:
            tokens = layer(tokens, grid)
        if self.positional:
            start = torch.zeros_like(queries)
            return self.decoder(start, tokens, queries, with_weights=with_weights)
        return self.decoder(queries, tokens, with_weights=with_weights)

    def _queries(self, label_vectors: Tensor | None) -> Tensor:
        if label_vectors is not None and (self.named_queries is None or not self.shared):
            raise ValueError(
                "This head scores only the labels it was trained on. To score others by their "
                "vectors, train it with output='shared' and with label vectors (a label encoder)."
            )
        return self.queries if self.named_queries is None else self.named_queries(label_vectors)
