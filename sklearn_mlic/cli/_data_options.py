"""Where things stand in a CSV file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from sklearn.utils import Bunch
from typer import Option

if TYPE_CHECKING:
    from sklearn_mlic.datasets import RowStream

TextColumns = Annotated[
    list[str] | None, Option(help="Column of text, if any; may be repeated, in the same order.")
]
MayLackImage = Annotated[
    bool, Option("--may-lack-image", help="Rows with text may have an empty image name.")
]

Ids = Annotated[
    str | None,
    Option(
        help="Column that the rows are called by, in the CSV file and in what is written; by "
        "default that of the image names, and the row's number where there is none."
    ),
]


@dataclass
class DataOptions:
    """Where images, labels and text stand in a CSV file."""

    images: Annotated[Path | None, Option(help="Folder of the images; the CSV's by default.")] = (
        None
    )
    image: Annotated[str, Option(help="Column of image names.")] = "image"
    labels: Annotated[str, Option(help="Column of labels.")] = "labels"
    text: TextColumns = None
    may_lack_image: MayLackImage = False
    ids: Ids = None
    sep: Annotated[str, Option(help="What separates the labels of an image.")] = " "
    on_error: Annotated[
        str, Option(help="'raise' stops at bad rows, 'skip' lists them and leaves them out.")
    ] = "raise"

    @property
    def text_names(self) -> list[str]:
        """What the columns of text are called once they are loaded."""
        n_columns = len(self.text or ())
        return ["text"] if n_columns == 1 else [f"text{k + 1}" for k in range(n_columns)]

    def check(self) -> None:
        """Refuse what does not go together."""
        if self.may_lack_image and not self.text:
            raise ValueError(
                "--may-lack-image is for rows that have text instead: name its column with --text."
            )

    def read(self, path: Path, label_names: Sequence[str] | None = None) -> Bunch:
        """Load the file with its columns renamed to ``image`` and `text_names`."""
        from sklearn_mlic.datasets import load_csv

        asked = {"labels": self.labels, "label_names": label_names, "sep": self.sep}
        bunch = load_csv(path, verify=True, **asked, **self._settings())
        bunch.data.columns = self._columns
        return bunch

    def stream(self, path: Path, chunk_size: int) -> "RowStream":
        """Go through the file chunk by chunk, without looking for labels."""
        from sklearn_mlic.datasets import stream_csv

        rows = stream_csv(path, chunk_size=chunk_size, **self._settings())
        return rows.map(lambda X: X.set_axis(self._columns, axis=1))

    @property
    def _columns(self) -> list[str]:
        """A model file keeps these names: it fits any CSV, whatever its columns are called."""
        return ["image", *self.text_names]

    def _settings(self) -> dict[str, Any]:
        self.check()
        return {
            "images": self.images,
            "image": self.image,
            "text": self.text,
            "may_lack_image": self.may_lack_image,
            "ids": self.ids,
            "on_error": self.on_error,
        }
