"""ML-Decoder (Ridnik et al. 2023).

It differs from the authors' code in that the logits of all groups are one product; that groups
without a label are not computed; that the queries are not normalised by themselves first; that the
last linear maps start with Xavier's spread for a map from `width` to the labels of one group,
where the code counts the groups in too; and that label vectors count by their direction only,
whatever their length.
"""

from math import ceil

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sklearn_mlic.nn.checks import check_heads, check_layers
from sklearn_mlic.nn.layers import DecoderLayer
from sklearn_mlic.nn.named_queries import NamedQueries


class GroupLinear(nn.Module):
    """A linear map for each group, from the group's vector to the logits of its labels.

    Parameters
    ----------
    n_groups : int
        Number of groups K.
    width : int
        Width d of a group's vector.
    n_labels : int
        Number of labels L. Each group has ceil(L / K), by column; the last may have fewer.
    """

    def __init__(self, n_groups: int, width: int, n_labels: int):
        super().__init__()
        self.group_size = ceil(n_labels / n_groups)
        spread = (2 / (width + self.group_size)) ** 0.5
        self.weight = nn.Parameter(spread * torch.randn(n_groups, width, self.group_size))
        self.bias = nn.Parameter(torch.zeros(n_labels))

    def forward(self, vectors: Tensor) -> Tensor:
        """Return the logits.

        Parameters
        ----------
        vectors : Tensor of shape (B, K, d)
            One vector a group.

        Returns
        -------
        Tensor of shape (B, L)
            One logit a label.
        """
        logits = torch.einsum("bkd,kdg->bkg", vectors, self.weight)
        return logits.flatten(1)[:, : len(self.bias)] + self.bias  # (B, K * G) -> (B, L)


class MLDecoderHead(nn.Module):
    """Fixed queries, one for a group of labels, gather from the tokens.

    Choose it for hundreds or thousands of labels, as the cost hardly grows with them; or, with
    vectors of the labels' names, to score labels that were never trained on.

    Parameters
    ----------
    n_features : int
        Width D of a token.
    n_labels : int
        Number of labels L.
    width : int, default=768
        Width d that tokens are projected to, and of the queries.
    n_heads : int, default=8
        Attention heads; they divide the width.
    n_hidden : int, default=2048
        Width of the feed-forward parts.
    n_decoders : int, default=1
        Layers in which queries look at the tokens.
    n_groups : int, optional
        Groups K that the labels are split into, by column, ceil(L / K) in each; groups that this
        leaves without a label are dropped. By default 100, or a group a label if these are fewer.
    dropout : float, default=0.1
        Share that training drops of attention weights, hidden values and what is added.
    label_vectors : Tensor of shape (L, V), optional
        Vectors that stand for the labels, such as text embeddings of their names. Each label then
        has a query of its own, learned from its vector's direction, and all share one last linear
        map, which other labels can use too. The cost grows with the labels.

    Raises
    ------
    ValueError
        If a setting is impossible.

    References
    ----------
    Ridnik, T. et al. (2023). ML-Decoder: scalable and versatile classification head. WACV.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.heads.ml_decoder import MLDecoderHead
    >>> head = MLDecoderHead(64, 1000, width=32, n_heads=4, n_hidden=64, n_groups=20)
    >>> head(torch.zeros(2, 12, 64)).shape
    torch.Size([2, 1000])
    """

    def __init__(
        self,
        n_features: int,
        n_labels: int,
        *,
        width: int = 768,
        n_heads: int = 8,
        n_hidden: int = 2048,
        n_decoders: int = 1,
        n_groups: int | None = None,
        dropout: float = 0.1,
        label_vectors: Tensor | None = None,
    ):
        super().__init__()
        check_heads(width, n_heads)
        check_layers("n_decoders", n_decoders)
        self.project = nn.Linear(n_features, width)
        self.layers = nn.ModuleList(
            DecoderLayer(width, n_heads, n_hidden, dropout) for _ in range(n_decoders)
        )
        self.named_queries = None
        if label_vectors is None:
            n_groups = _count_groups(n_groups, n_labels)
            self.register_buffer("queries", torch.randn(n_groups, width))
            self.output = GroupLinear(n_groups, width, n_labels)
            return
        if n_groups is not None:
            raise ValueError(
                f"n_groups={n_groups} was given together with label vectors, with which each "
                f"label has a query of its own; leave one of the two out."
            )
        self.named_queries = NamedQueries(label_vectors, n_labels, width)
        self.output = nn.Linear(width, 1)

    def forward(self, tokens: Tensor, label_vectors: Tensor | None = None) -> Tensor:
        """Return the logits of a batch.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image.
        label_vectors : Tensor of shape (K, V), optional
            Score these labels in place of those trained on.

        Returns
        -------
        Tensor of shape (B, L), or (B, K)
            One logit a label.

        Raises
        ------
        ValueError
            If the head cannot score other labels, or their vectors have another width.
        """
        vectors, _ = self._decode(tokens, self._queries(label_vectors))  # (B, K, d)
        logits = self.output(vectors)
        return logits if self.named_queries is None else logits[..., 0]  # (B, K, 1) -> (B, K)

    def label_maps(self, tokens: Tensor, label_vectors: Tensor | None = None) -> Tensor:
        """Return how much the query of each label looks at each token in the last layer.

        The labels of a group share its query, so they have the same map: with more than
        `n_groups` labels a map tells of a group, not of one label.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image.
        label_vectors : Tensor of shape (K, V), optional
            As `forward` takes them.

        Returns
        -------
        Tensor of shape (B, L, N), or (B, K, N)
            Mean of the heads' weights; in evaluation they sum to 1 over the tokens.
        """
        _, weights = self._decode(
            tokens, self._queries(label_vectors), with_weights=True
        )  # (B, K, N)
        if self.named_queries is not None:
            return weights
        n_labels, size = len(self.output.bias), self.output.group_size
        return weights.repeat_interleave(size, dim=1)[:, :n_labels]  # (B, L, N)

    def _decode(
        self, tokens: Tensor, queries: Tensor, with_weights: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        tokens = F.relu(self.project(tokens))  # (B, N, D) -> (B, N, d)
        queries = queries.expand(len(tokens), -1, -1)  # (K, d) -> (B, K, d)
        weights = None
        for layer in self.layers:
            queries, weights = layer(queries, tokens, with_weights=with_weights)
        return queries, weights

    def _queries(self, label_vectors: Tensor | None) -> Tensor:
        if self.named_queries is not None:
            return F.relu(self.named_queries(label_vectors))
        if label_vectors is not None:
            raise ValueError(
                "This head scores only the labels it was trained on. To score others by their "
                "vectors, train it with label vectors (a label encoder)."
            )
        return self.queries


def _count_groups(n_groups: int | None, n_labels: int) -> int:
    """Return how many groups have labels."""
    if n_groups is None:
        n_groups = min(100, n_labels)
    if not 1 <= n_groups <= n_labels:
        raise ValueError(
            f"n_groups={n_groups}; expected 1 to {n_labels}, the number of labels. Leave it out "
            f"for {min(100, n_labels)}."
        )
    return ceil(n_labels / ceil(n_labels / n_groups))
