"""What each logit owes to each token: maps for heads that have none of their own.

Draelos, R. L. and Carin, L. (2020). Use HiResCAM instead of Grad-CAM for faithful explanations of
convolutional neural networks. arXiv:2011.08891. Here at the tokens that the head takes, and with
the sign kept: what speaks against a label is below zero.
"""

from collections.abc import Callable

import torch
from torch import Tensor


def gradient_maps(score: Callable[[Tensor], Tensor], tokens: Tensor) -> Tensor:
    """Return the gradient of each logit times the tokens, summed over their width.

    Where the logits are linear in the tokens, they are the sums of these maps but for the bias.
    One backward pass a label.

    Parameters
    ----------
    score : callable
        From tokens (B, N, D) to logits (B, L), each image on its own.
    tokens : Tensor of shape (B, N, D)
        The tokens of each image.

    Returns
    -------
    Tensor of shape (B, L, N)
        One map a label.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.gradient_maps import gradient_maps
    >>> gradient_maps(lambda tokens: 2 * tokens.sum(1), torch.tensor([[[1.0], [3.0]]]))
    tensor([[[2., 6.]]])
    """
    with torch.enable_grad():
        tokens = tokens.detach().requires_grad_()
        totals = score(tokens).sum(dim=0)  # (L,): no image has a part in another's logits
        maps = []
        for j, total in enumerate(totals):
            (slope,) = torch.autograd.grad(total, tokens, retain_graph=j + 1 < len(totals))
            maps.append((slope * tokens).sum(dim=2))  # (B, N)
    return torch.stack(maps, dim=1).detach()  # (B, L, N)
