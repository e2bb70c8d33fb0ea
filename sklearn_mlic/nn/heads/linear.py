"""The plain head: pool the tokens, one linear layer."""

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


class LinearHead(nn.Module):
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
        super().__init__()
        check_choice("pool", pool, (*POOLS, "gem"))
        self.pool = pool
        # What the generalised mean gives changes with its exponent, so it cannot be kept.
        self.token_reduction = None if pool == "gem" else pool
        if pool == "gem":
            self.generalized_mean = GeneralizedMean()
        self.dropout = nn.Dropout(dropout)
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
        if self.pool == "gem":
            pooled = self.generalized_mean(tokens)  # (B, D)
        else:
            pooled = pool_tokens(tokens, self.pool)
        return self.linear(self.dropout(pooled))

    def reduce_tokens(self, tokens: Tensor) -> Tensor:
        """Return the least of the tokens that gives the same logits.

        What a frozen backbone gives can then be kept as one vector an image; ``token_reduction``
        names what was done to it, for heads that can share it.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image.

        Returns
        -------
        Tensor of shape (B, 1, D), or (B, N, D)
            The pooled token; for the generalised mean, which training changes, all of them.
        """
        if self.pool == "gem":
            return tokens
        return pool_tokens(tokens, self.pool)[:, None]

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
