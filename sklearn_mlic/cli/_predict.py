"""From the arguments of ``predict`` to rows that are read chunk by chunk."""

import warnings
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator

from sklearn_mlic.cli._data_options import DataOptions
from sklearn_mlic.datasets import RowStream, stream_images


def open_inputs(inputs: list[Path], data: DataOptions, chunk_size: int) -> RowStream:
    """Turn image files, folders or one CSV file into rows.

    Parameters
    ----------
    inputs : list of Path
        As given on the command line.
    data : DataOptions
        Where things stand in a CSV file.
    chunk_size : int
        Rows that are held at a time.

    Returns
    -------
    RowStream
        With the column ``image`` and, from a CSV file with text, those of `data.text_names`.
    """
    if any(path.suffix.lower() == ".csv" for path in inputs):
        if len(inputs) > 1:
            raise ValueError("Give one CSV file alone, or images and folders.")
        return data.stream(inputs[0], chunk_size)
    for option, given in (("--text", data.text), ("--ids", data.ids)):
        if given:
            raise ValueError(f"{option} names a column: give a CSV file that has it.")
    return stream_images(inputs, on_error=data.on_error, chunk_size=chunk_size)


def fill_text(estimator: Any, X: Any) -> Any:
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
    names = _find_missing_text(estimator) if list(X.columns) == ["image"] else []
    return X.assign(**dict.fromkeys(names)) if names else X


def fill_texts(estimator: Any, rows: RowStream, has_text: bool) -> RowStream:
    """Do as `fill_text` does, for rows that are read chunk by chunk.

    Parameters
    ----------
    estimator : estimator
        A fitted model.
    rows : RowStream
        The rows that it is asked about.
    has_text : bool
        Whether they have text.

    Returns
    -------
    RowStream
        The same rows.
    """
    names = [] if has_text else _find_missing_text(estimator)
    return rows.map(lambda X: X.assign(**dict.fromkeys(names))) if names else rows


def _find_missing_text(estimator: Any) -> list[str]:
    """Name the columns of text that a model of images with text may be without, and say so."""
    # An ImageTextClassifier, by its parameters: to name the class would load torch for any model.
    parts = [estimator, *estimator.get_params().values()]
    estimators = [part for part in parts if isinstance(part, BaseEstimator)]
    texts = [e.text for e in estimators if hasattr(e, "text") and getattr(e, "image", None)]
    names = [name for text in texts if text for name in ([text] if isinstance(text, str) else text)]
    if names:
        warnings.warn(
            "The model was trained on images with text, and gets none: it goes by the images "
            "alone. Where there is text in a CSV file, name its column with --text.",
            UserWarning,
            stacklevel=3,
        )
    return names
