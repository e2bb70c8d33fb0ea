"""Losses: (logits (B, L), y (B, L)) -> scalar. What torch ships rightly is used from there."""

from torch.nn import BCEWithLogitsLoss

LOSSES = {"bce": BCEWithLogitsLoss}

__all__ = ["LOSSES"]
