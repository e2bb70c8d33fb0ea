"""What may stand for an image, and the error for what may not or cannot be read."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

ImageSource = str | os.PathLike | Image.Image | np.ndarray
IMAGE_TYPES = (str, os.PathLike, Image.Image, np.ndarray)
EXPECTED = "Expected a path, a PIL image or uint8 values of 0 to 255 of shape (H, W, 3)"
_EXPECTED_FILE = "Expected an image file (JPEG, PNG, ...)"


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


def describe(source: Any) -> str:
    """Name a source in an error: its path, or what it is."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if isinstance(source, Image.Image):
        return f"PIL image of mode {source.mode} and size {source.size}"
    if isinstance(source, np.ndarray):
        return f"array of shape {source.shape} and dtype {source.dtype}"
    return f"object of type {type(source).__name__}"


def check_source(source: Any, row: int | None) -> None:
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
    raise ImageError(reason, describe(source), row, f"{EXPECTED}; {remedy}")


@contextmanager
def reading(source: Any, row: int | None) -> Iterator[None]:
    """Turn what goes wrong while `source` is read into an ImageError in the user's terms."""
    try:
        yield
    except MemoryError:
        raise
    except ImageError as error:  # raised while the pixels were looked at: name the file
        raise ImageError(error.reason, describe(source), row, error.remedy) from None
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
        raise ImageError(reason, describe(source), row, remedy) from error
