"""Binary cross-entropy, the start of every other loss here."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional as F

from sklearn_mlic.nn.losses._base import MultilabelLoss
from sklearn_mlic.nn.losses._label_values import (
    LabelValues,
    inverse_frequency,
    negatives_per_positive,
)


class BinaryCrossEntropy(MultilabelLoss):
    """Binary cross-entropy of each label: the default, and the best calibrated loss.

    Its mean is also torch's ``MultiLabelSoftMarginLoss``. Weights of positives raise the recall
    of rare labels and take calibration away: tune thresholds with them.

    Parameters
    ----------
    pos_weight : "balanced", float or sequence of L floats, optional
        Multiplies the loss of positives. ``"balanced"`` takes negatives / positives of each
        label in the training rows, kept within 1/100 and 100, and 1 for labels that are
        seen in one value only.
    weight : "inverse" or sequence of L floats, optional
        Multiplies the losses of a label. ``"inverse"`` takes 1 / part of positives in the training
        rows, scaled to mean 1 over the labels with a positive; the others get 1.
    reduction : {"mean", "sum"}, default="mean"
        Over the known entries.

    Raises
    ------
    ValueError
        If a setting is none of these.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.losses import BinaryCrossEntropy
    >>> y = torch.tensor([[1.0, 0.0], [float("nan"), 1.0]])
    >>> BinaryCrossEntropy()(torch.zeros(2, 2), y)
    tensor(0.6931)
    >>> BinaryCrossEntropy(pos_weight=[3.0, 1.0])(torch.zeros(2, 2), y)
    tensor(1.1552)
    """

    def __init__(
        self,
        pos_weight: str | float | Sequence[float] | None = None,
        weight: str | Sequence[float] | None = None,
        reduction: str = "mean",
    ):
        super().__init__(reduction)
        self.pos_weight = LabelValues(
            "pos_weight", pos_weight, {"balanced": negatives_per_positive}
        )
        self.weight = LabelValues("weight", weight, {"inverse": inverse_frequency})

    def set_label_counts(self, n_positive: Tensor, n_known: Tensor) -> None:
        self.pos_weight.set_label_counts(n_positive, n_known)
        self.weight.set_label_counts(n_positive, n_known)

    def per_entry(self, logits: Tensor, y: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            logits,
            y,
            weight=self.weight(logits),
            pos_weight=self.pos_weight(logits),
            reduction="none",
        )
