"""From the arguments of ``predict`` to rows, and from rows to a CSV file."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from sklearn.base import BaseEstimator

from sklearn_mlic.cli._data_options import DataOptions
from sklearn_mlic.datasets import NO_LABEL, write_predictions
from sklearn_mlic.datasets._predictions import check_form
from sklearn_mlic.fitted import find_label_names, predict_both

if TYPE_CHECKING:
    import pandas as pd


def read_inputs(inputs: list[Path], data: DataOptions) -> "tuple[pd.DataFrame, list]":
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
    ids : list of str or int
        What the rows are called in the output; a number where a row has no name.
    """
    import pandas as pd

    if any(path.suffix.lower() == ".csv" for path in inputs):
        if len(inputs) > 1:
            raise ValueError("Give one CSV file alone, or images and folders.")
        bunch = data.read_unlabelled(inputs[0])
        return bunch.data, list(bunch.ids)
    for option, given in (("--text", data.text), ("--ids", data.ids)):
        if given:
            raise ValueError(f"{option} names a column: give a CSV file that has it.")
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


def fill_text(estimator: Any, X: "pd.DataFrame") -> "pd.DataFrame":
    """Give images without text the columns of text, empty, that their model takes them with.

    Parameters
    ----------
    estimator : estimator
        A fitted model.
    X : DataFrame
        The rows that it is asked about.

    Returns
    -------
    DataFrame
        X itself where it has text, or where the model cannot do without.
    """
    if list(X.columns) != ["image"]:
        return X
    # An ImageTextClassifier, by its parameters: to name the class would load torch for any model.
    parts = [estimator, *estimator.get_params().values()]
    estimators = [part for part in parts if isinstance(part, BaseEstimator)]
    texts = [e.text for e in estimators if hasattr(e, "text") and getattr(e, "image", None)]
    names = [name for text in texts if text for name in ([text] if isinstance(text, str) else text)]
    if not names:
        return X
    warnings.warn(
        "The model was trained on images with text, and gets none: it goes by the images alone. "
        "Where there is text in a CSV file, name its column with --text.",
        UserWarning,
        stacklevel=2,
    )
    return X.assign(**dict.fromkeys(names))


def predict_to_csv(
    estimator: Any,
    X: Any,
    ids: list,
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
    ids : list of str or int
        What each row is called.
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
    form = {"image": image, "labels": labels, "sep": sep, "no_label": no_label}
    check_form(names, probabilities=probabilities, **form)
    y_pred, y_prob = predict_both(estimator, X)
    write_predictions(path, ids, y_pred, names, y_prob=y_prob if probabilities else None, **form)
