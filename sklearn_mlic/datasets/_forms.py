"""Tables of predictions as bytes that can be appended, and as a finished file."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

PARQUET = (".parquet", ".pq")

# A row group of Parquet takes chunks until it has so many rows, or so many bytes in memory.
_GROUP_ROWS = 100_000
_GROUP_BYTES = 2**28


class CsvForm:
    """Rows of text; the first chunk brings the header."""

    def encode(self, table: "pd.DataFrame", is_first: bool) -> bytes:
        """Return the rows of a chunk; file names that are not UTF-8 stay as the disk has them."""
        return table.to_csv(index=False, header=is_first).encode(errors="surrogateescape")

    def make_whole(self, part: Path) -> Path:
        """Return the file of the appended chunks: it is whole already."""
        return part


class ParquetForm:
    """Columns of text and of float32; chunks wait in Arrow's stream format, which may be appended.

    A Parquet file ends in a table of contents, so that it is written last.
    """

    def __init__(self) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            raise ImportError(
                "Parquet files are written by pyarrow, which is not installed: "
                "pip install 'sklearn-mlic[parquet]', or name a .csv file."
            ) from error
        self._arrow: Any = pyarrow

    def encode(self, table: "pd.DataFrame", is_first: bool) -> bytes:
        """Return the rows of a chunk, behind the schema in the first one."""
        pa = self._arrow
        head, probabilities = table.columns[:2], table.columns[2:]
        texts = [pa.array([_as_text(cell) for cell in table[name]], pa.string()) for name in head]
        numbers = [pa.array(table[name], pa.float32(), from_pandas=True) for name in probabilities]
        batch = pa.record_batch([*texts, *numbers], names=list(table.columns))
        schema = batch.schema.serialize().to_pybytes() if is_first else b""
        return schema + batch.serialize().to_pybytes()

    def make_whole(self, part: Path) -> Path:
        """Make the whole file of the appended chunks, a row group at a time in memory."""
        pa, whole = self._arrow, part.with_suffix(".whole")
        with (
            pa.OSFile(os.fspath(part)) as file,
            pa.ipc.open_stream(file) as stream,
            open(whole, "wb") as target,
        ):
            with pa.parquet.ParquetWriter(target, stream.schema) as writer:
                for batches in _group(stream):
                    writer.write_table(pa.Table.from_batches(batches))
            target.flush()
            os.fsync(target.fileno())
        return whole


def choose_form(out: str | os.PathLike) -> CsvForm | ParquetForm:
    """Return what the suffix of an output asks for; CSV where it is none of Parquet's."""
    return ParquetForm() if Path(out).suffix.lower() in PARQUET else CsvForm()


def _group(batches: Iterable[Any]) -> Iterator[list]:
    """Gather chunks: a group of their own for each would make a long table of contents."""
    group, n_rows, n_bytes = [], 0, 0
    for batch in batches:
        group.append(batch)
        n_rows, n_bytes = n_rows + batch.num_rows, n_bytes + batch.nbytes
        if n_rows >= _GROUP_ROWS or n_bytes >= _GROUP_BYTES:
            yield group
            group, n_rows, n_bytes = [], 0, 0
    if group:
        yield group


def _as_text(cell: Any) -> str | None:
    """Rows without a name are called by their number, and those left out have no labels."""
    if not isinstance(cell, (str, int)):
        return None
    # Text in Parquet is UTF-8: in a file name that is not, "\xe9" stands for a byte as it is.
    return str(cell).encode(errors="surrogateescape").decode(errors="backslashreplace")
