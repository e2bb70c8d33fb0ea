"""Backbones: image (B, 3, H, W) -> tokens (B, N, D). Each of our own is a file and a line."""

from sklearn_mlic.nn.backbones._backbone import Backbone, BackboneSpec
from sklearn_mlic.nn.backbones._make import BACKBONES, make_backbone, rebuild_backbone

__all__ = ["BACKBONES", "Backbone", "BackboneSpec", "make_backbone", "rebuild_backbone"]
