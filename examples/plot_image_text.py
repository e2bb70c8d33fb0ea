"""
Images with text beside them
============================

Captions often know what an image does not show, and are often missing. The same small network is
trained on images, on captions and on both, then asked about images whose captions were taken away.
The figures tell which words go with each label, and which ones the network goes by.
"""

# %%
# Scenes, and what their captions say
# -----------------------------------
# Captions here name most objects, by one of several words; some name what is not there, and some
# are empty, which means that there is none. The figure shows the words that are heavier in the
# captions of a label than in others: it needs no model, and finds words that give a label away.

import matplotlib.pyplot as plt
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer

from sklearn_mlic import ImageTextClassifier, make_multilabel_images
from sklearn_mlic.features import word_effects
from sklearn_mlic.metrics import mean_average_precision
from sklearn_mlic.model_selection import train_test_split_multilabel
from sklearn_mlic.plots import LabelTermsDisplay

bunch = make_multilabel_images(n_samples=400, image_size=48, n_labels=4, random_state=0)
X_train, X_test, y_train, y_test = train_test_split_multilabel(
    bunch.data, bunch.target, random_state=0
)
print(X_train["caption"].head(6).to_string())
LabelTermsDisplay.from_data(X_train["caption"], y_train, n_terms=6)

# %%
# Image, text, and both
# ---------------------
# One estimator with either side switched off. ``text_encoder`` is any transformer of texts: TF-IDF
# here, `CharNgramCounter`, or ``TextEmbedder`` for a sentence-transformers model, whose name or
# folder may also stand there itself. Texts are encoded once a fit.

both = ImageTextClassifier(
    "simple_cnn",
    head_params={"pool": "max"},
    text_encoder=TfidfVectorizer(),
    text="caption",
    pretrained=False,
    image_size=48,
    lr=3e-3,
    schedule="one_cycle",
    max_epochs=12,
    random_state=0,
)
models = {
    "image only": clone(both).set_params(text=None),
    "text only": clone(both).set_params(image=None),
    "both": both,
}
for model in models.values():
    model.fit(X_train, y_train)

# %%
# When text is missing
# --------------------
# Rows without text are predicted like any other: None, NaN and an empty string all mean that there
# is none. In training some rows lack a side, and ``modality_dropout`` hides one of others now and
# then, so that the network learns to do without: with all captions gone it should be about as good
# as the one that was trained on images alone.

without_text = X_test.assign(caption=None)
print(f"{'':<12}mAP    captions removed")
for name, model in models.items():
    score = mean_average_precision(y_test, model.predict_proba(X_test))
    bare = mean_average_precision(y_test, model.predict_proba(without_text))
    print(f"{name:<12}{score:.3f}  {bare:.3f}")

# %%
# Which words a fitted network goes by
# ------------------------------------
# Each word is left out in turn and the network asked again; what the log-odds of a label lose is
# what the word adds. The image stays, so a word that only repeats it adds little.

table = word_effects(both, X_test, text="caption", labels=["disc"], n_words=4, min_rows=3)
print(table.round(2).to_string(index=False))
LabelTermsDisplay.from_estimator(both, X_test, text="caption", n_terms=6, min_rows=3)
plt.show()
