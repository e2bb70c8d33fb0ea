"""Backbones: image (B, 3, H, W) -> tokens (B, N, D)."""

from sklearn_mlic.nn.backbones._timm import (
    Backbone,
    BackboneSpec,
    make_backbone,
    rebuild_backbone,
)

__all__ = ["Backbone", "BackboneSpec", "make_backbone", "rebuild_backbone"]
