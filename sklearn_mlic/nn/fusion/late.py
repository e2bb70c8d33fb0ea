"""Each side has its say alone: a product of their odds with learned powers."""

import torch
from torch import Tensor, nn

from sklearn_mlic.nn.fusion.base import Fusion, Text


class Late(Fusion):
    """Weigh the logits of the image's head and of the text, label by label, and add them.

    Choose it to keep the sides apart: a text that tells nothing of a label does that label no
    harm, and a missing side leaves the other one its say. Weights of 1 are the product of the
    sides' odds; each label has two of its own, and a bias for each combination of sides that a
    row may have.

    Parameters
    ----------
    n_image, n_text : int
        Widths of the tokens of an image and of a text.
    n_labels : int
        Number of labels L.
    hidden : int or None, default=None
        Width of a hidden layer on the text's side, behind a layer norm; None leaves it linear.
    dropout : float, default=0.0
        Share of the text's vector that training drops.

    References
    ----------
    Hinton, G. E. (2002). Training products of experts by minimizing contrastive divergence.
    Neural Computation 14(8).
    """

    keeps_means = True
    knows_labels = True

    def __init__(
        self,
        n_image: int,
        n_text: int,
        n_labels: int,
        hidden: int | None = None,
        dropout: float = 0.0,
    ):
        super().__init__(n_image, n_text, n_image)
        for missing in (self.missing_image, self.missing_text):
            missing.requires_grad_(False)  # a missing side has no say: only the bias speaks of it
        # Encoders differ in scale by orders of magnitude: letters are counted, sentence networks
        # give vectors of length 1.
        layers: list[nn.Module] = [nn.LayerNorm(n_text), nn.Dropout(dropout)]
        if hidden is not None:
            layers += [nn.Linear(n_text, hidden), nn.ReLU(), nn.Dropout(dropout)]
        last = nn.Linear(n_text if hidden is None else hidden, n_labels)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.text_head = nn.Sequential(*layers, last)
        self.powers = nn.Parameter(torch.ones(2, n_labels))
        # For text alone, an image alone, both; the model itself sees to rows with neither.
        self.biases = nn.Parameter(torch.zeros(3, n_labels))

    def no_weight_decay(self) -> set[str]:
        """Name the weights that do not decay: the powers, which begin at 1, and the biases.

        Returns
        -------
        set of str
            Names of parameters.
        """
        return {"powers", "biases"}

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

    def finish(self, logits: Tensor, has_image: Tensor, text: Text) -> Tensor:
        """Return the weighted sum of the logits of the sides that a row has.

        Parameters
        ----------
        logits : Tensor of shape (B, L)
            What the head makes of the tokens.
        has_image : Tensor of bool, shape (B,)
            Which rows have an image.
        text : Text
            The text of each row, filled.

        Returns
        -------
        Tensor of shape (B, L)
            One logit a label.
        """
        image = self.powers[0] * logits * has_image[:, None]  # (B, L)
        words = self.powers[1] * self.text_head(text.vector()) * text.is_there[:, None]
        sides = (2 * has_image.long() + text.is_there.long() - 1).clamp(min=0)
        return image + words + self.biases[sides]
