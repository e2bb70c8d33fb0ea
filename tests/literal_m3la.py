"""M3LA as its equations are printed, every block a vector of the full width; and small cases."""

import torch
from torch import nn

from heads import stir
from sklearn_mlic.nn.m3la import M3LA
from sklearn_mlic.nn.m3la.attention import BilinearAttention

SIZES = [4, 3, 5, 2]
N_LABELS = 3


class LiteralM3LA(nn.Module):
    """Read with torch's own GRUs what `sklearn_mlic.nn.m3la.M3LA` reads block by block.

    Parameters
    ----------
    model : M3LA
        With ``embedding_size=None``; its weights are copied.
    """

    def __init__(self, model):
        super().__init__()
        sizes, width = model.inputs.block_sizes, model.hidden_size
        n_features = sum(sizes)
        self.sizes = sizes
        self.encoder = nn.GRU(n_features, width, batch_first=True, bidirectional=True)
        self.decoder = nn.GRUCell(n_features + 2 * width, width)
        self.rest = nn.ModuleDict(
            {name: getattr(model, name) for name in ("start", "attention", "modality", "label")}
        )
        self.correlation, self.selector = model.correlation, model.selector
        self.summary = model.summary
        weights = torch.cat([p.weight for p in model.inputs.projections], dim=1)  # (9H, D)
        forward, backward, decoder = weights.split(3 * width)
        biases = model.inputs.bias.split(3 * width)
        with torch.no_grad():
            self.encoder.weight_ih_l0.copy_(forward)
            self.encoder.weight_ih_l0_reverse.copy_(backward)
            self.encoder.bias_ih_l0.copy_(biases[0])
            self.encoder.bias_ih_l0_reverse.copy_(biases[1])
            self.encoder.weight_hh_l0.copy_(model.encoder.weight[0].T)
            self.encoder.weight_hh_l0_reverse.copy_(model.encoder.weight[1].T)
            self.encoder.bias_hh_l0.copy_(model.encoder.bias[0, 0])
            self.encoder.bias_hh_l0_reverse.copy_(model.encoder.bias[1, 0])
            self.decoder.weight_ih.copy_(torch.cat([decoder, model.context.weight], dim=1))
            self.decoder.bias_ih.copy_(biases[2])
            self.decoder.weight_hh.copy_(model.recurrent.weight)
            self.decoder.bias_hh.copy_(model.recurrent.bias)

    def forward(self, features, blocks=None):
        """Return the logits (B, T, L) of T steps over the blocks of these numbers, or all."""
        blocks = list(range(len(self.sizes))) if blocks is None else blocks
        padded = torch.zeros(len(features), len(blocks), features.shape[1])  # (B, T, D)
        starts = [sum(self.sizes[:k]) for k in range(len(self.sizes))]
        for place, k in enumerate(blocks):
            own = slice(starts[k], starts[k] + self.sizes[k])
            padded[:, place, own] = features[:, own]
        states, _ = self.encoder(padded)  # (B, T, 2H)
        start = states[:, -1] if self.summary == "last" else states.mean(dim=1)
        state = self.rest["start"](start)
        unread = torch.ones(len(features), len(blocks), dtype=torch.bool)
        y_prob, logits = None, []
        for _ in blocks:
            shares = self._match(state, states).softmax(dim=1)  # (B, T)
            seen = (shares[:, :, None] * states).sum(dim=1)  # (B, 2H)
            weights, chosen = self.selector(self.rest["modality"](state)[:, blocks], unread)
            unread = unread & ~chosen
            read = torch.bmm(weights[:, None], padded).squeeze(1)  # (B, D)
            state = self.decoder(torch.cat([read, seen], dim=1), state)
            said = self.rest["label"](state)
            if y_prob is not None and self.correlation is not None:
                said = said + y_prob @ self.correlation.weight.T
            y_prob = torch.sigmoid(said)
            logits.append(said)
        return torch.stack(logits, dim=1)

    def _match(self, state, states):
        """Return the scores (B, T) of the encoder's states for the decoder's."""
        attention = self.rest["attention"]
        if isinstance(attention, BilinearAttention):
            return torch.einsum("bq,qk,btk->bt", state, attention.key.weight, states)
        keys = states @ attention.key.weight.T + attention.query(state)[:, None]
        return torch.tanh(keys) @ attention.score.weight[0]


def make(**settings):
    """A stirred network of small size, in evaluation mode."""
    settings = {"hidden_size": 8, "embedding_size": 6, **settings}
    return stir(M3LA(SIZES, N_LABELS, **settings))


def draw(n_rows=20):
    """Features, and which blocks are there: of the first row all, of the second none."""
    present = torch.rand(n_rows, len(SIZES)) < 0.6
    present[0], present[1] = True, False
    return torch.randn(n_rows, sum(SIZES)), present
