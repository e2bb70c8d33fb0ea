"""How fast the classical methods are beside scikit-learn's, timed in turn on the same data.

Prints a line for each figure; a ratio is the other's seconds over ours, above 1 we are faster.
``OMP_NUM_THREADS=1`` stands for scikit-learn with one BLAS thread, which its user has to know of.
"""

import warnings
from functools import partial

import numpy as np
from _common import in_turn, load_blocks, report
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain as TheirChain
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

from sklearn_mlic import BinaryRelevance, ClassifierChain, MLkNN, tune_thresholds

N_ROUNDS = 3
LR = LogisticRegression(max_iter=200)
#: rows, features, labels
GRID = [(500, 50, 5), (5000, 64, 20), (2000, 512, 20), (5000, 512, 80), (1000, 100, 1000)]


def make_data(n_rows: int, n_features: int, n_labels: int, density: float = 1.0) -> tuple:
    """Features and labels that depend on them linearly; a tenth of the entries is positive."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, n_features))
    scores = X @ rng.normal(size=(n_features, n_labels)) / np.sqrt(n_features)
    y = (scores + rng.normal(size=scores.shape) > 1.8).astype(int)
    if density < 1:
        X = sparse.csr_array(X * (rng.random(X.shape) < density))
    return X, y


def compare_fit(figure: str, theirs, ours, X, y, y_ours=None) -> None:
    """Time two fits in turn, each as it comes and both with one BLAS thread."""
    fits = partial(ours.fit, X, y if y_ours is None else y_ours), partial(theirs.fit, X, y)
    timed = in_turn(*fits, N_ROUNDS)
    with threadpool_limits(limits=1, user_api="blas"):
        alone = in_turn(*fits, N_ROUNDS)
    report(
        figure,
        theirs=type(theirs).__name__,
        our_s=timed["first_s"],
        their_s=timed["second_s"],
        ratio=timed["ratio"],
        ratio_one_thread=alone["ratio"],
    )


def binary_relevance() -> None:
    """`BinaryRelevance` against both of scikit-learn's, over sizes, dense and sparse."""
    cases = {f"dense {size}": make_data(*size) for size in GRID}
    cases["sparse (5000, 2000, 20)"] = make_data(5000, 2000, 20, density=0.02)
    bibtex = load_blocks("bibtex")
    cases["bibtex, sparse"] = sparse.csr_array(bibtex.X[bibtex.train]), bibtex.y[bibtex.train]
    for name, (X, y) in cases.items():
        for theirs in (MultiOutputClassifier(LR), OneVsRestClassifier(LR)):
            compare_fit(f"BinaryRelevance, {name}", theirs, BinaryRelevance(LR), X, y)
    X, y = make_data(1000, 100, 1000)
    ours = BinaryRelevance(LR)
    compare_fit(
        "BinaryRelevance, sparse y", OneVsRestClassifier(LR), ours, X, y, sparse.csr_array(y)
    )


def classifier_chain() -> None:
    """`ClassifierChain` against scikit-learn's."""
    for size in GRID[:-1]:
        X, y = make_data(*size)
        compare_fit(f"ClassifierChain, dense {size}", TheirChain(LR), ClassifierChain(LR), X, y)
    X, y = make_data(5000, 2000, 20, density=0.02)
    compare_fit("ClassifierChain, sparse", TheirChain(LR), ClassifierChain(LR), X, y)


def thresholds() -> None:
    """Every cut of every label against nine cuts by `sklearn.metrics.f1_score`."""
    rng = np.random.default_rng(0)
    y = (rng.random((50_000, 80)) < 0.1).astype(int)
    y_prob = np.clip(0.3 * y + 0.7 * rng.random(y.shape), 0, 1)

    def grid() -> None:
        for column, prob in zip(y.T, y_prob.T, strict=True):
            for threshold in np.linspace(0.3, 0.7, 9):
                f1_score(column, prob >= threshold)

    def grid_of_all() -> None:
        for threshold in np.linspace(0.3, 0.7, 9):
            f1_score(y, y_prob >= threshold, average=None)

    for name, theirs in {"label by label": grid, "all labels at once": grid_of_all}.items():
        timed = in_turn(partial(tune_thresholds, y, y_prob), theirs, N_ROUNDS)
        report(f"tune_thresholds f1 against a grid of f1_score, {name}, 50,000 x 80", **timed)
    for method in ("f1", "micro_f1", "label_cardinality", "cardinality", "sample_f1"):
        tune = partial(tune_thresholds, y, y_prob, method)
        report(f"tune_thresholds {method}", seconds=in_turn(tune, tune, N_ROUNDS)["first_s"])


def nearest_neighbours() -> None:
    """`MLkNN` against `KNeighborsClassifier` with the same neighbours: fit and predict."""
    bibtex = load_blocks("bibtex")
    for name, form in {"dense": np.asarray, "sparse": sparse.csr_array}.items():
        X, X_test = form(bibtex.X[bibtex.train]), form(bibtex.X[bibtex.test])

        def run(model, X=X, X_test=X_test) -> None:
            model.fit(X, bibtex.y[bibtex.train]).predict_proba(X_test)

        ours, theirs = MLkNN(n_neighbors=10), KNeighborsClassifier(n_neighbors=10)
        timed = in_turn(partial(run, theirs), partial(run, ours), N_ROUNDS)
        report(
            f"MLkNN on bibtex, {name}: our seconds over KNeighborsClassifier's",
            our_s=timed["second_s"],
            their_s=timed["first_s"],
            ours_over_theirs=timed["ratio"],
        )


if __name__ == "__main__":
    # 200 iterations are the setting that the figures are about.
    warnings.simplefilter("ignore", ConvergenceWarning)
    thresholds()
    nearest_neighbours()
    classifier_chain()
    binary_relevance()
