"""The classical methods on seven sets with official splits, beside those of other packages.

Ten metrics at the threshold 0.5, seconds to fit and to predict; what fails is shown as failing.
``python benchmarks/classical.py scene yeast --limit 100`` runs two sets and gives up on a fit
after 100 seconds.
"""

import argparse
import signal
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from _common import load_blocks, report
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain as TheirChain
from sklearn.multioutput import MultiOutputClassifier
from sklearn.preprocessing import StandardScaler

from sklearn_mlic import (
    BinaryRelevance,
    ClassifierChain,
    ClassifierChainEnsemble,
    LabelPowerset,
    LabelPrior,
    MLkNN,
    RAkEL,
    ThresholdCalibrator,
    metrics,
)

DENSE = ("scene", "yeast", "emotions", "birds")
SPARSE = ("enron", "medical", "bibtex")
ESTIMATORS = {
    "LR": LogisticRegression(max_iter=1000),
    "RF": RandomForestClassifier(n_estimators=50, random_state=0),
}
METHODS = {
    "BR": BinaryRelevance,
    "CC": ClassifierChain,
    "ECC": partial(ClassifierChainEnsemble, random_state=0),
    "LP": LabelPowerset,
    "RAkEL": partial(RAkEL, random_state=0),
}
RULES = (
    "fixed",
    "f1",
    "grid",
    "cardinality",
    "label_cardinality",
    "micro_f1",
    "sample_f1",
    "top_k",
    "at_least_one",
    "balanced_accuracy",
)
RANKED = {
    "macro_AUC": metrics.macro_auc,
    "micro_AUC": metrics.micro_auc,
    "sample_AUC": metrics.sample_auc,
    "ranking_loss": metrics.ranking_loss,
    "coverage-1": metrics.coverage_minus_one,
}
DECIDED = {
    "macro_F1": metrics.macro_f1_score,
    "micro_F1": metrics.of1_score,
    "sample_F1": metrics.sample_f1_score,
    "Hamming": metrics.hamming_loss,
    "subset_accuracy": metrics.subset_accuracy,
}


def load(name: str, train: np.ndarray | None = None, test: np.ndarray | None = None) -> tuple:
    """X and y of both parts; dense features standardised on the training rows, words sparse."""
    blocks = load_blocks(name)
    train = blocks.train if train is None else train
    test = blocks.test if test is None else test
    X, X_test = blocks.X[train], blocks.X[test]
    if name in SPARSE:
        X, X_test = sparse.csr_matrix(X), sparse.csr_matrix(X_test)  # others know no csr_array
    else:
        scaler = StandardScaler().fit(X)
        X, X_test = scaler.transform(X), scaler.transform(X_test)
    return X, blocks.y[train], X_test, blocks.y[test]


def score(y_true: np.ndarray, y_prob: np.ndarray, y_pred: np.ndarray) -> dict[str, float]:
    """The ten figures."""
    return {
        **{name: metric(y_true, y_prob) for name, metric in RANKED.items()},
        **{name: metric(y_true, y_pred) for name, metric in DECIDED.items()},
    }


def as_columns(y_prob: Any) -> np.ndarray:
    """One array from what other packages return."""
    if isinstance(y_prob, list):
        return np.column_stack([pair[:, 1] for pair in y_prob])
    return y_prob.toarray() if sparse.issparse(y_prob) else np.asarray(y_prob)


def run(set_name: str, method: str, model: Any, data: tuple, limit: int) -> None:
    """Fit, predict, score, and print; a failure, or too long a fit, is printed as one."""
    X, y, X_test, y_test = data
    signal.alarm(limit)
    try:
        start = time.perf_counter()
        model.fit(X, y)
        fitted = time.perf_counter()
        y_prob = as_columns(model.predict_proba(X_test))
        predicted = time.perf_counter()
        scores = score(y_test, y_prob, (y_prob >= 0.5).astype(int))
        seconds = {"fit_s": fitted - start, "predict_s": predicted - fitted}
        report(f"{set_name} {method}", **scores, **seconds)
    except Exception as error:
        report(f"{set_name} {method}", failed=f"{type(error).__name__}: {str(error)[:90]}")
    finally:
        signal.alarm(0)


