"""
Past one machine
================

Images that are many more than fit into memory are predicted in parts: chunk after chunk into a file
by one process, or partition after partition by the workers of a dask cluster, each of which holds
one model.
"""

# %%
# A model file, and images to predict
# -----------------------------------
# Images stay where they are, in files; what is handed around is their names. On a cluster the
# folder and the model file are on a drive that all machines see.

import tempfile
from pathlib import Path

import dask.dataframe as dd
import matplotlib.pyplot as plt
import pandas as pd
from distributed import Client
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_mlic import (
    BinaryRelevance,
    ImageEmbedder,
    ThresholdCalibrator,
    make_multilabel_images,
    save,
)
from sklearn_mlic.datasets import stream_csv, stream_predictions
from sklearn_mlic.fitted import find_label_names, predict_both
from sklearn_mlic.persistence import load_once

bunch = make_multilabel_images(n_samples=300, image_size=48, n_labels=5, random_state=0)
embedder = ImageEmbedder("test_resnet", pretrained=False, image_size=48, random_state=0)
classifier = ThresholdCalibrator(BinaryRelevance(LogisticRegression(C=0.01)), random_state=0)
model = make_pipeline(embedder, classifier).fit(bunch.data[:200], bunch.target[:200])

workplace = tempfile.TemporaryDirectory()
folder = Path(workplace.name)
model_file = save(model, folder / "model.skops")
paths = [str(folder / f"{row}.png") for row in range(100)]
for path, pixels in zip(paths, bunch.data["image"][200:], strict=True):
    Image.fromarray(pixels).save(path)
rows_file = folder / "rows.csv"
pd.DataFrame({"image": paths}).to_csv(rows_file, index=False)

# %%
# One process, in memory that does not grow
# -----------------------------------------
# ``sklearn-mlic predict model.skops rows.csv --out predictions.parquet`` does the same. A run that
# was killed goes on behind its last chunk when it is started again, and the finished file is that
# of a run without a break.

rows = stream_csv(rows_file, chunk_size=32)
stream_predictions(model, rows, folder / "predictions.csv", probabilities=True)
streamed = pd.read_csv(folder / "predictions.csv")
print(streamed.head(3).to_string(index=False))

# %%
# Many processes, on any number of machines
# -----------------------------------------
# Workers get the name of the model file, not the model: ``load_once`` opens it once in each. Here
# two workers live in this process; ``Client("scheduler:8786")`` asks a cluster, whose workers were
# started with ``dask worker scheduler:8786 --nthreads 1``. Nothing else changes.


def predict_part(part, model_file):
    """Predict the rows of one partition."""
    model = load_once(model_file)
    y_pred, y_prob = predict_both(model, part)
    table = pd.DataFrame(y_prob, index=part.index, columns=find_label_names(model))
    return table.assign(n_labels=y_pred.sum(axis=1))


meta = {**dict.fromkeys(find_label_names(model), float), "n_labels": int}
settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
with Client(processes=False, **settings):
    # Of a file of any size dask.dataframe.read_csv makes partitions by itself.
    images = dd.from_pandas(pd.read_csv(rows_file), npartitions=4)
    predicted = images.map_partitions(predict_part, str(model_file), meta=meta)
    print(f"{images.npartitions} partitions")
    # On a cluster: predicted.to_parquet("predictions/"), and nothing comes back here.
    table = predicted.compute().reset_index(drop=True)

difference = (table.drop(columns="n_labels") - streamed[find_label_names(model)]).abs()
print(f"Largest difference between both ways: {difference.max().max():.1e}")

# %%
# What was found
# --------------
# Sums over partitions are dask's own: ``predicted.mean()`` would have been computed where the rows
# are.

figure, axes = plt.subplots(figsize=(6, 3))
table.drop(columns="n_labels").mean().plot.bar(ax=axes, rot=0, ylabel="mean probability")
figure.tight_layout()
workplace.cleanup()
plt.show()
