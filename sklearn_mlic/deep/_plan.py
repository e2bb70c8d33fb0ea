"""What a net follows in training."""

from collections.abc import Callable
from dataclasses import dataclass

from sklearn_mlic.deep._optimization import Optimization
from sklearn_mlic.deep._transforms import Augmentation


@dataclass(frozen=True)
class TrainingPlan:
    """All that a net needs to train beside the data.

    Parameters
    ----------
    seed : int
        Everything random follows from it and the number of the epoch.
    optimization : Optimization
        How weights are stepped.
    augmentation : Augmentation
        What is done to the training images.
    sampling : {"uniform", "balanced"}, default="uniform"
        How the rows of an epoch are drawn.
    scorer : (str, callable), optional
        What `find_scorer` returns: it scores the validation part of each epoch.
    open_end : bool, default=False
        Whether each call of `TrainingNet.train` adds `max_epochs` epochs.
    """

    seed: int
    optimization: Optimization
    augmentation: Augmentation
    sampling: str = "uniform"
    scorer: tuple[str, Callable | None] | None = None
    open_end: bool = False
