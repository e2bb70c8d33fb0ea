"""Labels written as a CSV file, in the form that `load_csv` reads."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mlic.datasets._labels import NO_LABEL, check_label_names, check_sep
from sklearn_mlic.utils._labels import as_label_matrix, find_names

if TYPE_CHECKING:
    import pandas as pd


def write_predictions(
    path: str | os.PathLike,
    ids: Sequence,
    y_pred: Any,
    label_names: Sequence[str] | None = None,
    *,
    y_prob: Any = None,
    image: str = "image",
    labels: str = "labels",
    sep: str = " ",
    no_label: str = NO_LABEL,
) -> None:
    """Write one row an image: what it is called and its labels, several in a cell.

    This is what competitions ask for, and what `load_csv` reads back.

    Parameters
    ----------
    path : str or path
        The CSV file to write.
    ids : sequence of shape (n_samples,)
        What the rows are called; file names that are not UTF-8 are written as the disk has them.
    y_pred : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        0/1 indicators.
    label_names : sequence of str, optional
        The names of the labels; by default the columns of `y_pred`.
    y_prob : array-like of shape (n_samples, n_labels), optional
        Probabilities: adds a column a label, with six decimals.
    image : str, default="image"
        The header of the column of names.
    labels : str, default="labels"
        The header of the column of labels.
    sep : str, default=" "
        What stands between two labels.
    no_label : str, default="-"
        What a row without a label gets; `load_csv` reads ``-`` as such. Some competitions ask
        for an empty cell.

    Raises
    ------
    ValueError
        If the lengths do not agree, `y_pred` holds something else than 0 and 1, a label could
        not be read back, or two columns would have one header.

    See Also
    --------
    load_csv : Read such a file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_mlic.datasets import write_predictions
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "submission.csv")
    ...     write_predictions(path, ["0.jpg", "1.jpg"], [[1, 1], [0, 0]], ["1", "19"],
    ...                       image="ImageID", labels="Labels")
    ...     print(path.read_text())
    ImageID,Labels
    0.jpg,1 19
    1.jpg,-
    <BLANKLINE>
    """
    y_pred, own_names = as_label_matrix(y_pred, "y_pred")
    names = check_label_names(
        find_names(own_names if label_names is None else label_names, len(own_names))
    )
    form = {"image": image, "labels": labels, "sep": sep, "no_label": no_label}
    check_form(names, probabilities=y_prob is not None, **form)
    if len(ids) != len(y_pred):
        raise ValueError(
            f"There are {len(ids)} ids for {len(y_pred)} rows of y_pred; expected one a row."
        )
    if y_prob is not None:
        y_prob = np.asarray(y_prob)
        if y_prob.shape != y_pred.shape:
            raise ValueError(
                f"y_prob has shape {y_prob.shape} and y_pred {y_pred.shape}; expected the same."
            )
    table = tabulate_predictions(ids, y_pred, names, y_prob, **form)
    table.to_csv(path, index=False, errors="surrogateescape")


def tabulate_predictions(
    ids: Sequence,
    y_pred: np.ndarray,
    names: Sequence[str],
    y_prob: np.ndarray | None,
    *,
    image: str,
    labels: str,
    sep: str,
    no_label: str,
) -> "pd.DataFrame":
    """Make the table that `write_predictions` writes."""
    import pandas as pd

    cells = [sep.join(np.array(names, dtype=object)[row]) or no_label for row in y_pred == 1]
    # File names that are not UTF-8 do not fit into the text columns of pandas.
    table = pd.DataFrame({image: pd.Series(list(ids), dtype=object), labels: cells})
    if y_prob is None:
        return table
    return pd.concat([table, pd.DataFrame(y_prob, columns=list(names)).round(6)], axis=1)


def check_form(
    names: Sequence[str], *, probabilities: bool, image: str, labels: str, sep: str, no_label: str
) -> None:
    """Refuse what `write_predictions` could not write so that it is read back.

    It needs no predictions: ask it before they are made.
    """
    check_sep(sep, names)
    if no_label in names:
        raise ValueError(
            f"no_label={no_label!r} is also the name of a label; expected something else, such "
            f"as {NO_LABEL!r}."
        )
    if image == labels:
        raise ValueError(f"image and labels are both {image!r}; expected two headers.")
    if probabilities:
        for parameter, header in (("image", image), ("labels", labels)):
            if header in names:
                raise ValueError(
                    f"{parameter}={header!r} is also the name of a label, whose probabilities "
                    f"get a column of that name; set {parameter} to another header."
                )
