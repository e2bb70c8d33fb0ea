"""JPEG files that are decoded at a fraction of their size."""

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from helpers import write
from sklearn_mlic.images import ImageError, _load, find_unreadable, load_image


def photo(width, height, mode="RGB"):
    """Smooth shapes with a grain, as photographs have."""
    rng = np.random.default_rng(0)
    shapes = rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    pixels = np.array(Image.fromarray(shapes).resize((width, height), Image.Resampling.BICUBIC))
    grain = rng.normal(0, 5, pixels.shape)
    return Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8)).convert(mode)


def decoded_in_full(path, size):
    with Image.open(path) as image:
        return load_image(image.copy(), size)


def difference(path, size):
    return np.abs(load_image(path, size).astype(int) - decoded_in_full(path, size)).mean()


@pytest.fixture
def decoded(monkeypatch):
    """The size of every picture as it comes out of the decoder."""
    sizes, to_rgb = [], _load._to_rgb

    def spy(image, row):
        sizes.append(image.size)
        return to_rgb(image, row)

    monkeypatch.setattr(_load, "_to_rgb", spy)
    return sizes


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [
        ((1000, 750), 224, (500, 375)),
        ((1000, 750), 93, (125, 94)),
        ((1000, 750), 94, (250, 188)),
        ((1007, 751), 187, (252, 188)),
        ((896, 896), 224, (224, 224)),
        ((895, 896), 224, (448, 448)),
        ((1000, 150), 100, (1000, 150)),
        ((60, 40), 64, (60, 40)),
        ((800, 800), 8, (100, 100)),
    ],
)
def test_both_sides_keep_enough_pixels_and_the_result_is_near_a_full_decode(
    save, decoded, shape, size, expected
):
    path = save(photo(*shape), "a.jpg", quality=90)
    assert load_image(path, size).shape == (size, size, 3)
    assert decoded == [expected]
    assert difference(path, size) < 1  # of 255 levels


def test_without_a_size_every_pixel_is_decoded(save, decoded):
    path = save(photo(400, 300), "a.jpg")
    np.testing.assert_array_equal(load_image(path), decoded_in_full(path, None))
    assert decoded[0] == (400, 300)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_modes_come_out_right(save, decoded, mode):
    path = save(photo(500, 400, mode), "a.jpg", quality=90)
    with Image.open(path) as image:
        assert image.mode == mode
    assert difference(path, 100) < 1
    assert decoded[0] == (125, 100)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_rotated_file_is_its_unrotated_picture_turned(save, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(photo(501, 301), "rotated.jpg", exif=exif)
    plain = Image.fromarray(load_image(save(photo(501, 301), "plain.jpg"), 70))
    plain.getexif()[0x0112] = orientation
    np.testing.assert_array_equal(load_image(path, 70), load_image(plain))


def test_of_a_file_with_several_pictures_the_first_is_taken(save, decoded):
    black = Image.new("RGB", (500, 400))
    path = save(photo(500, 400), "a.jpg", format="MPO", save_all=True, append_images=[black])
    assert difference(path, 100) < 1
    assert decoded[0] == (125, 100)


def test_no_other_format_and_no_picture_of_the_user_is_drafted(save, monkeypatch):
    jpeg, png = save(photo(400, 300), "a.jpg"), save(photo(400, 300), "a.png")

    def fail(*args):
        raise AssertionError("draft was called")

    monkeypatch.setattr(Image.Image, "draft", fail)
    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "draft", fail)
    load_image(png, 50)
    with Image.open(jpeg) as image:
        load_image(image, 50)
        assert image.size == (400, 300)


@pytest.mark.parametrize("size", [8, 64, 224])
def test_a_truncated_file_is_still_found(save, tmp_path, size):
    whole = save(photo(600, 500), "a.jpg").read_bytes()
    path = write(tmp_path / "cut.jpg", whole[: len(whole) // 2])
    with pytest.raises(ImageError, match=r"(?s)^Row 3, .*cannot be decoded.*trunc"):
        load_image(path, size, row=3)
    assert list(find_unreadable([path])) == [0]
