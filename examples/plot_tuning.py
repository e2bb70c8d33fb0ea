"""
Tuning with Optuna, by scikit-learn's rules
===========================================

A search tries parameters, scores each candidate on the same folds, and fits the best one on all
rows. ``OptunaSearchCV`` does that as ``GridSearchCV`` does, with the same table and the same
attributes, but looks at what the trials so far have shown before it draws the next. A grid is
fine for two parameters of a few values each. Take this search where there are more, where a
strength may be anything between 0.001 and 10, where a network can be stopped before its last
epoch, or where the work has to survive an evening and be shared between processes.
"""

# %%
# Images, and a system that holds everything to be tuned
# ------------------------------------------------------
# The scenes are drawn and the network's weights are random, so that nothing is downloaded; put
# ``ImageEmbedder("resnet18")`` here for photographs. The network is frozen, and with ``cache=`` it
# sees an image once in the whole search: each fold of each trial pays for its head alone.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.pruners import PercentilePruner
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mlic import (
    BinaryRelevance,
    ImageClassifier,
    ImageEmbedder,
    MLkNN,
    OptunaSearchCV,
    make_multilabel_images,
    search_space,
)
from sklearn_mlic.metrics import SCORERS
from sklearn_mlic.model_selection import MultilabelStratifiedKFold, train_test_split_multilabel
from sklearn_mlic.recipes import image_probe

workplace = tempfile.TemporaryDirectory()
folder = Path(workplace.name)

bunch = make_multilabel_images(n_samples=240, n_labels=4, random_state=0)
X_train, X_test, y_train, y_test = train_test_split_multilabel(
    bunch.data, bunch.target, random_state=0
)
embedder = ImageEmbedder(
    "test_resnet", pretrained=False, image_size=64, cache=folder / "vectors", random_state=0
)
probe = image_probe(embedder, random_state=0)
probe.set_params(thresholdcalibrator__cv=3)  # of the thresholds: 3 folds in place of 5, to be quick

# %%
# What is worth tuning
# --------------------
# ``search_space`` knows the estimators and recipes of this package. What it returns is a plain
# dict from parameter names to distributions of Optuna, to be changed at will.

print(search_space(probe))
space = search_space(probe, budget="full")
print(*space, sep="\n")

# %%
# Thresholds together with the classifier
# ---------------------------------------
# The score decides what can be tuned. A ranking score such as ``"mAP"`` does not see thresholds;
# CF1 counts decisions. So the rule that sets the thresholds belongs into the same search as the
# classifier that they cut. Of several scores ``refit`` names the one that counts, and the others
# are reported. An int ``cv`` makes folds that are stratified over all labels.

settings = {"cv": 3, "random_state": 0}
search = OptunaSearchCV(
    probe, space, n_trials=8, scoring=["CF1", "mAP"], refit="CF1", **settings
).fit(X_train, y_train)
print(f"CF1 {search.best_score_:.3f} in the folds, {search.score(X_test, y_test):.3f} on the rest")
print(search.best_params_)

# %%
# The table is that of scikit-learn's searches, a row a trial, and says how each trial ended.

results = pd.DataFrame(search.cv_results_)
results.columns = results.columns.str.replace("param_.*__", "", regex=True)
columns = ["C", "pool", "method", "mean_test_CF1", "std_test_CF1", "mean_test_mAP", "state"]
best = results.sort_values("rank_test_CF1")[columns].head()
print(best.to_string(index=False, float_format="{:.3g}".format))

# %%
# Two pictures of it: how soon the best was found, and where along a parameter it lies. A best
# value at the end of a range asks for a wider range. ``optuna.visualization.matplotlib`` draws
# more, such as the importance of parameters, from ``search.study_``.

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True, layout="constrained")
left.plot(results["trial"], results["mean_test_CF1"], "o", label="trial")
left.step(results["trial"], results["mean_test_CF1"].cummax(), where="post", label="best so far")
left.set(xlabel="trial", ylabel="CF1")
left.legend()
for rule, rows in results.groupby("method"):
    right.semilogx(rows["C"], rows["mean_test_CF1"], "o", label=rule)
right.set(xlabel="C")
right.legend(title="threshold rule")

# %%
# Parameters that depend on others
# --------------------------------
# Where one choice decides what else there is to choose, write a function of the trial. It returns
# parameters for ``set_params``, whole estimators too.


def suggest(trial):
    """A strength for a logistic regression, or a number of neighbours: never both."""
    if trial.suggest_categorical("kind", ["logistic", "neighbours"]) == "logistic":
        C = trial.suggest_float("C", 1e-4, 1, log=True)
        classifier = BinaryRelevance(LogisticRegression(C=C, max_iter=1000))
    else:
        classifier = MLkNN(n_neighbors=trial.suggest_int("n_neighbors", 3, 40, log=True))
    return {"thresholdcalibrator__estimator": classifier}


conditional = OptunaSearchCV(probe, suggest, n_trials=8, scoring="mAP", **settings)
conditional.fit(X_train, y_train)
best = conditional.study_.best_trial
print(f"mAP {best.value:.3f} with {best.params}")

