"""Files as a whole: their content as a key, written at once or not at all, and by one run alone."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
    """Write a file that others see whole or not at all, also after a kill or a power loss.

    Parameters
    ----------
    path : Path
        The file; replaced where there is one.
    content : bytes
        All of it.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(partial, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # or the new name may reach the disk before the content
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def hold_alone(path: Path) -> Iterator[None]:
    """Let one run at a time write a file, where the platform and the file system have locks.

    Beside it lies ``path.lock`` meanwhile. After a kill that file stays and holds nobody up: the
    lock on it ended with the process.

    Parameters
    ----------
    path : Path
        The file; it need not be there.

    Raises
    ------
    RuntimeError
        If another run holds it.
    """
    if sys.platform == "win32":  # it has no such locks
        yield
        return
    import fcntl

    lock = path.with_name(f"{path.name}.lock")
    with open(lock, "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it may have ended, and deleted it, since it was opened here.
            is_ours = os.fstat(file.fileno()).st_nlink > 0
        except BlockingIOError:
            is_ours = False
        except OSError:  # some network file systems have no locks
            is_ours = True
        if not is_ours:
            raise RuntimeError(
                f"{str(path)!r} is being written by another run: wait until it has ended, or "
                f"name another file."
            )
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)
