"""Problem transformation: one method a file, over any scikit-learn classifier."""

from sklearn_mlic.transformation._binary_relevance import BinaryRelevance
from sklearn_mlic.transformation._block_fusion import BlockFusion
from sklearn_mlic.transformation._chain_ensemble import ClassifierChainEnsemble
from sklearn_mlic.transformation._classifier_chain import ClassifierChain
from sklearn_mlic.transformation._label_powerset import LabelPowerset
from sklearn_mlic.transformation._label_prior import LabelPrior
from sklearn_mlic.transformation._late_fusion import LateFusion
from sklearn_mlic.transformation._modality_chain import ModalityChain
from sklearn_mlic.transformation._rakel import RAkEL

__all__ = [
    "BinaryRelevance",
    "BlockFusion",
    "ClassifierChain",
    "ClassifierChainEnsemble",
    "LabelPowerset",
    "LabelPrior",
    "LateFusion",
    "ModalityChain",
    "RAkEL",
]
