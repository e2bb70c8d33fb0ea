"""Heads: tokens (B, N, D) -> logits (B, L). One paper a file; a new head is one line here."""

from sklearn_mlic.nn.heads.linear import LinearHead
from sklearn_mlic.nn.heads.mlp import MLPHead

HEADS = {"linear": LinearHead, "mlp": MLPHead}

__all__ = ["HEADS", "LinearHead", "MLPHead"]
