"""A head with hidden layers, as the plain convolutional networks end in."""

from collections.abc import Sequence
from itertools import pairwise
from numbers import Integral

from torch import Tensor, nn


class MLPHead(nn.Module):
    """Flatten the tokens of an image and map them through hidden layers to the labels.

    Choose it behind a small network trained from scratch, or for VGG's classifier; behind a
    pretrained network :class:`LinearHead` is as good and cannot overfit as much. The convolutional
    networks of Cho and Lu and of Chen, Poon and Yang (2025) end in it.

    Parameters
    ----------
    n_features : int
        Width D of a token.
    n_labels : int
        Number of labels L.
    n_tokens : int, default=1
        Tokens N of an image, which are flattened: each position has weights of its own. With 1,
        any number of tokens is averaged first.
    hidden : int or sequence of int, default=1024
        Width of each hidden layer.
    dropout : float, default=0.5
        Share of each hidden layer that training drops.

    References
    ----------
    Cho, Y. J. and Lu, R. Multi-label image classification. Course report, COMP5329 Deep
    Learning, University of Sydney.
    Chen, T., Poon, K. N. A. and Yang, Z. (2025). Course report, COMP5329 Deep Learning,
    University of Sydney.
    Simonyan, K. and Zisserman, A. (2015). Very deep convolutional networks for large-scale
    image recognition. ICLR.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.heads import MLPHead
    >>> head = MLPHead(n_features=64, n_labels=3, n_tokens=16, hidden=(32, 32))
    >>> head(torch.zeros(2, 16, 64)).shape
    torch.Size([2, 3])
    """

    def __init__(
        self,
        n_features: int,
        n_labels: int,
        n_tokens: int = 1,
        hidden: int | Sequence[int] = 1024,
        dropout: float = 0.5,
    ):
        super().__init__()
        self.n_tokens = n_tokens
        self.token_reduction = "avg" if n_tokens == 1 else None
        widths = [n_tokens * n_features, *([hidden] if isinstance(hidden, Integral) else hidden)]
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise(widths):
            layers += [nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], n_labels))

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits of a batch.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image.

        Returns
        -------
        Tensor of shape (B, L)
            One logit a label.

        Raises
        ------
        ValueError
            If N is not ``n_tokens``, and that is not 1.
        """
        return self.layers(self.reduce_tokens(tokens).flatten(1))  # (B, n_tokens * D) -> (B, L)

    def reduce_tokens(self, tokens: Tensor) -> Tensor:
        """Return the least of the tokens that gives the same logits.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image.

        Returns
        -------
        Tensor of shape (B, n_tokens, D)
            The mean of the tokens where ``n_tokens`` is 1, else all of them.
        """
        if self.n_tokens == 1:
            return tokens.mean(dim=1, keepdim=True)  # (B, N, D) -> (B, 1, D)
        if tokens.shape[1] != self.n_tokens:
            raise ValueError(
                f"The head takes n_tokens={self.n_tokens} tokens an image and got "
                f"{tokens.shape[1]}. Pass head_params={{'n_tokens': {tokens.shape[1]}}}, or 1 for "
                f"their mean, or images of another size."
            )
        return tokens
