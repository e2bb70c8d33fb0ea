"""The text's vector beside the image's: Chen, Poon and Yang (2025); Cho and Lu.

Chen, Poon and Yang put captions beside the features of EfficientNet-B4; how is not said, and the
plainest reading is ``hidden=None``: both side by side in front of one linear layer. By default the
text is first brought to the scale and about the width of an image. Cho and Lu put letter trigrams
beside the summary of an image that their LSTM and transformer make.
"""

import torch
from torch import Tensor, nn

from sklearn_mlic.nn.fusion.base import Fusion, Text


class Concat(Fusion):
    """Put the text beside each token of the image.

    Choose it first, with any head; of a head that pools it makes image and text side by side.

    Parameters
    ----------
    n_image, n_text : int
        Widths of the tokens of an image and of a text.
    n_labels : int
        Number of labels; of no account.
    hidden : int or None, default=256
        Width that a layer norm, a linear layer and ReLU bring the text to; None leaves it as it is.
    dropout : float, default=0.3
        Share of both sides that training drops.

    References
    ----------
    Chen, T., Poon, K. N. A. and Yang, Z. (2025). Course report, COMP5329 Deep Learning,
    University of Sydney.
    """

    keeps_means = True

    def __init__(
        self,
        n_image: int,
        n_text: int,
        n_labels: int,
        hidden: int | None = 256,
        dropout: float = 0.3,
    ):
        super().__init__(n_image, n_text, n_image + (n_text if hidden is None else hidden))
        layers: list[nn.Module] = []
        if hidden is not None:
            layers = [nn.LayerNorm(n_text), nn.Linear(n_text, hidden), nn.ReLU()]
        self.project = nn.Sequential(*layers)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor, has_image: Tensor, text: Text) -> Tensor:
        """Return tokens whose last values are the text's.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image, filled.
        has_image : Tensor of bool, shape (B,)
            Which rows have one.
        text : Text
            The text of each row, filled.

        Returns
        -------
        Tensor of shape (B, N, D + H)
            H is the width of the text's vector behind its layers.
        """
        # Dropped alike at all places, as a pooled vector would be.
        tokens = tokens * self.dropout(torch.ones_like(tokens[:, :1]))
        beside = self.dropout(self.project(text.vector()))  # (B, H)
        return torch.cat([tokens, beside[:, None].expand(-1, tokens.shape[1], -1)], dim=2)


class SummaryConcat(Fusion):
    """Leave the tokens to the head, which puts the text beside its summary of the image.

    Choose it with ``head="lstm_transformer"``, the network of Cho and Lu, or with a head of your
    own that takes ``n_text`` and whose ``forward`` names ``text``.

    Parameters
    ----------
    n_image, n_text : int
        Widths of the tokens of an image and of a text.
    n_labels : int
        Number of labels; of no account.

    References
    ----------
    Cho, Y. J. and Lu, R. Multi-label image classification. Course report, COMP5329 Deep
    Learning, University of Sydney.
    """

    gives_text = True

    def __init__(self, n_image: int, n_text: int, n_labels: int):
        super().__init__(n_image, n_text, n_image)

    def forward(self, tokens: Tensor, has_image: Tensor, text: Text) -> Tensor:
        """Return the tokens as they are.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image, filled.
        has_image : Tensor of bool, shape (B,)
            Which rows have one.
        text : Text
            The text of each row, filled.

        Returns
        -------
        Tensor of shape (B, N, D)
            `tokens` itself.
        """
        return tokens
