"""M3LA: an encoder and a decoder with attention over the modalities of an instance.

Zhu, Y. and Zhang, Y. M3LA: a novel approach based on encoder-decoder with attention framework
for multi-modal multi-label learning.

How this differs from the paper: the argmax of eq. (9) is read straight through (see `selectors`),
with its bias inside the softmax; the first modality, for which the paper has no rule, is chosen
from the start state by the same layer; labels have a sigmoid each, since a softmax over the labels
cannot be near 1 for two of them, which its loss asks for; a block may first be brought to a
width of its own (``embedding_size=None`` is the printed form); blocks may be missing, which
the paper leaves to the future.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from sklearn_mlic.nn.checks import check_choice
from sklearn_mlic.nn.m3la.attention import ATTENTIONS
from sklearn_mlic.nn.m3la.costs import cheapness
from sklearn_mlic.nn.m3la.encoder import BlockInputs, Encoder, gru_step
from sklearn_mlic.nn.m3la.selectors import SELECTORS, Fixed

FIRSTS = ("learned", "fixed")
SUMMARIES = ("last", "mean")
ACTIVATIONS = ("sigmoid", "softmax")
# The least distance of a softmax from 1, so that its log-odds stay finite.
_LEAST = 1e-6


class Reading(NamedTuple):
    """What was read and said at each of the M steps.

    Parameters
    ----------
    logits : Tensor of shape (B, M, L)
        The log-odds of the labels after each step; those of the last step that read something
        stand for the steps behind it.
    order : Tensor of int, shape (B, M)
        The block that was read; -1 where nothing was left.
    """

    logits: Tensor
    order: Tensor


class M3LA(nn.Module):
    """Reads an instance block by block and corrects its labels at each step.

    Parameters
    ----------
    block_sizes : sequence of int
        Widths of the M blocks.
    n_labels : int
        Number of labels L.
    hidden_size : int, default=256
        Width H of the states.
    embedding_size : int or None, default=256
        Width that each block is first brought to; None reads the blocks as they are, as printed.
    dropout : float, default=0.0
        Of the features of a block, and of the state that labels are predicted from.
    modality_dropout : float, default=0.0
        Chance that training hides a block of an instance; one block is always left.
    selector : {"straight_through", "gumbel", "soft", "argmax", "fixed"}
        How the block to read next is chosen.
    first : {"learned", "fixed"}, default="learned"
        Whether the first block is chosen like the others, or is the first of those that are there.
    attention : {"additive", "bilinear"}, default="additive"
        How the decoder's state is matched with those of the encoder.
    summary : {"last", "mean"}, default="last"
        The encoder's state that the decoder starts from: that of the last block that is there, or
        the mean over those.
    label_correlation : bool, default=True
        Whether a prediction sees the one before it.
    label_activation : {"sigmoid", "softmax"}, default="sigmoid"
        From scores to probabilities; the softmax is the printed one.
    serial : bool, default=False
        Whether nothing is known of a block before it is read: the encoder's states are of one
        block each, and the decoder starts from the same state and sees only those read so far.
    costs : sequence of float, optional
        What reading each of the M blocks costs, 0 or more, with ``serial=True``. The block to read
        next is that of the highest share per unit of cost: -log(cost) is added to the scores that
        the selector sees; a fixed order stays. Costs below a thousandth of the highest count as
        that. None adds nothing.

    Raises
    ------
    ValueError
        If a setting is none of these, or `costs` do not fit the blocks or come without `serial`.

    References
    ----------
    Zhu, Y. and Zhang, Y. M3LA: a novel approach based on encoder-decoder with attention framework
    for multi-modal multi-label learning.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.m3la import M3LA
    >>> model = M3LA([4, 3], n_labels=2, hidden_size=8).eval()
    >>> model(torch.zeros(5, 7)).shape
    torch.Size([5, 2])
    >>> sorted(model.read(torch.zeros(5, 7)).order[0].tolist())
    [0, 1]
    """

    precision = "fp32"
    backbone = None

    #: A batch may have no gradient for some weights: those of blocks that were not read.
    leaves_weights_out = True

    def __init__(
        self,
        block_sizes: Sequence[int],
        n_labels: int,
        *,
        hidden_size: int = 256,
        embedding_size: int | None = 256,
        dropout: float = 0.0,
        modality_dropout: float = 0.0,
        selector: str = "straight_through",
        first: str = "learned",
        attention: str = "additive",
        summary: str = "last",
        label_correlation: bool = True,
        label_activation: str = "sigmoid",
        serial: bool = False,
        costs: Sequence[float] | None = None,
    ):
        super().__init__()
        check_choice("selector", selector, SELECTORS)
        check_choice("first", first, FIRSTS)
        check_choice("attention", attention, ATTENTIONS)
        check_choice("summary", summary, SUMMARIES)
        check_choice("label_activation", label_activation, ACTIVATIONS)
        if label_activation == "softmax" and n_labels == 1:
            raise ValueError("label_activation='softmax' needs two labels or more; got 1.")
        if costs is not None and not serial:
            raise ValueError(
                "costs count where a stop leaves blocks unread, with serial=True; got "
                "serial=False. Set serial=True, or leave the costs out."
            )
        self.n_blocks, self.hidden_size = len(block_sizes), hidden_size
        self.modality_dropout = modality_dropout
        self.summary = summary
        self.label_activation = label_activation
        self.serial = serial
        self.inputs = BlockInputs(block_sizes, hidden_size, embedding_size, dropout)
        self.encoder = Encoder(hidden_size, serial)
        n_start = 2 * hidden_size
        self.start = nn.Embedding(1, hidden_size) if serial else nn.Linear(n_start, hidden_size)
        self.attention = ATTENTIONS[attention](hidden_size, 2 * hidden_size)
        self.context = nn.Linear(2 * hidden_size, 3 * hidden_size, bias=False)
        self.recurrent = nn.Linear(hidden_size, 3 * hidden_size)
        self.modality = nn.Linear(hidden_size, self.n_blocks)
        self.selector = SELECTORS[selector]()
        self.first = Fixed() if first == "fixed" else self.selector
        # A setting, not learned: it is not saved, and states without it load as before.
        added = None if costs is None else cheapness(costs, self.n_blocks)
        self.register_buffer("cheapness", added, persistent=False)
        self.dropout = nn.Dropout(dropout)
        self.label = nn.Linear(hidden_size, n_labels)
        # From zero every label starts alike, and the steps as independent classifiers.
        nn.init.zeros_(self.label.weight)
        nn.init.zeros_(self.label.bias)
        self.correlation = nn.Linear(n_labels, n_labels, bias=False) if label_correlation else None
        if label_correlation:
            nn.init.zeros_(self.correlation.weight)

    def forward(
        self, features: Tensor, present: Tensor | None = None, y: Tensor | None = None
    ) -> Tensor:
        """Return the logits of all steps in training, of the last one else.

        Parameters
        ----------
        features : Tensor of shape (B, D)
            The blocks side by side; zeros where a block is missing.
        present : bool Tensor of shape (B, M), optional
            The blocks that are there; all by default.
        y : Tensor of shape (B, L), optional
            Not looked at.

        Returns
        -------
        Tensor of shape (B, M, L), or (B, L) in evaluation
            Log-odds of the labels.
        """
        logits = self.read(features, present).logits
        return logits if self.training else logits[:, -1]

    def read(self, features: Tensor, present: Tensor | None = None) -> Reading:
        """Read every block that is there, one a step.

        Parameters
        ----------
        features : Tensor of shape (B, D)
            The blocks side by side; zeros where a block is missing.
        present : bool Tensor of shape (B, M), optional
            The blocks that are there; all by default.

        Returns
        -------
        Reading
            The logits and the block of each step. A row without any block has logits all the same.
        """
        present = self._present(features, present)
        states, order = self._visit(features, present)  # (B, M, H), (B, M)
        return Reading(self._say(states, order), order)

    def set_labels(self, y: Tensor) -> None:
        """Start each label at its log-odds among the training rows.

        Parameters
        ----------
        y : Tensor of shape (n_samples, L)
            1, 0, and NaN for unknown.
        """
        known = ~y.isnan()
        positive = ((y == 1).sum(dim=0) + 0.5) / (known.sum(dim=0) + 1)
        odds = positive.log() if self.label_activation == "softmax" else positive.logit()
        with torch.no_grad():
            self.label.bias.copy_(odds)

    def label_correlation(self) -> Tensor:
        """Return the matrix of eq. (11).

        Returns
        -------
        Tensor of shape (L, L)
            An entry (i, j) above 0 means that label i supports label j.
        """
        return self.correlation.weight.T.detach()

    def _visit(self, features: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """Eq. (1) to (10): the decoder's state (B, M, H) and the block read (B, M) at each step."""
        to_encoder, to_decoder = self.inputs(features).tensor_split([6 * self.hidden_size], dim=2)
        encoded = self.encoder(to_encoder, present)  # (B, M, 2H)
        # What is the same at each step: of the attention, and of what it adds to the gates.
        keys, values = self.attention.prepare(encoded), self.context(encoded)  # (B, M, 3H)
        state = self._start(encoded, present)  # (B, H)
        unread, visible = present, torch.zeros_like(present) if self.serial else present
        states, order = [], []
        for t in range(self.n_blocks):
            choose = self.selector if t else self.first
            scores = self.modality(state)  # (B, M)
            if self.cheapness is not None:
                scores = scores + self.cheapness
            weights, chosen = choose(scores, unread)  # (B, M) each
            unread, visible = unread & ~chosen, visible | chosen
            seen = self.attention(state, keys, values, visible)  # (B, 3H)
            block = torch.bmm(weights[:, None], to_decoder).squeeze(1)  # (B, 3H)
            new = gru_step(block + seen, self.recurrent(state), state)
            reads = chosen.any(dim=1)
            # Where nothing is left the state stays; but for the first step, so that a row
            # without any block has one too.
            state = torch.where(reads[:, None], new, state) if t else new
            states.append(state)
            order.append(torch.where(reads, chosen.int().argmax(dim=1), -1))
        return torch.stack(states, dim=1), torch.stack(order, dim=1)

    def _say(self, states: Tensor, order: Tensor) -> Tensor:
        """Eq. (11): log-odds (B, M, L) from each state and from what was said before."""
        steps: list[Tensor] = []
        for t, scores in enumerate(self.label(self.dropout(states)).unbind(dim=1)):  # (B, L)
            if t and self.correlation is not None:
                scores = scores + self.correlation(torch.sigmoid(steps[-1]))
            if self.label_activation == "softmax":
                log_prob = scores.log_softmax(dim=1)
                scores = log_prob - torch.log(-torch.expm1(log_prob.clamp(max=-_LEAST)))
            # Where nothing more was read, what was said stays.
            steps.append(torch.where(order[:, t, None] >= 0, scores, steps[-1]) if t else scores)
        return torch.stack(steps, dim=1)

    def _start(self, states: Tensor, present: Tensor) -> Tensor:
        """Eq. (4): the state that the decoder starts from (B, H)."""
        if self.serial:
            return self.start.weight.expand(len(states), -1)
        if self.summary == "last":
            places = torch.arange(self.n_blocks, device=present.device)
            last = (places * present).amax(dim=1)  # the first where none is there
            return self.start(states[torch.arange(len(states), device=last.device), last])
        there = present[:, :, None]
        return self.start((states * there).sum(dim=1) / there.sum(dim=1).clamp(min=1))

    def _present(self, features: Tensor, present: Tensor | None) -> Tensor:
        """The blocks that are there, less those that training hides."""
        if present is None:
            present = features.new_ones(len(features), self.n_blocks, dtype=torch.bool)
        if not self.training or not self.modality_dropout:
            return present
        draw = torch.rand(present.shape, device=present.device)
        kept = present & (draw >= self.modality_dropout)
        # Of the blocks that are there, the one with the highest draw stays.
        last = torch.where(present, draw, -1.0).argmax(dim=1, keepdim=True)
        return kept | (present & torch.zeros_like(present).scatter(1, last, True))
