"""Losses: (logits (B, L), y (B, L)) -> scalar. One paper a file; a new loss is one line here."""

from sklearn_mlic.nn.losses._base import MultilabelLoss
from sklearn_mlic.nn.losses.asymmetric import AsymmetricLoss
from sklearn_mlic.nn.losses.asymmetric_polynomial import AsymmetricPolynomialLoss
from sklearn_mlic.nn.losses.bce import BinaryCrossEntropy
from sklearn_mlic.nn.losses.focal import FocalLoss
from sklearn_mlic.nn.losses.hill import HillLoss
from sklearn_mlic.nn.losses.splc import SPLCLoss
from sklearn_mlic.nn.losses.steps import StepLoss
from sklearn_mlic.nn.losses.two_way import TwoWayLoss

LOSSES = {
    "bce": BinaryCrossEntropy,
    # torch's MultiLabelSoftMarginLoss is the same number under another name.
    "multilabel_soft_margin": BinaryCrossEntropy,
    "focal": FocalLoss,
    "asymmetric": AsymmetricLoss,
    "asymmetric_polynomial": AsymmetricPolynomialLoss,
    "hill": HillLoss,
    "splc": SPLCLoss,
    "two_way": TwoWayLoss,
}

__all__ = [
    "LOSSES",
    "AsymmetricLoss",
    "AsymmetricPolynomialLoss",
    "BinaryCrossEntropy",
    "FocalLoss",
    "HillLoss",
    "MultilabelLoss",
    "SPLCLoss",
    "StepLoss",
    "TwoWayLoss",
]
