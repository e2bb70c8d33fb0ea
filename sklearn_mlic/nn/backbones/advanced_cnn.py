"""Nguyen's "AdvancedCNN", which is the trunk of a ResNet-18 (He et al. 2016)."""

from torch import nn
from torchvision.models import resnet18


class AdvancedCNN(nn.Sequential):
    """Four stages of two residual blocks, of widths 64 to 512, with Kaiming's random weights.

    Choose it to train a residual network from scratch as its author did, on images scaled to
    -1..1; for the same network with published weights take ``"resnet18"``. Its author's head
    is the pooled linear one with ``dropout=0.5``.

    References
    ----------
    Nguyen, D. T. Multi-label image classification using CNN. Project report.
    He, K. et al. (2016). Deep residual learning for image recognition. CVPR.
    """

    mean = (0.5, 0.5, 0.5)
    std = (0.5, 0.5, 0.5)

    def __init__(self):
        net = resnet18(weights=None, num_classes=1)  # its classifier is not taken
        super().__init__(
            nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool),  # (B, 64, H/4, W/4)
            net.layer1,  # (B, 64, H/4, W/4)
            net.layer2,  # (B, 128, H/8, W/8)
            net.layer3,  # (B, 256, H/16, W/16)
            net.layer4,  # (B, 512, H/32, W/32)
        )
