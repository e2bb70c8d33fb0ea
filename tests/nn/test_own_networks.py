"""Our own convolutional networks: their published sizes, widths and preprocessing."""

import pytest
import torch
from torch import nn

from sklearn_mlic.nn.backbones import BACKBONES, make_backbone

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("name", "n_parameters", "n_features", "side", "scaling"),
    [
        ("plain_cnn", 3_584 + 73_792 + 36_928, 64, 4, IMAGENET),
        ("simple_cnn", 896 + 18_496 + 73_856, 128, 28, IMAGENET),
        ("deep_cnn", 9_407_936, 512, 2, IMAGENET),
        ("advanced_cnn", 11_176_512, 512, 7, HALF),
    ],
)
def test_a_network_has_its_published_size(name, n_parameters, n_features, side, scaling):
    backbone = make_backbone(name)
    assert count(backbone) == n_parameters
    assert (backbone.n_features, backbone.image_size) == (n_features, 224)
    assert (backbone.spec.mean, backbone.spec.std) == scaling
    with torch.inference_mode():
        assert backbone.feature_map(torch.rand(1, 3, 224, 224)).shape[2:] == (side, side)


def test_the_residual_network_with_ten_labels():
    backbone = make_backbone("advanced_cnn")
    assert count(backbone) + count(nn.Linear(backbone.n_features, 10)) == 11_181_642
    assert all(m.bias is None for m in backbone.modules() if isinstance(m, nn.Conv2d))


def test_the_residual_network_is_resnet18():
    ours, timms = make_backbone("advanced_cnn"), make_backbone("resnet18", pretrained=False)
    pairs = zip(timms.trunk.state_dict().values(), ours.trunk.state_dict().values(), strict=True)
    assert all(a.shape == b.shape for a, b in pairs)
    ours.trunk.load_state_dict(
        dict(zip(ours.trunk.state_dict(), timms.trunk.state_dict().values(), strict=True))
    )
    image = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(ours.trunk(image), timms.trunk.forward_features(image))


@pytest.mark.parametrize("grid", [1, 4, 7, None])
def test_the_plain_networks_map_is_averaged_to_a_grid(grid):
    backbone = make_backbone("plain_cnn", params={"grid": grid}, image_size=96)
    whole = make_backbone("plain_cnn", params={"grid": None}, image_size=96)
    whole.load_state_dict(backbone.state_dict())
    image = torch.rand(2, 3, 96, 96)
    with torch.inference_mode():
        side = 12 if grid is None else grid
        assert backbone(image).shape == (2, side**2, 64)
        expected = nn.functional.adaptive_avg_pool2d(whole.feature_map(image), side)
        torch.testing.assert_close(backbone.feature_map(image), expected)


@pytest.mark.parametrize("size", [32, 33, 47, 100])
@pytest.mark.parametrize("name", BACKBONES)
def test_any_size_from_32_up(name, size):
    backbone = make_backbone(name, image_size=size).train()
    assert torch.isfinite(backbone(torch.rand(2, 3, size, size))).all()


@pytest.mark.parametrize("name", BACKBONES)
def test_a_smaller_size_is_an_error(name):
    with pytest.raises(
        ValueError, match=rf"'{name}' cannot take images of 31 px: .* must be 32 or"
    ):
        make_backbone(name, image_size=31)


@pytest.mark.parametrize("name", BACKBONES)
def test_without_published_weights_pretrained_is_random(name):
    """And random weights follow torch's generator alone."""
    made = []
    for pretrained in (True, False):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            made.append(make_backbone(name, pretrained=pretrained, image_size=32).state_dict())
    assert all(torch.equal(tensor, made[1][key]) for key, tensor in made[0].items())


def test_unknown_parameters_are_named():
    with pytest.raises(TypeError, match=r"'deep_cnn' does not take backbone_params=\{'grid': 2\}"):
        make_backbone("deep_cnn", params={"grid": 2})
