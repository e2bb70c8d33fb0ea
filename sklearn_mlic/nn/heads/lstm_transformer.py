"""The head of Cho and Lu: the map is read as a sequence by an LSTM and a transformer encoder.

The report leaves open how the map becomes a sequence; each reading is an option here. By default
the positions are the steps, at most 14 x 14 of them, and any size of image will do. The report
gives the encoder the LSTM's last step only, which leaves nothing to attend to; by default here it
gets all steps, and ``attend="last"`` is the report's way. Dropout is 0.5, the better of the two
rates that the report tries.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sklearn_mlic.nn.checks import check_choice, check_grid, check_heads, check_layers
from sklearn_mlic.nn.layers import TracedLSTM

SEQUENCES = ("pixels", "rows", "channels")
ATTENDED = ("sequence", "last")
SUMMARIES = ("last", "mean")


class LSTMTransformerHead(nn.Module):
    """Read the positions of an image in order, by an LSTM and then a transformer encoder.

    Choose it to repeat the CNN-LSTM-Transformer of Cho and Lu, behind ``backbone="plain_cnn"``.
    A sequence is no natural form of an image, and its steps are slow, one after another: else
    begin with another head.

    With one step - ``attend="last"``, or one token an image - attention has nothing to choose
    from: its weights are 1, and no gradient reaches its queries and keys. With one token an image
    none reaches the LSTM's recurrent weights either.

    Parameters
    ----------
    n_features : int
        Width D of a token.
    n_labels : int
        Number of labels L.
    sequence : {"pixels", "rows", "channels"}, default="pixels"
        What is a step of the sequence: a position of the map (h * w steps of D values), a row
        (h steps of w * D values) or a channel (D steps of h * w values). Only with "pixels" the
        head takes maps of any size.
    grid_size : (int, int), optional
        Height and width (h, w) of the map, which "rows" and "channels" need.
    max_side : int or None, default=14
        With "pixels", a map with more rows or columns is averaged to this many. None never does.
    attend : {"sequence", "last"}, default="sequence"
        What goes through the encoder: all steps of the LSTM, or only the last.
    summary : {"last", "mean"}, default="last"
        What stands for the image after the encoder: its last step, or the mean of all.
    n_units : int, default=128
        Width of the LSTM and of the encoder.
    n_layers : int, default=2
        Layers of the encoder.
    n_heads : int, default=4
        Attention heads of the encoder; they divide `n_units`.
    n_hidden : int, default=2048
        Width of the encoder's feed-forward part.
    encoder_dropout : float, default=0.1
        Share that training drops inside the encoder.
    hidden : int, default=1024
        Width of the hidden layer between the summary and the labels.
    dropout : float, default=0.5
        Share of that hidden layer that training drops.
    n_text : int, default=0
        Width of the text's vector that stands beside the summary of the image; 0 for none.

    Raises
    ------
    ValueError
        If a setting is unknown, `n_heads` does not divide `n_units`, or `grid_size` is missing.

    References
    ----------
    Cho, Y. J. and Lu, R. Multi-label image classification. Course report, COMP5329 Deep
    Learning, University of Sydney.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.heads.lstm_transformer import LSTMTransformerHead
    >>> head = LSTMTransformerHead(n_features=64, n_labels=3, n_hidden=32)
    >>> head(torch.zeros(2, 12, 64), grid=(3, 4)).shape
    torch.Size([2, 3])
    """

    def __init__(
        self,
        n_features: int,
        n_labels: int,
        sequence: str = "pixels",
        grid_size: tuple[int, int] | None = None,
        max_side: int | None = 14,
        attend: str = "sequence",
        summary: str = "last",
        n_units: int = 128,
        n_layers: int = 2,
        n_heads: int = 4,
        n_hidden: int = 2048,
        encoder_dropout: float = 0.1,
        hidden: int = 1024,
        dropout: float = 0.5,
        n_text: int = 0,
    ):
        super().__init__()
        check_choice("sequence", sequence, SEQUENCES)
        check_choice("attend", attend, ATTENDED)
        check_choice("summary", summary, SUMMARIES)
        check_heads(n_units, n_heads)
        check_layers("n_layers", n_layers)
        if max_side is not None and max_side < 1:
            raise ValueError(f"max_side={max_side}; expected at least 1, or None for any size.")
        self.sequence, self.max_side = sequence, max_side
        self.attend, self.summary = attend, summary
        self.grid_size = None if grid_size is None else tuple(grid_size)
        step_width = _width_of_step(sequence, n_features, self.grid_size)
        self.lstm = TracedLSTM(step_width, n_units)
        # Without batch_first the encoder would take the images for the steps and let them attend
        # to each other.
        layer = nn.TransformerEncoderLayer(
            n_units, n_heads, n_hidden, encoder_dropout, batch_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, n_layers, enable_nested_tensor=False)
        self.classifier = nn.Sequential(
            nn.Linear(n_units + n_text, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, n_labels),
        )
        self.n_text = n_text

    def forward(self, tokens: Tensor, grid: tuple[int, int], text: Tensor | None = None) -> Tensor:
        """Return the logits of a batch.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image, row by row.
        grid : (int, int)
            Rows and columns (h, w) of the map, with h * w = N.
        text : Tensor of shape (B, n_text), optional
            The texts' vectors, where the head is made for text.

        Returns
        -------
        Tensor of shape (B, L)
            One logit a label.

        Raises
        ------
        ValueError
            If the grid does not hold N tokens, or is not the ``grid_size`` that the head is for.
        """
        steps, _ = self.lstm(self.read_sequence(tokens, grid))  # (B, T, n_units)
        if self.attend == "last":
            steps = steps[:, -1:]  # (B, 1, n_units)
        steps = self.encoder(steps)
        image = steps[:, -1] if self.summary == "last" else steps.mean(dim=1)  # (B, n_units)
        if self.n_text:
            image = torch.cat([image, text], dim=1)  # (B, n_units + n_text)
        return self.classifier(image)

    def read_sequence(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """Return the steps that the LSTM reads.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image, row by row.
        grid : (int, int)
            Rows and columns (h, w) of the map, with h * w = N.

        Returns
        -------
        Tensor of shape (B, T, F)
            T steps of F values.
        """
        check_grid(tokens, grid)
        h, w = grid
        if self.sequence == "pixels":
            return self._shrink(tokens, h, w)
        if (h, w) != self.grid_size:
            raise ValueError(
                f"The head reads {self.sequence!r} of a map of grid_size={self.grid_size} and got "
                f"one of {(h, w)}. Use images of one size, or sequence='pixels' for any."
            )
        if self.sequence == "rows":
            return tokens.reshape(len(tokens), h, -1)  # (B, h * w, D) -> (B, h, w * D)
        return tokens.transpose(1, 2)  # (B, N, D) -> (B, D, N)

    def _shrink(self, tokens: Tensor, h: int, w: int) -> Tensor:
        """Average a map (B, h * w, D) to at most `max_side` rows and columns."""
        if self.max_side is None or max(h, w) <= self.max_side:
            return tokens
        size = min(h, self.max_side), min(w, self.max_side)
        features = tokens.transpose(1, 2).unflatten(2, (h, w))  # (B, D, h, w)
        return F.adaptive_avg_pool2d(features, size).flatten(2).transpose(1, 2)


def _width_of_step(sequence: str, n_features: int, grid_size: tuple[int, int] | None) -> int:
    if sequence == "pixels":
        return n_features
    if grid_size is None:
        raise ValueError(
            f"sequence={sequence!r} needs grid_size=(h, w), the rows and columns of the map, "
            f"which fix the width of a step. Give it, or use sequence='pixels'."
        )
    h, w = grid_size
    return w * n_features if sequence == "rows" else h * w
