"""Heads: tokens (B, N, D) -> logits (B, L). One paper a file; a new head is one line here.

A head is built with ``n_features`` and ``n_labels`` and takes the tokens first. Whatever its
``forward`` names of ``grid`` (rows and columns of the tokens), ``y`` (the labels, in training) and
``label_vectors`` (of labels to score in place of those trained on) it is given. Of the methods
``label_maps``, ``reduce_tokens`` and ``set_labels`` it has those that make sense; see
`LinearHead`, `ChainHead`.
"""

from sklearn_mlic.nn.heads.chain import ChainHead
from sklearn_mlic.nn.heads.csra import CSRAHead
from sklearn_mlic.nn.heads.linear import LinearHead
from sklearn_mlic.nn.heads.lstm_transformer import LSTMTransformerHead
from sklearn_mlic.nn.heads.ml_decoder import MLDecoderHead
from sklearn_mlic.nn.heads.ml_gcn import MLGCNHead
from sklearn_mlic.nn.heads.mlp import MLPHead
from sklearn_mlic.nn.heads.query2label import Query2LabelHead
from sklearn_mlic.nn.heads.two_stage import TwoStageHead

HEADS = {
    "linear": LinearHead,
    "mlp": MLPHead,
    "csra": CSRAHead,
    "two_stage": TwoStageHead,
    "query2label": Query2LabelHead,
    "ml_decoder": MLDecoderHead,
    "lstm_transformer": LSTMTransformerHead,
    "chain": ChainHead,
    "ml_gcn": MLGCNHead,
}

__all__ = [
    "HEADS",
    "CSRAHead",
    "ChainHead",
    "LSTMTransformerHead",
    "LinearHead",
    "MLDecoderHead",
    "MLGCNHead",
    "MLPHead",
    "Query2LabelHead",
    "TwoStageHead",
]
