"""Weights from files: whole, at another size, with their own preprocessing, or refused."""

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from helpers import write
from sklearn_mlic.nn.backbones import BACKBONES, make_backbone, rebuild_backbone
from sklearn_mlic.nn.state import load_arrays, to_arrays


def pixels(size):
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.integers(0, 256, (2, 3, size, size), dtype=np.uint8))


@torch.inference_mode()
def tokens_of(backbone):
    return backbone(pixels(backbone.image_size))


@pytest.fixture
def weights():
    """The state dict of a network that no other test makes."""
    torch_state = torch.random.get_rng_state()
    state = timm.create_model("test_resnet", pretrained=False, num_classes=5).state_dict()
    torch.random.set_rng_state(torch_state)
    return {name: tensor.contiguous() for name, tensor in state.items()}


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_weights_come_from_a_file(tmp_path, weights, suffix):
    path = tmp_path / f"weights{suffix}"
    save_file(weights, path) if suffix == ".safetensors" else torch.save(weights, path)
    for given in (path, str(path)):
        loaded = make_backbone("test_resnet", pretrained=given).trunk.state_dict()
        assert loaded  # the classifier's weights are all that is left out
        assert set(weights) - set(loaded) == {"fc.weight", "fc.bias"}
        assert all(torch.equal(tensor, weights[name]) for name, tensor in loaded.items())


@pytest.mark.parametrize(
    "metadata",
    [
        {"mean": "0.1 0.2 0.3", "std": "0.4 0.5 0.6", "input_size": "3 96 96"},
        {"mean": "[0.1, 0.2, 0.3]", "std": "(0.4, 0.5, 0.6)", "input": "3x96x96"},
    ],
)
def test_a_files_metadata_counts_before_the_configuration(tmp_path, weights, metadata):
    save_file(weights, tmp_path / "w.safetensors", metadata=metadata)
    backbone = make_backbone("test_resnet", pretrained=tmp_path / "w.safetensors")
    assert backbone.spec.mean == (0.1, 0.2, 0.3)
    assert backbone.spec.std == (0.4, 0.5, 0.6)
    assert backbone.image_size == 96
    asked = make_backbone("test_resnet", pretrained=tmp_path / "w.safetensors", image_size=64)
    assert asked.image_size == 64


def test_a_file_without_metadata_leaves_the_configuration(tmp_path, weights):
    save_file(weights, tmp_path / "w.safetensors")
    spec = make_backbone("test_resnet", pretrained=tmp_path / "w.safetensors").spec
    assert spec == make_backbone("test_resnet", pretrained=False).spec


def test_a_vit_whose_file_names_another_size(tmp_path):
    state = timm.create_model("test_vit", pretrained=False, num_classes=0).state_dict()
    save_file(state, tmp_path / "w.safetensors", metadata={"input_size": "3 64 64"})
    backbone = make_backbone("test_vit", pretrained=tmp_path / "w.safetensors")
    assert tokens_of(backbone).shape == (2, 16, backbone.n_features)
    twin = rebuild_backbone(backbone.spec)
    load_arrays(twin, to_arrays(backbone))
    assert torch.equal(tokens_of(twin), tokens_of(backbone))


def test_a_missing_weight_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.pt' does not exist\. Pass the path"):
        make_backbone("test_resnet", pretrained=tmp_path / "nowhere.pt")


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_weights_that_do_not_fit(tmp_path, weights, suffix):
    path = tmp_path / f"weights{suffix}"
    save_file(weights, path) if suffix == ".safetensors" else torch.save(weights, path)
    with pytest.raises(ValueError, match=r"weights in .*weights.* do not fit .* 'test_vit'"):
        make_backbone("test_vit", pretrained=path)


def test_weights_of_a_smaller_network_of_the_family(tmp_path, weights):
    """Every tensor in the file has a place, but not every place has a tensor."""
    save_file(weights, tmp_path / "w.safetensors")
    with pytest.raises(
        ValueError, match=r"do not fit .* tensors are not in the file, such as 'layer"
    ):
        make_backbone(
            "test_resnet", pretrained=tmp_path / "w.safetensors", params={"layers": (1, 1, 1, 2)}
        )


@pytest.mark.parametrize(
    ("suffix", "words"),
    [(".safetensors", "broken.safetensors' is not a safetensors file"), (".pt", "broken.pt")],
)
def test_a_file_that_holds_no_weights(tmp_path, suffix, words):
    path = write(tmp_path / f"broken{suffix}", b"not weights at all")
    with pytest.raises(ValueError, match=words):
        make_backbone("test_resnet", pretrained=path)


