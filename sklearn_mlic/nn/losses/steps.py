"""Cross-entropy of predictions that are corrected step by step, weighed by what a mistake costs.

Zhu and Zhang (eq. 18 to 20) weigh each label at each step by how much the cost of the last
prediction depends on it, as RethinkNet does (Yang, Lin, Chu and Lin 2019), after Li and Lin (2014).
They leave the cost open. The weights take no gradient, and have a mean of 1 over each step of a
batch: as printed, all steps behind the first would count the less the more labels there are.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from sklearn_mlic.nn.checks import check_choice
from sklearn_mlic.nn.losses._base import MultilabelLoss


class StepLoss(MultilabelLoss):
    """Binary cross-entropy of each step's prediction, weighed label by label.

    Parameters
    ----------
    cost : {"f1", "accuracy", "rank", "subset", "hamming"}, default="f1"
        What a row's prediction costs: 1 - F1, 1 - intersection over union, the share of wrongly
        ordered pairs of labels, 1 for any mistake, or the share of wrong labels. The weight of
        a label is the difference that it makes, given the others as they were predicted one step
        before. By ``"hamming"`` all labels weigh the same.
    binarize : bool, default=False
        Whether the other labels count as predicted or not, at 0.5, as in RethinkNet; else with
        their probability. Where no label is above 0.5, by ``"f1"`` only positives weigh then, and
        a short training predicts far too many labels.
    normalize : bool, default=True
        Whether the weights of each step have a mean of 1 over the known entries of the batch.
    strength : float, default=0.5
        How far the weights are followed: 1 is as published, 0 weighs all labels the same. By
        ``"f1"`` positives weigh more, which favours F1 at a threshold of 0.5 over the order of
        rows.
    reduction : {"mean", "sum"}, default="mean"
        Over the known entries of all steps.

    Raises
    ------
    ValueError
        If a setting is none of these.

    References
    ----------
    Li, C.-L. and Lin, H.-T. (2014). Condensed filter tree for cost-sensitive multi-label
    classification. ICML.

    Yang, Y.-Y., Lin, Y.-A., Chu, H.-M. and Lin, H.-T. (2019). Deep learning with a rethinking
    structure for multi-label classification. ACML.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.losses import StepLoss
    >>> logits = torch.tensor([[[-1.0, -1.0, -1.0], [-1.0, -1.0, -1.0]]])  # one row, two steps
    >>> y = torch.tensor([[1.0, 0.0, 0.0]])
    >>> StepLoss(binarize=True, normalize=False, strength=1.0).weights(logits, y)
    tensor([[[1., 1., 1.],
             [1., 0., 0.]]])
    >>> StepLoss(cost="hamming")(logits, y)
    tensor(0.6466)
    """

    def __init__(
        self,
        cost: str = "f1",
        binarize: bool = False,
        normalize: bool = True,
        strength: float = 0.5,
        reduction: str = "mean",
    ):
        super().__init__(reduction)
        check_choice("cost", cost, COSTS)
        self.cost = cost
        self.binarize = binarize
        self.normalize = normalize
        if not 0 <= strength <= 1:
            raise ValueError(f"strength={strength!r}; expected a part, from 0 to 1.")
        self.strength = strength

    def forward(self, logits: Tensor, y: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """Return the loss of a batch.

        Parameters
        ----------
        logits : Tensor of shape (B, T, L) or (B, L)
            The log-odds after each step; those of one step are weighed evenly.
        y : Tensor of shape (B, L)
            0 or 1, NaN where unknown.
        sample_weight : Tensor of shape (B,), optional
            Multiplies the losses of a row.

        Returns
        -------
        Tensor of shape ()
            The loss in float32; 0 where nothing is known.

        Raises
        ------
        ValueError
            If the shapes do not fit each other.
        """
        if logits.ndim == 2:
            return super().forward(logits, y, sample_weight)
        n_steps = logits.shape[1]
        self._weights = self.weights(logits, y).flatten(0, 1)  # (B * T, L)
        try:
            return super().forward(
                logits.flatten(0, 1),
                y.repeat_interleave(n_steps, dim=0),
                None if sample_weight is None else sample_weight.repeat_interleave(n_steps),
            )
        finally:
            del self._weights

    def per_entry(self, logits: Tensor, y: Tensor) -> Tensor:
        weights = getattr(self, "_weights", None)
        return F.binary_cross_entropy_with_logits(logits, y, weight=weights, reduction="none")

    @torch.no_grad()
    def weights(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the weight of each label at each step.

        Parameters
        ----------
        logits : Tensor of shape (B, T, L)
            The log-odds after each step.
        y : Tensor of shape (B, L)
            0 or 1, NaN where unknown.

        Returns
        -------
        Tensor of float32, shape (B, T, L)
            1 at the first step; 0 where unknown.
        """
        known = ~y.isnan()[:, None]  # (B, 1, L)
        truth = torch.where(known, y.float()[:, None], 0.0)
        said = logits[:, :-1].float().sigmoid()  # (B, T - 1, L)
        said = torch.where(known, (said >= 0.5).float() if self.binarize else said, 0.0)
        later = COSTS[self.cost](truth, said, known) * known  # (B, T - 1, L)
        if self.normalize:
            total = known.sum().clamp(min=1)
            means = later.sum(dim=(0, 2), keepdim=True) / total  # (1, T - 1, 1)
            # Where no label makes a difference none is left to weigh, and all count alike.
            later = torch.where(means > 0, later / means.clamp(min=1e-12), known.float())
        first = known.float()
        return torch.cat([first, first + self.strength * (later - first)], dim=1)


