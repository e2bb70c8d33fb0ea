"""Images with text at a size for tests."""

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from sklearn_mlic import ImageTextClassifier, make_multilabel_images

SMALL_FUSIONS = {
    "concat": {"hidden": 16},
    "gated": {"width": 16},
    "cross_attention": {"width": 16, "n_heads": 2, "n_hidden": 16},
}


def make(**params):
    settings = {
        "backbone": "test_resnet",
        "pretrained": False,
        "image_size": 32,
        "text_encoder": TfidfVectorizer(),
        "text": "caption",
        "max_epochs": 1,
        "batch_size": 16,
        "lr": 1e-2,
        "precision": "fp32",
        "random_state": 0,
    }
    return ImageTextClassifier(**{**settings, **params})


def make_scenes():
    """Drawn scenes, each with some words."""
    scenes = make_multilabel_images(40, image_size=32, n_labels=3, random_state=0)
    scenes.data["caption"] = scenes.data["caption"].replace("", "no words")
    return scenes


class Words(CountVectorizer):
    """A vector a word: where in the vocabulary it stands, twice over; zeros behind the last."""

    def transform(self, texts):
        counts = super().transform(texts).toarray()
        vectors = np.zeros((len(texts), 6, 2))
        for row, count in enumerate(counts):
            words = np.flatnonzero(count)[:6]
            vectors[row, : len(words)] = words[:, None] + 1
        return vectors
