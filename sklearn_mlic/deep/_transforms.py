"""Augmentation by name: what training does to images beyond resizing them.

All that is drawn comes from torch's default generator, so its seed decides a batch. Nothing
normalises here: the backbone does, by the mean and deviation that its weights were trained with.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from timm.data.constants import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from torch import Tensor, nn
from torchvision.transforms import v2

from sklearn_mlic.utils._choices import check_choice

# A crop is enlarged to the network's input; from an image as large as that input it would come
# out blurred. So images are loaded larger where they are cropped.
_CROP_SCALE = 256 / 224


@dataclass(frozen=True)
class Augmentation:
    """What training does to each image, and to a batch of them.

    Write one where a callable is not enough: to mix images and labels, or to crop.

    Parameters
    ----------
    image : callable, optional
        From one uint8 image (3, S, S) to one image (3, H, W) of the network's size, uint8 or
        float of 0 to 1. None leaves images as they are.
    batch : callable, optional
        From the pair of images (B, 3, H, W) and targets (B, L) to such a pair. NaN targets are
        unknown. None leaves batches as they are.
    load_scale : float, default=1.0
        S, the side at which images are loaded, divided by the network's.

    Examples
    --------
    >>> from torchvision.transforms import v2
    >>> crop = v2.RandomCrop(224)
    >>> Augmentation(image=crop, load_scale=256 / 224).batch is None
    True
    """

    image: Callable[[Tensor], Tensor] | None = None
    batch: Callable[[tuple[Tensor, Tensor]], tuple[Tensor, Tensor]] | None = None
    load_scale: float = 1.0


class Cutout(nn.Module):
    """Cover a rectangle of half the height and half the width with one random colour.

    The centre is drawn from the whole image and the rectangle is clipped at its borders, so
    that between 1/16 and 1/4 of the image is covered.

    References
    ----------
    DeVries, T., and Taylor, G. W. (2017). Improved regularization of convolutional neural
    networks with Cutout. In the form that Ridnik et al. (2021) trained with.
    """

    def forward(self, image: Tensor) -> Tensor:
        """Return a copy of a uint8 image (3, H, W) with a part covered."""
        (top, bottom), (left, right) = map(self._side, image.shape[-2:])
        covered = image.clone()
        covered[:, top:bottom, left:right] = torch.randint(0, 256, (3, 1, 1), dtype=torch.uint8)
        return covered

    @staticmethod
    def _side(length: int) -> tuple[int, int]:
        centre, half = int(torch.randint(length, ())), length // 4
        return max(centre - half, 0), min(centre + half, length)


class NoiseErasing(nn.Module):
    """Put noise in the place of a random rectangle, in three images of ten.

    torchvision's erasing writes numbers from N(0, 1), which is noise in a normalised image but
    all but black in one of 0 to 255. Here normalisation comes later, in the network. So the same
    numbers are written as the pixels that ImageNet's mean and deviation turn into them, cut to
    what a pixel can be; and the image stays uint8.

    References
    ----------
    Zhong, Z., et al. (2020). Random erasing data augmentation.
    """

    def forward(self, image: Tensor) -> Tensor:
        """Return a uint8 image (3, H, W), of which 2 to 20 % may be noise."""
        if torch.rand(()) >= 0.3:
            return image
        top, left, height, width, noise = v2.RandomErasing.get_params(
            image, scale=(0.02, 0.2), ratio=(0.3, 3.3), value=None
        )
        mean, deviation = map(torch.tensor, (IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD))
        noise = 255 * (mean[:, None, None] + deviation[:, None, None] * noise)  # (3, h, w)
        erased = image.clone()
        erased[:, top : top + height, left : left + width] = noise.round().clamp(0, 255)
        return erased


def _none(image_size: int) -> Augmentation:
    return Augmentation()


def _flip(image_size: int) -> Augmentation:
    return Augmentation(image=v2.RandomHorizontalFlip())


def _light(image_size: int) -> Augmentation:
    """Half of an image at least stays: a smaller crop may lose the objects that labels name."""
    steps = [
        v2.RandomResizedCrop(image_size, scale=(0.5, 1.0), antialias=True),
        v2.RandomHorizontalFlip(),
        v2.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2),
    ]
    return Augmentation(image=v2.Compose(steps), load_scale=_CROP_SCALE)


def _strong(image_size: int) -> Augmentation:
    """Six of the eight published steps; the network converts to float and normalises.

    Two things are mended: images are loaded larger than the crop, and the noise that erases is
    as bright as images are.
    """
    steps = [
        v2.RandomResizedCrop(image_size, scale=(0.08, 1.0), antialias=True),
        v2.RandomHorizontalFlip(),
        v2.RandomRotation(20),
        v2.ColorJitter(brightness=0.3, contrast=0.3, saturation=0.3),
        v2.RandomAffine(degrees=0, translate=(0.1, 0.1), scale=(0.8, 1.2)),
        NoiseErasing(),
    ]
    return Augmentation(image=v2.Compose(steps), load_scale=_CROP_SCALE)


def _randaugment_cutout(image_size: int) -> Augmentation:
    return Augmentation(image=v2.Compose([Cutout(), v2.RandAugment()]))


def _mixup(image_size: int) -> Augmentation:
    """Zhang et al. (2018): one weight a batch from Beta(0.2, 0.2), each row mixed with the next.

    Targets are mixed as images are; a label that is unknown (NaN) in either row stays unknown.
    """
    steps = [v2.ToDtype(torch.float32, scale=True), v2.MixUp(alpha=0.2)]
    return Augmentation(image=v2.RandomHorizontalFlip(), batch=v2.Compose(steps))


AUGMENTATIONS: dict[str, Callable[[int], Augmentation]] = {
    "none": _none,
    "flip": _flip,
    "light": _light,
    "strong": _strong,
    "randaugment_cutout": _randaugment_cutout,
    "mixup": _mixup,
}


def make_augmentation(augmentation: Any, image_size: int) -> Augmentation:
    """Build what an estimator's parameter `augmentation` stands for.

    Parameters
    ----------
    augmentation : str, callable or Augmentation
        A key of `AUGMENTATIONS`; or a callable, such as a transform of
        ``torchvision.transforms.v2``, from one uint8 image (3, H, W) to one of the same size.
    image_size : int
        Side of the network's input, in pixels.

    Returns
    -------
    Augmentation
        What to do to images and batches.

    Raises
    ------
    ValueError
        If there is no augmentation of this name.
    TypeError
        If it is neither a name nor a callable.
    """
    if isinstance(augmentation, Augmentation):
        return augmentation
    if isinstance(augmentation, str):
        check_choice("augmentation", augmentation, AUGMENTATIONS)
        return AUGMENTATIONS[augmentation](image_size)
    if isinstance(augmentation, type) or not callable(augmentation):
        raise TypeError(
            f"augmentation={augmentation!r}; expected one of {', '.join(AUGMENTATIONS)}, or a "
            f"callable from one uint8 image (3, H, W) to another, such as "
            f"torchvision.transforms.v2.RandomVerticalFlip()."
        )
    return Augmentation(image=augmentation)
