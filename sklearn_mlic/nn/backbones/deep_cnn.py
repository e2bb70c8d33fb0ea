"""The deeper of the two plain networks that Chen, Poon and Yang compare ("CNN2").

Their report fixes small kernels, more convolutions and a flattened end: the widths and the
batch norm are our reading.
"""

from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from torch import nn


class DeepCNN(nn.Sequential):
    """Five blocks of two 3x3 convolutions with batch norm; the map ends as 2x2.

    Choose it for training from scratch on some thousand images; below that a pretrained
    network is far ahead. With ``MLPHead(n_tokens=4, hidden=512)`` it is its authors' network.

    References
    ----------
    Chen, T., Poon, K. N. A. and Yang, Z. (2025). Course report, COMP5329 Deep Learning,
    University of Sydney.
    """

    mean = IMAGENET_DEFAULT_MEAN
    std = IMAGENET_DEFAULT_STD

    def __init__(self):
        super().__init__(
            _block(3, 64),  # (B, 64, H/2, W/2)
            _block(64, 128),  # (B, 128, H/4, W/4)
            _block(128, 256),  # (B, 256, H/8, W/8)
            _block(256, 512),  # (B, 512, H/16, W/16)
            _block(512, 512),  # (B, 512, H/32, W/32)
            nn.AdaptiveAvgPool2d(2),  # (B, 512, 2, 2)
        )


def _block(n_in: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(*_layer(n_in, n_out), *_layer(n_out, n_out), nn.MaxPool2d(2))


def _layer(n_in: int, n_out: int) -> list[nn.Module]:
    # Batch norm has a bias of its own.
    return [nn.Conv2d(n_in, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()]
