"""From the blocks of an instance to one state a block."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class BlockInputs(nn.Module):
    """What each block adds to the gates of the three recurrent networks.

    As printed, a block is read as a vector of the width of all blocks, zero elsewhere. The
    product of that with the input weights of a network is the product of the block with its own
    share of them, and is the same whenever the block is read: so it is computed here, once an
    instance, for the encoder's two directions and the decoder.

    Parameters
    ----------
    block_sizes : sequence of int
        Widths of the M blocks.
    hidden_size : int
        Width H of the states.
    embedding_size : int or None
        Width that each block is first brought to, by dropout, a linear map and tanh. None reads
        the blocks as they are.
    dropout : float
        Of the features of a block.
    """

    def __init__(
        self,
        block_sizes: Sequence[int],
        hidden_size: int,
        embedding_size: int | None,
        dropout: float,
    ):
        super().__init__()
        self.block_sizes = list(block_sizes)
        self.dropout = nn.Dropout(dropout)
        widths = self.block_sizes
        self.embeddings = None
        if embedding_size is not None:
            self.embeddings = nn.ModuleList(nn.Linear(n, embedding_size) for n in widths)
            widths = [embedding_size] * len(widths)
        self.projections = nn.ModuleList(nn.Linear(n, 9 * hidden_size, bias=False) for n in widths)
        self.bias = nn.Parameter(torch.zeros(9 * hidden_size))

    def forward(self, features: Tensor) -> Tensor:
        """Return the gates' inputs.

        Parameters
        ----------
        features : Tensor of shape (B, D)
            The blocks side by side.

        Returns
        -------
        Tensor of shape (B, M, 9H)
            For each block, the gates of the forward and the backward encoder and the decoder.
        """
        blocks = [self.dropout(block) for block in features.split(self.block_sizes, dim=1)]
        if self.embeddings is not None:
            pairs = zip(self.embeddings, blocks, strict=True)
            blocks = [torch.tanh(embed(block)) for embed, block in pairs]
        pairs = zip(self.projections, blocks, strict=True)
        return torch.stack([project(block) for project, block in pairs], dim=1) + self.bias


class Encoder(nn.Module):
    """A GRU over the blocks in each direction; their states side by side (eq. 1 to 3).

    The printed eq. (2) goes on from the state of the block before; a backward network goes on
    from the block behind, which is meant and done here.

    Parameters
    ----------
    hidden_size : int
        Width H of the states.
    serial : bool, default=False
        Whether each block is encoded alone, from a state of zeros, so that its state tells
        nothing of the others.
    """

    def __init__(self, hidden_size: int, serial: bool = False):
        super().__init__()
        self.hidden_size = hidden_size
        self.serial = serial
        self.bias = nn.Parameter(torch.zeros(2, 1, 3 * hidden_size))
        if not serial:
            self.weight = nn.Parameter(torch.empty(2, hidden_size, 3 * hidden_size))
            nn.init.uniform_(self.weight, -(hidden_size**-0.5), hidden_size**-0.5)

    def forward(self, inputs: Tensor, present: Tensor) -> Tensor:
        """Return the states; a block that is missing has that of the one before it.

        Parameters
        ----------
        inputs : Tensor of shape (B, M, 6H)
            The gates' inputs, forward and backward.
        present : bool Tensor of shape (B, M)
            The blocks that are there.

        Returns
        -------
        Tensor of shape (B, M, 2H)
            One state a block.
        """
        batch, n_blocks, _ = inputs.shape
        state = inputs.new_zeros(2, batch, self.hidden_size)
        if self.serial:
            gates = inputs.unflatten(2, (2, -1)).movedim(2, 0)  # (2, B, M, 3H)
            states = gru_step(gates, self.bias[:, None], torch.zeros_like(gates[..., :1]))
            return torch.cat(list(states), dim=2)
        forward, backward = inputs.unflatten(2, (2, -1)).unbind(2)  # (B, M, 3H)
        there = present[:, :, None]  # (B, M, 1)
        found = []
        for k in range(n_blocks):
            gates = torch.stack([forward[:, k], backward[:, -1 - k]])  # (2, B, 3H)
            new = gru_step(gates, torch.baddbmm(self.bias, state, self.weight), state)
            state = torch.where(torch.stack([there[:, k], there[:, -1 - k]]), new, state)
            found.append(state)
        states = torch.stack(found, dim=2)  # (2, B, M, H)
        return torch.cat([states[0], states[1].flip(1)], dim=2)


def gru_step(inputs: Tensor, recurrent: Tensor, state: Tensor) -> Tensor:
    """Return the next state of a gated recurrent unit, in torch's order of the gates.

    Parameters
    ----------
    inputs, recurrent : Tensor of shape (..., 3H)
        What input and state add to the reset gate, the update gate and the candidate.
    state : Tensor of shape (..., H)
        The state before.

    Returns
    -------
    Tensor of shape (..., H)
        The state after.
    """
    i_gates, i_new = inputs.tensor_split([inputs.shape[-1] // 3 * 2], dim=-1)
    h_gates, h_new = recurrent.tensor_split([recurrent.shape[-1] // 3 * 2], dim=-1)
    reset, update = torch.sigmoid(i_gates + h_gates).chunk(2, dim=-1)
    new = torch.tanh(torch.addcmul(i_new, reset, h_new))
    return torch.lerp(new, state.expand_as(new), update)
