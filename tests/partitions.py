"""What the workers of a cluster run, for the tests on dask: they import it by its name."""

import os

import pandas as pd

from sklearn_mlic import persistence
from sklearn_mlic.fitted import find_label_names


def predict_part(part, path):
    """The probabilities of one partition, and the process that computed them."""
    model = persistence.load_once(path)
    y_prob = model.predict_proba(part)
    table = pd.DataFrame(y_prob, index=part.index, columns=find_label_names(model))
    return table.assign(process=os.getpid())


def count_loads():
    """How many models this process has opened."""
    return persistence._load_version.cache_info().misses
