"""Three convolutions, as in Cho and Lu's "CNN-only" system for images with captions.

Their report flattens the whole map, which fixes the image size and gives the first linear layer
51 million weights at 224 px. Here the map is averaged down to a grid; ``grid=None`` keeps it.
"""

from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from torch import nn

from sklearn_mlic.nn.layers import conv_block


class PlainCNN(nn.Sequential):
    """Three blocks of a 3x3 convolution, ReLU and max pooling, of widths 128, 64 and 64.

    Choose it as a baseline that trains from scratch in minutes. With
    ``MLPHead(n_tokens=16, hidden=1024)`` it is the CNN-only system of its authors.

    Parameters
    ----------
    grid : int or None, default=4
        The map is averaged to this many rows and columns. None keeps it whole, an eighth of
        the image's side.

    References
    ----------
    Cho, Y. J. and Lu, R. Multi-label image classification. Course report, COMP5329 Deep
    Learning, University of Sydney.
    """

    mean = IMAGENET_DEFAULT_MEAN
    std = IMAGENET_DEFAULT_STD

    def __init__(self, grid: int | None = 4):
        super().__init__(
            conv_block(3, 128),  # (B, 128, H/2, W/2)
            conv_block(128, 64),  # (B, 64, H/4, W/4)
            conv_block(64, 64),  # (B, 64, H/8, W/8)
            nn.Identity() if grid is None else nn.AdaptiveAvgPool2d(grid),
        )
