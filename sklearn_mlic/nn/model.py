"""A backbone and a head as one network."""

from collections.abc import Callable
from inspect import signature
from typing import Any

from torch import Tensor, nn

from sklearn_mlic.nn.backbones import Backbone
from sklearn_mlic.nn.gradient_maps import gradient_maps
from sklearn_mlic.nn.runtime import autocast

#: What a head is given when its ``forward`` names it, beside the tokens.
HEAD_INPUTS = ("grid", "y", "label_vectors", "text")


class ImageModel(nn.Module):
    """Backbone and head; the names of `forward`'s arguments are the keys of a batch.

    The head takes the tokens (B, N, D) first. Of `HEAD_INPUTS` it is given those that its
    ``forward`` names: where the tokens lie, the labels in training, the vectors of labels, and
    beside images the vectors of texts.

    Parameters
    ----------
    backbone : Backbone or None
        From pixels to tokens. None when the features are given.
    head : nn.Module
        From tokens (B, N, D) to logits (B, L).
    precision : {"fp32", "bf16", "fp16"}, default="fp32"
        Precision of the backbone. The head always runs in float32: it is small beside the
        backbone, and half-precision logits have too few digits to rank by.
    """

    def __init__(self, backbone: Backbone | None, head: nn.Module, precision: str = "fp32"):
        super().__init__()
        self.backbone = backbone
        self.head = head
        self.precision = precision
        self._head_inputs = head_inputs(head.forward)

    def forward(
        self,
        image: Tensor | None = None,
        features: Tensor | None = None,
        tokens: Tensor | None = None,
        y: Tensor | None = None,
        label_vectors: Tensor | None = None,
    ) -> Tensor:
        """Return the logits of a batch of images, of feature vectors or of tokens.

        Parameters
        ----------
        image : Tensor of shape (B, 3, H, W), optional
            RGB, uint8 in 0..255 or float in 0..1.
        features : Tensor of shape (B, D), optional
            Used where there is no image: one token each.
        tokens : Tensor of shape (B, h, w, D), optional
            What `embed` gave for these images before; the backbone is not run then.
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
        if tokens is None:
            tokens = features[:, None, None] if image is None else self.embed(image)
        return self.classify(tokens, y=y, label_vectors=label_vectors)

    def classify(self, tokens: Tensor, **given: Any) -> Tensor:
        """Return what the head makes of tokens.

        Parameters
        ----------
        tokens : Tensor of shape (B, h, w, D)
            Where they lie.
        **given : Tensor or None
            `HEAD_INPUTS` but for the grid, which is known.

        Returns
        -------
        Tensor of shape (B, L), or (B, K) with ``label_vectors``
            One logit a label.

        Raises
        ------
        ValueError
            As `forward` raises it.
        """
        self._check_other_labels(given.get("label_vectors"))
        given["grid"] = tuple(tokens.shape[1:3])
        others = {name: given.get(name) for name in self._head_inputs}
        return self.head(tokens.flatten(1, 2).float(), **others)  # (B, N, D) -> (B, L)

    def embed(self, image: Tensor) -> Tensor:
        """Return the tokens of a batch of images where they lie, in the model's precision.

        Parameters
        ----------
        image : Tensor of shape (B, 3, H, W)
            RGB, uint8 in 0..255 or float in 0..1.

        Returns
        -------
        Tensor of shape (B, h, w, D)
            What `forward` takes as `tokens`.
        """
        with autocast(image.device, self.precision):
            return self.backbone.feature_map(image).permute(0, 2, 3, 1)  # (B, D, h, w)

    def set_labels(self, y: Tensor) -> None:
        """Show the labels of all training rows to a head that asks for them.

        Parameters
        ----------
        y : Tensor of shape (n_samples, L)
            1, 0, and NaN for unknown.
        """
        if hasattr(self.head, "set_labels"):
            self.head.set_labels(y)

    def label_maps(
        self,
        image: Tensor | None = None,
        features: Tensor | None = None,
        label_vectors: Tensor | None = None,
    ) -> Tensor:
        """Return where in each image each label is seen.

        A head that has maps of its own gives these; of any other they are what the logits owe
        to each token, see `gradient_maps`.

        Parameters
        ----------
        image, features, label_vectors : Tensor
            As `forward` takes them.

        Returns
        -------
        Tensor of shape (B, L, h, w), or (B, K, h, w) with `label_vectors`
            One map a label, in float32.

        Raises
        ------
        TypeError
            If the model has no backbone.
        ValueError
            As `forward` raises it.
        """
        if self.backbone is None:
            raise TypeError("A model of feature vectors has no maps; fit it on images.")
        return self.map_labels(self.embed(image).float(), label_vectors=label_vectors)

    def map_labels(self, tokens: Tensor, **given: Any) -> Tensor:
        """Return where in its tokens the head sees each label.

        Parameters
        ----------
        tokens : Tensor of shape (B, h, w, D)
            Where they lie.
        **given : Tensor or None
            As `classify` takes it.

        Returns
        -------
        Tensor of shape (B, L, h, w), or (B, K, h, w) with ``label_vectors``
            One map a label.
        """
        self._check_other_labels(given.get("label_vectors"))
        grid, flat = tuple(tokens.shape[1:3]), tokens.flatten(1, 2)  # (B, N, D)
        if hasattr(self.head, "label_maps"):
            given["grid"] = grid
            others = {name: given.get(name) for name in head_inputs(self.head.label_maps)}
            maps = self.head.label_maps(flat, **others)
        else:
            maps = gradient_maps(
                lambda tokens: self.classify(tokens.unflatten(1, grid), **given), flat
            )
        return maps.unflatten(2, grid)  # (B, L, N) -> (B, L, h, w)

    @property
    def token_reduction(self) -> str | None:
        """How the head can do with fewer tokens, see its ``reduce_tokens``; None if it cannot."""
        return getattr(self.head, "token_reduction", None)

    def _check_other_labels(self, label_vectors: Tensor | None) -> None:
        if label_vectors is not None and "label_vectors" not in self._head_inputs:
            raise ValueError(
                f"{type(self.head).__name__} scores only the labels it was trained on. To score "
                f"others, take head='two_stage' with head_params={{'output': 'shared'}}, or "
                f"head='ml_decoder', with a label_encoder."
            )


def head_inputs(method: Callable[..., Any]) -> tuple[str, ...]:
    """Return those of `HEAD_INPUTS` that a method of a head names, beside the tokens.

    Parameters
    ----------
    method : callable
        ``forward`` or ``label_maps`` of a head.

    Returns
    -------
    tuple of str
        In the order of `HEAD_INPUTS`.

    Raises
    ------
    TypeError
        If it needs something else.
    """
    named = signature(method).parameters
    for name, parameter in list(named.items())[1:]:
        is_needed = parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        )
        if is_needed and name not in HEAD_INPUTS:
            raise TypeError(
                f"{method.__qualname__} needs {name!r}; a head is given the tokens and, by their "
                f"names, {', '.join(HEAD_INPUTS)}. Give {name!r} a default."
            )
    return tuple(name for name in HEAD_INPUTS if name in named)
