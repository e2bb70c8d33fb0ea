"""Fusions: what becomes of the tokens of an image and the text beside it. One idea a file.

A fusion is built with ``n_image``, ``n_text`` and ``n_labels`` and says by ``n_features`` how wide
the tokens are that it gives the head.
"""

from sklearn_mlic.nn.fusion.base import Fusion, Text, TextAlone
from sklearn_mlic.nn.fusion.concat import Concat, SummaryConcat
from sklearn_mlic.nn.fusion.cross_attention import CrossAttention
from sklearn_mlic.nn.fusion.gated import Gated
from sklearn_mlic.nn.fusion.late import Late

FUSIONS = {
    "concat": Concat,
    "summary_concat": SummaryConcat,
    "gated": Gated,
    "cross_attention": CrossAttention,
    "late": Late,
}

__all__ = [
    "FUSIONS",
    "Concat",
    "CrossAttention",
    "Fusion",
    "Gated",
    "Late",
    "SummaryConcat",
    "Text",
    "TextAlone",
]
