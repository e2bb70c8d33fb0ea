"""Hill loss (Zhang et al. 2021): negatives that look positive may be missing labels."""

import torch
from torch import Tensor
from torch.nn import functional as F

from sklearn_mlic.nn.losses._base import MultilabelLoss, power
from sklearn_mlic.nn.losses._checks import check_at_least


class HillLoss(MultilabelLoss):
    """Robust to missing positives: negatives with a high probability are let go.

    For data sets where a 0 may be a label that nobody noted. A negative costs
    ``(lam - p) p^2``, whose slope falls back to 0 at ``p = 2/3 lam``; a positive the focal loss of
    a logit that is `margin` lower.

    Parameters
    ----------
    lam : float, default=1.5
        The paper's lambda, at least 1. At 1.5 a sure positive among the negatives gets no gradient.
    margin : float, default=1.0
        How far above the boundary positives should lie, in logits. The authors advise 0.5 to 1.
    gamma : float, default=2.0
        How strongly easy positives are played down.
    reduction : {"mean", "sum"}, default="mean"
        Over the known entries. The authors train with the sum.

    Raises
    ------
    ValueError
        If a setting is out of range.

    References
    ----------
    Zhang, Y. et al. (2021). Simple and robust loss design for multi-label learning with missing
    labels. arXiv:2112.07368.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.losses import HillLoss
    >>> HillLoss()(torch.zeros(1, 1), torch.zeros(1, 1))
    tensor(0.2500)
    """

    def __init__(
        self, lam: float = 1.5, margin: float = 1.0, gamma: float = 2.0, reduction: str = "mean"
    ):
        super().__init__(reduction)
        check_at_least("lam", lam, 1)
        check_at_least("margin", margin, 0)
        check_at_least("gamma", gamma, 0)
        self.lam = lam
        self.margin = margin
        self.gamma = gamma

    def per_entry(self, logits: Tensor, y: Tensor) -> Tensor:
        p = torch.sigmoid(logits)
        positive = focal_positive(logits - self.margin, self.gamma)
        return y * positive + (1 - y) * (self.lam - p) * p.square()  # (B, L)


def focal_positive(logits: Tensor, gamma: float) -> Tensor:
    """Return what positives cost under the focal loss.

    Parameters
    ----------
    logits : Tensor of shape (B, L)
        Any logits; negated ones give what negatives cost.
    gamma : float
        How strongly easy entries are played down.

    Returns
    -------
    Tensor of shape (B, L)
        The losses.
    """
    return power(torch.sigmoid(-logits), gamma) * -F.logsigmoid(logits)
