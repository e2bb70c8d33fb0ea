"""The commands. What they say goes to the standard error, what they find to the standard output."""

import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import fill
from typing import Annotated, Any

from typer import Argument, Exit, Option, Typer

from sklearn_mlic import __version__
from sklearn_mlic.cli._approach_options import ApproachOptions
from sklearn_mlic.cli._approaches import APPROACHES, COMPARED, RECIPES, suits
from sklearn_mlic.cli._console import (
    explain_text,
    prepare_output,
    print_leaderboard,
    remarks,
)
from sklearn_mlic.cli._data_options import DataOptions, Ids, MayLackImage, TextColumns
from sklearn_mlic.cli._option_groups import with_option_groups

app = Typer(
    name="sklearn-mlic",
    help="Multi-label image classification: train, calibrate thresholds, compare, predict.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_LISTING = "; ".join(f"'{name}': {what}" for name, what in {**APPROACHES, **RECIPES}.items())
_VARIANTS = "Behind a colon stands a classifier, as in 'image:mlknn' or 'text:classifier_chain'."
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
    approach: Annotated[str, Option(help=f"{_LISTING}. {_VARIANTS}")] = "image",
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
def compare(
    csv: LabelledCsv,
    data: DataOptions,
    options: ApproachOptions,
    approach: Annotated[
        list[str] | None,
        Option(
            help=f"May be repeated; the first five, where they fit, by default. {_LISTING}. "
            f"{_VARIANTS}"
        ),
    ] = None,
    cv: Annotated[
        float, Option(help="Number of stratified folds, or a fraction to hold out once.")
    ] = 5,
    metric: Annotated[
        list[str] | None,
        Option(help="A score to add, as LRAP, macro_AUC or neg_ranking_loss; may be repeated."),
    ] = None,
    table: Annotated[Path | None, Option("--out", "-o", help="CSV file for the table.")] = None,
    best: Annotated[
        Path | None, Option(help="Model file for the approach of highest mAP, fitted on all rows.")
    ] = None,
) -> None:
    """Cross-validate several approaches on the same folds and print the leaderboard."""
    from sklearn_mlic.comparison import compare as compare_approaches
    from sklearn_mlic.metrics import get_scorers
    from sklearn_mlic.persistence import save

    get_scorers(metric or ())  # an unknown name ends here, before the data is read

    given = {"has_text": bool(data.text), "may_lack_image": data.may_lack_image}
    names = approach or [name for name in COMPARED if suits(name, **given)]
    # The row to beat always stands first.
    names = ["prior", *(name for name in dict.fromkeys(names) if name != "prior")]
    options.check(names, data)
    prepare_output(table, best)
    bunch = data.read(csv)
    with TemporaryDirectory() as folder:
        # Every fold of every approach asks for the same embeddings.
        approaches = options.build(names, data, embeddings=Path(folder))
        leaderboard = compare_approaches(
            approaches,
            bunch.data,
            bunch.target,
            cv=int(cv) if cv == int(cv) else cv,
            scoring=metric or (),
            random_state=options.seed,
            verbose=int(not options.quiet),
        )
        print_leaderboard(leaderboard)
        if best is not None:
            winner = leaderboard["mAP"].idxmax()
            if not options.quiet:
                remarks.print(f"Training the best, {winner!r}, on all {len(bunch.data)} images ...")
            save(approaches[winner].fit(bunch.data, bunch.target), best)
    if table is not None:
        leaderboard.to_csv(table)
    if best is not None:
        print(best)


@app.command()
@with_option_groups
def predict(
    model: ModelFile,
    inputs: Annotated[list[Path], Argument(help="Images, folders of images, or one CSV file.")],
    out: Annotated[Path, Option("--out", "-o", help="CSV file to write.")] = Path(
        "predictions.csv"
    ),
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
    quiet: Quiet = False,
) -> None:
    """Predict the labels of images; every image gets a row, or the command fails and says why."""
    from sklearn_mlic.cli._predict import fill_text, predict_to_csv, read_inputs

    prepare_output(out)
    estimator = _open(model, quiet)
    source = DataOptions(
        images=images, image=image, text=text, may_lack_image=may_lack_image, ids=ids
    )
    X, names = read_inputs(inputs, source)
    with explain_text(text):
        predict_to_csv(
            estimator,
            fill_text(estimator, X),
            names,
            out,
            probabilities=probabilities,
            image=ids or image,
            labels=labels,
            sep=sep,
            no_label=no_label,
        )
    if not quiet:
        remarks.print(f"Predicted {len(names)} images.")
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
