"""Rows to stream, for the tests of long predictions, one of which kills its process."""

import os
import signal
from pathlib import Path

import numpy as np

from sklearn_mlic.datasets import (
    _journal,
    load_csv,
    stream_csv,
    stream_predictions,
    write_predictions,
)
from sklearn_mlic.recipes import text_probe

TEXTS = ["a cat", "a dog", "a cat and a dog", "nothing, really", "the cat"]


def write_texts(path, n_rows=23):
    """A CSV file of captions, each row with a name of its own."""
    lines = [f'{row},"{TEXTS[row % len(TEXTS)]} {row}"\n' for row in range(n_rows)]
    path.write_text("id,caption\n" + "".join(lines))
    return path


def rows_of(path, **settings):
    """The rows of that file in chunks of five."""
    settings = {"ids": "id", "chunk_size": 5, **settings}
    return stream_csv(path, image=None, text="caption", **settings)


def fit_words(path):
    """A model of the captions."""
    X = next(stream_csv(path, image=None, text="caption").read(0)).X
    y = np.array([["cat" in text, "dog" in text] for text in X["caption"]], dtype=int)
    return text_probe("caption", random_state=0).fit(X, y)


class Killed(BaseException):
    """What stands in for a signal where the process has to live on."""


def whole(words, texts, out, **settings):
    """Write all predictions in one go."""
    bunch = load_csv(texts, image=None, labels=None, text="caption", ids="id")
    y_prob = words.predict_proba(bunch.data) if settings.pop("probabilities", False) else None
    names = words[-1].label_names_
    write_predictions(out, bunch.ids, words.predict(bunch.data), names, y_prob=y_prob, **settings)
    return out.read_bytes()


def die_at(count, write=_journal.write_at_once):
    """Arrange for SIGKILL when the so-manieth chunk is written and not noted yet."""
    n_calls = 0

    def killed(*arguments):
        nonlocal n_calls
        n_calls += 1
        if n_calls == count:
            os.kill(os.getpid(), signal.SIGKILL)
        write(*arguments)

    _journal.write_at_once = killed


def predict_and_die(folder, count):
    """Predict until the kill."""
    texts = Path(folder, "texts.csv")
    die_at(count)
    stream_predictions(fit_words(texts), rows_of(texts), Path(folder, "out.csv"), key="words")
