"""Data to learn from: drawn images, and real ones that a CSV file, COCO or VOC lists."""

from sklearn_mlic.datasets._coco import load_coco
from sklearn_mlic.datasets._csv import load_csv
from sklearn_mlic.datasets._csv_rows import stream_csv
from sklearn_mlic.datasets._image_rows import stream_images
from sklearn_mlic.datasets._labels import NO_LABEL
from sklearn_mlic.datasets._predictions import write_predictions
from sklearn_mlic.datasets._rows import RowStream
from sklearn_mlic.datasets._stream import stream_predictions
from sklearn_mlic.datasets._synthetic import make_multilabel_images
from sklearn_mlic.datasets._voc import load_voc

__all__ = [
    "NO_LABEL",
    "RowStream",
    "load_coco",
    "load_csv",
    "load_voc",
    "make_multilabel_images",
    "stream_csv",
    "stream_images",
    "stream_predictions",
    "write_predictions",
]
