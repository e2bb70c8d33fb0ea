"""Self-paced loss correction (Zhang et al. 2021): likely missing labels become positives."""

import torch
from torch import Tensor

from sklearn_mlic.nn.losses._base import MultilabelLoss
from sklearn_mlic.nn.losses._checks import check_at_least, check_part
from sklearn_mlic.nn.losses.hill import focal_positive


class SPLCLoss(MultilabelLoss):
    """Corrects missing positives while it trains: sure negatives are taken for positives.

    For data sets where a 0 may be a label that nobody noted, and where a first epoch already ranks
    well (a pretrained backbone). From epoch `change_epoch` on a 0 with a probability above
    `tau` counts as a 1. Where a 0 is dependable, it does harm. Whoever trains calls
    ``start_epoch(epoch)``.

    Parameters
    ----------
    tau : float, default=0.6
        Probability, in (0, 1), above which a negative is switched.
    change_epoch : int, default=1
        First epoch, counted from 0, in which negatives are switched.
    margin : float, default=1.0
        How far above the boundary the given positives should lie, in logits.
    gamma : float, default=2.0
        How strongly easy entries are played down.
    reduction : {"mean", "sum"}, default="mean"
        Over the known entries. The authors train with the sum.

    Attributes
    ----------
    epoch : int
        The epoch that runs.

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
    >>> from sklearn_mlic.nn.losses import SPLCLoss
    >>> loss, logits, y = SPLCLoss(), torch.full((1, 1), 3.0), torch.zeros(1, 1)
    >>> loss(logits, y)
    tensor(2.7663)
    >>> loss.start_epoch(1)
    >>> loss(logits, y)
    tensor(0.0001)
    """

    def __init__(
        self,
        tau: float = 0.6,
        change_epoch: int = 1,
        margin: float = 1.0,
        gamma: float = 2.0,
        reduction: str = "mean",
    ):
        super().__init__(reduction)
        check_part("tau", tau)
        check_at_least("change_epoch", change_epoch, 0)
        check_at_least("margin", margin, 0)
        check_at_least("gamma", gamma, 0)
        self.tau = tau
        self.change_epoch = change_epoch
        self.margin = margin
        self.gamma = gamma
        self.epoch = 0

    def start_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def per_entry(self, logits: Tensor, y: Tensor) -> Tensor:
        positive = focal_positive(logits - self.margin, self.gamma)
        negative = focal_positive(-logits, self.gamma)
        if self.epoch >= self.change_epoch:
            switched = torch.sigmoid(logits) > self.tau
            negative = torch.where(switched, focal_positive(logits, self.gamma), negative)
        return y * positive + (1 - y) * negative  # (B, L)
