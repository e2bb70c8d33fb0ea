"""Multi-label image classification with scikit-learn's rules."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0.dev0"

# Public name -> home module. Names are imported at first use, so that this import is cheap.
_HOMES = {
    "BinaryRelevance": "sklearn_mlic.transformation",
    "BlockFusion": "sklearn_mlic.transformation",
    "BlockUnion": "sklearn_mlic.features",
    "CharNgramCounter": "sklearn_mlic.features",
    "ClassifierChain": "sklearn_mlic.transformation",
    "ClassifierChainEnsemble": "sklearn_mlic.transformation",
    "ImageClassifier": "sklearn_mlic.deep",
    "ImageDescriptors": "sklearn_mlic.features",
    "ImageEmbedder": "sklearn_mlic.features",
    "ImageTextClassifier": "sklearn_mlic.deep",
    "LabelPowerset": "sklearn_mlic.transformation",
    "LabelPrior": "sklearn_mlic.transformation",
    "LateFusion": "sklearn_mlic.transformation",
    "M3LAClassifier": "sklearn_mlic.deep",
    "MLkNN": "sklearn_mlic.adaptation",
    "ModalityChain": "sklearn_mlic.transformation",
    "OptunaSearchCV": "sklearn_mlic.tuning",
    "ProbabilityCalibrator": "sklearn_mlic.thresholds",
    "RAkEL": "sklearn_mlic.transformation",
    "TextEmbedder": "sklearn_mlic.features",
    "TextSelector": "sklearn_mlic.features",
    "ThresholdCalibrator": "sklearn_mlic.thresholds",
    "compare": "sklearn_mlic.comparison",
    "load": "sklearn_mlic.persistence",
    "load_coco": "sklearn_mlic.datasets",
    "load_csv": "sklearn_mlic.datasets",
    "load_voc": "sklearn_mlic.datasets",
    "make_multilabel_images": "sklearn_mlic.datasets",
    "save": "sklearn_mlic.persistence",
    "search_space": "sklearn_mlic.tuning",
    "tune_thresholds": "sklearn_mlic.thresholds",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
