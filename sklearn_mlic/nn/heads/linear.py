"""The plain head: pool the tokens, one linear layer."""

from torch import Tensor, nn

from sklearn_mlic.nn.pooling import PooledHead


class LinearHead(PooledHead):
    """Pool the tokens of an image and map the result to the labels.

    Max pooling lets one position carry a label, which suits small objects; on COCO it is worth
    several points of mAP over average pooling with a ResNet-101 (Chen et al. 2019). The
    generalised mean lies between the two and learns where (Radenovic et al. 2019); it sees only
    what is positive, and is meant for networks that end in ReLU.

    Parameters
    ----------
    n_features : int
        Width D of a token.
    n_labels : int
        Number of labels L.
    pool : {"avg", "max", "gem"}, default="avg"
        How the tokens of an image become one vector: mean, maximum or generalised mean.
    dropout : float, default=0.0
        Share of the pooled features that training drops.

    Raises
    ------
    ValueError
        If `pool` is unknown.

    References
    ----------
    Chen, Z.-M. et al. (2019). Multi-label image recognition with graph convolutional
    networks. CVPR.
    Radenovic, F., Tolias, G. and Chum, O. (2019). Fine-tuning CNN image retrieval with no human
    annotation. IEEE TPAMI 41(7).
    Zhou, B. et al. (2016). Learning deep features for discriminative localization. CVPR.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.heads import LinearHead
    >>> LinearHead(n_features=64, n_labels=3, pool="max")(torch.zeros(2, 49, 64)).shape
    torch.Size([2, 3])
    """

    def __init__(self, n_features: int, n_labels: int, pool: str = "avg", dropout: float = 0.0):
        super().__init__(pool, dropout)
        self.linear = nn.Linear(n_features, n_labels)
        # From zero every label starts alike, whatever its column, and the first step sends no
        # noise into a pretrained backbone.
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

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
        return self.linear(self.pool_image(tokens))

    def label_maps(self, tokens: Tensor) -> Tensor:
        """Return the linear map of each token: the class activation maps.

        With average pooling their mean over the tokens is the logit (Zhou et al. 2016); with the
        others they only tell where a label is seen.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image.

        Returns
        -------
        Tensor of shape (B, L, N)
            One map a label.
        """
        return self.linear(tokens).transpose(1, 2)  # (B, N, L) -> (B, L, N)
