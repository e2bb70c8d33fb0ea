"""
Heads that look where the label is
==================================

The same small network is trained with heads that pool the image, that let each label look at it,
and that ask for one label after another. Then the figure tells which of them look at the object,
and a head that knows its labels by their names is asked for one it was never trained on.
"""

# %%
# Drawn scenes, and what all fits share
# -------------------------------------

import matplotlib.pyplot as plt
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer

from sklearn_mlic import ImageClassifier, make_multilabel_images
from sklearn_mlic.metrics import mean_average_precision
from sklearn_mlic.model_selection import train_test_split_multilabel
from sklearn_mlic.plots import LabelAttentionDisplay

bunch = make_multilabel_images(n_samples=300, image_size=48, n_labels=4, random_state=0)
X_train, X_test, y_train, y_test = train_test_split_multilabel(
    bunch.data, bunch.target, random_state=0
)
network = ImageClassifier(
    "simple_cnn",
    pretrained=False,
    image_size=48,
    lr=2e-3,
    schedule="one_cycle",
    clip_norm=1.0,
    max_epochs=6,
    cache="ram",
    random_state=0,
)
small = {"width": 64, "n_heads": 4, "n_hidden": 128, "dropout": 0.0}

# %%
# Four heads
# ----------
# Which one is best depends on the data and on how long they train; so early, this tells little.

heads = {
    "linear": {"pool": "max"},
    "csra": {"lam": 0.3},
    "chain": {"pool": "max"},
    "two_stage": small,
}
models = {}
for head, params in heads.items():
    models[head] = clone(network).set_params(head=head, head_params=params)
    models[head].fit(X_train, y_train)
    score = mean_average_precision(y_test, models[head].predict_proba(X_test))
    print(f"{head:<10} mAP {score:.3f}")

# %%
# Where do they look?
# -------------------
# Attention for the two-stage head, class activation for the one that pools. A head without maps
# of its own, as the chain, shows what its logits owe to each place.

for head in ("two_stage", "linear", "chain"):
    display = LabelAttentionDisplay.from_estimator(models[head], X_test, n_images=2)
    display.figure_.suptitle(head)

# %%
# A label that was never trained on
# ---------------------------------
# With a label encoder, queries are made of the names; with one output for all labels, any name
# can be scored. Character n-grams only see that "discs" is spelt like "disc"; the embedding of a
# sentence-transformers model, ``label_encoder=SentenceTransformer("all-MiniLM-L6-v2")``, would
# also place a "circle" near it.

named = clone(network).set_params(
    head="two_stage",
    head_params={**small, "output": "shared"},
    label_encoder=TfidfVectorizer(analyzer="char", ngram_range=(1, 3)),
)
named.fit(X_train, y_train)
for name, known in {"discs": "disc", "a triangle": "triangle"}.items():
    y_prob = named.predict_proba(X_test, label_names=[name])
    score = mean_average_precision(y_test[[known]], y_prob)
    print(f"{name!r} for {known!r}: AP {score:.3f}, by chance {y_test[known].mean():.3f}")

plt.show()
