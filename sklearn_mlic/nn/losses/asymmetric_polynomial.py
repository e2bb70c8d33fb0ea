"""Asymmetric polynomial loss (Huang et al. 2023).

The first terms of the cross-entropy's expansion get coefficients of their own. Wang, Zhong and
Lin, who train their two-stage transformer with it, print the negatives' logarithm without the
margin and give no coefficients. The code of Huang et al. has the margin in both places and the
coefficients that are the defaults here. Its polynomial of the negatives is in 1 - p_m, not in p_m;
at its coefficient of 0 that is the same.
"""

from torch import Tensor
from torch.nn import functional as F

from sklearn_mlic.nn.losses._checks import check_number
from sklearn_mlic.nn.losses.asymmetric import AsymmetricLoss


class AsymmetricPolynomialLoss(AsymmetricLoss):
    """Asymmetric loss with free coefficients of its leading terms.

    With p the probability and ``p_m = max(p - clip, 0)``, a positive costs
    ``(1 - p)^gamma_pos * (-ln p + (alpha1 - 1)(1 - p) + (alpha2 - 1/2)(1 - p)^2)`` and a negative
    ``p_m^gamma_neg * (-ln(1 - p_m) + (beta1 - 1) p_m)``. ``alpha1=1, alpha2=0.5, beta1=1``
    is `AsymmetricLoss`. At the default coefficients a positive that is nearly right is left
    alone sooner than by the cross-entropy.

    Parameters
    ----------
    gamma_neg : float, default=2.0
        How strongly easy negatives are played down.
    gamma_pos : float, default=0.0
        The same for positives.
    clip : float, default=0.05
        Probability, in [0, 1), that is taken off the negatives'; they end at 0.
    alpha1 : float, default=0.0
        Coefficient of the positives' linear term.
    alpha2 : float, default=1.75
        Coefficient of the positives' quadratic term.
    beta1 : float, default=1.0
        Coefficient of the negatives' linear term.
    shift_log : bool, default=True
        Take `clip` off in the logarithm too. False is the formula as Wang et al. print it.
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
    Huang, Y. et al. (2023). Asymmetric polynomial loss for multi-label classification. ICASSP.

    Wang, Z.-J., Zhong, N. and Lin, X. A novel transformer-based two stage framework for
    multi-label image classification.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.losses import AsymmetricPolynomialLoss
    >>> loss = AsymmetricPolynomialLoss()
    >>> loss(torch.zeros(1, 1), torch.ones(1, 1))
    tensor(0.5056)
    >>> loss(torch.zeros(1, 1), torch.zeros(1, 1))
    tensor(0.1211)
    """

    def __init__(
        self,
        gamma_neg: float = 2.0,
        gamma_pos: float = 0.0,
        clip: float = 0.05,
        alpha1: float = 0.0,
        alpha2: float = 1.75,
        beta1: float = 1.0,
        shift_log: bool = True,
        detach_focusing: bool = True,
        reduction: str = "mean",
    ):
        super().__init__(gamma_neg, gamma_pos, clip, detach_focusing, reduction)
        for name, value in [("alpha1", alpha1), ("alpha2", alpha2), ("beta1", beta1)]:
            check_number(name, value)
        self.alpha1 = alpha1
        self.alpha2 = alpha2
        self.beta1 = beta1
        self.shift_log = shift_log

    def _positive(self, logits: Tensor, miss: Tensor) -> Tensor:
        polynomial = (self.alpha1 - 1) * miss + (self.alpha2 - 0.5) * miss.square()
        return super()._positive(logits, miss) + polynomial

    def _negative(self, logits: Tensor, alarm: Tensor) -> Tensor:
        log = super()._negative(logits, alarm) if self.shift_log else -F.logsigmoid(-logits)
        return log + (self.beta1 - 1) * alarm
