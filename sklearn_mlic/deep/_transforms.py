"""Augmentation by name: what training does to an image beyond resizing it."""

from torchvision.transforms import v2

AUGMENTATIONS = {
    "none": v2.Identity,
    "flip": v2.RandomHorizontalFlip,
}
