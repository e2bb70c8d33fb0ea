"""The recurrent classifier chain: classifier chains (Read et al. 2011) as a network.

After Wang et al. (2016), CNN-RNN: one vector a label is both what the recurrent net reads and what
the logit is taken with, after a projection that joins the recurrent state and the image. What
differs: the paper names the labels of an image one after another and searches for the best path;
here, as in Read et al., each label is asked once, in one order, and the chain also reads the
labels that the image does not have. A GRU takes the LSTM's place.
"""

from collections.abc import Iterable, Sequence
from numbers import Integral

import torch
from torch import Tensor, nn

from sklearn_mlic.nn.checks import check_labels
from sklearn_mlic.nn.layers import TracedGRU
from sklearn_mlic.nn.pooling import PooledHead


class ChainHead(PooledHead):
    """Ask for one label after another; each sees the image and the labels before it.

    Choose it where labels depend on each other beyond what the image shows. In training the true
    labels before it are given; else the head's own decisions, at a probability of 0.5. Early
    mistakes are passed on, so the early labels should be the easy ones. The steps come one after
    another: at 1,000 labels a batch takes some 0.2 s on one core.

    Parameters
    ----------
    n_features : int
        Width D of a token.
    n_labels : int
        Number of labels L.
    order : "frequency" or sequence of int, default="frequency"
        The labels in the order they are asked for: their numbers 0 to L - 1, or "frequency" for
        the most frequent first, which `set_labels` finds out: of the rows that the first fit, or
        the first ``partial_fit``, trains on. Until then it is the order of the columns.
    pool : {"avg", "max", "gem"}, default="avg"
        How the tokens of an image become one vector.
    n_vector : int, default=128
        Width of a label's vector.
    n_units : int, default=128
        Width of the recurrent state.
    dropout : float, default=0.0
        Share of the pooled features that training drops.

    Raises
    ------
    ValueError
        If `order` does not name each label once, or `pool` is unknown.

    References
    ----------
    Wang, J. et al. (2016). CNN-RNN: a unified framework for multi-label image classification.
    CVPR.
    Read, J. et al. (2011). Classifier chains for multi-label classification. Machine Learning 85.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.heads.chain import ChainHead
    >>> head = ChainHead(n_features=64, n_labels=3)
    >>> head.set_labels(torch.tensor([[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]))
    >>> head.order
    tensor([2, 1, 0])
    >>> head(torch.zeros(2, 49, 64)).shape
    torch.Size([2, 3])
    """

    def __init__(
        self,
        n_features: int,
        n_labels: int,
        order: str | Sequence[int] = "frequency",
        pool: str = "avg",
        n_vector: int = 128,
        n_units: int = 128,
        dropout: float = 0.0,
    ):
        super().__init__(pool, dropout)
        self.by_frequency = isinstance(order, str) and order == "frequency"
        columns = torch.arange(n_labels)
        self.register_buffer(
            "order", columns if self.by_frequency else _check_order(order, columns)
        )
        # All that belongs to a label is found by its number, not by its place in the chain.
        self.vectors = nn.Parameter(torch.randn(n_labels, n_vector) / n_vector**0.5)
        self.bias = nn.Parameter(torch.zeros(n_labels))
        self.first_input = nn.Parameter(torch.randn(n_vector) / n_vector**0.5)
        self.first_state = nn.Parameter(torch.zeros(n_units))
        self.gru = TracedGRU(n_vector, n_units)
        self.from_image = nn.Linear(n_features, n_vector)
        self.from_state = nn.Linear(n_units, n_vector, bias=False)

    def set_labels(self, y: Tensor) -> None:
        """Put the most frequent labels first, where the order is "frequency".

        Parameters
        ----------
        y : Tensor of shape (n, L)
            The training labels; NaN where unknown. A label's frequency is the share of the rows
            in which it is known; ties keep the order of the columns.

        Raises
        ------
        ValueError
            If y has another number of labels.
        """
        y = check_labels(y, len(self.order))
        if self.by_frequency:
            frequency = y.nanmean(dim=0).nan_to_num(nan=0.0)  # (L,); 0 where none is known
            self.order.copy_(frequency.argsort(descending=True, stable=True))

    def forward(self, tokens: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the logits of a batch.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image.
        y : Tensor of shape (B, L), optional
            The labels that the chain shall see: 0 to 1, NaN where unknown. Without them it sees
            its own decisions.

        Returns
        -------
        Tensor of shape (B, L)
            One logit a label.
        """
        image = self.from_image(self.pool_image(tokens))  # (B, n_vector)
        chain = self._decide(image) if y is None else self._follow(image, y)
        return chain[:, self.order.argsort()]  # from places in the chain to columns

    def _follow(self, image: Tensor, y: Tensor) -> Tensor:
        """Return the logits (B, L) in the chain's order, given the labels before each."""
        vectors = self.vectors[self.order]  # (L, n_vector)
        values = _signed(y)[:, self.order[:-1], None]  # (B, L - 1, 1)
        first = self.first_input.expand(len(image), 1, -1)
        inputs = torch.cat([first, values * vectors[:-1]], dim=1)  # (B, L, n_vector)
        states, _ = self.gru(inputs, self._first_state(image))  # (B, L, n_units)
        joint = (self.from_state(states) + image[:, None]).relu()  # (B, L, n_vector)
        return (joint * vectors).sum(dim=2) + self.bias[self.order]

    def _decide(self, image: Tensor) -> Tensor:
        """Return the logits (B, L) in the chain's order, given the head's own decisions."""
        vectors, biases = self.vectors[self.order], self.bias[self.order]
        state = self._first_state(image)  # (1, B, n_units)
        read = self.first_input.expand(len(image), -1)  # (B, n_vector)
        logits = []
        for vector, bias in zip(vectors, biases, strict=True):
            _, state = self.gru(read[:, None], state)
            joint = (self.from_state(state[0]) + image).relu()  # (B, n_vector)
            logits.append(joint @ vector + bias)  # (B,)
            decided = (logits[-1] >= 0).to(vector.dtype)  # p >= 0.5
            read = _signed(decided)[:, None] * vector
        return torch.stack(logits, dim=1)

    def _first_state(self, image: Tensor) -> Tensor:
        return self.first_state.expand(1, len(image), -1).contiguous()  # (1, B, n_units)


def _signed(y: Tensor) -> Tensor:
    """Return 1 for a label that is there, -1 for one that is not, 0 for an unknown one."""
    return (2 * y - 1).nan_to_num(nan=0.0)


def _check_order(order: str | Sequence[int], columns: Tensor) -> Tensor:
    """Return the order as a tensor (L,) that names each of the columns once."""
    numbers = order.tolist() if hasattr(order, "tolist") else order
    given = list(numbers) if isinstance(numbers, Iterable) else []
    if not all(isinstance(j, Integral) for j in given) or sorted(given) != columns.tolist():
        raise ValueError(
            f"order={order!r}; expected 'frequency' or the label numbers 0 to "
            f"{len(columns) - 1}, each once."
        )
    return torch.tensor([int(j) for j in given])
