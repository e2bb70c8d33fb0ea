"""The contract of heads over the whole table, and what each of them computes."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from sklearn_mlic.nn.backbones import make_backbone
from sklearn_mlic.nn.heads import HEADS, LinearHead, MLPHead
from sklearn_mlic.nn.layers import POOLS, pool_tokens
from sklearn_mlic.nn.model import ImageModel

D = 12
SIZES = [(n_tokens, n_labels) for n_tokens in (1, 4, 49) for n_labels in (1, 2, 3, 1000)]

each_head = pytest.mark.parametrize("name", HEADS)
each_size = pytest.mark.parametrize(("n_tokens", "n_labels"), SIZES)
each_backbone = pytest.mark.parametrize(
    "backbone", ["test_resnet", "test_vit", "test_convnext", "simple_cnn", "plain_cnn"]
)


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def stir(module):
    """Move a module away from its start, where weights of zero would hide what it does."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return module.eval()


def make_head(name, n_labels=3, **params):
    return stir(HEADS[name](n_features=D, n_labels=n_labels, **params))


def make_model(name, backbone="test_resnet", **params):
    trunk = make_backbone(backbone, pretrained=False, image_size=64)
    head = stir(HEADS[name](n_features=trunk.n_features, n_labels=3, **params))
    return ImageModel(trunk, head).eval()


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


# ---- every head


@each_head
@each_size
@pytest.mark.parametrize("n_samples", [1, 5])
def test_a_head_gives_one_logit_a_label(name, n_tokens, n_labels, n_samples):
    logits = make_head(name, n_labels)(torch.randn(n_samples, n_tokens, D))
    assert logits.shape == (n_samples, n_labels)
    assert logits.dtype == torch.float32
    assert torch.isfinite(logits).all()


@each_head
@each_size
def test_a_gradient_reaches_every_parameter(name, n_tokens, n_labels):
    head = make_head(name, n_labels).train()
    head(torch.randn(5, n_tokens, D)).square().sum().backward()
    for label, parameter in head.named_parameters():
        assert parameter.grad is not None, label
        assert parameter.grad.abs().sum() > 0, label


@each_head
def test_a_gradient_reaches_the_tokens(name):
    tokens = torch.randn(5, 4, D, requires_grad=True)
    make_head(name)(tokens).square().sum().backward()
    assert (tokens.grad.abs().sum(dim=(1, 2)) > 0).all()


@each_head
def test_evaluation_is_deterministic(name):
    head, tokens = make_head(name), torch.randn(5, 4, D)
    assert torch.equal(head(tokens), head(tokens))


@each_head
def test_an_image_gets_the_same_logits_whatever_else_is_in_the_batch(name):
    head, tokens = make_head(name), torch.randn(5, 4, D)
    alone = torch.cat([head(image[None]) for image in tokens])
    torch.testing.assert_close(alone, head(tokens))


@each_head
def test_a_fresh_head_treats_the_batch_finitely(name):
    logits = HEADS[name](n_features=D, n_labels=3)(torch.randn(2, 4, D))
    assert torch.isfinite(logits).all()


@each_head
def test_dropout_acts_in_training_only(name):
    head, tokens = make_head(name, dropout=0.5), torch.randn(5, 4, D)
    still = head(tokens)
    assert not torch.equal(head.train()(tokens), still)


@pytest.mark.parametrize("n_tokens", [1, 4, 49])
@pytest.mark.parametrize(
    ("name", "params"), [("linear", {"pool": "avg"}), ("linear", {"pool": "max"}), ("mlp", {})]
)
def test_reduced_tokens_give_the_very_same_logits(name, params, n_tokens):
    """So that a frozen backbone's tokens can be kept as one vector an image."""
    head, tokens = make_head(name, **params), torch.randn(5, n_tokens, D)
    reduced = head.reduce_tokens(tokens)
    assert reduced.shape == (5, 1, D)
    assert torch.equal(head(reduced), head(tokens))


# ---- the linear head


@pytest.mark.parametrize("pool", POOLS)
def test_the_linear_head_pools_then_maps(pool):
    head, tokens = make_head("linear", pool=pool), torch.randn(5, 4, D)
    pooled = {"avg": tokens.mean(1), "max": tokens.max(1).values}[pool]
    torch.testing.assert_close(head(tokens), pooled @ head.linear.weight.T + head.linear.bias)


def test_an_unknown_pool():
    with pytest.raises(ValueError, match=r"pool='mean'; expected one of \['avg', 'max'\]"):
        pool_tokens(torch.zeros(1, 2, 3), "mean")


def test_the_mean_of_a_label_map_is_the_logit():
    head, tokens = make_head("linear"), torch.randn(5, 49, D)
    maps = head.label_maps(tokens)
    assert maps.shape == (5, 3, 49)
    torch.testing.assert_close(maps.mean(dim=2), head(tokens))


@pytest.mark.parametrize("pool", POOLS)
def test_a_label_map_holds_the_logits_of_each_token_alone(pool):
    head, tokens = make_head("linear", pool=pool), torch.randn(5, 4, D)
    alone = [head(tokens[:, [position]]) for position in range(4)]
    torch.testing.assert_close(head.label_maps(tokens), torch.stack(alone, dim=2))


# ---- the head with hidden layers


