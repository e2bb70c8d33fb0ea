"""What every backbone is: a network from pixels to a map, with its own preprocessing."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class BackboneSpec:
    """All it takes to build a backbone again without its weight file: plain data.

    Parameters
    ----------
    name : str
        One of ours in `BACKBONES`, or a timm name.
    params : dict
        Arguments for its constructor, or for ``timm.create_model``.
    image_size : int
        Side of the square input, in pixels.
    mean, std : tuple of 3 floats
        Normalisation of RGB values in 0..1.
    n_features : int
        Width D of a token; 0 where the network is still to be asked for it.
    unused : tuple of str
        Parts of the network that its tokens do not depend on, and that were taken out.
    """

    name: str
    params: dict[str, Any] = field(default_factory=dict)
    image_size: int = 224
    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    std: tuple[float, ...] = (0.5, 0.5, 0.5)
    n_features: int = 0
    unused: tuple[str, ...] = ()


class Backbone(nn.Module):
    """A network without its classifier, from pixels to tokens.

    Parameters
    ----------
    spec : BackboneSpec
        What the network is and how its input is prepared.
    trunk : nn.Module
        From normalised images (B, 3, H, W) to a map (B, D, h, w).

    Attributes
    ----------
    n_features : int
        Width D of a token.
    image_size : int
        Side of the square input, in pixels.
    """

    def __init__(self, spec: BackboneSpec, trunk: nn.Module):
        super().__init__()
        self.spec = spec
        self.trunk = trunk
        self.n_features = spec.n_features
        self.image_size = spec.image_size
        self._still: list[nn.Module] = []
        # (image - mean) / std as image * gain + shift, for values in 0..1.
        mean, std = torch.tensor(spec.mean).view(3, 1, 1), torch.tensor(spec.std).view(3, 1, 1)
        self.register_buffer("gain", 1 / std, persistent=False)
        self.register_buffer("shift", -mean / std, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Return the tokens of a batch, row by row of the map.

        Parameters
        ----------
        image : Tensor of shape (B, 3, H, W)
            RGB, uint8 in 0..255 or float in 0..1.

        Returns
        -------
        Tensor of shape (B, N, D)
            One token a position of the map.
        """
        return self.feature_map(image).flatten(2).transpose(1, 2)  # (B, D, h, w) -> (B, N, D)

    def feature_map(self, image: Tensor) -> Tensor:
        """Return the tokens of a batch where they lie in the image.

        Parameters
        ----------
        image : Tensor of shape (B, 3, H, W)
            RGB, uint8 in 0..255 or float in 0..1.

        Returns
        -------
        Tensor of shape (B, D, h, w)
            The map; class and register tokens are left out.
        """
        if image.dtype == torch.uint8:
            image = image.float().mul_(self.gain / 255).add_(self.shift)
        else:
            image = image * self.gain + self.shift
        return self._map(image)

    def _map(self, image: Tensor) -> Tensor:
        return self.trunk(image)  # (B, D, h, w)

    def stages(self) -> list[list[str]]:
        """Name the parameters stage by stage, the stem first.

        Returns
        -------
        list of lists of str
            Each name of ``named_parameters()`` once.
        """
        return self._stages_by(r"\w+")

    def _stages_by(self, pattern: str) -> list[list[str]]:
        """One stage for each beginning of a name that `pattern` matches, in order."""
        groups: dict[str, list[str]] = {}
        loose = []  # tokens and position embeddings: with the first stage
        for name, _ in self.trunk.named_parameters():
            group = groups.setdefault(re.match(pattern, name)[0], []) if "." in name else loose
            group.append(f"trunk.{name}")
        first, *rest = groups.values()
        return [loose + first, *rest]

    def keep_still(self, modules: Iterable[nn.Module]) -> None:
        """Keep `modules` in evaluation mode from now on, whatever ``train`` is told.

        Parameters
        ----------
        modules : iterable of nn.Module
            Parts of this backbone.
        """
        self._still.extend(modules)
        self.train(self.training)

    def train(self, mode: bool = True) -> "Backbone":
        """Set training or evaluation mode, for all but the parts that are kept still.

        Parameters
        ----------
        mode : bool, default=True
            True for training.

        Returns
        -------
        Backbone
            Itself.
        """
        super().train(mode)
        for module in self._still:
            module.eval()
        return self