@pytest.mark.parametrize("name", ["test_resnet", "test_vit2", "test_convnext"])
def test_a_trunk_is_saved_and_read_again(tmp_path, name):
    """Without the parts that it does not use, which no file need hold."""
    given = make_backbone(name, pretrained=False, image_size=96)
    save_file(given.trunk.state_dict(), tmp_path / "w.safetensors", {"input_size": "3 96 96"})
    loaded = make_backbone(name, pretrained=tmp_path / "w.safetensors")
    assert loaded.spec == given.spec
    assert torch.equal(tokens_of(loaded), tokens_of(given))


# ---- vision transformers at another size


@pytest.fixture
def vit_file(tmp_path):
    """A vision transformer of 160 px whose position embeddings are smooth, as trained ones are."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = timm.create_model("test_vit", pretrained=False, num_classes=0).state_dict()
    rise = torch.linspace(-1, 1, 10)
    across, down = torch.meshgrid(rise, rise, indexing="xy")
    ways = torch.stack([across.flatten(), down.flatten()], dim=1) @ torch.ones(2, 64)
    state["pos_embed"][0, 1:] = ways  # (100, 64), the class token's apart
    save_file(state, tmp_path / "vit.safetensors")
    return tmp_path / "vit.safetensors"


@pytest.mark.parametrize("size", [32, 64, 96, 224, 320])
def test_positions_are_interpolated(vit_file, size):
    native = make_backbone("test_vit", pretrained=vit_file)
    resized = make_backbone("test_vit", pretrained=vit_file, image_size=size)
    side = size // 16
    assert tokens_of(resized).shape == (2, side**2, 64)
    positions = resized.trunk.pos_embed
    assert positions.shape == (1, 1 + side**2, 64)
    assert torch.equal(positions[:, 0], native.trunk.pos_embed[:, 0])
    grid = positions[0, 1:, 0].unflatten(0, (side, side))
    assert (grid.diff(dim=0) > 0).all()
    assert (grid.diff(dim=1) > 0).all()
    torch.testing.assert_close(grid.mean(), torch.tensor(0.0), atol=1e-4, rtol=0)
    same = {name for name in resized.trunk.state_dict() if name != "pos_embed"}
    given = native.trunk.state_dict()
    assert all(torch.equal(resized.trunk.state_dict()[name], given[name]) for name in same)


def test_a_vit_sees_the_same_in_an_enlarged_image(vit_file):
    """A plain image has the same tokens in the middle, wherever the edges lie."""
    native = make_backbone("test_vit", pretrained=vit_file)
    larger = make_backbone("test_vit", pretrained=vit_file, image_size=320)
    with torch.inference_mode():
        small, large = (
            torch.nn.functional.normalize(
                net(torch.full((1, 3, net.image_size, net.image_size), 0.7)).mean(1)
            )
            for net in (native, larger)
        )
    assert float((small * large).sum()) > 0.99


# ---- our own networks


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
@pytest.mark.parametrize("name", BACKBONES)
def test_our_own_networks_read_the_state_of_their_trunk(tmp_path, name, suffix):
    given = make_backbone(name, image_size=32)
    path, state = tmp_path / f"trunk{suffix}", given.trunk.state_dict()
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    for file in (path, str(path)):
        loaded = make_backbone(name, pretrained=file, image_size=32)
        assert torch.equal(tokens_of(loaded), tokens_of(given))


def test_metadata_count_for_our_own_networks_too(tmp_path):
    state = make_backbone("simple_cnn").trunk.state_dict()
    metadata = {"mean": "0.1 0.2 0.3", "input_size": "3 96 96"}
    save_file(state, tmp_path / "w.safetensors", metadata=metadata)
    spec = make_backbone("simple_cnn", pretrained=tmp_path / "w.safetensors").spec
    assert (spec.mean, spec.image_size) == ((0.1, 0.2, 0.3), 96)


def test_weights_of_another_network_of_ours(tmp_path):
    save_file(make_backbone("simple_cnn").trunk.state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match=r"(?s)do not fit the backbone 'plain_cnn': .*state dict"):
        make_backbone("plain_cnn", pretrained=tmp_path / "w.safetensors")


@pytest.mark.parametrize("content", [b"not weights at all", b""])
def test_a_file_without_weights_for_our_own_networks(tmp_path, content):
    path = write(tmp_path / "broken.pt", content)
    with pytest.raises(ValueError, match=r"broken\.pt do not fit the backbone 'plain_cnn'"):
        make_backbone("plain_cnn", pretrained=path)


def test_a_torch_file_runs_no_code(tmp_path):
    class Harm:
        def __reduce__(self):
            return (pytest.fail, ("code ran",))

    torch.save({"weight": Harm()}, tmp_path / "w.pt")
    with pytest.raises(ValueError, match="do not fit the backbone 'plain_cnn'"):
        make_backbone("plain_cnn", pretrained=tmp_path / "w.pt")
