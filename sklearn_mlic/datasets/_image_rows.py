"""Image files and folders of them, of any number."""

import os
from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import blake2b
from itertools import islice

from PIL import Image

from sklearn_mlic.datasets._rows import CHUNK_SIZE, Chunk, RowStream
from sklearn_mlic.utils._choices import check_choice
from sklearn_mlic.utils._numbers import check_count


def stream_images(
    paths: str | os.PathLike | Sequence[str | os.PathLike],
    *,
    on_error: str = "raise",
    chunk_size: int = CHUNK_SIZE,
) -> RowStream:
    """Go through image files and folders of them chunk by chunk.

    Only the names of one folder are held at a time. Folders are searched with all that is in
    them, in the order of their names. Links to folders are followed, but for those that lead back
    to a folder they lie in.

    Parameters
    ----------
    paths : path or sequence of paths
        Image files, and folders of them.
    on_error : {"raise", "skip"}, default="raise"
        Whether an image that cannot be read ends the prediction or has an empty one.
    chunk_size : int, default=1024
        Rows that are held in memory at a time, and done again at most after a kill.

    Returns
    -------
    RowStream
        For `stream_predictions`; its rows have one column, ``image``.

    Raises
    ------
    FileNotFoundError
        If there is no such file or folder.
    ValueError
        If a folder holds no image files.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> from sklearn_mlic.datasets import stream_images
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("a.png", "b.png"):
    ...         Image.new("RGB", (8, 8)).save(f"{folder}/{name}")
    ...     stream_images(folder).n_rows
    2
    """
    check_choice("on_error", on_error, ("raise", "skip"))
    check_count("chunk_size", chunk_size)
    one = isinstance(paths, (str, os.PathLike))
    places = [os.path.normpath(path) for path in ([paths] if one else paths)]
    digest, n_rows = blake2b(digest_size=12), 0
    for place in places:
        before = n_rows
        for path in _walk(place):
            digest.update(os.fsencode(path) + b"\0")
            n_rows += 1
        if n_rows == before:
            raise ValueError(f"The folder {place!r} holds no image files.")
    if not n_rows:
        raise ValueError("paths is empty; expected image files or folders of them.")
    read = partial(_read_images, places, chunk_size)
    return RowStream(read, digest.hexdigest(), n_rows, chunk_size, on_error)


def _read_images(places: list[str], chunk_size: int, start: int) -> Iterator[Chunk]:
    import pandas as pd

    paths = islice((path for place in places for path in _walk(place)), start, None)
    while found := list(islice(paths, chunk_size)):
        # Names that are not UTF-8 do not fit into the text columns of pandas.
        yield Chunk(pd.DataFrame({"image": found}, dtype=object), found, found, [])


def _walk(place: str) -> Iterator[str]:
    """Yield a file, or the image files in a folder in the order of their names."""
    if not os.path.exists(place):
        raise FileNotFoundError(f"There is no file or folder {place!r}.")
    if not os.path.isdir(place):
        yield place
        return
    yield from _walk_folder(place, frozenset(Image.registered_extensions()), frozenset())


def _walk_folder(folder: str, suffixes: frozenset[str], above: frozenset[str]) -> Iterator[str]:
    """Go down, but not through a link to one of the folders above, which are real paths."""
    here = os.path.realpath(folder)
    if here in above:
        return
    with os.scandir(folder) as entries:
        # A link may lead nowhere or to itself: then it is no folder.
        is_folder = {
            entry.name: os.path.isdir(entry) if entry.is_symlink() else entry.is_dir()
            for entry in entries
        }
    for name in sorted(is_folder):
        path = name if folder == os.curdir else os.path.join(folder, name)
        if is_folder[name]:
            yield from _walk_folder(path, suffixes, above | {here})
        elif os.path.splitext(name)[1].lower() in suffixes:
            yield path
