"""Reading an instance modality by modality (Zhu and Zhang)."""

from sklearn_mlic.nn.m3la.attention import ATTENTIONS
from sklearn_mlic.nn.m3la.network import M3LA, Reading
from sklearn_mlic.nn.m3la.selectors import SELECTORS

__all__ = ["ATTENTIONS", "M3LA", "SELECTORS", "Reading"]
