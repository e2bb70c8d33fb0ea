"""Files as a whole: their content as a key, and content that appears at once or not at all."""

import os
from hashlib import blake2b
from pathlib import Path

_BLOCK = 2**20


def file_digest(path: str | os.PathLike) -> str:
    """Hash the content of a file of any size.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    str
        24 hexadecimal digits.
    """
    digest = blake2b(digest_size=12)
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def write_at_once(path: Path, content: bytes) -> None:
    """Write a file that others see whole or not at all, also after a kill.

    Parameters
    ----------
    path : Path
        The file; replaced where there is one.
    content : bytes
        All of it.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
