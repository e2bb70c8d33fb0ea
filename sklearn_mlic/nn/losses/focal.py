"""Focal loss (Lin et al. 2017) with smoothed labels, as Chen, Poon and Yang (2025) train with it.

Their alpha is one number made from label counts. It scales the whole loss, so that it favours no
label, and an optimiser such as Adam hardly notices it: here it is a choice, not the default.
"""

from collections.abc import Sequence
from numbers import Real

import torch
from torch import Tensor
from torch.nn import functional as F

from sklearn_mlic.nn.losses._base import MultilabelLoss, power
from sklearn_mlic.nn.losses._checks import check_at_least, check_part
from sklearn_mlic.nn.losses._label_values import (
    LabelValues,
    inverse_frequency,
    mean_inverse_count,
)

SMOOTHING_MODES = ("over_classes", "binary")


class FocalLoss(MultilabelLoss):
    """Cross-entropy times ``(1 - p_t) ** gamma``: entries that are right count little.

    Worth a try where most entries are easy negatives. ``p_t = exp(-cross-entropy)`` is the
    probability of the truth, or with smoothed labels what comes nearest to it. With ``gamma=0,
    smoothing=0`` it is the binary cross-entropy; with ``smoothing=0, alpha=0.25, gamma=2`` the
    loss of RetinaNet.

    Parameters
    ----------
    gamma : float, default=2.5
        How strongly entries that are right are played down.
    smoothing : float, default=0.1
        Part of each target, in [0, 1), that gives way to a constant.
    smoothing_mode : {"over_classes", "binary"}, default="over_classes"
        The constant is 1 / L as published, which is the habit of exclusive classes, or 1/2.
    alpha : float, {"mean_inverse", "inverse"} or sequence of L floats, optional
        A float in (0, 1) multiplies positives, and 1 minus it negatives (Lin et al.). A sequence
        multiplies the labels; ``"inverse"`` makes it from the training rows, as 1 / part of
        positives, scaled to mean 1 over the labels with a positive, while the others get 1.
        ``"mean_inverse"`` is the one number of Chen et al.: the mean over labels of mean count /
        count. None multiplies nothing.
    reduction : {"mean", "sum"}, default="mean"
        Over the known entries.

    Raises
    ------
    ValueError
        If a setting is none of these.

    References
    ----------
    Lin, T.-Y. et al. (2017). Focal loss for dense object detection. ICCV.

    Chen, T., Poon, K. N. A. and Yang, Z. (2025). COMP5329 Deep Learning, Assignment 2.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.losses import FocalLoss
    >>> loss = FocalLoss(gamma=2.0, smoothing=0.0)
    >>> loss(torch.tensor([[0.0, 4.0]]), torch.ones(1, 2))
    tensor(0.0866)
    """

    def __init__(
        self,
        gamma: float = 2.5,
        smoothing: float = 0.1,
        smoothing_mode: str = "over_classes",
        alpha: float | str | Sequence[float] | None = None,
        reduction: str = "mean",
    ):
        super().__init__(reduction)
        check_at_least("gamma", gamma, 0)
        check_part("smoothing", smoothing, with_0=True)
        if smoothing_mode not in SMOOTHING_MODES:
            raise ValueError(
                f"smoothing_mode={smoothing_mode!r}; expected one of {list(SMOOTHING_MODES)}."
            )
        self.positive_share = None
        if isinstance(alpha, Real):
            check_part("alpha", alpha)
            self.positive_share, alpha = alpha, None
        self.gamma = gamma
        self.smoothing = smoothing
        self.smoothing_mode = smoothing_mode
        self.label_weight = LabelValues(
            "alpha", alpha, {"mean_inverse": mean_inverse_count, "inverse": inverse_frequency}
        )

    def set_label_counts(self, n_positive: Tensor, n_known: Tensor) -> None:
        self.label_weight.set_label_counts(n_positive, n_known)

    def per_entry(self, logits: Tensor, y: Tensor) -> Tensor:
        constant = 0.5 if self.smoothing_mode == "binary" else 1 / logits.shape[1]
        target = y * (1 - self.smoothing) + self.smoothing * constant
        # torchvision's sigmoid_focal_loss takes 1 - p from a rounded p, has a NaN slope at
        # saturated logits for gamma < 1, and another p_t for smoothed labels.
        entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
        losses = entropy * power(-torch.expm1(-entropy), self.gamma)  # (B, L)
        if self.positive_share is not None:
            losses = losses * (self.positive_share * y + (1 - self.positive_share) * (1 - y))
        weight = self.label_weight(logits)
        return losses if weight is None else losses * weight
