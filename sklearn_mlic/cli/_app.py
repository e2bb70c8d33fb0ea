"""The commands. What they say goes to the standard error, what they find to the standard output."""

import sys
import warnings
from pathlib import Path
from textwrap import fill
from typing import Annotated, Any

from typer import Argument, Exit, Option, Typer

from sklearn_mlic import __version__
from sklearn_mlic.cli._approach_options import ApproachOptions
from sklearn_mlic.cli._approaches import APPROACHES, RECIPES
from sklearn_mlic.cli._console import explain_text, prepare_output, remarks
from sklearn_mlic.cli._data_options import DataOptions, Ids, MayLackImage, TextColumns
from sklearn_mlic.cli._option_groups import with_option_groups

app = Typer(
    name="sklearn-mlic",
    help="Multi-label image classification: train, calibrate thresholds, compare, predict.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
LISTING = "; ".join(f"'{name}': {what}" for name, what in {**APPROACHES, **RECIPES}.items())
VARIANTS = "Behind a colon stands a classifier, as in 'image:mlknn' or 'text:classifier_chain'."
LabelledCsv = Annotated[Path, Argument(help="CSV with a column of images and one of labels.")]
ModelFile = Annotated[Path, Argument(help="Model file that 'fit' wrote.")]
Quiet = Annotated[bool, Option("--quiet", "-q", help="No progress, no remarks.")]


def main() -> None:
    """Run the command line; bad data ends it with status 1 and a message, bad usage with 2."""
    warnings.showwarning = _show_warning
    try:
        app()
    except (ValueError, TypeError, OSError, RuntimeError) as error:
        remarks.print("[bold red]Error:[/]", end=" ")
        remarks.print(str(error), markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


def _open(path: Path, quiet: bool) -> Any:
    """Load a model and have it show progress as this command was asked to, not as in training."""
    from sklearn_mlic.fitted import set_everywhere
    from sklearn_mlic.persistence import load

    model = load(path)
    set_everywhere(model, verbose=int(not quiet))
    return model


def _show_warning(message: Warning | str, category: type[Warning], *_: Any) -> None:
    remarks.print("[yellow]Warning:[/]", end=" ")
    remarks.print(str(message), markup=False, highlight=False, soft_wrap=True)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"sklearn-mlic {__version__}")
        raise Exit


@app.callback()
def _common(
    version: Annotated[
        bool, Option("--version", callback=_print_version, is_eager=True, help="Print it and end.")
    ] = False,
) -> None:
    pass


@app.command()
@with_option_groups
def fit(
    csv: LabelledCsv,
    data: DataOptions,
    options: ApproachOptions,
    approach: Annotated[str, Option(help=f"{LISTING}. {VARIANTS}")] = "image",
    model: Annotated[Path, Option("--out", "-o", help="Model file to write.")] = Path(
        "model.skops"
    ),
) -> None:
    """Train one approach, calibrate its thresholds out of fold, write one model file."""
    from sklearn_mlic.persistence import save

    options.check([approach], data)
    prepare_output(model)
    bunch = data.read(csv)
    estimator = options.build([approach], data)[approach]
    n_images, n_labels = bunch.target.shape
    if not options.quiet:
        remarks.print(f"Training {approach!r} on {n_images} images with {n_labels} labels ...")
    estimator.fit(bunch.data, bunch.target)
    save(estimator, model)
    print(model)


@app.command()
@with_option_groups
def predict(
    model: ModelFile,
    inputs: Annotated[list[Path], Argument(help="Images, folders of images, or one CSV file.")],
    out: Annotated[
        Path, Option("--out", "-o", help="File to write: Parquet where it ends so, else CSV.")
    ] = Path("predictions.csv"),
    images: Annotated[Path | None, Option(help="Folder of the CSV's images.")] = None,
    image: Annotated[
        str, Option(help="Column of image names, in the CSV file and in what is written.")
    ] = "image",
    labels: Annotated[str, Option(help="Column of labels to write.")] = "labels",
    text: TextColumns = None,
    may_lack_image: MayLackImage = False,
    ids: Ids = None,
    sep: Annotated[str, Option(help="What to write between labels.")] = " ",
    no_label: Annotated[str, Option(help="What to write for no label; may be empty.")] = "-",
    probabilities: Annotated[
        bool, Option("--probabilities", help="Add each label's probability.")
    ] = False,
    on_error: Annotated[
        str, Option(help="'raise' stops at bad rows, 'skip' lists them; their cells stay empty.")
    ] = "raise",
    chunk: Annotated[int, Option(help="Rows that are held in memory at a time.")] = 1024,
    restart: Annotated[
        bool, Option("--restart", help="Begin anew where an earlier run was ended.")
    ] = False,
    cache: Annotated[
        Path | None, Option(help="Folder that keeps what networks make of an image or a text.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Predict the labels of images, any number of them; a run that was ended goes on.

    Every image gets a row, or the command fails and says why.
    """
    from sklearn_mlic.cli._predict import fill_texts, open_inputs
    from sklearn_mlic.datasets import stream_predictions
    from sklearn_mlic.fitted import set_everywhere
    from sklearn_mlic.utils._files import file_digest

    if out.resolve() in [path.resolve() for path in (model, *inputs)]:
        raise ValueError(f"--out {str(out)!r} is also given to read: name another file to write.")
    prepare_output(out)
    estimator = _open(model, quiet)
    source = DataOptions(
        images=images,
        image=image,
        text=text,
        may_lack_image=may_lack_image,
        ids=ids,
        on_error=on_error,
    )
    rows = open_inputs(inputs, source, chunk)
    is_long = rows.n_rows > chunk
    # One bar is enough: that of the chunks, or of the model where there is one chunk.
    set_everywhere(estimator, verbose=int(not (quiet or is_long)), cache=cache and str(cache))
    with explain_text(text):
        stream_predictions(
            estimator,
            fill_texts(estimator, rows, bool(text)),
            out,
            probabilities=probabilities,
            image=ids or image,
            labels=labels,
            sep=sep,
            no_label=no_label,
            key=file_digest(model),
            restart=restart,
            verbose=int(is_long and not quiet),
        )
    if not quiet:
        remarks.print(f"Predicted {rows.n_rows} images.")
    print(out)


@app.command()
@with_option_groups
def evaluate(
    model: ModelFile,
    csv: LabelledCsv,
    data: DataOptions,
    out: Annotated[Path | None, Option("--out", "-o", help="CSV file for the table.")] = None,
    quiet: Quiet = False,
) -> None:
    """Score a model on labelled images: a row a label, the averages, the summary."""
    from sklearn_mlic.cli._predict import fill_text
    from sklearn_mlic.fitted import find_label_names, find_thresholds
    from sklearn_mlic.metrics import multilabel_report

    prepare_output(out)
    estimator = _open(model, quiet)
    bunch = data.read(csv, label_names=find_label_names(estimator))
    with explain_text(data.text):
        y_prob = estimator.predict_proba(fill_text(estimator, bunch.data))
    report = multilabel_report(bunch.target, y_prob, find_thresholds(estimator))
    print(report.to_string(float_format="{:.3f}".format, na_rep=""))
    summary = "  ".join(
        f"{name}\N{NO-BREAK SPACE}{value:.4g}" for name, value in report.attrs.items()
    )
    print(fill(summary, 100, break_long_words=False).replace("\N{NO-BREAK SPACE}", " "))
    if out is not None:
        report.to_csv(out)


@app.command()
def demo(
    out: Annotated[Path, Option("--out", "-o", help="Folder to write.")] = Path("demo_output"),
    quiet: Quiet = False,
) -> None:
    """Draw images, train and compare five approaches, keep the best, predict new images."""
    from sklearn_mlic.cli._demo import run

    run(out, quiet)
