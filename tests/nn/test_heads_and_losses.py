"""The contract of heads and losses, over the whole tables: a new line is tested."""

import pytest
import torch

from sklearn_mlic.nn.heads import HEADS
from sklearn_mlic.nn.layers import POOLS, pool_tokens
from sklearn_mlic.nn.losses import LOSSES
from sklearn_mlic.nn.model import ImageModel

D = 12
SIZES = [(n_tokens, n_labels) for n_tokens in (1, 4, 49) for n_labels in (1, 2, 3, 1000)]

each_head = pytest.mark.parametrize("name", HEADS)
each_loss = pytest.mark.parametrize("name", LOSSES)
each_size = pytest.mark.parametrize(("n_tokens", "n_labels"), SIZES)


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def make_head(name, n_labels=3, **params):
    """A head away from its starting point, where weights of zero would hide what it does."""
    head = HEADS[name](n_features=D, n_labels=n_labels, **params)
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return head.eval()


def case(n_labels, n_samples=5):
    logits = torch.randn(n_samples, n_labels, requires_grad=True)
    return logits, (torch.rand(n_samples, n_labels) < 0.3).float()


# ---- heads


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


@pytest.mark.parametrize("pool", POOLS)
def test_the_linear_head_pools_then_maps(pool):
    head, tokens = make_head("linear", pool=pool), torch.randn(5, 4, D)
    pooled = {"avg": tokens.mean(1), "max": tokens.max(1).values}[pool]
    torch.testing.assert_close(head(tokens), pooled @ head.linear.weight.T + head.linear.bias)


def test_dropout_acts_in_training_only():
    head, tokens = make_head("linear", dropout=0.5), torch.randn(5, 4, D)
    still = head(tokens)
    assert not torch.equal(head.train()(tokens), still)


def test_an_unknown_pool():
    with pytest.raises(ValueError, match=r"pool='mean'; expected one of \['avg', 'max'\]"):
        pool_tokens(torch.zeros(1, 2, 3), "mean")


@pytest.mark.parametrize("given", ["image", "features"])
def test_the_model_runs_its_head_in_float32(given):
    """Whatever precision the backbone ran in."""

    class HalfBackbone(torch.nn.Module):
        def forward(self, image):
            return image.flatten(2).transpose(1, 2).bfloat16()  # (B, D, H, W) -> (B, N, D)

    model = ImageModel(HalfBackbone(), make_head("linear"), precision="bf16")
    batch = {"image": torch.randn(5, D, 2, 2), "features": torch.randn(5, D)}[given]
    assert model(**{given: batch}).dtype == torch.float32


# ---- losses


@each_loss
@pytest.mark.parametrize("n_labels", [1, 2, 3, 1000])
def test_a_loss_is_one_finite_number_with_a_gradient(name, n_labels):
    logits, y = case(n_labels)
    loss = LOSSES[name]()(logits, y)
    assert loss.shape == ()
    assert torch.isfinite(loss)
    loss.backward()
    assert logits.grad.shape == logits.shape
    assert torch.isfinite(logits.grad).all()
    assert logits.grad.abs().sum() > 0


@each_loss
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_loss_is_finite_on_extreme_logits_and_constant_labels(name, value):
    logits = torch.tensor([[-200.0, 200.0, 0.0]], requires_grad=True)
    loss = LOSSES[name]()(logits, torch.full((1, 3), value))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


@each_loss
def test_a_loss_is_lower_where_logits_are_right(name):
    _, y = case(3)
    right, loss = 4 * (2 * y - 1), LOSSES[name]()
    assert loss(right, y) < loss(-right, y)


@each_loss
def test_following_the_gradient_lowers_the_loss(name):
    logits, y = case(3)
    loss = LOSSES[name]()
    before = loss(logits, y)
    before.backward()
    assert loss(logits - 0.1 * logits.grad, y) < before


def test_bce_is_its_formula():
    logits, y = case(3)
    p = torch.sigmoid(logits)
    expected = -(y * p.log() + (1 - y) * (1 - p).log()).mean()
    torch.testing.assert_close(LOSSES["bce"]()(logits, y), expected)
