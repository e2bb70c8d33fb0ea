"""Augmentation keeps shape, kind and labels, and is decided by torch's seed."""

import pickle

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from sklearn_mlic.deep._transforms import (
    AUGMENTATIONS,
    Augmentation,
    Cutout,
    NoiseErasing,
    make_augmentation,
)

SIZE = 28


def images(augmentation, n_images=8):
    """What a reader gives: uint8, channels last in memory."""
    side = round(SIZE * augmentation.load_scale)
    generator = torch.Generator().manual_seed(0)
    shape = (n_images, side, side, 3)
    pixels = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    return pixels.permute(0, 3, 1, 2)


def augment(augmentation, batch, y, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if augmentation.image is not None:
            batch = torch.stack([augmentation.image(image) for image in batch])
        if augmentation.batch is not None:
            batch, y = augmentation.batch((batch, y))
    return batch, y


@pytest.fixture(params=AUGMENTATIONS)
def preset(request):
    return request.param, make_augmentation(request.param, SIZE)


@pytest.mark.parametrize("n_images", [1, 2, 7])
def test_images_leave_at_the_size_of_the_network_and_in_range(preset, n_images):
    name, augmentation = preset
    before = images(augmentation, n_images)
    y = torch.rand(n_images, 3).round()
    kept = before.clone()
    for seed in range(20):
        after, _ = augment(augmentation, before, y, seed)
        assert after.shape == (n_images, 3, SIZE, SIZE)
        assert after.dtype == (torch.float32 if name == "mixup" else torch.uint8)
        assert after.min() >= 0
        assert after.max() <= (1 if name == "mixup" else 255)
        assert (after.float().std(dim=(1, 2, 3)) > 0).all()
    assert torch.equal(before, kept)


def test_the_seed_of_torch_decides_and_nothing_else(preset):
    name, augmentation = preset
    before, y = images(augmentation), torch.eye(8, 3)
    first, labels = augment(augmentation, before, y)
    twin, twin_labels = augment(pickle.loads(pickle.dumps(augmentation)), before, y)
    assert torch.equal(first, twin)
    assert torch.equal(labels, twin_labels)
    others = [augment(augmentation, before, y, seed)[0] for seed in range(1, 5)]
    assert all(torch.equal(first, other) for other in others) == (name == "none")


def test_only_mixup_touches_labels(preset):
    name, augmentation = preset
    y = torch.tensor([[0.0, 1.0, float("nan")]]).repeat(8, 1)
    _, labels = augment(augmentation, images(augmentation), y)
    assert torch.equal(labels.isnan(), y.isnan())
    torch.testing.assert_close(labels, y, equal_nan=True)  # all rows have the same labels
    assert (augmentation.batch is None) == (name != "mixup")


def test_none_and_flip():
    for name in ("none", "flip"):
        augmentation = make_augmentation(name, SIZE)
        before = images(augmentation, 30)
        after, _ = augment(augmentation, before, None)
        same = (after == before).flatten(1).all(1)
        flipped = (after == before.flip(3)).flatten(1).all(1)
        assert (same | flipped).all()
        assert flipped.any() == (name == "flip")
        assert same.any()


@pytest.mark.parametrize(("name", "smallest"), [("light", 0.5), ("strong", 0.08)])
def test_crops_are_loaded_larger_and_keep_their_share(name, smallest):
    augmentation = make_augmentation(name, 224)
    assert round(224 * augmentation.load_scale) == 256
    crop = augmentation.image.transforms[0]
    assert isinstance(crop, v2.RandomResizedCrop)
    assert tuple(crop.scale) == (smallest, 1.0)


# ---- steps of our own


@pytest.mark.parametrize("shape", [(64, 64), (60, 36), (7, 5), (1, 1)])
def test_cutout_covers_one_rectangle_with_one_colour(shape):
    torch.manual_seed(0)
    height, width = shape
    before = torch.full((3, *shape), 7, dtype=torch.uint8)
    shares, centres = [], []
    for _ in range(200):
        after = Cutout()(before)
        covered = (after != before).any(0)
        if not covered.any():  # the colour was the image's, or the image too small
            continue
        rows, columns = covered.any(1).nonzero()[:, 0], covered.any(0).nonzero()[:, 0]
        part = after[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].flatten(1)
        assert (part == part[:, :1]).all()
        assert covered.sum() == part.shape[1]
        shares.append(float(covered.float().mean()))
        centres.append([float(rows.float().mean()) / height, float(columns.float().mean()) / width])
    assert (before == 7).all()
    if height > 30:
        assert min(shares) >= 1 / 16 - 0.02
        assert max(shares) == pytest.approx(0.25, abs=1e-6)
        # A centre in the outer quarters, half of all, loses an eighth of the side on average.
        assert np.mean(shares) == pytest.approx((0.5 - 0.5 * 0.125) ** 2, abs=0.015)
        assert np.mean(centres, axis=0) == pytest.approx([0.5, 0.5], abs=0.05)


def test_erasing_is_rare_and_its_noise_is_as_bright_as_images_are():
    torch.manual_seed(0)
    before = torch.zeros(3, 64, 64, dtype=torch.uint8)
    shares, noise = [], []
    for _ in range(400):
        after = NoiseErasing()(before)
        erased = (after != before).any(0)
        shares.append(float(erased.float().mean()))
        noise.append(after[:, erased].float())
    noise, shares = torch.cat(noise, dim=1) / 255, np.array(shares)
    assert np.mean(shares > 0) == pytest.approx(0.3, abs=0.07)
    assert shares[shares > 0].min() > 0.01
    assert shares.max() < 0.21
    # ImageNet's mean and deviation, the latter a little less as the tails are cut.
    np.testing.assert_allclose(noise.mean(1), [0.485, 0.456, 0.406], atol=0.02)
    np.testing.assert_allclose(noise.std(1), [0.229, 0.224, 0.225], atol=0.02)


def test_mixup_mixes_images_and_labels_alike_and_unknown_stays_unknown():
    nan = float("nan")
    y = torch.tensor([[1.0, 0.0, nan], [0.0, 0.0, 1.0], [1.0, 1.0, 1.0], [0.0, 1.0, 0.0]])
    grey = torch.arange(4, dtype=torch.uint8)[:, None, None, None] * 60
    batch = grey.expand(4, 3, 8, 8)
    weights = set()
    for seed in range(30):
        mixed, labels = augment(make_augmentation("mixup", 8), batch, y, seed)
        weight = float(labels[0, 0])  # of row 0; the row before it, 3, lacks this label
        weights.add(round(weight, 3))
        partner = batch.roll(1, 0)
        expected = (weight * batch + (1 - weight) * partner) / 255
        torch.testing.assert_close(mixed, expected, atol=1e-5, rtol=0)
        torch.testing.assert_close(
            labels, weight * y + (1 - weight) * y.roll(1, 0), equal_nan=True, atol=1e-5, rtol=0
        )
        assert labels.isnan().nonzero().tolist() == [[0, 2], [1, 2]]
        assert ((labels >= 0) & (labels <= 1) | labels.isnan()).all()
    assert len(weights) > 15
    assert np.median([min(weight, 1 - weight) for weight in weights]) < 0.2  # mostly near 0 or 1


def test_mixup_of_one_row_is_the_row():
    y = torch.tensor([[1.0, 0.0]])
    batch = torch.randint(0, 256, (1, 3, 8, 8), dtype=torch.uint8)
    mixed, labels = make_augmentation("mixup", 8).batch((batch, y))
    torch.testing.assert_close(mixed, batch / 255)
    torch.testing.assert_close(labels, y)


# ---- the choice


def test_callables_and_ready_augmentations_are_taken():
    flip = v2.RandomVerticalFlip(1.0)
    made = make_augmentation(flip, SIZE)
    assert made == Augmentation(image=flip)
    image = images(made)[0]
    assert torch.equal(made.image(image), image.flip(1))
    own = Augmentation(image=v2.RandomCrop(SIZE), load_scale=1.25)
    assert make_augmentation(own, SIZE) is own
    assert augment(own, images(own), None)[0].shape == (8, 3, SIZE, SIZE)


def test_an_unknown_name_shows_the_nearest():
    with pytest.raises(ValueError, match=r"Unknown augmentation 'stron'\. Did you mean 'strong'"):
        make_augmentation("stron", SIZE)


@pytest.mark.parametrize("augmentation", [None, 3, v2.RandomHorizontalFlip])
def test_what_is_no_augmentation_is_refused(augmentation):
    with pytest.raises(TypeError, match=r"expected one of none, .*mixup, or a callable from one"):
        make_augmentation(augmentation, SIZE)
