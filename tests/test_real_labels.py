"""Every classical method under every scorer, on label matrices as they are found."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers import DATA
from sklearn_mlic import (
    BinaryRelevance,
    ClassifierChain,
    ClassifierChainEnsemble,
    LabelPowerset,
    LabelPrior,
    MLkNN,
    ProbabilityCalibrator,
    RAkEL,
    ThresholdCalibrator,
)
from sklearn_mlic.metrics import SCORERS
from sklearn_mlic.model_selection import MultilabelStratifiedKFold

BLOCKS = DATA / "data" / "feature_blocks"
LR = LogisticRegression(C=0.01, max_iter=1000)
METHODS = [
    BinaryRelevance(LR),
    ClassifierChain(LR),
    ClassifierChainEnsemble(LR, 2, random_state=0),
    LabelPowerset(LR, min_count=3),
    RAkEL(LR, overlapping=False, random_state=0),
    LabelPrior(),
    LabelPrior("most_frequent_set"),
    MLkNN(),
    ProbabilityCalibrator(BinaryRelevance(LR), cv=3, random_state=0),
    ThresholdCalibrator(BinaryRelevance(LR), cv=3, random_state=0),
    ThresholdCalibrator(MLkNN(), method="micro_f1", cv=3, random_state=0),
]


@pytest.mark.skipif(
    not BLOCKS.is_dir(), reason=f"no feature blocks in {DATA}; set MLIC_DATA to the data's folder"
)
@pytest.mark.parametrize("name", ["birds", "enron"])
@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_five_folds_with_every_scorer(name, method):
    """Half of the rows of birds have no label; of enron's labels one has no positive."""
    with np.load(BLOCKS / f"{name}.npz", allow_pickle=False) as file:
        train = file["split"] == 0
        blocks = [file[f"view_{i}"][train] for i in range(len(file["view_names"]))]
        y = file["Y"][train].astype(int)
    X = np.hstack(blocks).astype(np.float64)
    assert (y.sum(axis=0) == 0).any() or (y.sum(axis=1) == 0).mean() > 0.4
    # Fewer features than there are: the labels are what is tried here.
    model = make_pipeline(StandardScaler(), PCA(30, random_state=0), method)
    cv = MultilabelStratifiedKFold(5, random_state=0)
    results = cross_validate(model, X, y, cv=cv, scoring=SCORERS, error_score="raise")
    for scorer in SCORERS:
        assert np.all(np.isfinite(results[f"test_{scorer}"])), scorer
