"""A backbone, a fusion with text, and a head as one network."""

import torch
from torch import Tensor, nn

from sklearn_mlic.nn.backbones import Backbone
from sklearn_mlic.nn.fusion import Fusion, Text
from sklearn_mlic.nn.model import ImageModel


class ImageTextModel(ImageModel):
    """Backbone, fusion and head; the names of `forward`'s arguments are the keys of a batch.

    A row may lack its image, its text or both. The backbone runs on the images that are there;
    a row with neither side is given the frequencies of the labels.

    Parameters
    ----------
    backbone : Backbone or None
        From pixels to tokens; None for text alone.
    fusion : Fusion
        From tokens and text to what the head is given.
    n_labels : int
        Number of labels L.
    head : nn.Module
        From tokens (B, N, F) to logits (B, L).
    precision : {"fp32", "bf16", "fp16"}, default="fp32"
        Precision of the backbone; all behind it runs in float32.
    modality_dropout : float, default=0.0
        Share of the rows with both sides that lose one of them in training, either with the same
        chance: so the network learns to do without.
    """

    #: A batch may have no gradient for some weights: those of rows without a text.
    leaves_weights_out = True

    def __init__(
        self,
        backbone: Backbone | None,
        fusion: Fusion,
        n_labels: int,
        head: nn.Module,
        precision: str = "fp32",
        modality_dropout: float = 0.0,
    ):
        super().__init__(backbone, head, precision)
        self.fusion = fusion
        self.modality_dropout = modality_dropout
        self.register_buffer("prior", torch.zeros(n_labels))  # log-odds (L,)

    def forward(
        self,
        image: Tensor | None = None,
        has_image: Tensor | None = None,
        text: Tensor | None = None,
        has_text: Tensor | None = None,
        tokens: Tensor | None = None,
        y: Tensor | None = None,
        label_vectors: Tensor | None = None,
    ) -> Tensor:
        """Return the logits of a batch.

        Parameters
        ----------
        image : Tensor of shape (B, 3, H, W), optional
            RGB, uint8 in 0..255 or float in 0..1; anything where there is none.
        has_image : Tensor of bool, shape (B,), optional
            Which rows have an image.
        text : Tensor of shape (B, E) or (B, T, E)
            A vector a text, or one a token and zeros where there is none.
        has_text : Tensor of bool, shape (B,)
            Which rows have text.
        tokens : Tensor of shape (B, h, w, D), optional
            What `embed` gave for the images before; the backbone is not run then.
        y : Tensor of shape (B, L), optional
            In training, the labels of the batch: for heads that feed labels back.
        label_vectors : Tensor of shape (K, V), optional
            Vectors of the labels to score in place of those trained on.

        Returns
        -------
        Tensor of shape (B, L), or (B, K) with `label_vectors`
            One logit a label, in float32.

        Raises
        ------
        ValueError
            If `label_vectors` is given and the head scores the labels of its training only.
        """
        if self.training and has_image is not None:
            has_image, has_text = self._drop_sides(has_image, has_text)
        if tokens is None and image is not None:
            tokens = self._embed_present(image, has_image)
        words = self.fusion.fill_text(text.float(), has_text)
        fused = self._fuse(tokens, has_image, words)
        logits = self.classify(fused, y=y, label_vectors=label_vectors, text=words.vector())
        logits = self.fusion.finish(logits, has_image, words)
        if label_vectors is not None:
            return logits  # of new labels no frequency is known
        has_any = has_text if has_image is None else has_image | has_text
        return torch.where(has_any[:, None], logits, self.prior)

    def set_labels(self, y: Tensor) -> None:
        """Show the labels of all training rows: their frequencies, and a head that asks for them.

        Parameters
        ----------
        y : Tensor of shape (n_samples, L)
            1, 0, and NaN for unknown.
        """
        super().set_labels(y)
        n_known = (~y.isnan()).sum(dim=0)
        # Krichevsky and Trofimov's rule: a label that was never seen is not impossible.
        self.prior.copy_(torch.logit((y.nansum(dim=0) + 0.5) / (n_known + 1)))

    def label_maps(
        self,
        image: Tensor | None = None,
        has_image: Tensor | None = None,
        text: Tensor | None = None,
        has_text: Tensor | None = None,
        label_vectors: Tensor | None = None,
    ) -> Tensor:
        """Return where in each image each label is seen, given its text.

        Parameters
        ----------
        image, has_image, text, has_text, label_vectors : Tensor
            As `forward` takes them.

        Returns
        -------
        Tensor of shape (B, L, h, w), or (B, K, h, w) with `label_vectors`
            One map a label, in float32; of no meaning where there is no image.

        Raises
        ------
        TypeError
            If the model is one of text alone.
        ValueError
            As `forward` raises it.
        """
        if self.backbone is None:
            raise TypeError("A model of text alone has no maps; fit it on images and text.")
        words = self.fusion.fill_text(text.float(), has_text)
        fused = self._fuse(self._embed_present(image, has_image), has_image, words)
        return self.map_labels(fused, label_vectors=label_vectors, text=words.vector())

    def _check_other_labels(self, label_vectors: Tensor | None) -> None:
        super()._check_other_labels(label_vectors)
        if label_vectors is not None and self.fusion.knows_labels:
            raise ValueError(
                f"{type(self.fusion).__name__} has weights for the labels it was trained on and "
                f"scores no others. Take fusion='concat'."
            )

    @property
    def token_reduction(self) -> str | None:
        """As of `ImageModel`, where the fusion leaves means as they are."""
        return super().token_reduction if self.fusion.keeps_means else None

    def _fuse(self, tokens: Tensor | None, has_image: Tensor | None, words: Text) -> Tensor:
        """Return what the head is given, where it lies: (B, h, w, F)."""
        if tokens is None:
            return self.fusion(None, None, words)[:, None]  # (B, T, E) -> (B, 1, T, E)
        grid = tuple(tokens.shape[1:3])
        flat = self.fusion.fill_image(tokens.flatten(1, 2).float(), has_image)  # (B, N, D)
        return self.fusion(flat, has_image, words).unflatten(1, grid)

    def _drop_sides(self, has_image: Tensor, has_text: Tensor) -> tuple[Tensor, Tensor]:
        """Take one side from some of the rows that have both."""
        draw = torch.rand(len(has_image), device=has_image.device)  # (B,)
        both, half = has_image & has_text, self.modality_dropout / 2
        return (
            has_image & ~(both & (draw < half)),
            has_text & ~(both & (draw > 1 - half)),
        )

    def _embed_present(self, image: Tensor, has_image: Tensor) -> Tensor:
        """Run the backbone on the images that are there; the others have tokens of zeros."""
        rows = has_image.nonzero().squeeze(1)
        if len(rows) == len(image):
            return self.embed(image)
        # The grid is known from one image at least, and batch norm needs two.
        least = min(2 if self.training else 1, len(image))
        if len(rows) < least:
            rows = torch.cat([rows, (~has_image).nonzero().squeeze(1)])[:least]
        found = self.embed(image[rows].contiguous(memory_format=torch.channels_last))
        tokens = found.new_zeros(len(image), *found.shape[1:])  # (B, h, w, D)
        return tokens.index_copy(0, rows, found)
