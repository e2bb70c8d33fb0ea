"""What every loss shares: float32, unknown entries, weights of rows, the reduction."""

import torch
from torch import Tensor, nn

from sklearn_mlic.nn.losses._checks import check_shapes

REDUCTIONS = ("mean", "sum")


class MultilabelLoss(nn.Module):
    """Template of the losses: a subclass writes `per_entry`, all else is done here.

    Logits of any precision are computed with in float32, which autocast does not change: it
    lowers matrix products and convolutions, and a loss has none. Unknown entries add
    nothing to the loss and get a gradient of exactly zero.

    Parameters
    ----------
    reduction : {"mean", "sum"}, default="mean"
        What is made of the losses of the known entries. The sum grows with the batch size and the
        number of labels, and needs a learning rate to match; some published settings are meant
        for it.

    Raises
    ------
    ValueError
        If `reduction` is unknown.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.losses import MultilabelLoss
    >>> class SquaredError(MultilabelLoss):
    ...     def per_entry(self, logits, y):
    ...         return (torch.sigmoid(logits) - y).square()
    >>> SquaredError()(torch.zeros(1, 3), torch.tensor([[1.0, 0.0, float("nan")]]))
    tensor(0.2500)
    """

    def __init__(self, reduction: str = "mean"):
        super().__init__()
        if reduction not in REDUCTIONS:
            raise ValueError(f"reduction={reduction!r}; expected one of {list(REDUCTIONS)}.")
        self.reduction = reduction

    def forward(self, logits: Tensor, y: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """Return the loss of a batch.

        Parameters
        ----------
        logits : Tensor of shape (B, L)
            What the head returns, in any floating type.
        y : Tensor of shape (B, L)
            0 or 1, NaN where unknown. Values between are soft targets, as mixup makes them.
        sample_weight : Tensor of shape (B,), optional
            Multiplies the losses of a row. Weights of mean 1 keep the size of the loss: the mean
            divides by the number of known entries, not by the weights.

        Returns
        -------
        Tensor of shape ()
            The loss in float32; 0 where nothing is known.

        Raises
        ------
        ValueError
            If the shapes do not fit each other.
        """
        check_shapes(logits, y, sample_weight)
        logits, y = logits.float(), y.float()  # (B, L)
        known = ~torch.isnan(y)  # (B, L)
        # Filled before the loss is computed, not only after: 0 times an infinite slope is NaN.
        logits = torch.where(known, logits, 0.0)
        y = torch.where(known, y, 0.0)
        weight = None if sample_weight is None else sample_weight.float()  # (B,)
        return self.reduce(logits, y, known, weight)

    def reduce(
        self, logits: Tensor, y: Tensor, known: Tensor, sample_weight: Tensor | None
    ) -> Tensor:
        """Make one number of a batch. A loss that ties entries together overrides this.

        Parameters
        ----------
        logits : Tensor of shape (B, L)
            In float32, 0 where unknown.
        y : Tensor of shape (B, L)
            In float32, between 0 and 1, 0 where unknown.
        known : bool Tensor of shape (B, L)
            Where y is known.
        sample_weight : Tensor of shape (B,) or None
            Weights of the rows, in float32.

        Returns
        -------
        Tensor of shape ()
            The loss.
        """
        losses = torch.where(known, self.per_entry(logits, y), 0.0)  # (B, L)
        if sample_weight is not None:
            losses = losses * sample_weight[:, None]
        total = losses.sum()
        return total / known.sum().clamp(min=1) if self.reduction == "mean" else total

    def per_entry(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the loss of each entry.

        Parameters
        ----------
        logits : Tensor of shape (B, L)
            In float32.
        y : Tensor of shape (B, L)
            In float32, between 0 and 1.

        Returns
        -------
        Tensor of shape (B, L)
            The losses.
        """
        raise NotImplementedError

    def set_label_counts(self, n_positive: Tensor, n_known: Tensor) -> None:
        """Take the label counts of the training rows. Most losses need none.

        Parameters
        ----------
        n_positive : Tensor of shape (L,)
            Rows that have the label.
        n_known : Tensor of shape (L,)
            Rows for which the label is known.
        """

    def start_epoch(self, epoch: int) -> None:
        """Take note that an epoch begins. Most losses do not mind.

        Parameters
        ----------
        epoch : int
            Number of the epoch, from 0.
        """


def power(base: Tensor, exponent: float) -> Tensor | float:
    """Return ``base ** exponent`` for a base in [0, 1], with a finite slope at 0.

    There the true slope is infinite for exponents below 1, and NaN after the chain rule.

    Parameters
    ----------
    base : Tensor
        Values in [0, 1].
    exponent : float
        Not negative.

    Returns
    -------
    Tensor or float
        The power; 1.0 for an exponent of 0.
    """
    if exponent == 0:
        return 1.0
    raised = base.clamp(min=torch.finfo(base.dtype).tiny).pow(exponent)
    return torch.where(base > 0, raised, 0.0)
