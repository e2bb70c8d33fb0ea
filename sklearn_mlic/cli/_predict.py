"""From the arguments of ``predict`` to rows, and from rows to a CSV file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from sklearn_mlic.cli._data_options import DataOptions
from sklearn_mlic.datasets import NO_LABEL, write_predictions
from sklearn_mlic.fitted import find_label_names, predict_both

if TYPE_CHECKING:
    import pandas as pd


def read_inputs(inputs: list[Path], data: DataOptions) -> "tuple[pd.DataFrame, list[str]]":
    """Turn image files, folders or one CSV file into X and the name of each row.

    Parameters
    ----------
    inputs : list of Path
        As given on the command line.
    data : DataOptions
        Where things stand in a CSV file.

    Returns
    -------
    X : DataFrame
        With the column ``image`` and, from a CSV file with text, those of `data.text_names`.
    ids : list of str
        What the rows are called in the output.
    """
    import pandas as pd

    if any(path.suffix.lower() == ".csv" for path in inputs):
        if len(inputs) > 1:
            raise ValueError("Give one CSV file alone, or images and folders.")
        bunch = data.read_unlabelled(inputs[0])
        return bunch.data, list(bunch.ids)
    if data.text:
        raise ValueError("--text names a column: give a CSV file that has it.")
    known = Image.registered_extensions()
    paths: list[Path] = []
    for path in inputs:
        if not path.exists():
            raise FileNotFoundError(f"There is no file or folder {str(path)!r}.")
        found = [path]
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.suffix.lower() in known)
            if not found:
                raise ValueError(f"The folder {str(path)!r} holds no image files.")
        paths += found
    ids = [str(path) for path in paths]
    return pd.DataFrame({"image": ids}), ids


def predict_to_csv(
    estimator: Any,
    X: Any,
    ids: list[str],
    path: Path,
    *,
    probabilities: bool,
    image: str = "image",
    labels: str = "labels",
    sep: str = " ",
    no_label: str = NO_LABEL,
) -> None:
    """Predict and write one row an image: its name, its labels and perhaps the probabilities.

    Parameters
    ----------
    estimator : estimator
        A fitted model.
    X : DataFrame
        The images.
    ids : list of str
        The name of each row.
    path : Path
        The CSV file to write.
    probabilities : bool
        Whether to add a column a label.
    image, labels : str
        The headers of the columns of names and labels.
    sep : str, default=" "
        What stands between two labels.
    no_label : str, default="-"
        What an image without a label gets; `load_csv` reads ``-`` as such.
    """
    names = find_label_names(estimator)
    unclear = [name for name in names if sep in name]
    if unclear:
        raise ValueError(
            f"The label {unclear[0]!r} contains the separator {sep!r}, so that the labels could "
            f"not be read back. Choose another with --sep, such as --sep '|'."
        )
    y_pred, y_prob = predict_both(estimator, X)
    write_predictions(
        path,
        ids,
        y_pred,
        names,
        y_prob=y_prob if probabilities else None,
        image=image,
        labels=labels,
        sep=sep,
        no_label=no_label,
    )
