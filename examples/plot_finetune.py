"""
Training a network on images with several labels
================================================

A small network is trained from random weights on drawn scenes, watched, stopped where it is best,
calibrated, and asked where in an image it sees what. Everything here works the same with
``ImageClassifier("resnet18")``, or any other timm network, on photographs.
"""

# %%
# Images, and a part that is never trained on
# -------------------------------------------

import matplotlib.pyplot as plt

from sklearn_mlic import ImageClassifier, ThresholdCalibrator, compare, make_multilabel_images
from sklearn_mlic.metrics import multilabel_report
from sklearn_mlic.model_selection import train_test_split_multilabel
from sklearn_mlic.plots import (
    LabelAttentionDisplay,
    LearningCurveDisplay,
    PredictionGridDisplay,
)
from sklearn_mlic.recipes import simple_cnn

bunch = make_multilabel_images(n_samples=400, random_state=0)
X_train, X_test, y_train, y_test = train_test_split_multilabel(
    bunch.data, bunch.target, random_state=0
)

# %%
# Train
# -----
# The learning rate goes up and down once (one cycle), the weights that predict are a running
# average, and a tenth of the rows says which epoch was the best. Decoded images stay in memory.

network = ImageClassifier(
    "simple_cnn",
    image_size=64,
    head_params={"pool": "max"},
    lr=3e-3,
    schedule="one_cycle",
    ema_decay=0.99,
    max_epochs=12,
    early_stopping=True,
    cache="ram",
    random_state=0,
)
network.fit(X_train, y_train)
print(network.history_.round(3).to_string(index=False))
LearningCurveDisplay.from_estimator(network)

# %%
# Thresholds
# ----------
# A threshold a label is tuned on a fifth of the training rows that the network does not see.

calibrated = ThresholdCalibrator(network, cv=0.2, random_state=0).fit(X_train, y_train)
report = multilabel_report(y_test, calibrated.predict_proba(X_test), calibrated.thresholds_)
print(report.round(3).to_string())

# %%
# Look at it
# ----------
# The images that the model gets most wrong, with what it missed and what it made up; and the
# part of each image that speaks for a label.

PredictionGridDisplay.from_estimator(calibrated, X_test, y_test, select="worst", n_images=8)
LabelAttentionDisplay.from_estimator(calibrated, X_test, n_images=3)

# %%
# A published network by name
# ---------------------------
# Recipes are whole systems, each inside its threshold rule; the row that looks at no image comes
# with them.

table = compare(
    {"prior": "label_prior", "simple CNN": simple_cnn(image_size=64, max_epochs=6, random_state=0)},
    bunch.data,
    bunch.target,
    cv=0.25,
    random_state=0,
)
print(table.round(3).to_string())
plt.show()
