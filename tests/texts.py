"""Texts as people have them: missing, blank, repeated, and far too long."""

import numpy as np

TEXTS = [
    "A cat.",
    "Two dogs on the sofa of a man who is not at home",
    None,
    "a kitten",
    "A cat.",
    "  ",
    "bus stop " * 60,
]
FILLED = [row for row, text in enumerate(TEXTS) if text and text.strip()]
LABELS = np.array([[1, 0], [0, 1]] * 4)[: len(TEXTS)]
