"""Two-way loss (Kobayashi 2023): a row's positives against its negatives, and a label's.

timm's TwoWayLoss is the same on hard, fully known labels. This one also leaves unknown entries
out of both directions, and takes weights of rows and soft targets.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from sklearn_mlic.nn.losses._base import MultilabelLoss
from sklearn_mlic.nn.losses._checks import check_above_0

# Finite, so that a row or label without any positive has a gradient of 0 and not NaN; so low that
# no logit is seen beside it.
ABSENT = -1e30


class TwoWayLoss(MultilabelLoss):
    """Ranks the labels of a row and the rows of a label, by the hardest entries.

    For ranking metrics such as mean average precision. Logits are scores, not log-odds:
    calibrate before probabilities are read, and tune thresholds. Each direction costs
    ``softplus(soft maximum of the negatives - soft minimum of the positives)``, and only rows
    (labels) that have a positive in the batch count. Rows of a batch depend on each other, so
    batches should hold several positives of a label.

    A soft target is a positive to its part and a negative to the rest. A row of weight w
    counts as w rows.

    Parameters
    ----------
    positive_temperature : float, default=4.0
        Above 0. Higher, more than the lowest positive counts.
    negative_temperature : float, default=1.0
        Above 0. Higher, more than the highest negative counts.
    reduction : {"mean", "sum"}, default="mean"
        The mean over rows plus the mean over labels, or the sum of both.

    Raises
    ------
    ValueError
        If a setting is out of range.

    References
    ----------
    Kobayashi, T. (2023). Two-way multi-label loss. CVPR.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.losses import TwoWayLoss
    >>> y = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> TwoWayLoss()(torch.zeros(2, 2), y)
    tensor(1.3863)
    """

    def __init__(
        self,
        positive_temperature: float = 4.0,
        negative_temperature: float = 1.0,
        reduction: str = "mean",
    ):
        super().__init__(reduction)
        check_above_0("positive_temperature", positive_temperature)
        check_above_0("negative_temperature", negative_temperature)
        self.positive_temperature = positive_temperature
        self.negative_temperature = negative_temperature

    def reduce(
        self, logits: Tensor, y: Tensor, known: Tensor, sample_weight: Tensor | None
    ) -> Tensor:
        positive, negative = y, (1 - y) * known  # (B, L), how much of each an entry is
        # A row or label counts to the part of its surest positive: 1, or 0 where it has none.
        row_part, label_part = y.amax(dim=1), y.amax(dim=0)  # (B,), (L,)
        rows = row_part * self._contrast(logits, positive, negative, dim=1)
        if sample_weight is not None:
            rows = rows * sample_weight
            positive = positive * sample_weight[:, None]
            negative = negative * sample_weight[:, None]
        labels = label_part * self._contrast(logits, positive, negative, dim=0)
        if self.reduction == "sum":
            return rows.sum() + labels.sum()
        return _ratio(rows, row_part) + _ratio(labels, label_part)

    def _contrast(self, logits: Tensor, positive: Tensor, negative: Tensor, dim: int) -> Tensor:
        """Return the loss along `dim`, 0 where either side is absent."""
        tp, tn = self.positive_temperature, self.negative_temperature
        lowest = -tp * torch.logsumexp(-logits / tp + _log(positive), dim)
        highest = tn * torch.logsumexp(logits / tn + _log(negative), dim)
        return F.softplus(highest - lowest)


def _log(amount: Tensor) -> Tensor:
    return torch.where(amount > 0, amount, 1.0).log() + torch.where(amount > 0, 0.0, ABSENT)


def _ratio(losses: Tensor, parts: Tensor) -> Tensor:
    return losses.sum() / parts.sum().clamp(min=1)