def stop(*_: Any) -> None:
    """Give up on a fit."""
    raise TimeoutError("longer than the limit")


def others(n_labels: int) -> dict[str, Callable[[], Any]]:
    """The classes of scikit-learn and, where installed, of scikit-multilearn-ng."""
    lr = ESTIMATORS["LR"]
    found = {
        "sklearn MultiOutput-LR": lambda: MultiOutputClassifier(lr),
        "sklearn OneVsRest-LR": lambda: OneVsRestClassifier(lr),
        "sklearn ClassifierChain-LR": lambda: TheirChain(lr),
    }
    try:
        from skmultilearn import adapt, problem_transform
        from skmultilearn.ensemble import RakelD, RakelO
    except ImportError:
        print("scikit-multilearn-ng is not installed: its rows are left out", file=sys.stderr)
        return found
    return found | {
        "ng BinaryRelevance-LR": lambda: problem_transform.BinaryRelevance(clone(lr)),
        "ng ClassifierChain-LR": lambda: problem_transform.ClassifierChain(clone(lr)),
        "ng LabelPowerset-LR": lambda: problem_transform.LabelPowerset(clone(lr)),
        "ng RakelD-LR": lambda: RakelD(clone(lr), labelset_size=3),
        "ng RakelO-LR": lambda: RakelO(clone(lr), labelset_size=3, model_count=2 * n_labels),
        "ng MLkNN": lambda: adapt.MLkNN(k=10),
        "ng BRkNNa": lambda: adapt.BRkNNaClassifier(k=10),
        "ng BRkNNb": lambda: adapt.BRkNNbClassifier(k=10),
        "ng MLARAM": lambda: adapt.MLARAM(),
        "ng MLTSVM": lambda: adapt.MLTSVM(),
    }


def all_methods(set_name: str, limit: int, only: str) -> None:
    """Every method on one set whose name has `only` in it."""
    data = load(set_name)
    models = {"prior": LabelPrior, "MLkNN": MLkNN}
    for estimator in ESTIMATORS:
        for method, make in METHODS.items():
            models[f"{method}-{estimator}"] = partial(make, ESTIMATORS[estimator])
    for method, make in {**models, **others(data[1].shape[1])}.items():
        if only in method:
            run(set_name, method, make(), data, limit)


def reference_points() -> None:
    """BR-LR on five random 90/10 splits, whose figures others have published."""
    for set_name in ("scene", "yeast"):
        n_rows = len(load_blocks(set_name).y)
        rows = []
        for train, test in ShuffleSplit(5, test_size=0.1, random_state=0).split(np.zeros(n_rows)):
            X, y, X_test, y_test = load(set_name, train, test)
            y_prob = BinaryRelevance(ESTIMATORS["LR"]).fit(X, y).predict_proba(X_test)
            rows.append(score(y_test, y_prob, (y_prob >= 0.5).astype(int)))
        means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
        report(f"{set_name} BR-LR, mean of five random 90/10 splits", **means)


def threshold_rules(set_name: str) -> None:
    """Every rule on the probabilities of one BR-LR, tuned out of fold on the training rows."""
    X, y, X_test, y_test = load(set_name)
    logistic = BinaryRelevance(LogisticRegression(C=0.1, max_iter=1000))
    for rule in RULES:
        model = ThresholdCalibrator(logistic, method=rule, random_state=0).fit(X, y)
        y_pred = model.predict(X_test)
        scores = {name: metric(y_test, y_pred) for name, metric in DECIDED.items()}
        report(f"{set_name} rule {rule}", CF1=metrics.cf1_score(y_test, y_pred), **scores)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=[*DENSE, *SPARSE])
    parser.add_argument("--limit", type=int, default=600, help="seconds for one method")
    parser.add_argument("--only", default="", help="run the methods with this in their name")
    arguments = parser.parse_args()
    # Official splits hold labels without a positive, and other packages divide by zero.
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, stop)
    if not arguments.only:
        reference_points()
    for each in arguments.sets:
        if not arguments.only:
            threshold_rules(each)
        all_methods(each, arguments.limit, arguments.only)
