"""Average, maximum, and the generalised mean between them."""

import pytest
import torch

from heads import stir
from sklearn_mlic.nn.heads import LinearHead
from sklearn_mlic.nn.layers import POOLS, pool_tokens
from sklearn_mlic.nn.pooling import GeneralizedMean

D = 12
each_pool = pytest.mark.parametrize("pool", [*POOLS, "gem"])


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def make_head(pool="avg", **params):
    return stir(LinearHead(D, 3, pool=pool, **params))


def make_mean(exponent):
    """The generalised mean with another exponent."""
    mean, above = GeneralizedMean(), torch.tensor(exponent - 1.0, dtype=torch.double)
    with torch.no_grad():
        mean.raw_exponent.copy_(above + (-(-above).expm1()).log())  # softplus, undone
    return mean


# ---- pooling, then a linear map


@each_pool
def test_the_head_pools_then_maps(pool):
    head, tokens = make_head(pool), torch.rand(5, 4, D)
    pooled = {
        "avg": lambda: tokens.mean(1),
        "max": lambda: tokens.max(1).values,
        "gem": lambda: head.pool(tokens),
    }[pool]()
    torch.testing.assert_close(head(tokens), pooled @ head.linear.weight.T + head.linear.bias)


@each_pool
def test_the_order_of_the_tokens_does_not_matter(pool):
    head, tokens = make_head(pool), torch.randn(5, 49, D)
    torch.testing.assert_close(head(tokens[:, torch.randperm(49)]), head(tokens))


def test_the_mean_of_a_label_map_is_the_logit():
    head, tokens = make_head(), torch.randn(5, 49, D)
    maps = head.label_maps(tokens)
    assert maps.shape == (5, 3, 49)
    torch.testing.assert_close(maps.mean(dim=2), head(tokens))


@each_pool
def test_a_label_map_holds_the_logits_of_each_token_alone(pool):
    head, tokens = make_head(pool), torch.rand(5, 4, D)
    alone = [head(tokens[:, [position]]) for position in range(4)]
    torch.testing.assert_close(head.label_maps(tokens), torch.stack(alone, dim=2))


@each_pool
def test_an_untrained_head_says_nothing_of_any_label(pool):
    assert not LinearHead(D, 3, pool=pool)(torch.randn(5, 4, D)).any()


def test_only_the_generalized_mean_has_a_parameter():
    assert list(make_head("avg").state_dict()) == ["linear.weight", "linear.bias"]
    assert list(make_head("max").state_dict()) == ["linear.weight", "linear.bias"]
    assert "pool.raw_exponent" in make_head("gem").state_dict()


def test_an_unknown_pool():
    with pytest.raises(ValueError, match=r"pool='mean'; expected one of \['avg', 'max', 'gem'\]"):
        LinearHead(D, 3, pool="mean")
    with pytest.raises(ValueError, match=r"pool='gem'; expected one of \['avg', 'max'\]"):
        pool_tokens(torch.zeros(1, 2, 3), "gem")


# ---- the generalised mean


def test_a_mean_by_hand():
    tokens = torch.tensor([[[1.0, 2.0], [2.0, 2.0]]])
    expected = torch.tensor([[4.5 ** (1 / 3), 2.0]])  # ((1 + 8) / 2) ** (1 / 3)
    torch.testing.assert_close(GeneralizedMean()(tokens), expected)


@pytest.mark.parametrize("exponent", [1.5, 3.0, 7.0])
def test_it_is_the_formula(exponent):
    mean, tokens = make_mean(exponent), torch.rand(5, 49, D) * 4
    torch.testing.assert_close(mean.exponent, torch.tensor(exponent))
    plain = tokens.double().pow(exponent).mean(1).pow(1 / exponent).float()
    torch.testing.assert_close(mean(tokens), plain, rtol=1e-5, atol=1e-6)


def test_it_grows_from_the_average_to_the_maximum():
    tokens = torch.rand(5, 49, D) + 0.1
    means = torch.stack([make_mean(p)(tokens) for p in (1 + 1e-6, 2.0, 5.0, 30.0, 1e4)])
    torch.testing.assert_close(means[0], tokens.mean(1))
    assert (means.diff(dim=0) > 0).all()
    torch.testing.assert_close(means[-1], tokens.amax(1), rtol=1e-3, atol=0)


def test_it_follows_the_scale_of_the_tokens():
    mean, tokens = GeneralizedMean(), torch.rand(5, 49, D) + 0.1
    torch.testing.assert_close(mean(7 * tokens), 7 * mean(tokens))


@pytest.mark.parametrize("exponent", [1.001, 3.0, 40.0, 1e3])
@pytest.mark.parametrize(
    "tokens",
    [
        torch.zeros(2, 4, 3),
        -torch.ones(2, 4, 3),
        torch.full((2, 4, 3), 1e3),
        torch.tensor([0.0, 1e-6, 1.0, 1e3]).expand(2, 3, 4).transpose(1, 2),
        torch.full((2, 1, 3), 1e3),
    ],
    ids=["zeros", "negative", "large", "mixed", "one token"],
)
def test_values_and_gradients_stay_finite(tokens, exponent):
    mean, tokens = make_mean(exponent), tokens.clone().requires_grad_()
    pooled = mean(tokens)
    pooled.sum().backward()
    assert torch.isfinite(pooled).all()
    assert torch.isfinite(tokens.grad).all()
    assert torch.isfinite(mean.raw_exponent.grad)
    assert (pooled <= tokens.clamp(min=1e-6).amax(1) * (1 + 1e-4)).all()


def test_gradients_are_those_of_the_formula():
    mean = make_mean(2.5).double()
    tokens = torch.rand(2, 5, 3, dtype=torch.double) + 0.1
    assert torch.autograd.gradcheck(mean, tokens.requires_grad_())


def test_a_gradient_reaches_the_exponent():
    head = make_head("gem").train()
    head(torch.rand(5, 49, D)).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in head.parameters())


@pytest.mark.parametrize("wanted", ["avg", "max"])
def test_training_finds_where_between_average_and_maximum(wanted):
    mean, tokens = GeneralizedMean(), torch.rand(64, 9, D)
    optimiser = torch.optim.Adam(mean.parameters(), lr=0.3)
    for _ in range(60):
        optimiser.zero_grad()
        (mean(tokens) - pool_tokens(tokens, wanted)).square().mean().backward()
        optimiser.step()
    assert 1 < mean.exponent < 1.2 if wanted == "avg" else mean.exponent > 10


def test_tokens_are_not_reduced_by_what_training_changes():
    assert make_head("gem").token_reduction is None
