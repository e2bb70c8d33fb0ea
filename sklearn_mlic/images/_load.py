"""From a file, a PIL image or an array to upright RGB pixels, or to an error that helps."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

ImageSource = str | os.PathLike | Image.Image | np.ndarray
IMAGE_TYPES = (str, os.PathLike, Image.Image, np.ndarray)
EXPECTED = "Expected a path, a PIL image or uint8 values of 0 to 255 of shape (H, W, 3)"
_EXPECTED_FILE = "Expected an image file (JPEG, PNG, ...)"
# The transposition that sets an image upright, by its EXIF orientation.
_T = Image.Transpose
_UPRIGHT = {2: _T.FLIP_LEFT_RIGHT, 3: _T.ROTATE_180, 4: _T.FLIP_TOP_BOTTOM, 5: _T.TRANSPOSE}
_UPRIGHT |= {6: _T.ROTATE_270, 7: _T.TRANSVERSE, 8: _T.ROTATE_90}


class ImageError(ValueError):
    """An image that cannot be read; the message names the row, the file and what to do.

    Parameters
    ----------
    reason : str
        What is wrong. Alone, it is the whole message.
    source : str, optional
        The path, or a short description of an image that has none.
    row : int, optional
        The position of the image in its column, counted from 0.
    remedy : str, default=""
        What was expected and what to do about it.

    Examples
    --------
    >>> ImageError("the file is empty", source="a.jpg", row=3, remedy="Replace the file")
    ImageError("Row 3, 'a.jpg': the file is empty. Replace the file.")
    """

    # All but the message is optional, so that pickle, which calls `type(*args)` and then restores
    # the attributes, and torch's DataLoader, which re-raises `type(message)` in the main process,
    # both get an ImageError through.
    def __init__(
        self, reason: str, source: str | None = None, row: int | None = None, remedy: str = ""
    ):
        self.reason, self.source, self.row, self.remedy = reason, source, row, remedy
        message = reason
        if source is not None:
            where = repr(source) if row is None else f"Row {row}, {source!r}"
            message = f"{where}: {reason}." + f" {remedy}." * bool(remedy)
        super().__init__(message)


def load_image(source: ImageSource, size: int | None = None, row: int | None = None) -> np.ndarray:
    """Read one image as upright RGB pixels.

    Transparent pixels are laid on white, 16-bit greyscale is scaled to 8 bits, EXIF rotation is
    applied, and of an animation the first frame is taken.

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
    _check_source(source, row)
    if isinstance(source, np.ndarray):
        if source.shape[2:] == (3,) and (size is None or source.shape[:2] == (size, size)):
            return np.array(source, order="C")
        channels = source[:, :, 0] if source.shape[2:] == (1,) else source
        source = Image.fromarray(np.ascontiguousarray(channels))
    with _reading(source, row):
        if isinstance(source, Image.Image):
            return _pixels(source, size, row)
        with Image.open(source) as image:
            return _pixels(image, size, row)


def count_threads(column: Sequence, n_jobs: int | None = None) -> int:
    """Return how many threads may decode a column of images.

    Parameters
    ----------
    column : sequence of images
        The "image" column of :func:`as_columns`.
    n_jobs : int, optional
        What the user asked for. None means one a processor, at most 4; -1 one a processor.

    Returns
    -------
    int
        1 where a PIL image is among them: two rows may share one whose file is yet to be read,
        which is not thread-safe.
    """
    if any(isinstance(source, Image.Image) for source in column):
        return 1
    n_processors = os.cpu_count() or 1
    if n_jobs is None:
        return min(4, n_processors)
    return n_processors if n_jobs < 0 else max(1, n_jobs)


def find_unreadable(column: Sequence, n_jobs: int | None = None) -> dict[int, ImageError]:
    """Try to read every image of a column.

    Parameters
    ----------
    column : sequence of images
        The "image" column of :func:`as_columns`.
    n_jobs : int, optional
        The number of threads. None means one a processor, at most 4; -1 one a processor.

    Returns
    -------
    dict of int to ImageError
        The error of every image that cannot be read, by its row, in row order.

    Examples
    --------
    >>> find_unreadable(["missing.jpg"])[0].reason
    'there is no such file'
    """
    n_threads = count_threads(column, n_jobs)

    def failures(start: int) -> list[ImageError]:
        found = []
        for row in range(start, len(column), n_threads):
            try:
                load_image(column[row], row=row)
            except ImageError as error:
                found.append(error)
        return found

    with ThreadPoolExecutor(n_threads) as pool:
        errors = [error for found in pool.map(failures, range(n_threads)) for error in found]
    return {error.row: error for error in sorted(errors, key=lambda error: error.row)}


