"""Class-specific residual attention (Zhu and Wu 2021).

It differs from the authors' code in that each label has a bias, which rare labels need; that
classifiers are divided by their length only on request; and that those which are not start from
zero, as in the linear head.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Softmax temperatures of each number of heads; infinity takes the highest score.
TEMPERATURES = {
    1: (1,),
    2: (1, torch.inf),
    4: (1, 2, 4, torch.inf),
    6: (1, 2, 3, 4, 5, torch.inf),
    8: (1, 2, 3, 4, 5, 6, 7, torch.inf),
}


class CSRAHead(nn.Module):
    """Score each token for each label; the mean score, and more for where the label is seen.

    Choose it as the next thing after :class:`LinearHead`: one classifier more for each further
    head is all that it adds, and it tells where labels are. With scores s of the tokens, a head
    gives ``mean(s) + lam * sum(softmax(T * s) * s)``; the logit is the sum of the heads.

    Parameters
    ----------
    n_features : int
        Width D of a token.
    n_labels : int
        Number of labels L.
    n_heads : {1, 2, 4, 6, 8}, default=1
        Heads, each with classifiers and a temperature T of its own: 1; 1 and infinity; 1, 2, 4
        and infinity; and so on. The last takes the highest score.
    lam : float, default=0.1
        Weight of the attention. 0 leaves average pooling.
    normalize : bool, default=False
        Whether scores are divided by the length of their classifier, as in the authors' code;
        the paper's formula does not. A logit is then at most as large as the tokens are long:
        take it only behind backbones whose tokens are long, such as a ResNet-101's.
    dropout : float, default=0.0
        Share of the token's features that training drops.

    Raises
    ------
    ValueError
        If no temperatures are known for `n_heads`, or `lam` is negative or infinite.

    References
    ----------
    Zhu, K. and Wu, J. (2021). Residual attention: a simple but effective method for multi-label
    recognition. ICCV.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.heads.csra import CSRAHead
    >>> CSRAHead(n_features=64, n_labels=3, n_heads=4)(torch.zeros(2, 49, 64)).shape
    torch.Size([2, 3])
    """

    def __init__(
        self,
        n_features: int,
        n_labels: int,
        *,
        n_heads: int = 1,
        lam: float = 0.1,
        normalize: bool = False,
        dropout: float = 0.0,
    ):
        super().__init__()
        if n_heads not in TEMPERATURES:
            raise ValueError(
                f"n_heads={n_heads!r}; expected one of {list(TEMPERATURES)}, for which Zhu and Wu "
                f"give temperatures."
            )
        if not 0 <= lam < torch.inf:
            raise ValueError(f"lam={lam!r}; expected a finite number of at least 0.")
        self.temperatures = TEMPERATURES[n_heads]
        self.lam = lam
        self.normalize = normalize
        self.dropout = nn.Dropout(dropout)
        # From zero no noise goes into a pretrained backbone; what is divided needs a length.
        start = torch.randn if normalize else torch.zeros
        self.weight = nn.Parameter(start(n_heads, n_labels, n_features) * n_features**-0.5)
        self.bias = nn.Parameter(torch.zeros(n_labels))

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
        """
        logits = self.bias
        scores = self._scores(self.dropout(tokens))
        for one, temperature in zip(scores, self.temperatures, strict=True):  # (B, L, N)
            if temperature == torch.inf:
                attended = one.amax(dim=-1)
            else:
                attended = (F.softmax(temperature * one, dim=-1) * one).sum(dim=-1)
            logits = logits + one.mean(dim=-1) + self.lam * attended  # (B, L)
        return logits

    def label_maps(self, tokens: Tensor) -> Tensor:
        """Return the score of each token for each label.

        Parameters
        ----------
        tokens : Tensor of shape (B, N, D)
            The tokens of each image.

        Returns
        -------
        Tensor of shape (B, L, N)
            Mean of the heads' scores.
        """
        return self._scores(tokens).mean(dim=0)  # (H, B, L, N) -> (B, L, N)

    def _scores(self, tokens: Tensor) -> Tensor:
        """Return the scores of each head, (H, B, L, N)."""
        weight = F.normalize(self.weight, dim=-1) if self.normalize else self.weight
        return weight[:, None] @ tokens.transpose(1, 2)  # (H, 1, L, D) @ (B, D, N)
