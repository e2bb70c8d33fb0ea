"""Asymmetric loss (Ridnik et al. 2021): easy negatives weigh less than easy positives.

timm's AsymmetricLossMultiLabel clamps probabilities at 1e-8: a positive with a logit below -18.4
gets no gradient at all, and for gamma < 1 saturated entries get NaN. So it is written here from the
logarithm of the sigmoid; the two agree on moderate logits. Soft targets mix the two terms.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from sklearn_mlic.nn.losses._base import MultilabelLoss, power
from sklearn_mlic.nn.losses._checks import check_at_least, check_part


class AsymmetricLoss(MultilabelLoss):
    """Focal loss with one exponent for positives, one for negatives, and a margin.

    For many labels of which an image has few. Negatives with a probability below `clip` cost
    nothing. Probabilities come out shifted: tune thresholds. Start from the binary
    cross-entropy and watch the validation score: (gamma_neg, gamma_pos, clip) = (0, 0, 0) is that
    loss, then (2, 2, 0), (2, 1, 0), larger `gamma_neg`, and `clip` last. The more rare the
    positives, the more asymmetry pays.

    Parameters
    ----------
    gamma_neg : float, default=4.0
        How strongly easy negatives are played down.
    gamma_pos : float, default=0.0
        The same for positives. The paper's code defaults to 1, but the authors train with 0:
        positives are too few to play any down.
    clip : float, default=0.05
        Probability, in [0, 1), that is taken off the negatives'; they end at 0.
    detach_focusing : bool, default=True
        Take the focusing weights as constants in the gradient, as the authors train.
    reduction : {"mean", "sum"}, default="mean"
        Over the known entries. The authors' learning rates are meant for the sum.

    Raises
    ------
    ValueError
        If a setting is out of range.

    References
    ----------
    Ridnik, T. et al. (2021). Asymmetric loss for multi-label classification. ICCV.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.losses import AsymmetricLoss
    >>> loss = AsymmetricLoss()
    >>> loss(torch.zeros(1, 1), torch.ones(1, 1))
    tensor(0.6931)
    >>> loss(torch.zeros(1, 1), torch.zeros(1, 1))
    tensor(0.0245)
    """

    def __init__(
        self,
        gamma_neg: float = 4.0,
        gamma_pos: float = 0.0,
        clip: float = 0.05,
        detach_focusing: bool = True,
        reduction: str = "mean",
    ):
        super().__init__(reduction)
        check_at_least("gamma_neg", gamma_neg, 0)
        check_at_least("gamma_pos", gamma_pos, 0)
        check_part("clip", clip, with_0=True)
        self.gamma_neg = gamma_neg
        self.gamma_pos = gamma_pos
        self.clip = clip
        self.detach_focusing = detach_focusing

    def per_entry(self, logits: Tensor, y: Tensor) -> Tensor:
        miss = torch.sigmoid(-logits)  # 1 - p, without rounding p first
        alarm = (torch.sigmoid(logits) - self.clip).clamp(min=0)  # p_m
        positive = self._focus(miss, self.gamma_pos) * self._positive(logits, miss)
        negative = self._focus(alarm, self.gamma_neg) * self._negative(logits, alarm)
        return y * positive + (1 - y) * negative  # (B, L)

    def _focus(self, base: Tensor, gamma: float) -> Tensor | float:
        return power(base.detach() if self.detach_focusing else base, gamma)

    def _positive(self, logits: Tensor, miss: Tensor) -> Tensor:
        """Return what a positive costs before focusing: -ln p."""
        return -F.logsigmoid(logits)

    def _negative(self, logits: Tensor, alarm: Tensor) -> Tensor:
        """Return what a negative costs before focusing: -ln(1 - p_m)."""
        if self.clip == 0:
            return -F.logsigmoid(-logits)
        return -(torch.sigmoid(-logits) + self.clip).clamp(max=1).log()