def content_digest(source: ImageSource, row: int | None = None) -> bytes:
    """Hash the content of an image, as a key for caches.

    Parameters
    ----------
    source : str, path, PIL.Image.Image or uint8 ndarray
        The image. Of a file, the bytes count and not the name. A picture has one digest as a
        file, another as a PIL image and another as an array.
    row : int, optional
        The position of the image in its column, for error messages.

    Returns
    -------
    bytes of length 16
        The BLAKE2b digest.

    Raises
    ------
    ImageError
        If there is no such file, or `source` is not an image.

    Examples
    --------
    >>> import numpy as np
    >>> len(content_digest(np.zeros((4, 4, 3), dtype=np.uint8)))
    16
    """
    _check_source(source, row)
    with _reading(source, row):
        if isinstance(source, np.ndarray):
            kind, header = b"array", (source.shape, source.dtype.str)
            content = np.ascontiguousarray(source).data
        elif isinstance(source, Image.Image):
            content = source.tobytes()  # first: it reads the file, and with it the rest
            look = (source.getpalette(None), source.info.get("transparency"), _orientation(source))
            kind, header = b"pil", (source.mode, source.size, *look)
        else:
            with open(source, "rb") as file:
                kind, header, content = b"file", (), file.read()
    digest = blake2b(repr(header).encode(), digest_size=16, person=kind)
    digest.update(content)
    return digest.digest()


def _describe(source: Any) -> str:
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if isinstance(source, Image.Image):
        return f"PIL image of mode {source.mode} and size {source.size}"
    if isinstance(source, np.ndarray):
        return f"array of shape {source.shape} and dtype {source.dtype}"
    return f"object of type {type(source).__name__}"


def _check_source(source: Any, row: int | None) -> None:
    """Raise an ImageError unless `source` is a path, a PIL image or an array of pixels."""
    if not isinstance(source, IMAGE_TYPES):
        reason, remedy = "this is not an image", "convert it or drop the row"
    elif not isinstance(source, np.ndarray):
        return
    elif source.dtype != np.uint8:
        reason, remedy = "pixels must be uint8", "scale them and cast with .astype(np.uint8)"
        if source.dtype.kind == "f":
            remedy = "multiply values of 0 to 1 by 255, and cast with .astype(np.uint8)"
    elif source.ndim not in (2, 3) or source.shape[2:] not in ((), (1,), (3,), (4,)):
        reason = "this is not the shape of an image"
        remedy = "transpose or index it to this, (H, W, 4), (H, W, 1) or (H, W)"
    elif source.size == 0:
        reason, remedy = "there are no pixels", "drop the row"
    else:
        return
    raise ImageError(reason, _describe(source), row, f"{EXPECTED}; {remedy}")


@contextmanager
def _reading(source: Any, row: int | None) -> Iterator[None]:
    """Turn what goes wrong while `source` is read into an ImageError in the user's terms."""
    try:
        yield
    except MemoryError:
        raise
    except ImageError as error:  # raised while the pixels were looked at: name the file
        raise ImageError(error.reason, _describe(source), row, error.remedy) from None
    # A damaged file can make Pillow's decoders raise nearly anything: OSError, SyntaxError,
    # struct.error, IndexError, ...
    except Exception as error:
        is_file = isinstance(source, (str, os.PathLike))
        reason, remedy = f"it cannot be decoded ({error})", "Expected a complete image; replace it"
        if isinstance(error, (FileNotFoundError, NotADirectoryError)):
            reason = "there is no such file"
            remedy = f"{_EXPECTED_FILE}; check the path (the current folder is {os.getcwd()!r})"
        elif is_file and os.path.isdir(source):
            reason, remedy = "this is a folder", f"{_EXPECTED_FILE}; list the files in it"
        elif isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
            reason = f"it may be a decompression bomb ({error})"
            remedy = "Expected fewer pixels; shrink it, or raise PIL.Image.MAX_IMAGE_PIXELS"
        elif isinstance(error, OSError) and error.errno is not None:
            reason = f"it cannot be opened ({error.strerror})"
            remedy = f"{_EXPECTED_FILE} that may be read; check its permissions and the disk"
        elif is_file and isinstance(error, UnidentifiedImageError):
            is_empty = os.path.getsize(source) == 0
            reason = "the file is empty (0 bytes)" if is_empty else "its content is not an image"
            remedy = f"{_EXPECTED_FILE}; replace it"
        raise ImageError(reason, _describe(source), row, remedy) from error


def _orientation(image: Image.Image) -> int:
    # Broken EXIF data does not spoil the pixels: the picture is then taken as it lies.
    try:
        return image.getexif().get(0x0112, 1)
    except Exception:
        return 1


def _pixels(image: Image.Image, size: int | None, row: int | None) -> np.ndarray:
    image.load()  # a PNG may carry its EXIF data behind the pixels
    rgb = _to_rgb(image, row)
    turn = _UPRIGHT.get(_orientation(image))
    if turn is not None:
        rgb = rgb.transpose(turn)
    if size is not None and rgb.size != (size, size):
        rgb = rgb.resize((size, size), Image.Resampling.BILINEAR)
    return np.array(rgb)


def _to_rgb(image: Image.Image, row: int | None) -> Image.Image:
    transparency = image.info.get("transparency")
    if image.mode == "RGB" and transparency is None:
        return image
    if image.mode == "F":
        remedy = "Expected integer pixels; scale them to 0 to 255 and save them as uint8"
        raise ImageError("the range of float pixels is unknown", _describe(image), row, remedy)
    if image.mode.startswith("I"):  # "I;16" and, from some formats, "I" hold 16-bit greyscale
        levels = np.asarray(image).astype(np.int64)
        if levels.min() < 0 or levels.max() > 65535:
            reason = f"its values, {levels.min()} to {levels.max()}, do not fit 16 bits"
            remedy = "Expected 0 to 65535; scale them to 0 to 255 and save them as uint8"
            raise ImageError(reason, _describe(image), row, remedy)
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
