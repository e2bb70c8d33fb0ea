"""The commands that try several things on the same folds: ``compare`` and ``tune``."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from typer import Option

from sklearn_mlic.cli._app import LISTING, VARIANTS, LabelledCsv, app
from sklearn_mlic.cli._approach_options import ApproachOptions
from sklearn_mlic.cli._approaches import COMPARED, suits
from sklearn_mlic.cli._console import prepare_output, print_leaderboard, print_trials, remarks
from sklearn_mlic.cli._data_options import DataOptions
from sklearn_mlic.cli._option_groups import with_option_groups
from sklearn_mlic.cli._search_options import SearchOptions

_Folds = Annotated[
    float, Option(help="Number of stratified folds, or a fraction to hold out once.")
]
# Folds of a search inside each fold of a comparison.
_INNER_FOLDS = 3


@app.command()
@with_option_groups
def compare(
    csv: LabelledCsv,
    data: DataOptions,
    options: ApproachOptions,
    search: SearchOptions,
    approach: Annotated[
        list[str] | None,
        Option(
            help=f"May be repeated; the first five, where they fit, by default. {LISTING}. "
            f"{VARIANTS}"
        ),
    ] = None,
    cv: _Folds = 5,
    metric: Annotated[
        list[str] | None,
        Option(help="A score to add, as LRAP, macro_AUC or neg_ranking_loss; may be repeated."),
    ] = None,
    tune: Annotated[
        int | None,
        Option(
            min=1,
            help="Trials that tune each approach for mAP, in three folds inside each fold; the "
            "prior is left as it is.",
        ),
    ] = None,
    table: Annotated[Path | None, Option("--out", "-o", help="CSV file for the table.")] = None,
    best: Annotated[
        Path | None, Option(help="Model file for the approach of highest mAP, fitted on all rows.")
    ] = None,
) -> None:
    """Cross-validate several approaches on the same folds and print the leaderboard."""
    from sklearn_mlic.comparison import compare as compare_approaches
    from sklearn_mlic.metrics import get_scorers

    get_scorers(metric or ())  # an unknown name ends here, before the data is read
    if tune is None and search.given:
        raise ValueError(f"{search.given[0]} is for a search: give --tune a number of trials.")
    given = {"has_text": bool(data.text), "may_lack_image": data.may_lack_image}
    names = approach or [name for name in COMPARED if suits(name, **given)]
    # The row to beat always stands first.
    names = ["prior", *(name for name in dict.fromkeys(names) if name != "prior")]
    options.check(names, data)
    search.check()
    prepare_output(table, best)
    bunch = data.read(csv)
    with TemporaryDirectory() as folder:
        # Every fold of every approach asks for the same embeddings.
        approaches = options.build(names, data, embeddings=Path(folder))
        for name in names if tune is not None else ():
            if not name.startswith("prior"):
                approaches[name] = search.build(
                    approaches[name],
                    n_trials=tune,
                    scoring="mAP",
                    cv=_INNER_FOLDS,
                    study=f"{name} {{data}}",  # one a training part
                    random_state=options.seed,
                )
        with _ended_by_interruption():
            leaderboard = compare_approaches(
                approaches,
                bunch.data,
                bunch.target,
                cv=_as_cv(cv),
                scoring=metric or (),
                random_state=options.seed,
                verbose=int(not options.quiet),
            )
        print_leaderboard(leaderboard)
        if best is not None:
            winner = leaderboard["mAP"].idxmax()
            if not options.quiet:
                remarks.print(f"Training the best, {winner!r}, on all {len(bunch.data)} images ...")
            _save(approaches[winner].fit(bunch.data, bunch.target), best)
    if table is not None:
        leaderboard.to_csv(table)
    if best is not None:
        print(best)


@app.command()
@with_option_groups
def tune(
    csv: LabelledCsv,
    data: DataOptions,
    options: ApproachOptions,
    search: SearchOptions,
    approach: Annotated[str, Option(help=f"{LISTING}. {VARIANTS}")] = "image",
    trials: Annotated[
        int, Option(min=1, help="Trials altogether, those already in the storage included.")
    ] = 20,
    cv: _Folds = 5,
    metric: Annotated[str, Option(help="The score to maximise, as mAP, CF1 or LRAP.")] = "mAP",
    table: Annotated[
        Path | None, Option(help="CSV file for the trials, with the scores of each fold.")
    ] = None,
    out: Annotated[
        Path | None, Option("--out", "-o", help="Model file for the best, fitted on all rows.")
    ] = None,
) -> None:
    """Search for the parameters of one approach, print the best, keep the model; Ctrl-C ends it.

    Which parameters are tried is up to the approach and --budget.
    """
    import pandas as pd

    from sklearn_mlic.metrics import get_scorers
    from sklearn_mlic.model_selection import check_multilabel_cv

    get_scorers(metric)
    options.check([approach], data)
    search.check()
    prepare_output(table, out)
    bunch = data.read(csv)
    with TemporaryDirectory() as folder:
        # Every trial asks for the same embeddings.
        model = options.build([approach], data, embeddings=Path(folder))[approach]
        found = search.build(
            model,
            n_trials=trials,
            scoring=metric,
            refit=out is not None,
            cv=check_multilabel_cv(_as_cv(cv), bunch.target, random_state=options.seed),
            study=approach,
            random_state=options.seed,
            verbose=int(not options.quiet),
        )
        found.fit(bunch.data, bunch.target)
        print_trials(found, metric)
        if out is not None:
            _save(found, out)
    if table is not None:
        pd.DataFrame(found.cv_results_).drop(columns="params").to_csv(table, index=False)
    if out is not None:
        print(out)


@contextmanager
def _ended_by_interruption() -> Iterator[None]:
    """Let Ctrl-C in one search end them all: the table would not say that one was cut short."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "The search was interrupted")
        try:
            yield
        except UserWarning as interruption:
            raise KeyboardInterrupt from interruption


def _as_cv(cv: float) -> int | float:
    return int(cv) if cv == int(cv) else cv


def _save(model: Any, path: Path) -> None:
    """Write a model; of a search the best alone, which is all that predicting needs."""
    from sklearn_mlic.persistence import save

    save(getattr(model, "best_estimator_", model), path)
