"""What a fit, a prediction and a fitted model hold."""

import pickle
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from helpers import classifier, coloured
from sklearn_mlic.deep import _reader

X, Y = coloured(24)


def peak(call):
    """Bytes allocated at once, beyond what was there."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}], ids=str)
def test_a_fit_does_not_copy_its_images(settings):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (600, 64, 64, 3), dtype=np.uint8)
    y = rng.integers(0, 2, (600, 3))
    model = classifier(**settings, max_epochs=1, batch_size=16)
    model.fit(images[:32], y[:32])  # what libraries take once
    assert peak(lambda: model.fit(images, y)) < 0.5 * images.nbytes


def test_images_kept_in_memory_are_for_the_fit(tmp_path, monkeypatch):
    paths = []
    for row, pixels in enumerate(X):
        paths.append(str(tmp_path / f"{row}.png"))
        Image.fromarray(pixels).save(paths[-1])
    model = classifier(cache="ram").fit(paths, Y)
    monkeypatch.setattr(_reader, "_Memory", None)  # whoever asks for it fails
    assert model.predict_proba(paths).shape == (24, 3)


def test_a_fitted_model_lets_go_of_its_training():
    settings = {"ema_decay": 0.9, "early_stopping": True, "schedule": "cosine"}
    net = classifier(**settings).fit(X, Y).net_
    assert net.average_ is None
    assert net.schedule_ is None
    assert not net.optimizer_.state
    assert dict(net.callbacks_)["best"].best_["weights"] is None


def test_a_pickle_is_the_weights_and_little_more():
    model = classifier(ema_decay=0.9, early_stopping=True).fit(X, Y)
    n_bytes = sum(t.nbytes for t in model.net_.module_.state_dict().values())
    assert len(pickle.dumps(model)) < n_bytes + 100_000


def test_what_is_wrong_with_a_parameter_does_not_shut_a_model_file():
    model = classifier().fit(X, Y)
    expected = model.predict_proba(X)
    twin = pickle.loads(pickle.dumps(model.set_params(freeze=99)))
    np.testing.assert_array_equal(twin.predict_proba(X), expected)