def test_hidden_layers_see_each_position_on_its_own():
    head, tokens = make_head("mlp", n_tokens=4, hidden=8), torch.randn(5, 4, D)
    first, _, _, last = head.layers
    hidden = (tokens.flatten(1) @ first.weight.T + first.bias).relu()
    torch.testing.assert_close(head(tokens), hidden @ last.weight.T + last.bias)
    assert not torch.allclose(head(tokens), head(tokens.flip(1)))
    assert torch.equal(head.reduce_tokens(tokens), tokens)


def test_one_token_is_the_mean_of_all():
    head, tokens = make_head("mlp"), torch.randn(5, 4, D)
    torch.testing.assert_close(head(tokens), head(tokens.mean(1, keepdim=True)))
    torch.testing.assert_close(head(tokens), head(tokens.flip(1)))


@pytest.mark.parametrize("hidden", [(), 8, (8,), [8, 6], (8, 6, 4)])
def test_hidden_is_one_width_or_several(hidden):
    head = MLPHead(D, 3, hidden=hidden)
    widths = [D, *([hidden] if isinstance(hidden, int) else hidden), 3]
    linear = [layer for layer in head.layers if isinstance(layer, nn.Linear)]
    made = [(layer.in_features, layer.out_features) for layer in linear]
    assert made == list(pairwise(widths))


def test_another_number_of_tokens_is_an_error():
    words = r"n_tokens=16 tokens an image and got 49\. Pass head_params=\{'n_tokens': 49\}"
    with pytest.raises(ValueError, match=words):
        make_head("mlp", n_tokens=16)(torch.randn(5, 49, D))


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        # Cho and Lu's: 18 labels, the map averaged to 4 x 4, or whole at 224 px.
        ({"n_features": 64, "n_tokens": 16, "hidden": 1024}, 1024 * 1024 + 1024 + 18_450),
        ({"n_features": 64, "n_tokens": 784, "hidden": 1024}, 50_176 * 1024 + 1024 + 18_450),
        # Chen, Poon and Yang's
        ({"n_features": 512, "n_tokens": 4, "hidden": 512}, 2048 * 512 + 512 + 513 * 18),
        # VGG-16 has 138,357,544 parameters at 1000 labels, 14,714,688 of them in convolutions.
        (
            {"n_features": 512, "n_tokens": 49, "hidden": (4096, 4096), "n_labels": 1000},
            138_357_544 - 14_714_688,
        ),
    ],
)
def test_the_published_heads_have_their_size(sizes, expected):
    with torch.device("meta"):  # only the shapes
        assert count(MLPHead(**{"n_labels": 18, **sizes})) == expected


# ---- with a backbone


@each_head
@each_backbone
def test_a_gradient_reaches_every_parameter_of_a_model(name, backbone):
    model = make_model(name, backbone).train()
    model(torch.rand(4, 3, 64, 64)).square().sum().backward()
    for label, parameter in model.named_parameters():
        assert parameter.grad is not None, label
        assert torch.isfinite(parameter.grad).all(), label
    moved = [parameter.grad.abs().sum() > 0 for parameter in model.head.parameters()]
    assert all(moved)


@each_head
@each_backbone
def test_neither_order_nor_company_changes_an_output(name, backbone):
    model, image = make_model(name, backbone), torch.rand(5, 3, 64, 64)
    with torch.inference_mode():
        logits = model(image)
        order = torch.randperm(5)
        torch.testing.assert_close(model(image[order]), logits[order], atol=1e-6, rtol=1e-5)
        torch.testing.assert_close(model(image[:2]), logits[:2], atol=1e-6, rtol=1e-5)


@each_head
def test_tokens_computed_before_stand_for_their_images(name):
    model, image = make_model(name), torch.rand(5, 3, 64, 64)
    with torch.inference_mode():
        tokens = model.embed(image)
        assert torch.equal(model(tokens=tokens), model(image))
        assert torch.equal(model(tokens=model.head.reduce_tokens(tokens)), model(image))


@pytest.mark.parametrize("given", ["image", "features", "tokens"])
def test_the_model_runs_its_head_in_float32(given):
    """Whatever precision the backbone ran in."""

    class HalfBackbone(nn.Module):
        def forward(self, image):
            return image.flatten(2).transpose(1, 2).bfloat16()  # (B, D, H, W) -> (B, N, D)

    model = ImageModel(HalfBackbone(), make_head("linear"), precision="bf16")
    batch = {
        "image": torch.randn(5, D, 2, 2),
        "features": torch.randn(5, D),
        "tokens": torch.randn(5, 4, D).bfloat16(),
    }
    assert model(**{given: batch[given]}).dtype == torch.float32


@each_backbone
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_label_maps_lie_where_the_tokens_do(backbone, precision):
    model, image = make_model("linear", backbone), torch.rand(2, 3, 64, 64)
    model.precision = precision
    with torch.inference_mode():
        maps = model.label_maps(image)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            features = model.backbone.feature_map(image)
        assert maps.shape == (2, 3, *features.shape[2:])
        assert maps.dtype == torch.float32
        torch.testing.assert_close(maps.mean(dim=(2, 3)), model(image))
        corner = model.head(features[:, :, -1, 0].float()[:, None])
        torch.testing.assert_close(maps[:, :, -1, 0], corner)


def test_label_maps_need_a_head_that_has_them():
    image = torch.rand(2, 3, 64, 64)
    with pytest.raises(TypeError, match=r"MLPHead mixes the positions .* Use head='linear'"):
        make_model("mlp").label_maps(image)
    with pytest.raises(TypeError, match="A model of feature vectors has no maps"):
        ImageModel(None, LinearHead(D, 3)).label_maps(image)
