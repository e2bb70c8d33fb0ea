"""On real photographs and real weights, where they are at hand."""

import pytest

from helpers import DATA
from sklearn_mlic import ImageEmbedder, load_csv
from sklearn_mlic.metrics import mean_average_precision
from sklearn_mlic.model_selection import MultilabelStratifiedShuffleSplit
from sklearn_mlic.recipes import image_probe

SCENES = DATA / "data" / "natural_scenes"
WEIGHTS = DATA / "weights" / "mobilenetv1_100.safetensors"

pytestmark = pytest.mark.skipif(
    not (SCENES.is_dir() and WEIGHTS.is_file()),
    reason=f"no natural scenes or weights in {DATA}; set MLIC_DATA to the data's folder",
)


def test_a_probe_on_real_weights_knows_real_scenes():
    scenes = load_csv(SCENES / "labels.csv", SCENES / "images")
    split = MultilabelStratifiedShuffleSplit(1, train_size=200, test_size=100, random_state=0)
    train, test = next(split.split(scenes.data, scenes.target))
    embedder = ImageEmbedder("mobilenetv1_100", WEIGHTS, backbone_params={"pad_type": "same"})
    model = image_probe(embedder, random_state=0)
    model.fit(scenes.data.iloc[train], scenes.target.iloc[train])
    y_prob = model.predict_proba(scenes.data.iloc[test])
    assert mean_average_precision(scenes.target.iloc[test], y_prob) > 0.85
