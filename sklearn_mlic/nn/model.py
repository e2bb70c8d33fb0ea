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
    precision : {"fp32", "bf16", "fp16"}, default="fp32"
        Precision of the backbone. The head always runs in float32: half-precision logits have
        too few digits to rank by.
    """

    def __init__(self, backbone: Backbone | None, head: nn.Module, precision: str = "fp32"):
        super().__init__()
        self.backbone = backbone
        self.head = head
        self.precision = precision

    def forward(
        self,
        image: Tensor | None = None,
        features: Tensor | None = None,
        tokens: Tensor | None = None,
    ) -> Tensor:
        """Return the logits of a batch of images, of feature vectors or of tokens.

        Parameters
        ----------
        image : Tensor of shape (B, 3, H, W), optional
            RGB, uint8 in 0..255 or float in 0..1.
        features : Tensor of shape (B, D), optional
            Used where there is no image: one token each.
        tokens : Tensor of shape (B, N, D), optional
            What the backbone gave for these images before; it is not run then.

        Returns
        -------
        Tensor of shape (B, L)
            One logit a label, in float32.
        """
        if tokens is None:
            tokens = features[:, None] if image is None else self.embed(image)  # (B, N, D)
        return self.head(tokens.float())  # (B, L)

    def embed(self, image: Tensor) -> Tensor:
        """Return the tokens of a batch of images, in the model's precision.

        Parameters
        ----------
        image : Tensor of shape (B, 3, H, W)
            RGB, uint8 in 0..255 or float in 0..1.

        Returns
        -------
        Tensor of shape (B, N, D)
            What `forward` takes as `tokens`.
        """
        with autocast(image.device, self.precision):
            return self.backbone(image)

    def label_maps(self, image: Tensor) -> Tensor:
        """Return where in each image each label is seen.

        Parameters
        ----------
        image : Tensor of shape (B, 3, H, W)
            RGB, uint8 in 0..255 or float in 0..1.

        Returns
        -------
        Tensor of shape (B, L, h, w)
            The logit that each position of the map would give alone, in float32.

        Raises
        ------
        TypeError
            If the head has no such maps, or the model has no backbone.
        """
        if self.backbone is None:
            raise TypeError("A model of feature vectors has no maps; fit it on images.")
        if not hasattr(self.head, "label_maps"):
            raise TypeError(
                f"{type(self.head).__name__} mixes the positions of an image and has no map a "
                f"label. Use head='linear'."
            )
        with autocast(image.device, self.precision):
            features = self.backbone.feature_map(image)  # (B, D, h, w)
        tokens = features.flatten(2).transpose(1, 2).float()  # (B, N, D)
        return self.head.label_maps(tokens).unflatten(2, features.shape[2:])  # (B, L, h, w)