# Each cost K as |K with the label set to 0 - K with it set to 1|, for all labels at once.
# truth (B, 1, L), said (B, T, L) with zeros where unknown, known (B, 1, L) -> (B, T, L).


def _f1(truth: Tensor, said: Tensor, known: Tensor) -> Tensor:
    both, size = _others(truth * said), _others(truth + said)
    # Of a row without and a row with the label; nothing in either is no mistake.
    without = _ratio(2 * both, size + truth)
    with_it = _ratio(2 * (both + truth), size + truth + 1)
    return (without - with_it).abs()


def _accuracy(truth: Tensor, said: Tensor, known: Tensor) -> Tensor:
    both, size = _others(truth * said), _others(truth + said - truth * said)
    without = _ratio(both, size + truth)
    with_it = _ratio(both + truth, size + 1)
    return (without - with_it).abs()


def _rank(truth: Tensor, said: Tensor, known: Tensor) -> Tensor:
    # A pair of a positive i and a negative j costs (1 - v_i + v_j) / 2, whatever the others are.
    n_positive = truth.sum(dim=2, keepdim=True)
    n_negative = known.sum(dim=2, keepdim=True) - n_positive
    shares = torch.where(truth > 0.5, 1 / n_positive.clamp(min=1), 1 / n_negative.clamp(min=1))
    return (0.5 * shares * (n_positive > 0) * (n_negative > 0)).expand_as(said)


def _subset(truth: Tensor, said: Tensor, known: Tensor) -> Tensor:
    # A label decides where all others are right.
    return 1.0 - _others((truth - said).abs()).clamp(max=1.0)


def _hamming(truth: Tensor, said: Tensor, known: Tensor) -> Tensor:
    return (1.0 / known.sum(dim=2, keepdim=True).clamp(min=1)).expand_as(said)


COSTS = {
    "f1": _f1,
    "accuracy": _accuracy,
    "rank": _rank,
    "subset": _subset,
    "hamming": _hamming,
}


def _others(values: Tensor) -> Tensor:
    """For each label the sum over the others."""
    return values.sum(dim=2, keepdim=True) - values


def _ratio(part: Tensor, whole: Tensor) -> Tensor:
    return torch.where(whole > 0, part / whole.clamp(min=1e-12), 1.0)
