"""From a file, a PIL image or an array to upright RGB pixels."""

import numpy as np
from PIL import Image

from sklearn_mlic.images._source import ImageError, ImageSource, check_source, describe, reading

# How a picture becomes size x size pixels, as a part of the keys of caches: change it with that.
PREPARATION = "squish bilinear uint8, JPEG at a fraction"
# The transposition that sets an image upright, by its EXIF orientation.
_T = Image.Transpose
_UPRIGHT = {2: _T.FLIP_LEFT_RIGHT, 3: _T.ROTATE_180, 4: _T.FLIP_TOP_BOTTOM, 5: _T.TRANSPOSE}
_UPRIGHT |= {6: _T.ROTATE_270, 7: _T.TRANSVERSE, 8: _T.ROTATE_90}


def load_image(source: ImageSource, size: int | None = None, row: int | None = None) -> np.ndarray:
    """Read one image as upright RGB pixels.

    Transparent pixels are laid on white, 16-bit greyscale is scaled to 8 bits, EXIF rotation is
    applied, and of an animation the first frame is taken. With `size`, a JPEG file is decoded at
    1/2, 1/4 or 1/8 of its size where that leaves enough pixels: two or three times as fast for
    a photograph, at less than one level of difference a pixel on average.

    Parameters
    ----------
    source : str, path, PIL.Image.Image or uint8 ndarray
        A file, an image, or pixels of shape (H, W, 3), (H, W, 4), (H, W, 1) or (H, W).
    size : int, optional
        Resize to `size` x `size` pixels, antialiased and whatever the aspect ratio. By default
        the image keeps its size.
    row : int, optional
        The position of the image in its column, for error messages.

    Returns
    -------
    ndarray of shape (H, W, 3) and dtype uint8
        The pixels, 0 to 255, in memory of their own.

    Raises
    ------
    ImageError
        If the image cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> grey = np.full((4, 6), 128, dtype=np.uint8)
    >>> load_image(grey).shape
    (4, 6, 3)
    >>> load_image(grey, size=2)[0, 0].tolist()
    [128, 128, 128]
    """
    if size is not None and size < 1:
        raise ValueError(f"size={size!r}; expected a number of pixels, 1 or more, or None.")
    check_source(source, row)
    if isinstance(source, np.ndarray):
        if source.shape[2:] == (3,) and (size is None or source.shape[:2] == (size, size)):
            return np.array(source, order="C")
        channels = source[:, :, 0] if source.shape[2:] == (1,) else source
        source = Image.fromarray(np.ascontiguousarray(channels))
    with reading(source, row):
        if isinstance(source, Image.Image):
            return _pixels(source, size, row)
        with Image.open(source) as image:
            box = None if size is None else _decode_small(image, size)
            return _pixels(image, size, row, box)


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; where there is none, 1."""
    # Broken EXIF data does not spoil the pixels: the picture is then taken as it lies.
    try:
        return image.getexif().get(0x0112, 1)
    except Exception:
        return 1


def _decode_small(image: Image.Image, size: int) -> tuple[float, float, float, float] | None:
    """Let libjpeg scale a file just opened; return what the picture covers of the pixels.

    Both sides keep `size` pixels or more. This changes `image`, so it is for files of our own.
    """
    if image.format not in ("JPEG", "MPO"):  # an MPO is a JPEG with further pictures behind it
        return None
    drafted = image.draft(None, (size, size))  # None keeps the mode
    return None if drafted is None else drafted[1]


def _pixels(
    image: Image.Image,
    size: int | None,
    row: int | None,
    box: tuple[float, float, float, float] | None = None,
) -> np.ndarray:
    image.load()  # a PNG may carry its EXIF data behind the pixels
    rgb = _to_rgb(image, row)
    # The box ends within the last pixels where a side is no multiple of the fraction.
    if size is not None and rgb.size != (size, size):
        rgb = rgb.resize((size, size), Image.Resampling.BILINEAR, box=box)
    turn = _UPRIGHT.get(orientation(image))  # after the resize: fewer pixels to turn
    if turn is not None:
        rgb = rgb.transpose(turn)
    return np.array(rgb)


def _to_rgb(image: Image.Image, row: int | None) -> Image.Image:
    transparency = image.info.get("transparency")
    if image.mode == "RGB" and transparency is None:
        return image
    if image.mode == "F":
        remedy = "Expected integer pixels; scale them to 0 to 255 and save them as uint8"
        raise ImageError("the range of float pixels is unknown", describe(image), row, remedy)
    if image.mode.startswith("I"):  # "I;16" and, from some formats, "I" hold 16-bit greyscale
        levels = np.asarray(image).astype(np.int64)
        if levels.min() < 0 or levels.max() > 65535:
            reason = f"its values, {levels.min()} to {levels.max()}, do not fit 16 bits"
            remedy = "Expected 0 to 65535; scale them to 0 to 255 and save them as uint8"
            raise ImageError(reason, describe(image), row, remedy)
        grey = ((levels + 128) // 257).astype(np.uint8)  # rounds; 65535 = 255 * 257
        if transparency is not None:
            grey[levels == transparency] = 255
        return Image.fromarray(grey).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(rgba, mask=rgba)
        return white
    return image.convert("RGB")
