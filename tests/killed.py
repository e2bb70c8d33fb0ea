"""A fit that is killed, for the tests of checkpoints: run it in a process of its own."""

import os
import signal

import numpy as np
import torch

from helpers import classifier, coloured
from sklearn_mlic.deep._net import TrainingNet


def data(kind="images"):
    """Images or feature vectors, and their labels."""
    X, y = coloured(40)
    if kind == "features":
        X = X.reshape(len(X), -1)[:, :6].astype(np.float32) / 255
    return X, y


def die_at(place, count):
    """Arrange for SIGKILL at the so-manieth step, write or replacement of a checkpoint."""
    owner, name = {
        "step": (TrainingNet, "train_step"),
        "write": (torch, "save"),
        "replace": (os, "replace"),
        "replaced": (os, "replace"),
    }[place]
    original, n_calls = getattr(owner, name), 0

    def wrapper(*args, **kwargs):
        nonlocal n_calls
        n_calls += 1
        if n_calls == count:
            if place == "write":  # half a file is on the disk
                args[1].write(b"half of a checkpoint")
                args[1].flush()
            if place == "replaced":
                original(*args, **kwargs)
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **kwargs)

    setattr(owner, name, wrapper)


def fit_and_die(settings, place, count):
    """Fit until the kill."""
    torch.set_num_threads(1)
    die_at(place, count)
    classifier(**settings).fit(*data())
