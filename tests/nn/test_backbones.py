"""timm networks as backbones: tokens, sizes, weights from files, errors that help."""

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from helpers import write
from sklearn_mlic.nn.backbones import make_backbone, rebuild_backbone
from sklearn_mlic.nn.state import load_arrays, to_arrays, weights_digest

TINY_SWIN = (
    "swin_tiny_patch4_window7_224",
    {"embed_dim": 24, "depths": (1, 1), "num_heads": (1, 2)},
)
# name, parameters, pixels a token is wide
CONV_AND_VIT = [("test_resnet", {}, 32), ("test_vit", {}, 16), ("test_convnext", {}, 32)]
# Swin yields (B, H, W, D); it is tried at its own size only.
NETWORKS = [*((*network, 64) for network in CONV_AND_VIT), (*TINY_SWIN, 8, 224)]


def pixels(size, n=2):
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.integers(0, 256, (n, 3, size, size), dtype=np.uint8))


def seeded_backbone(name="test_resnet", **settings):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make_backbone(name, **{"pretrained": False, "image_size": 64, **settings})


@torch.inference_mode()
def tokens_of(backbone, image=None):
    return backbone(pixels(backbone.image_size) if image is None else image)


@pytest.fixture
def weights():
    """The state dict of a network that no other test makes."""
    torch_state = torch.random.get_rng_state()
    state = timm.create_model("test_resnet", pretrained=False, num_classes=5).state_dict()
    torch.random.set_rng_state(torch_state)
    return {name: tensor.contiguous() for name, tensor in state.items()}


# ---- tokens


RESIZED = [(*network, size) for network in CONV_AND_VIT for size in (96, 112)]


@pytest.mark.parametrize(("name", "params", "patch", "size"), [*NETWORKS, *RESIZED])
def test_one_token_a_position_at_any_size(name, params, patch, size):
    backbone = seeded_backbone(name, params=params, image_size=size)
    assert backbone.image_size == backbone.spec.image_size == size
    tokens = tokens_of(backbone)
    side = -(-size // patch) if name == "test_resnet" else size // patch  # it pads
    assert tokens.shape == (2, side**2, backbone.n_features)
    assert torch.isfinite(tokens).all()


def test_the_class_token_is_left_out():
    backbone = seeded_backbone("test_vit")
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (backbone.spec.mean, backbone.spec.std))
    scaled = (pixels(64) / 255 - mean) / std
    with torch.inference_mode():
        everything = backbone.trunk.forward_features(scaled)
    assert backbone.trunk.num_prefix_tokens == 1
    torch.testing.assert_close(tokens_of(backbone), everything[:, 1:])


@pytest.mark.parametrize(("name", "params", "patch", "size"), NETWORKS)
def test_tokens_lie_where_their_pixels_do(name, params, patch, size):
    """A change in the last corner moves the last token more than the first, row by row."""
    size = max(size, 192)
    backbone = seeded_backbone(name, params=params, image_size=size)
    image = pixels(size, n=1)
    changed = image.clone()
    changed[:, :, -patch:, :patch] = 255 - changed[:, :, -patch:, :patch]  # lower left
    moved = (tokens_of(backbone, image) - tokens_of(backbone, changed)).norm(dim=2)[0]
    side = size // patch
    assert int(moved.argmax()) // side >= side - 2
    assert int(moved.argmax()) % side <= 1


@pytest.mark.parametrize(("name", "params", "patch", "size"), NETWORKS)
def test_uint8_and_float_agree(name, params, patch, size):
    backbone = seeded_backbone(name, params=params, image_size=size)
    image = pixels(size)
    expected = tokens_of(backbone, image)
    torch.testing.assert_close(tokens_of(backbone, image / 255), expected, rtol=1e-3, atol=1e-4)


def test_the_default_size_is_that_of_the_configuration():
    assert make_backbone("test_resnet", pretrained=False).image_size == 160


def test_it_comes_in_evaluation_mode():
    backbone = seeded_backbone()
    assert not any(module.training for module in backbone.modules())


# ---- weight files


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


# ---- names and parameters


@pytest.mark.parametrize("make", [make_backbone, rebuild_backbone])
def test_an_unknown_name_shows_near_ones(make):
    spec = seeded_backbone().spec
    given = "test_resnett" if make is make_backbone else type(spec)("test_resnett")
    with pytest.raises(
        ValueError, match=r"Unknown backbone 'test_resnett'. Near it: .*'test_resnet'"
    ):
        make(given)


def test_a_rebuilt_backbone_never_reaches_the_network():
    """Its name may come from a stranger's model file."""
    spec = type(seeded_backbone().spec)("hf-hub:someone/something")
    with pytest.raises(ValueError, match="Unknown backbone 'hf-hub:someone/something'"):
        rebuild_backbone(spec)


def test_parameters_reach_timm_and_unknown_ones_are_named():
    assert seeded_backbone("test_vit", params={"embed_dim": 48, "num_heads": 2}).n_features == 48
    with pytest.raises(TypeError, match=r"does not take backbone_params=\{'widht': 2\}"):
        seeded_backbone(params={"widht": 2})


@pytest.mark.parametrize("error", [FileNotFoundError, RuntimeError, ConnectionError])
def test_published_weights_that_cannot_be_had(monkeypatch, error):
    def fail(*args, **kwargs):
        raise error("no such luck")

    monkeypatch.setattr(timm, "create_model", fail)
    reason = rf"{error.__name__}: no such luck"
    words = rf"No published weights for 'test_resnet' .*{reason}.*pretrained=False"
    with pytest.raises(RuntimeError, match=words):
        make_backbone("test_resnet", pretrained=True)


# ---- state


@pytest.mark.parametrize(("name", "params", "patch", "size"), [*NETWORKS, *RESIZED])
def test_a_spec_and_arrays_rebuild_the_network(name, params, patch, size):
    backbone = seeded_backbone(name, params=params, image_size=size)
    arrays = to_arrays(backbone)
    assert all(type(array) is np.ndarray for array in arrays.values())
    twin = rebuild_backbone(backbone.spec)
    load_arrays(twin, arrays)
    assert torch.equal(tokens_of(twin), tokens_of(backbone))
    assert weights_digest(twin) == weights_digest(backbone)


def test_the_digest_tells_weights_apart():
    backbone = seeded_backbone()
    before = weights_digest(backbone)
    assert before == weights_digest(seeded_backbone())
    with torch.no_grad():
        next(backbone.parameters()).view(-1)[0] += 1e-6
    assert weights_digest(backbone) != before


def test_arrays_are_copies():
    backbone = seeded_backbone()
    name, array = next(iter(to_arrays(backbone).items()))
    array += 1
    assert not np.array_equal(backbone.state_dict()[name].numpy(), array)
