"""What is frozen neither learns nor moves; the rest does."""

from copy import deepcopy
from itertools import chain

import pytest
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from sklearn_mlic.nn.backbones import make_backbone
from sklearn_mlic.nn.freezing import freeze

NAMES = ["test_resnet", "test_vit", "test_convnext", "mobilenetv3_small_050", "simple_cnn"]
each_network = pytest.mark.parametrize("name", NAMES)


def make(name, **params):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make_backbone(name, pretrained=False, image_size=64, params=params)


def train_a_step(backbone):
    """One step on noise; returns the names of what it changed, buffers among it."""
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    trained = [p for p in backbone.parameters() if p.requires_grad]
    backbone.train()
    loss = backbone(torch.rand(4, 3, 64, 64)).square().mean()
    if trained:
        loss.backward()
        torch.optim.SGD(trained, lr=0.1).step()
    return {name for name, value in backbone.state_dict().items() if not before[name].equal(value)}


def frozen_names(backbone):
    return {name for name, parameter in backbone.named_parameters() if not parameter.requires_grad}


@each_network
def test_without_freezing_all_learns(name):
    backbone = make(name)
    freeze(backbone, 0)
    assert frozen_names(backbone) == set()
    assert train_a_step(backbone) & {n for n, _ in backbone.named_parameters()}


@each_network
def test_a_frozen_backbone_stays_whole(name):
    backbone = make(name)
    freeze(backbone, "backbone")
    assert all(not parameter.requires_grad for parameter in backbone.parameters())
    assert train_a_step(backbone) == set()
    assert not backbone(torch.rand(2, 3, 64, 64)).requires_grad


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "test_convnext"])
def test_a_frozen_backbone_drops_nothing(name):
    backbone, image = make(name, drop_path_rate=0.5), torch.rand(2, 3, 64, 64)
    with torch.no_grad():  # some residual branches start as zero
        for parameter in backbone.parameters():
            parameter.add_(0.05)
    assert not torch.equal(backbone.train()(image), backbone(image))
    freeze(backbone, "backbone")
    expected = backbone.eval()(image)
    assert torch.equal(backbone.train()(image), expected)


@each_network
@pytest.mark.parametrize("n_stages", [1, 2, "all"])
def test_the_first_stages_stay_and_the_others_learn(name, n_stages):
    backbone = make(name)
    stages = backbone.stages()
    n_stages = len(stages) if n_stages == "all" else n_stages
    freeze(backbone, n_stages)
    kept = set(chain.from_iterable(stages[:n_stages]))
    assert frozen_names(backbone) == kept
    changed = train_a_step(backbone)
    assert not changed & kept
    for stage in stages[n_stages:]:
        assert changed & set(stage), stage[0]


@each_network
def test_norm_layers_of_frozen_stages_keep_their_statistics(name):
    backbone = make(name)
    freeze(backbone, 2)
    backbone.eval().train()
    for module in backbone.modules():
        own = [parameter.requires_grad for parameter in module.parameters()]
        if own:
            assert module.training == any(own)


@each_network
def test_frozen_batch_norm_stays_and_the_rest_learns(name):
    backbone = make(name)
    freeze(backbone, "bn")
    norms = [n for n, module in backbone.named_modules() if isinstance(module, _BatchNorm)]
    assert bool(norms) == (name not in ("test_vit", "test_convnext", "simple_cnn"))
    changed = train_a_step(backbone)
    assert not [name for name in changed if name.rpartition(".")[0] in norms]
    assert {name for name in changed if name.endswith("weight")}


def test_what_is_frozen_adds_up():
    backbone = make("test_resnet")
    freeze(backbone, 2)
    freeze(backbone, "bn")
    backbone.train()
    assert not backbone.trunk.layer4[0].bn1.training
    assert not backbone.trunk.layer1.training
    assert backbone.trunk.layer4[0].conv1.training


def test_a_copy_is_frozen_too():
    backbone = make("test_resnet")
    freeze(backbone, 1)
    twin = deepcopy(backbone)
    assert not twin.train().trunk.bn1.training
    assert backbone.train().trunk.layer1.training
    assert twin.eval().trunk.bn1 is not backbone.trunk.bn1
    assert backbone.trunk.layer1.training


def test_freezing_acts_on_a_network_in_training():
    backbone = make("test_resnet").train()
    freeze(backbone, 1)
    assert not backbone.trunk.bn1.training
    assert backbone.trunk.layer1.training


@pytest.mark.parametrize("what", ["batchnorm", -1, 6, 1.5, True, None])
def test_an_unknown_part_is_an_error(what):
    words = r"freeze=.*; expected 'backbone', 'bn' or a number of stages from 0 to 5: 'test_resnet'"
    with pytest.raises(ValueError, match=words):
        freeze(make("test_resnet"), what)
