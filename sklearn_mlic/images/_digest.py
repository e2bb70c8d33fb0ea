"""The content of an image as a key."""

from hashlib import blake2b

import numpy as np
from PIL import Image

from sklearn_mlic.images._load import orientation
from sklearn_mlic.images._source import ImageSource, check_source, reading


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
    check_source(source, row)
    with reading(source, row):
        if isinstance(source, np.ndarray):
            kind, header = b"array", (source.shape, source.dtype.str)
            content = np.ascontiguousarray(source).data
        elif isinstance(source, Image.Image):
            content = source.tobytes()  # first: it reads the file, and with it the rest
            look = (source.getpalette(None), source.info.get("transparency"), orientation(source))
            kind, header = b"pil", (source.mode, source.size, *look)
        else:
            with open(source, "rb") as file:
                kind, header, content = b"file", (), file.read()
    digest = blake2b(repr(header).encode(), digest_size=16, person=kind)
    digest.update(content)
    return digest.digest()
