"""Tokens of image and text in one sequence, which look at each other before the head."""

import torch
from torch import Tensor, nn

from sklearn_mlic.nn.checks import check_heads, check_layers
from sklearn_mlic.nn.fusion.base import Fusion, Text


class CrossAttention(Fusion):
    """Let the tokens of an image and of its text look at each other.

    Choose it for text whose words belong to places, with a text encoder that gives a vector a
    token (``TextEmbedder(output="tokens")``), and for some thousand rows or more. The head is
    given the image's places, so that maps and heads that know of places work as without text.

    Parameters
    ----------
    n_image, n_text : int
        Widths of the tokens of an image and of a text.
    n_labels : int
        Number of labels; of no account.
    width : int, default=256
        Width d of all tokens from here on.
    n_heads : int, default=4
        Attention heads; they divide the width.
    n_hidden : int, default=512
        Width of the feed-forward parts.
    n_layers : int, default=1
        Encoder layers.
    dropout : float, default=0.1
        Share that training drops.
    """

    def __init__(
        self,
        n_image: int,
        n_text: int,
        n_labels: int,
        width: int = 256,
        n_heads: int = 4,
        n_hidden: int = 512,
        n_layers: int = 1,
        dropout: float = 0.1,
    ):
        super().__init__(n_image, n_text, width)
        check_heads(width, n_heads)
        check_layers("n_layers", n_layers)
        self.from_image = nn.Sequential(nn.Linear(n_image, width), nn.LayerNorm(width))
        self.from_text = nn.Sequential(nn.Linear(n_text, width), nn.LayerNorm(width))
        # What tells the sides apart.
        self.side = nn.Parameter(torch.randn(2, width) * 0.02)
        layer = nn.TransformerEncoderLayer(width, n_heads, n_hidden, dropout, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, n_layers, enable_nested_tensor=False)

    def no_weight_decay(self) -> set[str]:
        """Name the weights that do not decay: the vectors of the sides.

        Returns
        -------
        set of str
            Names of parameters.
        """
        return {"side"}

    def forward(self, tokens: Tensor, has_image: Tensor, text: Text) -> Tensor:
        """Return tokens in the image's places, which have looked at the text.

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
        Tensor of shape (B, N, d)
            As many as those of the image.
        """
        n_tokens = tokens.shape[1]
        image = self.from_image(tokens) + self.side[0]  # (B, N, d)
        words = self.from_text(text.tokens) + self.side[1]  # (B, T, d)
        # Padding is not looked at; a missing side is, by the one vector that stands for it.
        ignored = torch.cat([text.is_token.new_zeros(len(tokens), n_tokens), ~text.is_token], dim=1)
        joined = self.layers(torch.cat([image, words], dim=1), src_key_padding_mask=ignored)
        return joined[:, :n_tokens]
