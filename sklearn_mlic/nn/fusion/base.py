"""What all fusions share: a side that a row lacks, and text of several tokens as one vector."""

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Text(NamedTuple):
    """The text of a batch.

    Parameters
    ----------
    tokens : Tensor of shape (B, T, E)
        Its vectors; of a text as a whole there is one.
    is_token : Tensor of bool, shape (B, T)
        False where a place is padding. Each row has a token.
    is_there : Tensor of bool, shape (B,)
        Whether a row has text.
    """

    tokens: Tensor
    is_token: Tensor
    is_there: Tensor

    def vector(self) -> Tensor:
        """Return the mean of each row's tokens.

        Returns
        -------
        Tensor of shape (B, E)
            A vector a text.
        """
        weights = self.is_token / self.is_token.sum(dim=1, keepdim=True)  # (B, T)
        return torch.einsum("bt,bte->be", weights, self.tokens)


class Fusion(nn.Module):
    """From tokens of an image and a text to what a head is given.

    A subclass writes `forward`. A side that a row lacks is a learned vector, which begins at zero:
    that it is missing may itself tell something.

    Parameters
    ----------
    n_image : int
        Width D of the tokens of an image; 0 where there never is one.
    n_text : int
        Width E of the tokens of a text.
    n_features : int
        Width of the tokens that the head is given.

    Attributes
    ----------
    keeps_means : bool
        Whether the mean of what it gives is what it gives for the mean, so that a head which
        pools may be given pooled tokens.
    gives_text : bool
        Whether the head is to take the text itself: it is made with ``n_text``, and its
        ``forward`` names ``text``.
    knows_labels : bool
        Whether it has weights of its own for each label, and so cannot score others.
    """

    keeps_means = False
    gives_text = False
    knows_labels = False

    def __init__(self, n_image: int, n_text: int, n_features: int):
        super().__init__()
        self.n_features = n_features
        self.missing_image = nn.Parameter(torch.zeros(n_image)) if n_image else None
        self.missing_text = nn.Parameter(torch.zeros(n_text))

    def fill_image(self, tokens: Tensor, has_image: Tensor) -> Tensor:
        """Put the vector of a missing image where there is none.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image.
        has_image : Tensor of bool, shape (B,)
            Which rows have one.

        Returns
        -------
        Tensor of shape (B, N, D)
            Tokens for every row.
        """
        return torch.where(has_image[:, None, None], tokens, self.missing_image)

    def fill_text(self, text: Tensor, has_text: Tensor) -> Text:
        """Put the vector of a missing text where there is none, and tell tokens from padding.

        Parameters
        ----------
        text : Tensor of shape (B, E) or (B, T, E)
            A vector a text, or one a token and zeros where there is none.
        has_text : Tensor of bool, shape (B,)
            Which rows have one.

        Returns
        -------
        Text
            Text for every row; a missing one has one token.
        """
        if text.dim() == 2:
            text = text[:, None]  # (B, E) -> (B, 1, E)
        is_token = (text != 0).any(dim=2) & has_text[:, None]  # (B, T)
        is_token[:, 0] |= ~is_token.any(dim=1)
        text = torch.where(has_text[:, None, None], text, self.missing_text)
        return Text(text, is_token, has_text)

    def forward(self, tokens: Tensor, has_image: Tensor, text: Text) -> Tensor:
        """Return what the head is given.

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
        Tensor of shape (B, N, F)
            As many tokens, in the same places.
        """
        raise NotImplementedError

    def finish(self, logits: Tensor, has_image: Tensor, text: Text) -> Tensor:
        """Return the logits of image and text, given what the head says: by default just that.

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
        return logits


class TextAlone(Fusion):
    """No image: the tokens of the text, normalised, are what the head is given.

    Heads know of no padding: its places hold the mean of the tokens, which leaves means as they
    are.

    Parameters
    ----------
    n_text : int
        Width E of the tokens of a text.
    """

    def __init__(self, n_text: int):
        super().__init__(0, n_text, n_text)
        self.norm = nn.LayerNorm(n_text)

    def forward(self, tokens: Tensor | None, has_image: Tensor | None, text: Text) -> Tensor:
        """Return the tokens of the text.

        Parameters
        ----------
        tokens, has_image : None
            There is no image.
        text : Text
            The text of each row, filled.

        Returns
        -------
        Tensor of shape (B, T, E)
            With the mean of a text in the places of its padding.
        """
        text = text._replace(tokens=self.norm(text.tokens))
        return torch.where(text.is_token[:, :, None], text.tokens, text.vector()[:, None])
