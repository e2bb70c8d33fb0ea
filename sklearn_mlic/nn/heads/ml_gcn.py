"""ML-GCN (Chen et al. 2019): a graph network over the labels makes their classifiers.

The graph is the paper's: P(j | i), cut at a threshold, and re-weighted so that a label's
neighbours weigh p together and itself 1 - p. What differs:

* The graph is made from the training labels in `set_labels`, by the rows where both labels are
  known, and not from a file made beforehand.
* The label vectors are scaled to unit length, random ones as well as given ones.
* The released code weighs neighbours 0.25 to the label's own 1, which is p = 0.2, but divides by
  the number of labels that have j for a neighbour, and transposes the graph: there a label
  gathers from the labels that imply it, in the paper from the labels that it implies.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sklearn_mlic.nn.checks import check_label_vectors, check_labels
from sklearn_mlic.nn.pooling import PooledHead


class MLGCNHead(PooledHead):
    """Pool the tokens and compare them with classifiers that labels share over a graph.

    Choose it where labels come together in a fixed manner and some are rare: a label takes part
    of its classifier from those it implies. Try ``LinearHead(pool="max")`` beside it: most of what
    the authors gain over average pooling on COCO is the pooling's.

    Parameters
    ----------
    n_features : int
        Width D of a token.
    n_labels : int
        Number of labels L.
    label_vectors : Tensor of shape (L, V), optional
        A vector a label, such as the text embedding of its name. By default random ones.
    n_vector : int, default=300
        Width V of the random vectors.
    n_hidden : int, default=1024
        Width between the two graph convolutions.
    threshold : float, default=0.4
        From this P(j | i) on, j is a neighbour of i.
    neighbor_weight : float, default=0.2
        Weight p of all neighbours together, 0 <= p < 1; a label itself has 1 - p. Near 1, labels
        with the same neighbours become the same.
    pool : {"avg", "max", "gem"}, default="max"
        How the tokens of an image become one vector.
    dropout : float, default=0.0
        Share of the pooled features that training drops.

    Raises
    ------
    ValueError
        If `label_vectors` are not one a label, `pool` is unknown, or `threshold` or
        `neighbor_weight` is out of range.

    References
    ----------
    Chen, Z.-M. et al. (2019). Multi-label image recognition with graph convolutional
    networks. CVPR.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.heads.ml_gcn import MLGCNHead
    >>> head = MLGCNHead(n_features=64, n_labels=2)
    >>> head.set_labels(torch.tensor([[1.0, 1.0], [0.0, 1.0], [0.0, 1.0]]))
    >>> head.graph  # the first label implies the second
    tensor([[0.8000, 0.2000],
            [0.0000, 1.0000]])
    >>> head(torch.zeros(2, 49, 64)).shape
    torch.Size([2, 2])
    """

    def __init__(
        self,
        n_features: int,
        n_labels: int,
        label_vectors: Tensor | None = None,
        n_vector: int = 300,
        n_hidden: int = 1024,
        threshold: float = 0.4,
        neighbor_weight: float = 0.2,
        pool: str = "max",
        dropout: float = 0.0,
    ):
        super().__init__(pool, dropout)
        _check_settings(threshold, neighbor_weight)
        self.threshold, self.neighbor_weight = threshold, neighbor_weight
        if label_vectors is None:
            label_vectors = torch.randn(n_labels, n_vector)
        label_vectors = check_label_vectors(label_vectors, n_labels)
        # A step of the optimiser moves a classifier the further the longer the vectors are: at
        # the length of 17 that 300 random numbers have, training overshoots or ends in NaN.
        self.register_buffer("label_vectors", F.normalize(label_vectors, dim=1))
        self.register_buffer("graph", torch.eye(n_labels))
        self.inner = _graph_convolution(self.label_vectors.shape[1], n_hidden)
        self.outer = _graph_convolution(n_hidden, n_features)

    def set_labels(self, y: Tensor) -> None:
        """Make the graph of the labels.

        Parameters
        ----------
        y : Tensor of shape (n, L)
            The training labels; NaN where unknown. An estimator shows those of its first fit, or
            of its first ``partial_fit``, which therefore should hold labels that come together.

        Raises
        ------
        ValueError
            If y has another number of labels.
        """
        y = check_labels(y, len(self.graph))
        self.graph.copy_(label_graph(y, self.threshold, self.neighbor_weight))

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits of a batch.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image.

        Returns
        -------
        Tensor of shape (B, L)
            One logit a label.
        """
        return self.pool_image(tokens) @ self.make_classifiers().T

    def make_classifiers(self) -> Tensor:
        """Return what the graph network makes of the label vectors.

        Returns
        -------
        Tensor of shape (L, D)
            What pooled features are multiplied with, a row a label.
        """
        hidden = F.leaky_relu(self.graph @ self.inner(self.label_vectors), 0.2)  # (L, n_hidden)
        return self.graph @ self.outer(hidden)

    def label_maps(self, tokens: Tensor) -> Tensor:
        """Return the logits that each token alone would give: the class activation maps.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image.

        Returns
        -------
        Tensor of shape (B, L, N)
            One map a label. With average pooling their mean over the tokens is the logit.
        """
        return (tokens @ self.make_classifiers().T).transpose(1, 2)  # (B, N, L) -> (B, L, N)


def label_graph(y: Tensor, threshold: float, neighbor_weight: float) -> Tensor:
    """Return how much each label gathers from each other.

    Each row sums to 1. So the degrees by which the paper then normalises the graph on both sides
    are all 1, and that step is left out.

    Parameters
    ----------
    y : Tensor of shape (n, L)
        The labels; NaN where unknown.
    threshold : float
        From this P(j | i) on, j is a neighbour of i. It is the share of rows with j among the
        rows with i in which j is known.
    neighbor_weight : float
        Weight of all neighbours together; a label itself has what is left of 1.

    Returns
    -------
    Tensor of shape (L, L)
        The identity's row for a label without neighbours.
    """
    positive, known = (y > 0.5).float(), (~y.isnan()).float()  # (n, L)
    together = positive.T @ positive  # (L, L), rows with both i and j
    share = together / (positive.T @ known).clamp(min=1)  # P(j | i)
    neighbors = (share >= threshold).float().fill_diagonal_(0)
    n_neighbors = neighbors.sum(dim=1, keepdim=True)  # (L, 1)
    gathered = neighbor_weight * neighbors / n_neighbors.clamp(min=1)
    return gathered + torch.diag(1 - gathered.sum(dim=1))


def _graph_convolution(n_in: int, n_out: int) -> nn.Linear:
    """Make a graph convolution's weights, drawn as the paper's code does.

    Their scale is by the outputs: so the logits of a fresh head are as small at any width D.
    """
    linear = nn.Linear(n_in, n_out, bias=False)
    nn.init.uniform_(linear.weight, -(n_out**-0.5), n_out**-0.5)
    return linear


def _check_settings(threshold: float, neighbor_weight: float) -> None:
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold={threshold}; expected more than 0 and at most 1.")
    if not 0 <= neighbor_weight < 1:
        raise ValueError(f"neighbor_weight={neighbor_weight}; expected at least 0 and below 1.")
