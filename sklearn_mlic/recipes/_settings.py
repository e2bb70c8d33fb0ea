"""How the networks of the recipes are trained: as published, or as we would; and one builder."""

from copy import deepcopy
from typing import Any, NamedTuple

from sklearn_mlic.thresholds import ThresholdCalibrator


class Settings(NamedTuple):
    """What a system sets of `ImageClassifier` and of `ThresholdCalibrator`."""

    training: dict[str, Any]
    calibration: dict[str, Any]


_ONE_CYCLE = {
    "loss": "bce",
    "optimizer": "adamw",
    "schedule": "one_cycle",
    "augmentation": "light",
    "lr": 1e-3,
    "weight_decay": 1e-2,
    "batch_size": 32,
    "clip_norm": 1.0,
}
#: Our own settings, by what a network starts from.
MENDED = {
    "random": Settings({**_ONE_CYCLE, "ema_decay": 0.998, "max_epochs": 40}, {"method": "f1"}),
    "pretrained": Settings({**_ONE_CYCLE, "ema_decay": 0.99, "max_epochs": 8}, {"method": "f1"}),
}
# A head of many random weights, on a network that knows much: the head learns more slowly.
MENDED["queries"] = Settings(
    {**MENDED["pretrained"].training, "lr": 2e-4, "backbone_lr_scale": 5.0}, {"method": "f1"}
)

#: Cho and Lu. Their catch-all for a row without a label is the most frequent one here.
CHO_LU = Settings(
    {
        "loss": "multilabel_soft_margin",
        "augmentation": "flip",
        "optimizer": "adam",
        "lr": 1e-3,
        "weight_decay": 0.0,
        "batch_size": 100,
        "max_epochs": 1,
    },
    {"method": "fixed", "fallback": "prior"},
)

#: Chen, Poon and Yang (2025). Optimiser, decay, epochs and patience are not in the report.
CHEN_POON_YANG = Settings(
    {
        "loss": "focal",
        "loss_params": {"gamma": 2.5, "smoothing": 0.1, "alpha": "mean_inverse"},
        "augmentation": "strong",
        "optimizer": "adamw",
        "lr": 1e-3,
        "weight_decay": 1e-4,
        "schedule": "plateau",
        "batch_size": 16,
        "accumulate": 2,
        "max_epochs": 30,
        "early_stopping": True,
        "scoring": "micro_F1",
        "n_iter_no_change": 5,
    },
    {"method": "grid"},
)
#: Side of their images, in pixels.
PUBLISHED_SIZE = 224

#: Nguyen. Of the two learning rates in the report, that of the run it describes.
NGUYEN = Settings(
    {
        "loss": "bce",
        "augmentation": "flip",
        "optimizer": "adam",
        "lr": 1e-3,
        "weight_decay": 0.0,
        "schedule": "plateau",
        "schedule_params": {"factor": 0.5, "patience": 2},
        "max_epochs": 100,
        "early_stopping": True,
        "scoring": "loss",
        "n_iter_no_change": 5,
    },
    {"method": "f1", "method_params": {"midpoint": False}},
)

_QUERIES = {
    "augmentation": "randaugment_cutout",
    "optimizer": "adamw",
    "schedule": "one_cycle",
    "ema_decay": 0.9997,
}
_HALF = {"method": "fixed"}

#: Wang, Zhong and Lin. Batch size and average are not in the paper; the rise is Query2Label's.
WANG_ZHONG_LIN = Settings(
    {
        **_QUERIES,
        "loss": "asymmetric_polynomial",
        "loss_params": {"gamma_pos": 0.0, "gamma_neg": 2.0},
        "optimizer_params": {"betas": (0.9, 0.9999)},
        "lr": 5e-5,
        "weight_decay": 5e-3,
        "schedule_params": {"pct_start": 0.2},
        "batch_size": 64,
        "max_epochs": 80,
    },
    _HALF,
)

#: Liu et al. (2021), on COCO.
QUERY2LABEL = Settings(
    {
        **_QUERIES,
        "loss": "asymmetric",
        "loss_params": {"gamma_pos": 0.0, "gamma_neg": 2.0, "clip": 0.0},
        "lr": 1e-4,
        "weight_decay": 1e-2,
        "schedule_params": {"pct_start": 0.2},
        "batch_size": 128,
        "max_epochs": 80,
        "early_stopping": True,
        "n_iter_no_change": 8,
    },
    _HALF,
)

#: Ridnik et al. (2023), on COCO. Their Adam with decoupled decay is AdamW.
ML_DECODER = Settings(
    {
        **_QUERIES,
        "loss": "asymmetric",
        "loss_params": {"gamma_pos": 0.0, "gamma_neg": 4.0, "clip": 0.05},
        "lr": 1e-4,
        "weight_decay": 1e-4,
        "schedule_params": {"pct_start": 0.2},
        "batch_size": 56,
        "max_epochs": 40,
    },
    _HALF,
)


def train_as_chen(literal: bool, pretrained: Any) -> Settings:
    """Return the settings of Chen, Poon and Yang (2025), or ours.

    Parameters
    ----------
    literal : bool
        Whether theirs, which say nothing of the weights to start from; ours follow from these.
    pretrained : bool or path
        As `ImageClassifier` takes it.

    Returns
    -------
    Settings
        Training and rule.
    """
    if literal:
        return CHEN_POON_YANG
    return MENDED["random" if pretrained is False else "pretrained"]


def build(
    network: dict[str, Any],
    settings: Settings,
    *,
    rule: str | None,
    max_epochs: int | None,
    random_state: Any,
    **run: Any,
) -> ThresholdCalibrator:
    """Put a network and the settings of its training into its threshold rule.

    Parameters
    ----------
    network : dict
        Backbone and head, as `ImageClassifier` names them; with a text encoder and a fusion it is
        an `ImageTextClassifier`.
    settings : Settings
        Training and rule.
    rule : str or None
        Replaces the rule of `settings`, and its fallback.
    max_epochs : int or None
        Replaces that of `settings`.
    random_state : int, RandomState or None
        Of the network, and of the part that is held out for the rule.
    **run
        Further parameters of the classifier.

    Returns
    -------
    ThresholdCalibrator
        Not fitted.
    """
    # A recipe without a network loads no torch.
    from sklearn_mlic.deep import ImageClassifier, ImageTextClassifier

    # The tables above stay as they are, whatever is done to the estimator.
    training, calibration = deepcopy(settings)
    if max_epochs is not None:
        training["max_epochs"] = max_epochs
    if rule is not None:
        calibration = {"method": rule}
    make = ImageTextClassifier if "text_encoder" in network else ImageClassifier
    classifier = make(**network, **training, **run, random_state=random_state)
    return ThresholdCalibrator(classifier, cv=0.2, random_state=random_state, **calibration)
