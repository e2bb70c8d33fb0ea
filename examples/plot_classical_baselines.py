"""
Classical baselines for images with several labels
==================================================

Before a network is trained, a frozen one and a classical method on top of it say how hard the
problem is, in seconds. Here every method of the package meets the same drawn images; then the
thresholds are chosen by each rule, and four pictures show what the numbers hide.
"""

# %%
# Images become vectors once
# --------------------------
# The scenes are drawn, so that nothing is downloaded, and so is the network's luck: its weights
# are random. Put ``ImageEmbedder("resnet18")`` here for real photographs.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from sklearn_mlic import (
    BinaryRelevance,
    ClassifierChain,
    ClassifierChainEnsemble,
    ImageEmbedder,
    LabelPowerset,
    LabelPrior,
    MLkNN,
    RAkEL,
    ThresholdCalibrator,
    compare,
    make_multilabel_images,
)
from sklearn_mlic.metrics import (
    cf1_score,
    hamming_loss,
    mean_average_precision,
    of1_score,
    sample_f1_score,
    subset_accuracy,
)
from sklearn_mlic.model_selection import train_test_split_multilabel
from sklearn_mlic.plots import (
    LabelCooccurrenceDisplay,
    MultilabelCalibrationDisplay,
    MultilabelPrecisionRecallDisplay,
    ThresholdCurveDisplay,
)

bunch = make_multilabel_images(n_samples=400, random_state=0)
embedder = ImageEmbedder("test_resnet", pretrained=False, image_size=64, random_state=0)
X = StandardScaler().fit_transform(embedder.fit_transform(bunch.data))
y = bunch.target
X_train, X_test, y_train, y_test = train_test_split_multilabel(X, y, random_state=0)
print(f"{len(X)} images, {X.shape[1]} features, {y.shape[1]} labels, {y.to_numpy().mean():.2f} on")

# %%
# Labels keep company
# -------------------
# A row tells how often the other labels stand beside it. Where rows differ, a method that models
# label sets (chains, powersets) can gain over one classifier a label.

LabelCooccurrenceDisplay.from_labels(y_train).plot()

# %%
# Every method on the same folds
# ------------------------------
# ``compare`` scores at 0.5 and at tuned thresholds. The prior is the row to beat.

logistic = LogisticRegression(C=0.01, max_iter=500)
methods = {
    "prior": LabelPrior(),
    "binary relevance": BinaryRelevance(logistic),
    "chain": ClassifierChain(logistic, order="frequency"),
    "10 chains": ClassifierChainEnsemble(logistic, random_state=0),
    "label powerset": LabelPowerset(logistic, min_count=2),
    "RAkEL": RAkEL(logistic, random_state=0),
    "ML-kNN": MLkNN(),
}
calibrated = {name: ThresholdCalibrator(m, cv=3, random_state=0) for name, m in methods.items()}
print(compare(calibrated, X_train, y_train, cv=3, random_state=0).round(3).to_string())

# %%
# Every threshold rule on the same probabilities
# ----------------------------------------------
# A rule wins on the figure that it looks at: choose it by what your application counts.

rules = ["fixed", "f1", "grid", "cardinality", "label_cardinality", "micro_f1", "sample_f1"]
scores = {
    "CF1": cf1_score,
    "OF1": of1_score,
    "sample-F1": sample_f1_score,
    "Hamming loss": hamming_loss,
    "subset accuracy": subset_accuracy,
}
rows = {}
for rule in [*rules, "top_k", "at_least_one"]:
    model = ThresholdCalibrator(methods["10 chains"], method=rule, cv=3, random_state=0)
    y_pred = model.fit(X_train, y_train).predict(X_test)
    rows[rule] = {name: score(y_test, y_pred) for name, score in scores.items()}
print(pd.DataFrame(rows).T.round(3).to_string())

# %%
# What the thresholds rest on
# ---------------------------
# The score of each label over its threshold. A wide band says that the folds do not agree: the
# label is too rare for its threshold to be trusted.

model = ThresholdCalibrator(methods["10 chains"], cv=3, random_state=0, store_cv_results=True)
model.fit(X_train, y_train)
ThresholdCurveDisplay.from_estimator(model, y_train).plot()

# %%
# On images that the model has not seen: precision against recall with the chosen operating point,
# and how far the probabilities can be taken at their word.

y_prob = model.predict_proba(X_test)
MultilabelPrecisionRecallDisplay.from_predictions(
    y_test, y_prob, thresholds=model.thresholds_
).plot()
MultilabelCalibrationDisplay.from_predictions(y_test, y_prob).plot()

# %%
# Labels that nobody looked at
# ----------------------------
# NaN is an unknown label. Binary relevance learns each label from the rows where it is known;
# thresholds and scores use what is known as well. Half of the labels still teach a lot.

rng = np.random.default_rng(0)
partial = y_train.mask(rng.random(y_train.shape) < 0.5)
for name, labels in {"all labels": y_train, "half of them": partial}.items():
    model = ThresholdCalibrator(BinaryRelevance(logistic), random_state=0).fit(X_train, labels)
    print(name, round(mean_average_precision(y_test, model.predict_proba(X_test)), 3))

plt.show()
