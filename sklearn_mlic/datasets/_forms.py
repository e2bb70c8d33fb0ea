"""Tables of predictions as bytes that can be appended, and as a finished file."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

PARQUET = (".parquet", ".pq")


class CsvForm:
    """Rows of text; the first chunk brings the header."""

    def encode(self, table: "pd.DataFrame", is_first: bool) -> bytes:
        """Return the rows of a chunk."""
        return table.to_csv(index=False, header=is_first).encode()

    def finish(self, part: Path, out: Path) -> None:
        """Make the whole file of the appended chunks."""
        part.replace(out)


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

    def finish(self, part: Path, out: Path) -> None:
        """Make the whole file of the appended chunks, one of them at a time in memory."""
        pa, whole = self._arrow, out.with_name(f"{out.name}.whole")
        with (
            pa.OSFile(str(part)) as file,
            pa.ipc.open_stream(file) as stream,
            pa.parquet.ParquetWriter(str(whole), stream.schema) as writer,
        ):
            for batch in stream:
                writer.write_batch(batch)
        whole.replace(out)
        part.unlink()


def choose_form(out: str | os.PathLike) -> CsvForm | ParquetForm:
    """Return what the suffix of an output asks for; CSV where it is none of Parquet's."""
    return ParquetForm() if Path(out).suffix.lower() in PARQUET else CsvForm()


def _as_text(cell: Any) -> str | None:
    """Rows without a name are called by their number, and those left out have no labels."""
    return str(cell) if isinstance(cell, (str, int)) else None
