"""A backbone and a head as one network."""

from torch import Tensor, nn

from sklearn_mlic.nn.backbones import Backbone
from sklearn_mlic.nn.runtime import autocast


class ImageModel(nn.Module):
    """Backbone and head; the names of `forward`'s arguments are the keys of a batch.

    Parameters
    ----------
    backbone : Backbone or None
        From pixels to tokens. None when the features are given.
    head : nn.Module
        From tokens (B, N, D) to logits (B, L).
    precision : {"fp32", "bf16"}, default="fp32"
        Precision of the backbone. The head always runs in float32: bfloat16 logits have too
        few digits to rank by.
    """

    def __init__(self, backbone: Backbone | None, head: nn.Module, precision: str = "fp32"):
        super().__init__()
        self.backbone = backbone
        self.head = head
        self.precision = precision

    def forward(self, image: Tensor | None = None, features: Tensor | None = None) -> Tensor:
        """Return the logits of a batch of images or of feature vectors.

        Parameters
        ----------
        image : Tensor of shape (B, 3, H, W), optional
            RGB, uint8 in 0..255 or float in 0..1.
        features : Tensor of shape (B, D), optional
            Used where there is no image: one token each.

        Returns
        -------
        Tensor of shape (B, L)
            One logit a label, in float32.
        """
        if image is None:
            tokens = features[:, None]  # (B, D) -> (B, 1, D)
        else:
            with autocast(image.device, self.precision):
                tokens = self.backbone(image)  # (B, N, D)
        return self.head(tokens.float())  # (B, L)
