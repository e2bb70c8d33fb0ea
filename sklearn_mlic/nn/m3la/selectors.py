"""How the modality to read next is chosen from its scores (Zhu and Zhang, eq. 9 and 10).

As printed, the choice is an argmax: it passes no gradient on, so that the layer of the scores
never learns. The straight-through estimator (Bengio, Léonard and Courville 2013) reads what the
argmax reads and learns as if the softmax had been read; the others are here to compare with. In
evaluation all read one modality whole, the one of the highest score.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

#: The score of what cannot be chosen; finite, so that a row with nothing left has no NaN.
HIDDEN = -1e9


class Argmax(nn.Module):
    """Choose the modality of the highest score, as printed: no order is learned."""

    def __init__(self):  # no settings, where torch takes any
        super().__init__()

    def forward(self, scores: Tensor, unread: Tensor) -> tuple[Tensor, Tensor]:
        """Choose among the modalities that are left.

        Parameters
        ----------
        scores : Tensor of shape (B, M)
            Of each modality.
        unread : bool Tensor of shape (B, M)
            Those that are there and were not read before.

        Returns
        -------
        weights : Tensor of shape (B, M)
            How much of each modality is read; zeros in rows where nothing is left.
        chosen : bool Tensor of shape (B, M)
            The one that counts as read.
        """
        scores = scores.masked_fill(~unread, HIDDEN)
        if self.training:
            weights = self._weigh(scores) * unread
            return weights, _first_highest(weights.detach(), unread)
        chosen = _first_highest(scores, unread)
        return chosen.to(scores.dtype), chosen

    def _weigh(self, scores: Tensor) -> Tensor:
        """What training reads of each modality, given the scores of those that are left."""
        return _one_hot(scores)


class StraightThrough(Argmax):
    """Read the modality of the highest score, and learn as if it had been the softmax."""

    def _weigh(self, scores: Tensor) -> Tensor:
        shares = F.softmax(scores, dim=1)
        return _one_hot(scores) + (shares - shares.detach())  # the bracket is exactly 0


class Gumbel(Argmax):
    """Read with noise, which tries out other orders, and learn straight through.

    Parameters
    ----------
    lowest : float, default=0.5
        The temperature falls from 1 to this.
    rate : float, default=2e-4
        How fast: as exp(-`rate` * choices).

    References
    ----------
    Jang, E., Gu, S. and Poole, B. (2017). Categorical reparameterization with Gumbel-softmax. ICLR.
    """

    def __init__(self, lowest: float = 0.5, rate: float = 2e-4):
        super().__init__()
        self.lowest = lowest
        self.rate = rate
        self.register_buffer("n_choices", torch.zeros((), dtype=torch.long))

    @property
    def temperature(self) -> float:
        """What the noisy scores of the next choice are divided by, after `n_choices` of them."""
        return max(self.lowest, math.exp(-self.rate * int(self.n_choices)))

    def _weigh(self, scores: Tensor) -> Tensor:
        weights = F.gumbel_softmax(scores, tau=self.temperature, hard=True, dim=1)
        self.n_choices += 1
        return weights


class Soft(Argmax):
    """Read a mixture by the softmax in training, and one modality whole in prediction."""

    def _weigh(self, scores: Tensor) -> Tensor:
        return F.softmax(scores, dim=1)


class Fixed(Argmax):
    """Read in the order of the blocks: the ablation without modality prediction."""

    def forward(self, scores: Tensor, unread: Tensor) -> tuple[Tensor, Tensor]:
        """Choose the first modality that is left.

        Parameters
        ----------
        scores : Tensor of shape (B, M)
            Not looked at.
        unread : bool Tensor of shape (B, M)
            Those that are there and were not read before.

        Returns
        -------
        weights, chosen : Tensor of shape (B, M)
            As in `Argmax`.
        """
        chosen = _first_highest(torch.zeros_like(scores), unread)
        return chosen.to(scores.dtype), chosen


SELECTORS = {
    "straight_through": StraightThrough,
    "gumbel": Gumbel,
    "soft": Soft,
    "argmax": Argmax,
    "fixed": Fixed,
}


def _one_hot(scores: Tensor) -> Tensor:
    """1 at the highest score of each row."""
    return F.one_hot(scores.argmax(dim=1), scores.shape[1]).to(scores.dtype)


def _first_highest(values: Tensor, unread: Tensor) -> Tensor:
    """Mark the highest value among those that are left; nothing where none is."""
    return _one_hot(values.masked_fill(~unread, HIDDEN)).bool() & unread