# %%
# Two scores that pull apart
# --------------------------
# With a function in ``refit`` the study maximises all scores, and the function chooses a row of
# the table. ``on_pareto_front`` marks those that no other beats in every score. Here the most
# precise one is taken that still finds half of what is there.


def precise_enough(results):
    """The row of the highest precision among those with a recall of a half."""
    allowed = results["on_pareto_front"] & (results["mean_test_CR"] >= 0.5)
    return int(np.argmax(np.where(allowed, results["mean_test_CP"], -1.0)))


front = OptunaSearchCV(
    probe, space, n_trials=8, scoring=["CP", "CR"], refit=precise_enough, **settings
).fit(X_train, y_train)
table = front.cv_results_
on_front = table["on_pareto_front"]

figure, axes = plt.subplots(figsize=(4.5, 3.5), layout="constrained")
precision, recall = table["mean_test_CP"], table["mean_test_CR"]
axes.plot(recall[~on_front], precision[~on_front], "o", color="0.7", label="beaten")
axes.plot(recall[on_front], precision[on_front], "o", label="on the Pareto front")
chosen = front.best_index_
axes.plot(recall[chosen], precision[chosen], "o", ms=14, mfc="none", mec="k", label="chosen")
axes.set(xlabel="recall (CR)", ylabel="precision (CP)")
axes.legend()

# %%
# Pruning: epochs that need not be spent
# --------------------------------------
# A network whose learning rate is bad shows it early. With a pruner the rows left out are scored
# after each epoch, and a trial that looks bad ends there, with the folds that it has not begun.
# Its row stays in the table, with the epochs that it has spent.
#
# This one lets a trial go on as long as its best score is in the best quarter of what the trials
# that ran to their end had at that point. It begins after three trials and, as steps are
# hundredths of a fold, leaves each half of its first fold. Without that it saves more, and now and
# then ends what would have come late. Scaled features help: networks begin to learn at once.

vectors = embedder.fit_transform(X_train)
network = make_pipeline(StandardScaler(), ImageClassifier(max_epochs=10, random_state=0))
choices = {
    "imageclassifier__lr": FloatDistribution(1e-5, 1e-1, log=True),
    "imageclassifier__loss": CategoricalDistribution(["bce", "focal", "asymmetric"]),
}
pruner = PercentilePruner(25.0, n_startup_trials=3, n_warmup_steps=50)
for name, chosen in {"whole": None, "pruned": pruner}.items():
    found = OptunaSearchCV(
        network, choices, n_trials=12, pruner=chosen, scoring="mAP", refit=False, **settings
    ).fit(vectors, y_train)
    n_epochs = found.cv_results_["n_epochs"].sum()
    n_pruned = (found.cv_results_["state"] == "pruned").sum()
    print(f"{name}: mAP {found.best_score_:.3f}, {n_epochs} epochs, {n_pruned} trials pruned")

# %%
# Going on, and in several processes
# ----------------------------------
# With ``storage=`` the trials are kept in a file, here a journal. ``n_trials`` is what the study
# has in the end: the second search finds three trials and runs three more, the same ones that a
# search without a break draws. Ctrl-C in the middle fits the best so far, and the next run goes
# on. A study of other images, labels, folds or settings is refused.

kept = {"storage": folder / "search.journal", "scoring": "mAP", **settings}
for n_trials in (3, 6):
    longer = OptunaSearchCV(probe, space, n_trials=n_trials, **kept).fit(X_train, y_train)
    print(f"{len(longer.study_.trials)} trials, best mAP {longer.best_score_:.3f}")

# %%
# To share the work, start the same script in two shells, on one machine or on several that see the
# same drive (or give the URL of a database)::
#
#     python search.py     # in one shell
#     python search.py     # in another: both take trials from one study, each trial once
#
# The first to find nothing left to begin does not wait for the last trial of the other; run it
# once more, and it fits the best of all. A process that is killed loses the trial that it was
# running. On one machine ``n_jobs=2`` needs no second shell, and on the command line
# ``sklearn-mlic tune labels.csv --trials 100 --storage search.journal`` does the same.

# %%
# How good is it, really?
# -----------------------
# ``best_score_`` is the highest of many scores on the same folds, and so a little too high: the
# more trials, the more luck is in it. Nested cross-validation scores the whole procedure, search
# included, on rows that no trial has seen. It is the number to report; what to use is still the
# search that was fitted on all rows. A search is an estimator, so scikit-learn's own function does
# it; with a storage, ``study="search-{data}"`` gives each outer part a study of its own.

inner = OptunaSearchCV(probe, space, n_trials=4, scoring="mAP", **settings)
outer = MultilabelStratifiedKFold(2, shuffle=True, random_state=0)
scores = cross_val_score(inner, X_train, y_train, cv=outer, scoring=SCORERS["mAP"])
print(f"mAP {longer.best_score_:.3f} in the search, {scores.mean():.3f} in the nested folds")

workplace.cleanup()
plt.show()
