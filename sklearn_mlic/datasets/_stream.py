"""Predictions of more rows than fit into memory, by runs that may be killed and go on."""

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np

from sklearn_mlic.datasets._forms import CsvForm, ParquetForm, choose_form
from sklearn_mlic.datasets._journal import Journal
from sklearn_mlic.datasets._labels import NO_LABEL
from sklearn_mlic.datasets._predictions import check_form, tabulate_predictions
from sklearn_mlic.datasets._rows import Chunk, RowStream
from sklearn_mlic.fitted import find_label_names, predict_both
from sklearn_mlic.images import ImageError, find_unreadable
from sklearn_mlic.utils._files import hold_alone
from sklearn_mlic.utils._progress import track

if TYPE_CHECKING:
    import pandas as pd

_MAX_LISTED = 20


def stream_predictions(
    model: Any,
    rows: RowStream,
    path: str | os.PathLike,
    *,
    probabilities: bool = False,
    image: str = "image",
    labels: str = "labels",
    sep: str = " ",
    no_label: str = NO_LABEL,
    key: str | None = None,
    restart: bool = False,
    verbose: int = 0,
) -> int:
    """Predict rows chunk by chunk into a CSV or Parquet file, in memory that does not grow.

    Choose it over `write_predictions` for millions of rows, or where a run may be killed: the
    same call goes on behind the last chunk, and the finished file is byte for byte that of a run
    without a break. Until then there are ``path.part``, ``path.progress.json`` and, while it
    runs, ``path.lock``.

    Parameters
    ----------
    model : estimator
        A fitted multi-label classifier, a pipeline that ends in one, or a search over them.
    rows : RowStream
        From `stream_csv` or `stream_images`.
    path : str or path
        The file to write; ``.parquet`` asks for Parquet and for pyarrow, all else is CSV. File
        names that are not UTF-8 stand in CSV as the disk has them, in Parquet as in ``\\xe9.png``.
    probabilities : bool, default=False
        Whether to add a column a label: six decimals, in Parquet as float32.
    image, labels : str
        The headers of the columns of names and of labels.
    sep : str, default=" "
        What stands between two labels.
    no_label : str, default="-"
        What a row without a label gets. A row that could not be predicted has an empty cell.
    key : str, optional
        What tells this model from others when a run goes on, such as a hash of its file. By
        default a hash of the model, its parameters included.
    restart : bool, default=False
        Whether to begin anew where an earlier run was killed.
    verbose : int, default=0
        1 shows a bar.

    Returns
    -------
    int
        Rows that were left without a prediction; 0 unless ``rows.on_error`` is "skip".

    Raises
    ------
    ImageError
        If an image cannot be read and ``rows.on_error`` is "raise". The rows before are kept.
    ImportError
        If Parquet is asked for and pyarrow is missing.
    RuntimeError
        If another run is writing the file.
    ValueError
        If the output could not be read back, or an earlier run had another model, other rows or
        other settings.

    See Also
    --------
    write_predictions : Predictions that were made already.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from sklearn_mlic.datasets import stream_csv, stream_predictions
    >>> from sklearn_mlic.recipes import text_probe
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     texts, out = Path(folder, "texts.csv"), Path(folder, "predictions.csv")
    ...     _ = texts.write_text("caption\\n" + "a cat\\na dog\\na cat and a dog\\n" * 10)
    ...     rows = stream_csv(texts, image=None, text="caption", chunk_size=8)
    ...     X = next(rows.read(0)).X
    ...     y = [["cat" in text, "dog" in text] for text in X["caption"]]
    ...     model = text_probe("caption", random_state=0).fit(X, 1 * np.array(y))
    ...     n_left_out = stream_predictions(model, rows, out)
    ...     print(n_left_out, len(out.read_text().splitlines()))
    0 31
    """
    names, out, form = find_label_names(model), Path(path), choose_form(path)
    layout = {"image": image, "labels": labels, "sep": sep, "no_label": no_label}
    check_form(names, probabilities=probabilities, **layout)
    settings = {**layout, "probabilities": probabilities, "chunk_size": rows.chunk_size}
    identity = {
        "the model": key or joblib.hash(model),
        "the input": rows.digest,
        **{name: repr(value) for name, value in settings.items()},
    }
    with hold_alone(out):
        journal = Journal(out, identity, restart)
        _write_chunks(model, rows, names, form, journal, layout, probabilities, verbose)
        journal.finish(form.make_whole)
    n_bad, listed = journal.state["n_bad"], journal.state["listed"]
    if n_bad:
        more = [f"... and {n_bad - _MAX_LISTED} more"] if n_bad > _MAX_LISTED else []
        lines = "\n  ".join([*listed, *more])
        message = f"{n_bad} of {rows.n_rows} rows have no prediction:\n  {lines}"
        warnings.warn(message, UserWarning, stacklevel=2)
    return n_bad


