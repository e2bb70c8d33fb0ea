"""The smallest of the networks that Chen, Poon and Yang compare.

Their report says "CNN" and no more: the widths are our reading.
"""

from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from torch import nn

from sklearn_mlic.nn.layers import conv_block


class SimpleCNN(nn.Sequential):
    """Three blocks of a 3x3 convolution, ReLU and max pooling, of widths 32, 64 and 128.

    Choose it as the quickest baseline, with the pooled linear head.

    References
    ----------
    Chen, T., Poon, K. N. A. and Yang, Z. (2025). Course report, COMP5329 Deep Learning,
    University of Sydney.
    """

    mean = IMAGENET_DEFAULT_MEAN
    std = IMAGENET_DEFAULT_STD

    def __init__(self):
        super().__init__(
            conv_block(3, 32),  # (B, 32, H/2, W/2)
            conv_block(32, 64),  # (B, 64, H/4, W/4)
            conv_block(64, 128),  # (B, 128, H/8, W/8)
        )
