"""Heads: tokens (B, N, D) -> logits (B, L). One paper a file; a new head is one line here."""

from sklearn_mlic.nn.heads.linear import LinearHead

HEADS = {"linear": LinearHead}

__all__ = ["HEADS", "LinearHead"]
