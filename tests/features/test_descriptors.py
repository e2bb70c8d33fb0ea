"""Each descriptor by what it must not and what it must notice."""

import numpy as np
import pytest

from sklearn_mlic.features._descriptors import (
    DESCRIPTORS,
    Picture,
    count_words,
    find_words,
    patches,
)

SIZES = {
    "hog": 576,
    "rgb_histogram": 256,
    "hsv_histogram": 64,
    "colour_moments": 225,
    "correlogram": 144,
    "edge_histogram": 80,
    "gabor": 48,
    "lbp": 236,
}
# How many cells each sums to 1 over, of what it counts.
COUNTED = {"rgb_histogram": 1, "hsv_histogram": 1, "lbp": 4}
NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
RAMP = np.tile(np.arange(64, dtype=np.uint8)[:, None] * 4, (64, 1, 3))  # brighter to the right


def describe(name, pixels):
    return DESCRIPTORS[name](Picture(np.ascontiguousarray(pixels)))


def plain(red, green, blue, size=64):
    return np.full((size, size, 3), (red, green, blue), dtype=np.uint8)


def halves(left, right, size=64):
    pixels = np.empty((size, size, 3), dtype=np.uint8)
    pixels[:, : size // 2], pixels[:, size // 2 :] = left, right
    return pixels


@pytest.mark.parametrize("size", [32, 50, 96, 128])
@pytest.mark.parametrize("name", DESCRIPTORS)
def test_the_size_of_the_image_does_not_change_the_width(name, size):
    pixels = np.random.default_rng(1).integers(0, 256, (size, size, 3), dtype=np.uint8)
    vector = describe(name, pixels)
    assert vector.shape == (SIZES[name],)
    assert np.all(np.isfinite(vector))


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_an_image_of_one_colour_is_described_too(name):
    assert np.all(np.isfinite(describe(name, plain(0, 0, 0))))


@pytest.mark.parametrize("name", COUNTED)
def test_histograms_are_roots_of_frequencies(name):
    np.testing.assert_allclose((describe(name, NOISE) ** 2).sum(), COUNTED[name])


# ---- colour


@pytest.mark.parametrize("name", ["rgb_histogram", "hsv_histogram"])
def test_a_histogram_knows_colours_and_no_places(name):
    mixed = NOISE.reshape(-1, 3)[np.random.default_rng(0).permutation(64 * 64)].reshape(NOISE.shape)
    np.testing.assert_array_equal(describe(name, mixed), describe(name, NOISE))
    red, blue = describe(name, plain(255, 0, 0)), describe(name, plain(0, 0, 255))
    assert red.max() == blue.max() == 1
    assert red @ blue == 0
    both = describe(name, halves((255, 0, 0), (0, 0, 255)))
    np.testing.assert_allclose(both, (red + blue) / np.sqrt(2))


def test_moments_are_those_of_numpy():
    picture = Picture(NOISE)
    moments = describe("colour_moments", NOISE).reshape(5, 5, 3, 3)
    cell = picture.lab[12:25, 38:51].reshape(-1, 3)  # the second row, the fourth column of 5
    third = ((cell - cell.mean(axis=0)) ** 3).mean(axis=0)
    expected = np.stack([cell.mean(axis=0), cell.std(axis=0), np.cbrt(third)], axis=1)
    np.testing.assert_allclose(moments[1, 3], expected, rtol=1e-6, atol=1e-6)


def test_moments_of_one_colour_are_that_colour():
    moments = describe("colour_moments", plain(200, 30, 90)).reshape(25, 3, 3)
    np.testing.assert_allclose(
        moments[:, :, 0], np.tile(Picture(plain(200, 30, 90)).lab[0, 0], (25, 1))
    )
    np.testing.assert_allclose(moments[:, :, 1:], 0, atol=1e-2)


def test_the_correlogram_is_the_share_of_like_neighbours():
    pixels = halves((255, 0, 0), (0, 0, 255), size=32)
    found = describe("correlogram", pixels).reshape(4, 36)
    red = np.zeros((32, 32), dtype=bool)
    red[:, :16] = True
    for row, distance in zip(found, (1, 3, 5, 7), strict=True):
        same = total = 0
        for y, x in np.argwhere(red):
            for dy in (-distance, 0, distance):
                for dx in (-distance, 0, distance):
                    inside = 0 <= y + dy < 32 and 0 <= x + dx < 32
                    if inside and (dy or dx):
                        total += 1
                        same += red[y + dy, x + dx]
        assert sorted(row)[-1] == pytest.approx(same / total)
        assert np.count_nonzero(row) == 2


def test_the_correlogram_tells_grain_where_a_histogram_does_not():
    """The same colours, in two halves or pixel by pixel."""
    red, blue = (255, 0, 0), (0, 0, 255)
    coarse, fine = halves(red, blue), halves(red, blue)
    fine[:, ::2], fine[:, 1::2] = red, blue
    np.testing.assert_array_equal(
        describe("rgb_histogram", coarse), describe("rgb_histogram", fine)
    )
    one, other = (describe("correlogram", pixels)[:36].max() for pixels in (coarse, fine))
    assert one > 0.9 > 0.5 > other


# ---- edges and texture


@pytest.mark.parametrize(("name", "near"), [("hog", 1e-6), ("edge_histogram", 0), ("lbp", 0.02)])
def test_brightness_changes_no_edge(name, near):
    dark = (NOISE // 2).astype(np.uint8)
    brighter = dark + np.uint8(100)
    # Between pixels, local binary patterns read a mean, which rounding can push past its equal.
    np.testing.assert_allclose(describe(name, brighter), describe(name, dark), atol=near)


def test_edges_have_their_direction():
    size = 64
    bars = np.zeros((size, size, 3), dtype=np.uint8)
    bars[:, 1::2] = 255  # an edge within each block of two pixels
    diagonal = np.zeros_like(bars)
    diagonal[::2, ::2], diagonal[::2, 1::2], diagonal[1::2, ::2] = 250, 125, 125
    kinds = {"vertical": bars, "horizontal": bars.transpose(1, 0, 2), "45 degrees": diagonal}
    for k, pixels in enumerate(kinds.values()):
        found = describe("edge_histogram", pixels).reshape(16, 5)
        np.testing.assert_array_equal(found.argmax(axis=1), k)
        np.testing.assert_allclose(found.sum(axis=1), 1)
    assert np.all(describe("edge_histogram", plain(10, 20, 30)) == 0)


def test_hog_turns_with_the_image():
    across = describe("hog", RAMP).reshape(-1, 9).sum(axis=0)
    down = describe("hog", RAMP.transpose(1, 0, 2)).reshape(-1, 9).sum(axis=0)
    assert across.argmax() != down.argmax()
    assert np.all(describe("hog", plain(9, 9, 9)) == 0)


def test_gabor_answers_to_the_wave_it_is():
    x = np.arange(64)
    for k, frequency in enumerate((0.05, 0.1, 0.2, 0.4)):
        wave = np.round(127 + 120 * np.cos(2 * np.pi * frequency * x)).astype(np.uint8)
        across = np.tile(wave[None, :, None], (64, 1, 3))
        means = describe("gabor", across)[:24].reshape(4, 6)
        assert np.unravel_index(means.argmax(), means.shape) == (k, 0)
        down = describe("gabor", across.transpose(1, 0, 2))[:24].reshape(4, 6)
        assert np.unravel_index(down.argmax(), down.shape) == (k, 3)


# ---- words


def test_patches_are_bytes_of_gradients():
    found = patches(Picture(NOISE))
    assert found.dtype == np.uint8
    assert found.shape == (49, 128)
    assert np.all(patches(Picture(plain(9, 9, 9))) == 0)


def test_words_find_the_kinds_of_patches():
    stripes = np.zeros((64, 64, 3), dtype=np.uint8)
    stripes[:, ::8] = stripes[:, 1::8] = stripes[:, 2::8] = 255
    kinds = [patches(Picture(pixels)) for pixels in (stripes, stripes.transpose(1, 0, 2).copy())]
    words = find_words(kinds, 2, np.random.RandomState(0))
    first, second = (count_words(found, words) for found in kinds)
    assert first.max() == second.max() == 1
    assert first @ second == 0


def test_a_word_is_the_nearest():
    found = patches(Picture(NOISE))
    words = find_words([found], 5, np.random.RandomState(0))
    distances = ((found[:, None].astype(float) - words) ** 2).sum(axis=2)
    expected = np.bincount(distances.argmin(axis=1), minlength=5) / len(found)
    np.testing.assert_allclose(count_words(found, words) ** 2, expected)