# What the note holds, and what it would hold at the beginning.
_BEGIN: dict[str, Any] = {"n_rows": 0, "n_bad": 0, "listed": []}


def _write_chunks(
    model: Any,
    rows: RowStream,
    names: list[str],
    form: CsvForm | ParquetForm,
    journal: Journal,
    layout: dict[str, str],
    probabilities: bool,
    verbose: int,
) -> None:
    """Write the chunks that the journal does not have yet."""
    n_done, n_bad, listed = (journal.state.get(name, value) for name, value in _BEGIN.items())
    n_left = -(-(rows.n_rows - n_done) // rows.chunk_size)
    for chunk in track(rows.read(n_done) if n_left else (), n_left, "Predicting", verbose):
        y_pred, y_prob, bad = _predict(model, chunk, len(names), n_done, rows.on_error)
        shown = y_prob if probabilities else None
        table = tabulate_predictions(chunk.ids, y_pred, names, shown, **layout)
        table.iloc[list(bad), 1] = None
        content = form.encode(table, is_first=n_done == 0)
        reasons = [f"row {n_done + row + 1}, {chunk.ids[row]!r}: {bad[row]}" for row in bad]
        n_bad, listed = n_bad + len(bad), (listed + reasons)[:_MAX_LISTED]
        n_done += len(chunk.ids)
        journal.append(content, n_rows=n_done, n_bad=n_bad, listed=listed)
    if n_done != rows.n_rows:
        raise ValueError(
            f"The input had {rows.n_rows} rows, and has {n_done} now: it was changed meanwhile. "
            f"Begin anew with restart=True (--restart)."
        )


def _predict(
    model: Any, chunk: Chunk, n_labels: int, start: int, on_error: str
) -> tuple[np.ndarray, np.ndarray, dict[int, str]]:
    """Predict a chunk; rows that have no prediction are 0 and NaN, and named with the reason."""
    # Those that "raise" has let through, as files were there then, the model finds.
    problems = chunk.problems if on_error == "skip" else ()
    bad = {problem.row: problem.problem for problem in problems}
    try:
        found = _predict_rows(model, chunk.X, bad)
    except ImageError as error:
        if on_error != "skip":
            row = None if error.row is None else start + error.row
            parts = [error.remedy, "on_error='skip' (--on-error skip) goes on without it"]
            remedy = ". ".join(part for part in parts if part)
            raise ImageError(error.reason, error.source, row, remedy) from error
        bad |= _find_damaged(chunk.images)
        found = _predict_rows(model, chunk.X, bad)
    kept, pred, prob = found
    y_pred = np.zeros((len(chunk.ids), n_labels), dtype=int)
    y_prob = np.full((len(chunk.ids), n_labels), np.nan)
    if kept.any():
        y_pred[kept], y_prob[kept] = pred, prob
    return y_pred, y_prob, dict(sorted(bad.items()))


def _predict_rows(
    model: Any, X: "pd.DataFrame", bad: dict[int, str]
) -> tuple[np.ndarray, Any, Any]:
    kept = np.ones(len(X), dtype=bool)
    kept[list(bad)] = False
    return (kept, *predict_both(model, X[kept])) if kept.any() else (kept, None, None)


def _find_damaged(images: list[str | None]) -> dict[int, str]:
    """Look at every image of a chunk in which one could not be read."""
    there = [row for row, path in enumerate(images) if path is not None]
    errors = find_unreadable(np.array([images[row] for row in there], dtype=object))
    return {there[position]: error.reason for position, error in errors.items()}
