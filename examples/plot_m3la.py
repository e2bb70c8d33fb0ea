"""
Kinds of features, read one by one
==================================

An image can be described in several ways: by its colours, its edges, its textures. Each is a
block of features, and `M3LAClassifier` reads a row block by block: it chooses the next one by what
it knows so far, and corrects its labels after each. This shows how blocks are made, what was read
when and what it changed, and how to stop early where reading costs something.
"""

# %%
# From images to blocks
# ---------------------
# `BlockUnion` puts the outputs of several transformers side by side: here colours and edges of the
# images by `ImageDescriptors`, and the words of captions. There are few rows, so that each
# descriptor is brought to a few principal components: hundreds of columns that say little would
# drown the others. The columns of the result are named after their blocks, and that is how a
# classifier behind it knows them. A pretrained network is one line more:
# ``("network", ImageEmbedder("resnet50"), ["image"])``.

import matplotlib.pyplot as plt
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mlic import (
    BinaryRelevance,
    BlockUnion,
    ImageDescriptors,
    M3LAClassifier,
    ThresholdCalibrator,
    make_multilabel_images,
)
from sklearn_mlic.metrics import mean_average_precision, sample_f1_score
from sklearn_mlic.model_selection import train_test_split_multilabel
from sklearn_mlic.plots import (
    LabelCorrelationDisplay,
    ModalityOrderDisplay,
    StagedPredictionDisplay,
)

scenes = make_multilabel_images(n_samples=800, image_size=48, n_labels=5, random_state=0)
X_train, X_test, y_train, y_test = train_test_split_multilabel(
    scenes.data, scenes.target, random_state=0
)


def describe(name):
    """A few principal components of a descriptor."""
    descriptor = ImageDescriptors([name], image_size=48)
    return make_pipeline(descriptor, StandardScaler(), PCA(32, random_state=0))


blocks = BlockUnion(
    [
        ("colour", describe("colour_moments"), ["image"]),
        ("edges", describe("hog"), ["image"]),
        ("words", TfidfVectorizer(), "caption"),
    ]
)
B_train, B_test = blocks.fit_transform(X_train), blocks.transform(X_test)
print({name: columns.stop - columns.start for name, columns in blocks.blocks_.items()})

# %%
# A classifier that reads them
# ----------------------------
# ``make_pipeline(blocks, M3LAClassifier())`` takes the images and captions themselves; here the
# blocks are made once, as several models share them. Beside it stands a logistic regression a
# label on all columns, which knows of no blocks: with some hundred rows it is hard to beat, but
# can neither tell what it went by nor stop early.

settings = {"hidden_size": 32, "embedding_size": 64, "lr": 6e-3, "max_epochs": 20}
reader = M3LAClassifier(**settings, cost="hamming", random_state=0)
linear = make_pipeline(StandardScaler(), BinaryRelevance(LogisticRegression(C=0.01)))
for name, model in {"linear": linear, "M3LA": reader}.items():
    y_prob = model.fit(B_train, y_train).predict_proba(B_test)
    print(f"{name}: mAP {mean_average_precision(y_test, y_prob):.3f}")

# %%
# What it read, and what that changed
# -----------------------------------
# ``explain`` has a line a step: the block, and the probabilities after it. ``modality_order_`` is
# the blocks alone, ``staged_predict_proba`` the probabilities of all rows step by step. Scores
# hardly rise from step to step: the encoder has passed over all blocks before one is chosen.

print(reader.explain(B_test.iloc[:2]).round(2).to_string())
print(reader.modality_order_(B_test)[:3])
for step, y_prob in enumerate(reader.staged_predict_proba(B_test)):
    print(f"after step {step}: mAP {mean_average_precision(y_test, y_prob):.3f}")
StagedPredictionDisplay.from_estimator(reader, B_test, y=y_test, row=1)

# %%
# Which block comes first may depend on what a row shows: a line here that differs from that of all
# rows is a label with a block of its own.

ModalityOrderDisplay.from_estimator(reader, B_test, y_test)

# %%
# Labels that support each other
# ------------------------------
# What was said at one step goes into the next through a matrix that is learned: above 0, the label
# of a line supports that of a column. Beside it is how the labels of the training rows go
# together. The two need not agree: the matrix has only what the blocks have not already told.

print(reader.label_correlation_.round(2))
LabelCorrelationDisplay.from_estimator(reader, y_train)

# %%
# Stopping once it is sure
# ------------------------
# With ``stop_confidence`` a row is read until every label has at least this probability, or at most
# 1 minus it. The network then knows nothing of a block before it reads it, so that what nobody
# reads need not be computed. ``costs`` are what blocks cost. The confidence may be changed after
# the fit: a lower one pays less.

costs = {"colour": 2, "edges": 4, "words": 1}
frugal = clone(reader).set_params(stop_confidence=0.9, costs=costs).fit(B_train, y_train)
for confidence in (1.0, 0.8, 0.7, 0.6):
    frugal.set_params(stop_confidence=confidence)
    paid = frugal.reading_costs(B_test).mean()
    score = mean_average_precision(y_test, frugal.predict_proba(B_test))
    print(f"sure from {confidence}: {paid:.1f} of {sum(costs.values())} paid, mAP {score:.3f}")

# %%
# Thresholds
# ----------
# A `ThresholdCalibrator` makes labels of the probabilities. By ``"cardinality"`` there are as many
# as in the rows held out to tune it. The figures take such a model too;
# the rest is at its ``estimator_``.

calibrated = ThresholdCalibrator(reader, method="cardinality", cv=0.2, random_state=0)
calibrated.fit(B_train, y_train)
print(f"true: {y_test.to_numpy().sum(axis=1).mean():.2f} labels a row")
for name, model in {"at 0.5": reader, "calibrated": calibrated}.items():
    y_pred = model.predict(B_test)
    score = sample_f1_score(y_test, y_pred)
    print(f"{name}: {y_pred.sum(axis=1).mean():.2f} labels a row, sample F1 {score:.3f}")
plt.show()
