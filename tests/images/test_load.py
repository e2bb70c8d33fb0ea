"""Every kind of image comes through as upright RGB pixels."""

import gc
import warnings

import numpy as np
import pytest
from PIL import Image, ImageOps

from helpers import write
from sklearn_mlic.images import (
    find_unreadable,
    load_image,
)


@pytest.mark.parametrize("size", [None, 7, 12])
def test_path_array_and_pil_give_the_same_pixels(rgb, save, size):
    image = Image.fromarray(rgb)
    path = save(image)
    expected = load_image(rgb, size)
    for source in (path, str(path), image, Image.open(path), np.asfortranarray(rgb)):
        np.testing.assert_array_equal(load_image(source, size), expected)
    assert expected.shape == (size or 12, size or 20, 3)


@pytest.mark.parametrize("size", [None, 12])
def test_an_rgb_array_comes_back_bit_identical_in_its_own_memory(rgb, size):
    square = rgb[:, :12]  # a view that is not contiguous
    square.flags.writeable = False
    loaded = load_image(square, size)
    np.testing.assert_array_equal(loaded, square)
    assert not np.shares_memory(loaded, rgb)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV"])
@pytest.mark.parametrize("size", [None, 4])
def test_every_mode_gives_the_same_kind_of_array(rgb, mode, size):
    loaded = load_image(Image.fromarray(rgb).convert(mode), size)
    assert loaded.dtype == np.uint8
    assert loaded.shape == ((4, 4, 3) if size else (12, 20, 3))
    assert loaded.flags.c_contiguous
    assert loaded.flags.writeable
    assert loaded.flags.owndata


def test_greyscale_has_three_equal_channels(rgb, save):
    grey = rgb[:, :, 0]
    expected = np.stack([grey] * 3, axis=2)
    for source in (
        grey,
        grey[:, :, np.newaxis],
        Image.fromarray(grey),
        save(Image.fromarray(grey)),
    ):
        np.testing.assert_array_equal(load_image(source), expected)


def test_palette_gives_the_colours_it_stands_for(rgb, save):
    image = Image.fromarray(rgb).quantize(16)
    np.testing.assert_array_equal(load_image(save(image)), np.array(image.convert("RGB")))


@pytest.mark.parametrize(
    ("mode", "colour", "transparency"),
    [
        ("P", 0, 0),
        ("P", 1, b"\xff\x00"),
        ("L", 7, 7),
        ("1", 1, 255),
        ("RGB", (1, 2, 3), (1, 2, 3)),
        ("I;16", 300, 300),
        ("LA", (7, 0), None),
        ("RGBA", (1, 2, 3, 0), None),
    ],
)
def test_transparent_pixels_become_white(save, mode, colour, transparency):
    options = {} if transparency is None else {"transparency": transparency}
    image = Image.new(mode, (3, 2), colour)
    if mode == "P":
        image.putpalette([0, 0, 0, 9, 9, 9])
    path = save(image, **options)
    assert (load_image(path) == 255).all()


def test_half_transparent_pixels_are_blended_with_white_and_opaque_ones_kept(rgb):
    opaque = np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])
    np.testing.assert_array_equal(load_image(opaque), rgb)
    np.testing.assert_array_equal(load_image(Image.fromarray(opaque)), rgb)
    half = load_image(np.dstack([rgb, np.full(rgb.shape[:2], 128, np.uint8)]))
    assert np.abs(half - (rgb / 2 + 127.5)).max() <= 1


def test_cmyk_jpeg_is_read_in_rgb(save):
    image = Image.new("RGB", (16, 16), (200, 40, 90)).convert("CMYK")
    loaded = load_image(save(image, "image.jpg", quality=95))
    assert np.abs(loaded.astype(int) - (200, 40, 90)).max() <= 3


@pytest.mark.parametrize("suffix", ["png", "tiff"])
@pytest.mark.parametrize("dtype", ["<u2", ">u2", "i4"])
def test_16_bit_greyscale_is_scaled_to_8_bits(save, suffix, dtype):
    grey = np.arange(256).reshape(16, 16)
    image = Image.fromarray((grey * 257).astype(dtype))
    if image.mode == "I":
        suffix = "tiff"  # as PNG, Pillow refuses or deprecates it
    expected = np.stack([grey] * 3, axis=2)
    np.testing.assert_array_equal(load_image(image), expected)
    if image.mode != "I;16B":
        np.testing.assert_array_equal(load_image(save(image, f"image.{suffix}")), expected)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_exif_rotation_is_applied(rgb, save, orientation, suffix):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(Image.fromarray(rgb), f"image.{suffix}", exif=exif)
    with Image.open(path) as image:
        expected = np.array(ImageOps.exif_transpose(image))
        np.testing.assert_array_equal(load_image(image), expected)
    np.testing.assert_array_equal(load_image(path), expected)
    assert expected.shape[0] == (20 if orientation > 4 else 12)


def test_broken_exif_data_does_not_spoil_the_pixels(rgb, save):
    path = save(Image.fromarray(rgb), exif=b"Exif\0\0nonsense")
    np.testing.assert_array_equal(load_image(path), rgb)


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 5000, 3), (5000, 2, 3)])
def test_extreme_shapes(save, shape):
    pixels = np.full(shape, 77, np.uint8)
    path = save(Image.fromarray(pixels))
    np.testing.assert_array_equal(load_image(path), pixels)
    np.testing.assert_array_equal(load_image(path, 32), np.full((32, 32, 3), 77))


def test_of_an_animated_gif_the_first_frame_is_taken(save):
    frames = [Image.new("RGB", (6, 4), colour) for colour in ("red", "lime", "blue")]
    path = save(frames[0], "image.gif", save_all=True, append_images=frames[1:])
    assert (load_image(path) == (255, 0, 0)).all()


def test_resizing_is_antialiased(save):
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.ptp(load_image(stripes, 8)) <= 40  # grey, where sampling would give stripes


def test_a_pil_image_is_left_as_it_was(rgb):
    image = Image.fromarray(rgb).convert("RGBA")
    before = image.tobytes(), image.mode, image.size
    load_image(image, 5)[:] = 0
    assert (image.tobytes(), image.mode, image.size) == before


def test_no_file_is_left_open(rgb, save, tmp_path):
    frames = [Image.fromarray(rgb), Image.fromarray(rgb[::-1])]
    paths = [save(frames[0], "a.gif", save_all=True, append_images=frames[1:])]
    paths += [save(frames[0]), write(tmp_path / "b.jpg", b""), write(tmp_path / "c.jpg", b"text")]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        find_unreadable(paths)
        gc.collect()
    assert not caught
