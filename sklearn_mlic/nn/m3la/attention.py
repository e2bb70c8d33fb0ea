"""What the decoder looks at before it reads on: the states of the encoder, weighed."""

import torch
from torch import Tensor, nn

from sklearn_mlic.nn.m3la.selectors import HIDDEN


class AdditiveAttention(nn.Module):
    """Scores of a small network, v . tanh(W s + U h) (Bahdanau, Cho and Bengio 2015).

    Parameters
    ----------
    n_query : int
        Width of the decoder's state.
    n_key : int
        Width of the encoder's states.
    """

    def __init__(self, n_query: int, n_key: int):
        super().__init__()
        self.query = nn.Linear(n_query, n_query)
        self.key = nn.Linear(n_key, n_query, bias=False)
        self.score = nn.Linear(n_query, 1, bias=False)

    def prepare(self, states: Tensor) -> Tensor:
        """Return what is the same at each step.

        Parameters
        ----------
        states : Tensor of shape (B, M, K)
            The encoder's states.

        Returns
        -------
        Tensor of shape (B, M, Q)
            Their keys.
        """
        return self.key(states)

    def forward(self, query: Tensor, keys: Tensor, values: Tensor, visible: Tensor) -> Tensor:
        """Return the values of an instance as one, weighed by the decoder's state.

        Parameters
        ----------
        query : Tensor of shape (B, Q)
            The decoder's state.
        keys : Tensor of shape (B, M, Q)
            What `prepare` returned.
        values : Tensor of shape (B, M, V)
            What is averaged: the encoder's states, or a linear map of them.
        visible : bool Tensor of shape (B, M)
            Those that may be looked at.

        Returns
        -------
        Tensor of shape (B, V)
            Their mean; zeros where none is visible.
        """
        scores = self._match(query, keys).masked_fill(~visible, HIDDEN)
        weights = scores.softmax(dim=1) * visible  # (B, M)
        return torch.bmm(weights[:, None], values).squeeze(1)

    def _match(self, query: Tensor, keys: Tensor) -> Tensor:
        """Return how well each state (B, M, Q) fits the decoder's (B, Q): (B, M)."""
        return self.score(torch.tanh(self.query(query)[:, None] + keys)).squeeze(2)


class BilinearAttention(AdditiveAttention):
    """Scores s . W h (Luong, Pham and Manning 2015).

    Parameters
    ----------
    n_query : int
        Width of the decoder's state.
    n_key : int
        Width of the encoder's states.
    """

    def __init__(self, n_query: int, n_key: int):
        nn.Module.__init__(self)
        self.key = nn.Linear(n_key, n_query, bias=False)

    def _match(self, query: Tensor, keys: Tensor) -> Tensor:
        """Return how well each state (B, M, Q) fits the decoder's (B, Q): (B, M)."""
        return torch.bmm(keys, query[:, :, None]).squeeze(2)


ATTENTIONS = {"additive": AdditiveAttention, "bilinear": BilinearAttention}
