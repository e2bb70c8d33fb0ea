"""The rows of a CSV file of any size."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING

from sklearn_mlic.datasets._columns import (
    Findings,
    check_parts,
    find_bare_rows,
    find_folder,
    name_rows,
    read_images,
    read_marks,
    read_texts,
)
from sklearn_mlic.datasets._problems import Problem, describe_problems
from sklearn_mlic.datasets._rows import CHUNK_SIZE, Chunk, RowStream
from sklearn_mlic.datasets._table import read_chunks
from sklearn_mlic.utils._choices import check_choice
from sklearn_mlic.utils._files import file_digest
from sklearn_mlic.utils._numbers import check_count

if TYPE_CHECKING:
    import pandas as pd

# Problems after which the rest of a file is not looked at: its settings are wrong.
_ENOUGH = 1000


def stream_csv(
    path: str | os.PathLike,
    images: str | os.PathLike | None = None,
    *,
    image: str | None = "image",
    text: str | Sequence[str] | None = None,
    ids: str | None = None,
    may_lack_image: bool = False,
    on_error: str = "raise",
    chunk_size: int = CHUNK_SIZE,
) -> RowStream:
    """Read the rows of a CSV file chunk by chunk, to predict more than fits into memory.

    The file is gone through once, to count the rows and to report problems before any
    prediction: image names that are empty or lead to no file, empty cells of `ids`, cells in
    columns without a name that belong to no text. Unlike in `load_csv`, rows may repeat.

    Parameters
    ----------
    path : str or path
        As for `load_csv`; it may have millions of rows.
    images : str or path, optional
        The folder that the image names are relative to; by default that of the CSV file.
    image : str or None, default="image"
        The column of image names. None reads text alone.
    text : str or list of str, optional
        The columns of text.
    ids : str, optional
        The column that the rows are called by; by default that of the images.
    may_lack_image : bool, default=False
        Whether rows with text may have an empty image name.
    on_error : {"raise", "skip"}, default="raise"
        "raise" reports the problems in an error. "skip" leaves the predictions of such rows
        empty, also where an image turns out to be damaged.
    chunk_size : int, default=1024
        Rows that are held in memory at a time, and done again at most after a kill.

    Returns
    -------
    RowStream
        For `stream_predictions`.

    Raises
    ------
    FileNotFoundError
        If there is no such file or folder.
    ValueError
        If there are problems, a column is missing, or the file cannot be parsed, as where a row
        has more cells than the header: what its cells are is not known, so that "skip" does not
        help.

    See Also
    --------
    load_csv : All at once, and with labels.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_mlic.datasets import stream_csv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "texts.csv")
    ...     _ = path.write_text("id,caption\\n1,a cat\\n2,a dog\\n3,a red disc\\n")
    ...     rows = stream_csv(path, image=None, text="caption", ids="id", chunk_size=2)
    ...     print(rows.n_rows, [chunk.ids for chunk in rows.read(0)])
    3 [['1', '2'], ['3']]
    """
    check_choice("on_error", on_error, ("raise", "skip"))
    check_count("chunk_size", chunk_size)
    path = os.fspath(path)
    texts = [text] if isinstance(text, str) else list(text or ())
    check_parts(images, image, texts, may_lack_image)
    source = _CsvSource(path, image, texts, ids, may_lack_image, images)
    read = partial(source.read, chunk_size)
    n_rows = _count(read, path, on_error)
    settings = (image, texts, ids, may_lack_image, source.folder and os.path.abspath(source.folder))
    digest = blake2b(repr(settings).encode(), digest_size=12)
    digest.update(file_digest(path).encode())
    return RowStream(read, digest.hexdigest(), n_rows, chunk_size, on_error)


@dataclass(frozen=True)
class _CsvSource:
    """A CSV file and what its columns are."""

    path: str
    image: str | None
    texts: list[str]
    ids: str | None
    may_lack_image: bool
    images: str | os.PathLike | None

    @property
    def folder(self) -> str | None:
        return None if self.image is None else find_folder(self.path, self.images)

    def read(self, chunk_size: int, start: int) -> Iterator[Chunk]:
        columns = [("image", self.image), *(("text", name) for name in self.texts)]
        columns = [pair for pair in (*columns, ("ids", self.ids)) if pair[1] is not None]
        tables, folder = read_chunks(self.path, columns, chunk_size), self.folder
        for number, (table, overflow) in enumerate(tables):
            # Where rows begin in the file shows only when the ones before are parsed.
            if number * chunk_size >= start:
                yield self._make_chunk(table, overflow, folder, number * chunk_size)

    def _make_chunk(
        self, table: "pd.DataFrame", overflow: dict[int, str], folder: str | None, start: int
    ) -> Chunk:
        import pandas as pd

        findings = Findings()
        data = read_texts(table, self.texts, overflow, findings)
        names: list = list(range(start + 1, start + len(table) + 1))
        paths: list[str | None] = [None] * len(table)
        if self.image is not None:
            cells, lacks = table[self.image].tolist(), self.may_lack_image
            names = name_rows(cells, start + 1)
            paths = read_images(cells, folder, findings, may_lack=lacks, may_repeat=True)
            # Folders that are not UTF-8 do not fit into the text columns of pandas.
            data.insert(0, self.image, pd.Series(paths, dtype=object))
            findings.problems += find_bare_rows(data, self.image) if lacks else ()
        if self.ids is not None:
            names = read_marks(table[self.ids].tolist(), self.ids, findings)
        return Chunk(data, names, paths, findings.problems)


def _count(read: Callable[[int], Iterator[Chunk]], path: str, on_error: str) -> int:
    """Count the rows, and raise what is wrong with them, or that nothing is right."""
    n_rows, n_bad, problems, places = 0, 0, [], {}
    for chunk in read(0):
        n_bad += len({row for row, *_ in chunk.problems})
        for row, *rest in chunk.problems if len(problems) < _ENOUGH else ():
            problems.append(Problem(n_rows + row, *rest))
            places[n_rows + row] = f"row {n_rows + row + 1}, {chunk.ids[row]!r}"
        n_rows += len(chunk.ids)
        if on_error == "raise" and len(problems) >= _ENOUGH:
            break
    if n_bad == n_rows or (problems and on_error == "raise"):
        problems.sort(key=lambda problem: problem.row)
        rows = "rows (numbered from 1 below the header)"
        report = describe_problems(problems, places, n_rows, path, rows, None)
        if n_bad < n_rows:
            report += "\nOr leave the predictions of such rows empty with on_error='skip'."
        raise ValueError(report)
    return n_rows
