"""How a backbone and a head make one network, and what a head is told."""

import pytest
import torch
from torch import nn

from heads import make_head, make_model
from sklearn_mlic.nn.gradient_maps import gradient_maps
from sklearn_mlic.nn.heads import LinearHead
from sklearn_mlic.nn.model import ImageModel

D = 12

each_backbone = pytest.mark.parametrize(
    "backbone", ["test_resnet", "test_vit", "test_convnext", "simple_cnn", "plain_cnn"]
)


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize("given", ["image", "features", "tokens"])
def test_the_model_runs_its_head_in_float32(given):
    """Whatever precision the backbone ran in."""

    class HalfBackbone(nn.Module):
        def feature_map(self, image):
            return image.bfloat16()  # (B, D, H, W)

    model = ImageModel(HalfBackbone(), make_head("linear", D), precision="bf16")
    batch = {
        "image": torch.randn(5, D, 2, 2),
        "features": torch.randn(5, D),
        "tokens": torch.randn(5, 2, 2, D).bfloat16(),
    }
    assert model(**{given: batch[given]}).dtype == torch.float32


def test_a_head_is_told_what_its_forward_names():
    class Curious(nn.Module):
        def forward(self, tokens, y=None, grid=None):
            self.seen = tokens.shape, y, grid
            return tokens.mean(dim=(1, 2))[:, None]

    model = ImageModel(None, Curious())
    model(tokens=torch.zeros(4, 3, 5, D), y=torch.ones(4, 1))
    shape, y, grid = model.head.seen
    assert shape == (4, 15, D)
    assert grid == (3, 5)
    assert torch.equal(y, torch.ones(4, 1))
    model(features=torch.zeros(4, D))
    assert model.head.seen == ((4, 1, D), None, (1, 1))


def test_any_module_from_tokens_to_logits_is_a_head():
    head = nn.Sequential(nn.Flatten(), nn.Linear(4 * D, 3))
    assert ImageModel(None, head)(tokens=torch.zeros(5, 2, 2, D), y=None).shape == (5, 3)


def test_a_head_that_needs_what_it_is_not_given():
    class Demanding(nn.Module):
        def forward(self, tokens, mask):
            return tokens

    with pytest.raises(TypeError, match=r"Demanding.forward needs 'mask'; a head is given"):
        ImageModel(None, Demanding())


def test_labels_are_shown_to_a_head_that_asks():
    class Counting(LinearHead):
        def set_labels(self, y):
            self.n_rows = len(y)

    model = ImageModel(None, Counting(D, 3))
    model.set_labels(torch.zeros(9, 3))
    assert model.head.n_rows == 9
    ImageModel(None, LinearHead(D, 3)).set_labels(torch.zeros(9, 3))  # does not ask


def test_labels_known_by_their_columns_cannot_be_others():
    with pytest.raises(ValueError, match=r"LinearHead scores only the labels"):
        ImageModel(None, LinearHead(D, 3))(
            features=torch.zeros(2, D), label_vectors=torch.zeros(4, 8)
        )


# ---- maps


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


def test_a_head_without_maps_has_gradients():
    model, image = make_model("mlp", hidden=()), torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        maps, logits = model.label_maps(image), model(image)
    torch.testing.assert_close(maps.sum(dim=(2, 3)) + model.head.layers[-1].bias, logits)


def test_feature_vectors_have_no_maps():
    with pytest.raises(TypeError, match="A model of feature vectors has no maps"):
        ImageModel(None, LinearHead(D, 3)).label_maps(torch.rand(2, 3, 64, 64))


def test_gradient_maps_of_a_linear_score_are_its_parts():
    tokens, weight = torch.randn(4, 6, D), torch.randn(6, D, 3)
    maps = gradient_maps(lambda tokens: torch.einsum("bnd,ndl->bl", tokens, weight), tokens)
    torch.testing.assert_close(maps, torch.einsum("bnd,ndl->bln", tokens, weight))


def test_gradient_maps_leave_no_gradient_behind():
    head, tokens = make_head("mlp", D), torch.randn(4, 6, D)
    with torch.no_grad():
        gradient_maps(head, tokens)
    assert all(parameter.grad is None for parameter in head.parameters())
    assert not tokens.requires_grad
