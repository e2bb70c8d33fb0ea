"""Class-specific residual attention: by hand, and what it becomes at its limits."""

import math

import pytest
import torch

from heads import stir
from sklearn_mlic.nn.heads.csra import TEMPERATURES, CSRAHead
from sklearn_mlic.nn.heads.linear import LinearHead

D = 12
each_number = pytest.mark.parametrize("n_heads", TEMPERATURES)


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def make_head(n_labels=3, **params):
    return stir(CSRAHead(D, n_labels, **params))


def make_twin(head):
    """The average-pooled linear head with the classifiers of a head of one."""
    twin = LinearHead(D, len(head.bias))
    twin.load_state_dict({"linear.weight": head.weight[0], "linear.bias": head.bias})
    return twin


def test_a_logit_by_hand():
    """Scores 0 and ln 3 have softmax 1/4 and 3/4."""
    head = CSRAHead(1, 1, lam=0.5)
    with torch.no_grad():
        head.weight.fill_(1)
        head.bias.fill_(2)
    tokens = torch.tensor([[[0.0], [math.log(3)]]])
    expected = 2 + math.log(3) / 2 + 0.5 * 0.75 * math.log(3)
    torch.testing.assert_close(head(tokens), torch.tensor([[expected]]))


@each_number
def test_the_logits_are_a_sum_over_heads_labels_and_tokens(n_heads):
    head, tokens = make_head(n_heads=n_heads, lam=0.3), torch.randn(2, 5, D)
    for image, logits in zip(tokens, head(tokens), strict=True):
        for label in range(3):
            expected = head.bias[label]
            for weight, temperature in zip(head.weight, TEMPERATURES[n_heads], strict=True):
                scores = [weight[label] @ token for token in image]
                # In place of infinity, so much that the highest score takes all.
                powers = [(min(temperature, 1e4) * (s - max(scores))).exp() for s in scores]
                seen = sum(p * s for p, s in zip(powers, scores, strict=True)) / sum(powers)
                expected = expected + sum(scores) / len(scores) + 0.3 * seen
            torch.testing.assert_close(logits[label], expected)


def test_the_published_temperatures():
    assert all(len(found) == n_heads for n_heads, found in TEMPERATURES.items())
    assert TEMPERATURES[4] == (1, 2, 4, math.inf)
    assert TEMPERATURES[8] == (1, 2, 3, 4, 5, 6, 7, math.inf)


def test_without_attention_it_is_the_linear_head():
    head, tokens = make_head(lam=0), torch.randn(5, 49, D)
    torch.testing.assert_close(head(tokens), make_twin(head)(tokens))


def test_it_starts_from_where_the_linear_head_starts():
    assert not CSRAHead(D, 3, n_heads=4)(torch.randn(5, 49, D)).any()


def test_the_last_head_adds_the_highest_score():
    head, tokens = make_head(n_heads=2, lam=0.3), torch.randn(5, 49, D)
    with torch.no_grad():
        head.weight[0].zero_()
    scores = tokens @ head.weight[1].T
    expected = head.bias + scores.mean(1) + 0.3 * scores.amax(1)
    torch.testing.assert_close(head(tokens), expected)


def test_on_one_token_attention_is_a_factor():
    head, tokens = make_head(n_heads=4, lam=0.5), torch.randn(5, 1, D)
    expected = 1.5 * (tokens[:, 0] @ head.weight.sum(0).T) + head.bias
    torch.testing.assert_close(head(tokens), expected)


@each_number
@pytest.mark.parametrize("normalise", [False, True])
def test_the_order_of_the_tokens_does_not_matter(n_heads, normalise):
    head, tokens = make_head(n_heads=n_heads, normalize=normalise), torch.randn(5, 49, D)
    order = torch.randperm(49)
    torch.testing.assert_close(head(tokens[:, order]), head(tokens))
    maps = head.label_maps(tokens)[..., order]
    torch.testing.assert_close(head.label_maps(tokens[:, order]), maps)


def test_normalised_classifiers_have_a_direction_only():
    head, tokens = make_head(n_heads=4, normalize=True), torch.randn(5, 49, D)
    logits = head(tokens)
    with torch.no_grad():
        head.weight.mul_(7)
    torch.testing.assert_close(head(tokens), logits)
    reach = tokens.norm(dim=2).amax(1, keepdim=True)
    assert (head.label_maps(tokens).abs() <= reach[..., None]).all()


def test_more_attention_raises_a_label_that_one_token_shows():
    tokens = torch.zeros(1, 49, D)
    tokens[0, 17] = 1
    logits = []
    for lam in (0, 0.1, 1.0):
        head = CSRAHead(D, 1, lam=lam)
        torch.nn.init.ones_(head.weight)
        logits.append(head(tokens).item())
    assert logits[0] < logits[1] < logits[2]


def test_a_map_is_the_mean_of_the_scores():
    head, tokens = make_head(n_heads=6, lam=0), torch.randn(5, 49, D)
    maps = head.label_maps(tokens)
    assert maps.shape == (5, 3, 49)
    torch.testing.assert_close(6 * maps.mean(2) + head.bias, head(tokens))


@each_number
@pytest.mark.parametrize("normalise", [False, True])
@pytest.mark.parametrize("n_tokens", [1, 4, 192])
def test_a_gradient_reaches_every_classifier(n_heads, normalise, n_tokens):
    head = make_head(n_heads=n_heads, normalize=normalise).train()
    head(torch.randn(5, n_tokens, D)).square().sum().backward()
    assert (head.weight.grad.abs().sum(2) > 0).all()
    assert (head.bias.grad.abs() > 0).all()


@pytest.mark.parametrize("n_heads", [0, 3, 99])
def test_a_number_of_heads_without_temperatures(n_heads):
    with pytest.raises(ValueError, match=rf"n_heads={n_heads}; expected one of \[1, 2, 4, 6, 8\]"):
        make_head(n_heads=n_heads)


@pytest.mark.parametrize("lam", [-0.1, math.nan, math.inf])
def test_a_weight_of_attention_that_is_none(lam):
    with pytest.raises(ValueError, match=r"lam=.*; expected a finite number of at least 0"):
        make_head(lam=lam)
