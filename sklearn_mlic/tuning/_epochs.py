"""The epochs of networks inside a fold: counted, scored, and cut short.

A network is known by two parameters, ``callbacks`` and ``max_epochs``. A callback of ours hears
``on_epoch_end(net)`` and asks ``net.estimator_``, which predicts with the weights as they are.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from optuna import TrialPruned
from sklearn.pipeline import Pipeline

# Steps that a pruner counts in a fold: its unit is a hundredth of one.
STEPS = 100
_NAME = "search_progress"


class FoldWatch:
    """What the networks of one fold report to.

    The first network that shows the rows left out is the one whose score counts: the others
    of the fold, those inside a threshold calibrator say, train on parts of the same rows.

    Parameters
    ----------
    score : callable, optional
        From an estimator and the rows as it takes them to its score; None counts epochs only.
    report : callable, optional
        From a score and the step in the fold that is done, in 1..99, to whether to go on.
    X, y : as the estimator takes them, optional
        The rows left out.
    """

    def __init__(
        self,
        score: Callable[[Any, Any], float] | None = None,
        report: Callable[[float, int], bool] | None = None,
        X: Any = None,
        y: Any = None,
    ):
        self.score, self.report, self.X, self.y = score, report, X, y
        self.n_epochs = 0
        self.is_pruned = False
        self._step = 0
        self._first: Any = None
        self._rows: Any = None

    def attach(self, estimator: Any) -> None:
        """Give a callback to every network in an estimator.

        Parameters
        ----------
        estimator : estimator
            A clone that is about to be fitted; its parameters are changed.
        """
        params = estimator.get_params(deep=True)
        for name, callbacks in params.items():
            *path, last = name.split("__")
            if last != "callbacks" or "__".join([*path, "max_epochs"]) not in params:
                continue
            callback = EpochCallback(self, *_before(estimator, params, path))
            estimator.set_params(**{name: [*(callbacks or ()), (_NAME, callback)]})

    def end_epoch(self, net: Any, before: Pipeline | None, is_reached: bool) -> None:
        """Count an epoch, and score the rows left out where that can be done.

        Parameters
        ----------
        net : skorch.NeuralNet
            In training.
        before : Pipeline, optional
            What the rows go through before they come to the network.
        is_reached : bool
            Whether they come to it at all.

        Raises
        ------
        optuna.TrialPruned
            If the trial is not worth going on with.
        """
        self.n_epochs += 1
        if self.score is None or not is_reached or self._first not in (None, net):
            return
        if self._first is None:
            self._rows = _transform(before, self.X)
            if not _fits(net.estimator_, self._rows, self.y):
                self.score = None
                return
            self._first = net
        step = net.history[-1, "epoch"] * STEPS // net.max_epochs
        # A step is reported once; after the last epoch the fold itself is about to be scored.
        if not self._step < step < STEPS:
            return
        self._step = step
        score = self.score(net.estimator_, self._rows)
        if np.isfinite(score) and not self.report(score, step):
            self.is_pruned = True
            raise TrialPruned


class EpochCallback:
    """What a network is given: it has the methods of a skorch callback.

    Parameters
    ----------
    watch : FoldWatch or None
        What hears of the epochs; None once it has gone to another process.
    before : Pipeline or None
        As `FoldWatch.end_epoch` takes it.
    is_reached : bool
        As `FoldWatch.end_epoch` takes it.
    """

    def __init__(self, watch: FoldWatch | None, before: Pipeline | None, is_reached: bool):
        self.watch, self.before, self.is_reached = watch, before, is_reached

    def on_epoch_end(self, net: Any, **_: Any) -> None:
        """Tell the fold."""
        if self.watch is not None:
            self.watch.end_epoch(net, self.before, self.is_reached)

    def initialize(self) -> "EpochCallback":
        """Nothing to do."""
        return self

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return no parameters."""
        return {}

    def set_params(self, **params: Any) -> "EpochCallback":
        """Nothing to set."""
        return self

    def _ignore(self, *_: Any, **__: Any) -> None:
        """What else a network tells."""

    on_train_begin = on_train_end = on_epoch_begin = _ignore
    on_batch_begin = on_batch_end = on_grad_computed = _ignore

    # Clones of an estimator report to the same fold.

    def __sklearn_clone__(self) -> "EpochCallback":
        return self

    def __deepcopy__(self, memo: Any) -> "EpochCallback":
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {"watch": None, "before": None, "is_reached": False}


def _before(
    estimator: Any, params: dict[str, Any], path: list[str]
) -> tuple[Pipeline | None, bool]:
    """What stands between the rows of a fold and a network, and whether they come through.

    They do through wrappers around an ``estimator``, which leave X alone, and through a pipeline
    that is fitted in place: the outermost one, whose last step holds the network.
    """
    before, node = None, estimator
    for depth, part in enumerate(path):
        if isinstance(node, Pipeline) and depth == 0 and part == node.steps[-1][0]:
            before = node
        elif isinstance(node, Pipeline) or part != "estimator":
            return None, False
        node = params["__".join(path[: depth + 1])]
    return before, True


def _transform(before: Pipeline | None, X: Any) -> Any:
    return X if before is None or len(before.steps) == 1 else before[:-1].transform(X)


def _fits(estimator: Any, X: Any, y: Any) -> bool:
    """Whether a network takes these features and all the labels: wrappers may hand on a part."""
    n_labels = np.shape(y)[1] if np.ndim(y) == 2 else 1
    n_features = np.shape(X)[1] if np.ndim(X) == 2 else None
    expected = getattr(estimator, "n_features_in_", n_features)
    return len(estimator.classes_) == n_labels and n_features in (None, expected)
