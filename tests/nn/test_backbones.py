"""Backbones of every kind: tokens and maps, sizes, stages, descriptions, errors that help."""

from dataclasses import asdict
from itertools import chain

import numpy as np
import pytest
import timm
import torch

from sklearn_mlic.nn.backbones import (
    BACKBONES,
    Backbone,
    BackboneSpec,
    make_backbone,
    rebuild_backbone,
)
from sklearn_mlic.nn.state import load_arrays, to_arrays, weights_digest

TINY_SWIN = (
    "swin_tiny_patch4_window7_224",
    {"embed_dim": 24, "depths": (1, 1), "num_heads": (1, 2)},
)
# name, parameters, pixels a token is wide
CONV_AND_VIT = [("test_resnet", {}, 32), ("test_vit", {}, 16), ("test_convnext", {}, 32)]
# Swin yields (B, H, W, D); it is tried at its own size only.
NETWORKS = [*((*network, 64) for network in CONV_AND_VIT), (*TINY_SWIN, 8, 224)]
# Networks of many kinds, made small: name, parameters, pixels, the parts that go unused.
ZOO = [
    *((name, {}, 32, ()) for name in BACKBONES),
    ("test_resnet", {}, 64, ()),
    ("test_vit", {}, 64, ()),
    ("test_vit", {"reg_tokens": 4}, 64, ()),
    ("test_vit2", {}, 64, ("fc_norm",)),
    ("test_vit3", {}, 160, ("attn_pool",)),
    (
        "deit_tiny_distilled_patch16_224",
        {"embed_dim": 24, "depth": 1, "num_heads": 1},
        64,
        (),
    ),
    ("coat_lite_tiny", {"embed_dims": (8, 16, 24, 32), "img_size": 64}, 64, ()),
    ("levit_128s", {}, 224, ()),
    ("test_convnext", {}, 64, ("head",)),
    ("test_efficientnet", {}, 64, ()),
    ("test_mambaout", {}, 64, ("head",)),
    ("test_maxvit", {}, 160, ()),
    ("mobilenetv3_small_050", {}, 64, ("conv_head",)),
    ("regnetx_002", {}, 64, ()),
    ("vgg11", {"mlp_ratio": 0.01}, 32, ("pre_logits",)),
    ("poolformer_s12", {}, 64, ("head",)),
    (*TINY_SWIN, 224, ()),
]
each_network = pytest.mark.parametrize(("name", "params", "size", "unused"), ZOO)


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


@each_network
def test_a_map_is_its_tokens_row_by_row(name, params, size, unused):
    backbone = seeded_backbone(name, params=params, image_size=size)
    with torch.inference_mode():
        features = backbone.feature_map(pixels(size))
    assert features.shape[:2] == (2, backbone.n_features)
    assert features.shape[2] == features.shape[3]
    assert torch.isfinite(features).all()
    rows = [features[:, :, row, col] for row, col in np.ndindex(*features.shape[2:])]
    torch.testing.assert_close(tokens_of(backbone), torch.stack(rows, dim=1))


@each_network
def test_what_the_tokens_do_not_need_is_left_out(name, params, size, unused):
    """Every parameter that is left takes part, and its gradient comes."""
    backbone = seeded_backbone(name, params=params, image_size=size)
    assert backbone.spec.unused == unused
    for image in (pixels(size), pixels(size) / 255):
        backbone.train().zero_grad()
        backbone(image).square().mean().backward()
        assert [n for n, p in backbone.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize("name", ["test_resnet", "test_convnext", "simple_cnn"])
@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
def test_it_can_be_made_where_gradients_are_off(name, mode):
    with mode():
        backbone = seeded_backbone(name)
        twin = rebuild_backbone(backbone.spec)
    assert backbone.spec == twin.spec == seeded_backbone(name).spec
    backbone(pixels(64)).sum().backward()


@each_network
def test_stages_hold_each_parameter_once(name, params, size, unused):
    backbone = seeded_backbone(name, params=params, image_size=size)
    stages = backbone.stages()
    assert len(stages) >= 2
    assert all(stages)
    assert sorted(chain.from_iterable(stages)) == sorted(n for n, _ in backbone.named_parameters())


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("test_resnet", "trunk.conv1.0.weight", "trunk.layer4"),
        ("test_vit", "trunk.pos_embed", "trunk.norm.weight"),
        ("test_convnext", "trunk.stem.0.weight", "trunk.stages.3"),
        ("deep_cnn", "trunk.0.0.weight", "trunk.4.3.weight"),
        ("poolformer_s12", "trunk.stem.conv.weight", "trunk.stages.3"),
    ],
)
def test_the_stem_is_the_first_stage(name, first, last):
    stages = seeded_backbone(name).stages()
    assert first in stages[0]
    assert any(parameter.startswith(last) for parameter in stages[-1])


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


# ---- names and parameters


@pytest.mark.parametrize("make", [make_backbone, rebuild_backbone])
def test_an_unknown_name_shows_near_ones(make):
    spec = seeded_backbone().spec
    given = "test_resnett" if make is make_backbone else type(spec)("test_resnett")
    words = r"Unknown backbone 'test_resnett'. Near it: .*'test_resnet'.* There are plain_cnn, "
    with pytest.raises(ValueError, match=words):
        make(given)


@pytest.mark.parametrize(
    ("given", "near"),
    [("plaincnn", "plain_cnn"), ("deep-cnn", "deep_cnn"), ("resnet8", "resnet18")],
)
def test_ours_and_timms_are_both_looked_through(given, near):
    with pytest.raises(ValueError, match=rf"Unknown backbone '{given}'. Near it: .*'{near}'"):
        make_backbone(given, pretrained=False)


def test_a_name_is_text():
    with pytest.raises(ValueError, match="Unknown backbone 18"):
        make_backbone(18)


@pytest.mark.parametrize(("name", "size"), [("vgg11", 16), ("test_vit", 8), ("coat_lite_tiny", 8)])
def test_a_size_that_a_network_cannot_take(name, size):
    params = {"mlp_ratio": 0.01} if name == "vgg11" else {}
    with pytest.raises(ValueError, match=rf"'{name}' cannot take images of {size} px"):
        seeded_backbone(name, params=params, image_size=size)


def test_a_network_without_one_map():
    with pytest.raises(ValueError, match="'efficientvim_m1' cannot be a backbone: .* but list"):
        seeded_backbone("efficientvim_m1")


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


STORED = [*ZOO, *((name, params, size, None) for name, params, _, size in RESIZED)]


@pytest.mark.parametrize(("name", "params", "size", "unused"), STORED)
def test_a_spec_and_arrays_rebuild_the_network(name, params, size, unused, monkeypatch):
    backbone = seeded_backbone(name, params=params, image_size=size)
    arrays = to_arrays(backbone)
    assert all(type(array) is np.ndarray for array in arrays.values())
    with monkeypatch.context() as patch:  # the description tells all: no pass is needed
        patch.setattr(Backbone, "feature_map", None)
        twin = rebuild_backbone(BackboneSpec(**asdict(backbone.spec)))
    assert twin.spec == backbone.spec
    assert twin.n_features == backbone.n_features
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
