"""Once an image with a cache, however many ask, and never the wrong vector."""

import shutil
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from threading import Barrier

import numpy as np
import pytest
import timm
from PIL import Image
from safetensors.torch import save_file

from helpers import IMAGES, embedder, write
from sklearn_mlic.features._cache import ArrayCache
from sklearn_mlic.nn.backbones import Backbone


def test_a_second_pass_calls_the_network_never(tmp_path, paths, seen):
    expected = embedder().fit_transform(paths)
    seen.clear()
    model = embedder(cache=tmp_path / "deep" / "cache", batch_size=8).fit(paths)
    np.testing.assert_allclose(model.transform(paths), expected, atol=1e-4)
    first = model.transform(paths)
    assert seen == [8, 8, 4]
    again = embedder(cache=str(tmp_path / "deep" / "cache")).fit_transform(paths[::-1])
    np.testing.assert_array_equal(again[::-1], first)
    assert seen == [8, 8, 4]


def test_processes_share_a_cache(tmp_path, paths, seen):
    halves = [paths[:12], paths[8:]]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        blocks = list(pool.map(embedder(cache=tmp_path / "cache").fit_transform, halves))
    together = embedder(cache=tmp_path / "cache").fit_transform(paths)
    assert seen == []
    np.testing.assert_allclose(blocks[0], together[:12], atol=1e-4)
    np.testing.assert_allclose(blocks[1], together[8:], atol=1e-4)


def test_many_open_a_new_cache_at_once(tmp_path):
    def open_and_put(folder):
        start.wait()
        ArrayCache(folder, "setup").put([b"content"], [np.arange(3)])

    start = Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        for attempt in range(40):
            list(pool.map(open_and_put, [tmp_path / str(attempt)] * 8))


@pytest.mark.parametrize(
    "change",
    [
        {"backbone": "test_convnext"},
        {"backbone_params": {"act_layer": "silu"}},
        {"pool": "max"},
        {"image_size": 48},
        {"random_state": 1},
        {"precision": "bf16"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_setting_never_hits_the_wrong_vectors(tmp_path, paths, seen, change):
    cache = tmp_path / "cache"
    embedder(cache=cache).fit_transform(paths)
    seen.clear()
    block = embedder(cache=cache, **change).fit_transform(paths)
    assert sum(seen) == len(paths)
    np.testing.assert_array_equal(block, embedder(**change).fit_transform(paths))


def test_another_weight_file_or_its_normalisation_never_hits(tmp_path, paths, seen):
    state = timm.create_model("test_resnet", pretrained=False, num_classes=0).state_dict()
    state = {name: tensor.contiguous() for name, tensor in state.items()}
    save_file(state, tmp_path / "a.safetensors")
    save_file(state, tmp_path / "same.safetensors")
    save_file(state, tmp_path / "mean.safetensors", metadata={"mean": "0.1 0.2 0.3"})
    save_file({n: t * 1.5 for n, t in state.items()}, tmp_path / "weights.safetensors")
    calls = {}
    for name in ("a", "same", "mean", "weights"):
        seen.clear()
        model = embedder(cache=tmp_path / "cache", pretrained=tmp_path / f"{name}.safetensors")
        model.fit_transform(paths)
        calls[name] = sum(seen)
    assert calls == {"a": 20, "same": 0, "mean": 20, "weights": 20}


def test_a_renamed_file_hits_and_changed_content_misses(tmp_path, paths, seen):
    model = embedder(cache=tmp_path / "cache").fit(paths)
    before = model.transform(paths)
    seen.clear()
    shutil.move(paths[0], tmp_path / "renamed.png")
    Image.fromarray(255 - IMAGES[1]).save(paths[1])
    after = model.transform([tmp_path / "renamed.png", *paths[1:]])
    assert seen == [1]
    changed = np.abs(after - before).max(axis=1) > 1e-6
    assert changed.tolist() == [False, True] + [False] * 18


def test_what_was_done_before_a_kill_is_kept(tmp_path, paths, monkeypatch, seen):
    spied = Backbone.forward

    def killed(self, image):
        if len(seen) == 2:
            raise KeyboardInterrupt
        return spied(self, image)

    model = embedder(cache=tmp_path / "cache", batch_size=6).fit(paths)
    with monkeypatch.context() as patch:
        patch.setattr(Backbone, "forward", killed)
        with pytest.raises(KeyboardInterrupt):
            model.transform(paths)
    assert seen == [6, 6]
    np.testing.assert_allclose(model.transform(paths), embedder().fit_transform(paths), atol=1e-4)
    assert seen[:4] == [6, 6, 6, 2]


@pytest.mark.parametrize("damage", ["all", "pages"])
def test_a_corrupt_cache_file(tmp_path, paths, damage):
    model = embedder(cache=tmp_path / "cache").fit(paths)
    model.transform(paths)
    file = tmp_path / "cache" / "arrays.sqlite"
    content = file.read_bytes()
    write(file, b"no database " * 1000 if damage == "all" else content[:4096] + b"\xff" * 9000)
    with pytest.raises(
        ValueError, match=r"(?s)cache file '.*arrays\.sqlite' cannot be used: .*Delete it"
    ):
        model.transform(paths)
