"""A trained model opens in other processes, threads and machines, and carries arrays only."""

import pickle
import pickletools
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone

from sklearn_mlic import ImageClassifier, ImageEmbedder
from sklearn_mlic.utils.estimator_checks import make_data

IMAGES, LABELS = make_data(ImageEmbedder(), n_samples=24)
FEATURES = IMAGES.reshape(24, -1)[:, :6] / 255.0


@pytest.fixture(scope="module", params=["images", "features"])
def case(request):
    """A fitted model and its X."""
    X = IMAGES if request.param == "images" else FEATURES
    small = {"pretrained": False, "image_size": 32, "max_epochs": 2, "random_state": 0}
    return ImageClassifier("test_resnet", early_stopping=True, **small).fit(X, LABELS), X


def test_a_fresh_process_predicts_the_same(case):
    model, X = case
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        y_prob = pool.submit(model.predict_proba, X).result()  # the model goes along, pickled
    np.testing.assert_array_equal(y_prob, model.predict_proba(X))


def test_joblib_and_a_second_round(case, tmp_path):
    model, X = case
    joblib.dump(model, tmp_path / "model.joblib")
    twin = pickle.loads(pickle.dumps(joblib.load(tmp_path / "model.joblib")))
    np.testing.assert_array_equal(twin.predict_proba(X), model.predict_proba(X))
    assert twin.epochs_ == model.epochs_
    assert twin.get_params() == model.get_params()


def test_opening_leaves_the_global_generator_alone(case):
    content = pickle.dumps(case[0])
    before = torch.random.get_rng_state()
    pickle.loads(content)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_an_opened_model_can_be_fitted_again(case):
    model, X = case
    twin = pickle.loads(pickle.dumps(model)).fit(X, LABELS)
    np.testing.assert_array_equal(twin.predict_proba(X), model.predict_proba(X))


def test_a_pickle_holds_no_torch(case):
    """Weights are arrays, so the file does not care where it was trained."""
    words = [argument for _, argument, _ in pickletools.genops(pickle.dumps(case[0]))]
    modules = {word.split(" ")[0] for word in words if isinstance(word, str)}
    assert not [m for m in modules if m.split(".")[0] in ("torch", "skorch", "timm")]
    weights = case[0].__getstate__()["net_"]
    assert weights
    assert all(type(array) is np.ndarray for array in weights.values())


def test_pickling_changes_nothing_in_the_model(case):
    model, X = case
    before = model.predict_proba(X)
    pickle.dumps(model)
    np.testing.assert_array_equal(model.predict_proba(X), before)
    assert hasattr(model.net_, "module_")


def test_four_threads_predict_at_once(case):
    model, X = case
    expected = model.predict_proba(X)
    with ThreadPoolExecutor(4) as pool:
        for y_prob in pool.map(model.predict_proba, [X] * 12):
            np.testing.assert_array_equal(y_prob, expected)


def test_a_device_that_is_not_here_falls_back_to_the_cpu(case, monkeypatch):
    model, X = case
    expected = model.predict_proba(X)
    away = pickle.loads(pickle.dumps(model)).set_params(device="cuda:99")
    with pytest.warns(UserWarning, match="device='cuda:99' is not present here; .* on the CPU"):
        twin = pickle.loads(pickle.dumps(away))
    assert twin.device == "cuda:99"
    np.testing.assert_array_equal(twin.predict_proba(X), expected)


def test_an_unfitted_model_pickles_too():
    model = ImageClassifier("test_resnet", max_epochs=3)
    assert pickle.loads(pickle.dumps(model)).get_params() == model.get_params()


def test_parameters_set_after_the_fit_do_not_change_what_is_pickled(case):
    model, X = case
    before = model.predict_proba(X)
    changed = clone(model)
    changed.__setstate__(model.__getstate__())
    changed.set_params(head_params={"pool": "max"}, loss="nothing", net_params={"oops": 1})
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(changed)).predict_proba(X), before)
