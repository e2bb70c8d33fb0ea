"""Gated multimodal units: Arevalo, Solorio, Montes-y-Gómez and González (2017).

The paper gates one vector an image; here each token has a gate of its own.
"""

import torch
from torch import Tensor, nn

from sklearn_mlic.nn.fusion.base import Fusion, Text


class Gated(Fusion):
    """Let each value come from the image or from the text, as both together decide.

    Choose it where one of the sides is often beside the point. Where one is missing, the gate is
    shut on it.

    Parameters
    ----------
    n_image, n_text : int
        Widths of the tokens of an image and of a text.
    n_labels : int
        Number of labels; of no account.
    width : int, default=512
        Width of the tokens that are given to the head.
    dropout : float, default=0.3
        Share of the gated values that training drops.

    References
    ----------
    Arevalo, J., Solorio, T., Montes-y-Gómez, M. and González, F. A. (2017). Gated multimodal
    units for information fusion. ICLR workshop.
    """

    def __init__(
        self, n_image: int, n_text: int, n_labels: int, width: int = 512, dropout: float = 0.3
    ):
        super().__init__(n_image, n_text, width)
        self.norm = nn.LayerNorm(n_text)
        self.from_image = nn.Linear(n_image, width)
        self.from_text = nn.Linear(n_text, width)
        self.gate_image = nn.Linear(n_image, width)
        self.gate_text = nn.Linear(n_text, width, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor, has_image: Tensor, text: Text) -> Tensor:
        """Return what the gates let through.

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
        Tensor of shape (B, N, width)
            Values between -1 and 1 before dropout.
        """
        vector = self.norm(text.vector())[:, None]  # (B, 1, E)
        share = torch.sigmoid(self.gate_image(tokens) + self.gate_text(vector))  # (B, N, width)
        # Where a side is missing the other has it all; where both are, the gate decides.
        image_only, text_only = has_image & ~text.is_there, text.is_there & ~has_image
        share = torch.where(image_only[:, None, None], 1.0, share)
        share = torch.where(text_only[:, None, None], 0.0, share)
        image, beside = torch.tanh(self.from_image(tokens)), torch.tanh(self.from_text(vector))
        return self.dropout(share * image + (1 - share) * beside)
