"""The options of a search for parameters, and the search that they ask for."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

if TYPE_CHECKING:
    from sklearn_mlic.tuning import OptunaSearchCV


@dataclass
class SearchOptions:
    """How parameters are searched for."""

    budget: Annotated[
        str, Option(help="'small' tunes what matters most, 'full' for 100 trials or more.")
    ] = "small"
    storage: Annotated[
        str | None,
        Option(
            help="Journal file, or URL as sqlite:///search.db, that keeps the trials: the same "
            "command goes on with them, in several processes and on several machines at once."
        ),
    ] = None
    timeout: Annotated[
        float | None, Option(help="Seconds after which no trial of an approach begins.")
    ] = None
    prune: Annotated[
        bool,
        Option("--prune", help="End trials of networks early that look worse than most before."),
    ] = False
    workers: Annotated[int | None, Option(help="Processes that run trials.")] = None

    @property
    def given(self) -> list[str]:
        """The options that were set to something else than their default, as they are written."""
        names = ("budget", "storage", "timeout", "prune", "workers")
        return [f"--{name}" for name in names if getattr(self, name) != getattr(type(self), name)]

    def check(self) -> None:
        """Refuse what is unknown, before any data is read."""
        from sklearn_mlic.utils._choices import check_choice

        check_choice("--budget", self.budget, ["small", "full"])

    def build(self, estimator: Any, **settings: Any) -> "OptunaSearchCV":
        """Build the search over an approach.

        Parameters
        ----------
        estimator : estimator
            What the approach stands for.
        **settings
            What else `OptunaSearchCV` takes.

        Returns
        -------
        OptunaSearchCV
            Over what is worth tuning in it.
        """
        from optuna.pruners import PercentilePruner

        from sklearn_mlic.fitted import set_everywhere
        from sklearn_mlic.tuning import OptunaSearchCV, search_space

        # Without epochs there are folds alone to go by, which differ more than the candidates.
        is_pruned = self.prune and any("max_epochs" in name for name in estimator.get_params())
        set_everywhere(estimator, verbose=0)  # the bar of the search speaks alone
        return OptunaSearchCV(
            estimator,
            search_space(estimator, self.budget),
            timeout=self.timeout,
            storage=self.storage,
            # The best quarter goes on, judged from half of the first fold on: networks that begin
            # slowly are not ended before they have begun.
            pruner=PercentilePruner(25.0, 3, n_warmup_steps=50) if is_pruned else None,
            n_jobs=self.workers,
            **settings,
        )
