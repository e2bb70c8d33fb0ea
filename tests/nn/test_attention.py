"""Self-attention with relative positions, against loops and against torch's own."""

import copy

import pytest
import torch
from torch import nn

from sklearn_mlic.nn.attention import SelfAttention
from sklearn_mlic.nn.irpe import METHODS, bucket_indices

D, H, GRID = 12, 3, (3, 4)
N = GRID[0] * GRID[1]

VARIANTS = [
    *((side, method, "contextual") for side in ("k", "qk", "qkv") for method in METHODS),
    *((side, method, "bias") for side in ("k", "qk") for method in METHODS),
]
each_variant = pytest.mark.parametrize(("rpe_on", "rpe_method", "rpe_mode"), VARIANTS)
each_shared = pytest.mark.parametrize("rpe_shared", [True, False])


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def make_attention(stir=True, dropout=0.0, **params):
    attention = SelfAttention(D, H, dropout, **params)
    if stir:
        with torch.no_grad():
            for parameter in attention.parameters():
                parameter.add_(0.3 * torch.randn_like(parameter))
    return attention.eval()


def naive(attention, tokens, grid):
    """The formulas, one pair of tokens at a time; where a pair has two buckets, they are added."""
    width, tables = D // H, attention.tables
    indices = bucket_indices(*grid, attention.method, attention.ratio)
    projected = (tokens @ attention.project.weight.T + attention.project.bias).chunk(3, dim=-1)
    query, key, value = (part.unflatten(-1, (H, width)) for part in projected)  # (B, N, H, d / H)
    n_samples, n_tokens = tokens.shape[:2]
    mixed = torch.zeros(n_samples, n_tokens, H, width)

    def vector(side, head, i, j):
        table = tables[side][head % len(tables[side])]
        return table[indices[:, i, j]].sum(dim=0)

    for b in range(n_samples):
        for head in range(H):
            for i in range(n_tokens):
                scores = torch.zeros(n_tokens)
                for j in range(n_tokens):
                    q, k = query[b, i, head], key[b, j, head]
                    score = q @ k
                    if "k" in tables:
                        score = score + q @ vector("k", head, i, j)
                    if "q" in tables:
                        score = score + k @ vector("q", head, i, j)
                    if "bias" in tables:
                        score = score + vector("bias", head, i, j)
                    scores[j] = score / width**0.5
                for j, weight in enumerate(scores.softmax(dim=0)):
                    gathered = value[b, j, head]
                    if "v" in tables:
                        gathered = gathered + vector("v", head, i, j)
                    mixed[b, i, head] += weight * gathered
    return attention.out(mixed.flatten(2))


def torch_attention(attention):
    """torch's module with the same weights."""
    theirs = nn.MultiheadAttention(D, H, batch_first=True).eval()
    with torch.no_grad():
        theirs.in_proj_weight.copy_(attention.project.weight)
        theirs.in_proj_bias.copy_(attention.project.bias)
        theirs.out_proj.weight.copy_(attention.out.weight)
        theirs.out_proj.bias.copy_(attention.out.bias)
    return theirs


# ---- what it computes


@each_variant
@each_shared
def test_it_is_what_the_formulas_say(rpe_on, rpe_method, rpe_mode, rpe_shared):
    attention = make_attention(
        rpe_on=rpe_on, rpe_method=rpe_method, rpe_mode=rpe_mode, rpe_shared=rpe_shared
    )
    tokens = torch.randn(1, N, D)
    with torch.no_grad():
        expected = naive(attention, tokens, GRID)
        torch.testing.assert_close(attention(tokens, GRID), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("rpe_on", ["k", "qk", "qkv"])
@pytest.mark.parametrize("grid", [(1, 1), (1, 5), (5, 1), (4, 2)])
def test_it_is_so_on_any_grid(rpe_on, grid):
    attention, tokens = make_attention(rpe_on=rpe_on), torch.randn(2, grid[0] * grid[1], D)
    with torch.no_grad():
        expected = naive(attention, tokens, grid)
        torch.testing.assert_close(attention(tokens, grid), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("rpe_on", "rpe_mode"),
    [("k", "contextual"), ("qk", "contextual"), ("qkv", "contextual"), ("k", "bias")],
)
@pytest.mark.parametrize("training", [False, True])
def test_gradients_are_those_of_the_formulas(rpe_on, rpe_mode, training):
    attention = make_attention(rpe_on=rpe_on, rpe_mode=rpe_mode).train(training)
    grads = []
    for run in (attention, lambda tokens, grid: naive(attention, tokens, grid)):
        attention.zero_grad()
        tokens = torch.linspace(-1, 1, 2 * 6 * D).cos().view(2, 6, D).requires_grad_()
        run(tokens, (2, 3)).square().sum().backward()
        grads.append([tokens.grad, *(p.grad.clone() for p in attention.parameters())])
    for ours, expected in zip(*grads, strict=True):
        torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-4)


# ---- the start


@each_variant
@each_shared
def test_fresh_it_is_plain_attention(rpe_on, rpe_method, rpe_mode, rpe_shared):
    attention = make_attention(
        stir=False, rpe_on=rpe_on, rpe_method=rpe_method, rpe_mode=rpe_mode, rpe_shared=rpe_shared
    )
    tokens = torch.randn(2, N, D)
    expected, _ = torch_attention(attention)(tokens, tokens, tokens, need_weights=False)
    torch.testing.assert_close(attention(tokens, GRID), expected, atol=1e-6, rtol=1e-6)


def test_plain_it_is_torchs():
    attention, tokens = make_attention(), torch.randn(2, N, D)
    expected, _ = torch_attention(attention)(tokens, tokens, tokens, need_weights=False)
    torch.testing.assert_close(attention(tokens), expected, atol=1e-6, rtol=1e-6)


def test_a_position_is_compared_and_not_gathered():
    attention, tokens, position = make_attention(), torch.randn(2, N, D), torch.randn(N, D)
    placed = tokens + position
    expected, _ = torch_attention(attention)(placed, placed, tokens, need_weights=False)
    torch.testing.assert_close(attention(tokens, GRID, position), expected, atol=1e-6, rtol=1e-6)


# ---- what the tables do


@each_variant
def test_the_positions_matter_once_learned(rpe_on, rpe_method, rpe_mode):
    attention = make_attention(rpe_on=rpe_on, rpe_method=rpe_method, rpe_mode=rpe_mode)
    tokens = torch.randn(2, N, D)
    assert not torch.allclose(attention(tokens, GRID), attention(tokens, (4, 3)))
    order = torch.randperm(N)
    moved = attention(tokens[:, order], GRID)
    assert not torch.allclose(moved, attention(tokens, GRID)[:, order], atol=1e-4)


def test_without_them_the_order_is_all_the_same():
    attention, tokens, order = make_attention(), torch.randn(2, N, D), torch.randperm(N)
    torch.testing.assert_close(attention(tokens[:, order]), attention(tokens)[:, order])


@pytest.mark.parametrize("rpe_method", METHODS)
def test_equal_tables_for_all_heads_are_a_shared_one(rpe_method):
    shared = make_attention(rpe_on="qkv", rpe_method=rpe_method)
    each = SelfAttention(D, H, 0.0, "qkv", rpe_method, rpe_shared=False).eval()
    state = {
        name: value.expand(each.state_dict()[name].shape)
        for name, value in shared.state_dict().items()
    }
    each.load_state_dict(state)
    tokens = torch.randn(2, N, D)
    torch.testing.assert_close(each(tokens, GRID), shared(tokens, GRID), atol=1e-6, rtol=1e-5)
    with torch.no_grad():
        each.tables["k"][0] += torch.randn_like(each.tables["k"][0])
    assert not torch.allclose(each(tokens, GRID), shared(tokens, GRID))


def test_cross_tables_are_a_product_table_of_their_sums():
    cross = make_attention(rpe_on="qkv", rpe_method="cross")
    product = SelfAttention(D, H, 0.0, "qkv", "product").eval()
    state = cross.state_dict()
    for side in "qkv":
        rows, columns = cross.tables[side].detach().chunk(2, dim=1)  # (1, 7, d / H) each
        state[f"tables.{side}"] = (rows[:, :, None] + columns[:, None]).flatten(1, 2)
    product.load_state_dict(state)
    tokens = torch.randn(2, 60, D)
    torch.testing.assert_close(
        product(tokens, (6, 10)), cross(tokens, (6, 10)), atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize(("rpe_mode", "linear"), [("bias", True), ("contextual", False)])
def test_a_bias_weighs_places_whatever_is_there(rpe_mode, linear):
    """Where keys say nothing, a bias leaves fixed weights: the output is linear in the tokens."""
    attention = make_attention(rpe_on="k", rpe_mode=rpe_mode)
    with torch.no_grad():
        attention.project.weight[D : 2 * D] = 0
        attention.project.bias[D : 2 * D] = 0
        a, b = torch.randn(2, 1, N, D)
        zero, both = attention(a * 0, GRID), attention(a + b, GRID)
        assert (
            torch.allclose(attention(a, GRID) + attention(b, GRID), both + zero, atol=1e-5)
            is linear
        )


# ---- settings


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"rpe_on": "k"}, 49 * 4),
        ({"rpe_on": "qkv"}, 3 * 49 * 4),
        ({"rpe_on": "qkv", "rpe_shared": False}, 3 * H * 49 * 4),
        ({"rpe_on": "k", "rpe_method": "cross"}, 14 * 4),
        ({"rpe_on": "k", "rpe_method": "quant"}, 4 * 4),
        ({"rpe_on": "k", "rpe_ratio": 3.0}, 169 * 4),
        ({"rpe_on": "k", "rpe_mode": "bias"}, 49),
        ({"rpe_on": "qk", "rpe_mode": "bias", "rpe_shared": False}, 49 * H),
    ],
)
def test_the_tables_have_their_size(params, expected):
    assert count(make_attention(**params)) - count(make_attention()) == expected


@each_variant
def test_a_gradient_reaches_every_parameter(rpe_on, rpe_method, rpe_mode):
    attention = make_attention(rpe_on=rpe_on, rpe_method=rpe_method, rpe_mode=rpe_mode).train()
    attention(torch.randn(2, 4, D), (2, 2)).square().sum().backward()
    for label, parameter in attention.named_parameters():
        assert parameter.grad.abs().sum() > 0, label


@pytest.mark.parametrize("rpe_on", [None, "k", "qkv"])
def test_dropout_acts_in_training_only(rpe_on):
    attention = make_attention(rpe_on=rpe_on, dropout=0.5)
    tokens = torch.randn(2, N, D)
    still = attention(tokens, GRID)
    assert torch.equal(attention(tokens, GRID), still)
    assert not torch.allclose(attention.train()(tokens, GRID), still)


def test_a_copy_computes_the_same():
    attention, tokens = make_attention(rpe_on="qkv"), torch.randn(2, N, D)
    assert torch.equal(copy.deepcopy(attention)(tokens, GRID), attention(tokens, GRID))


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"width": 10, "n_heads": 3}, r"n_heads=3 does not divide the width of 10; choose heads"),
        ({"rpe_on": "v"}, r"rpe_on='v'; expected one of \[None, 'k', 'qk', 'qkv'\]"),
        ({"rpe_method": "euc"}, r"rpe_method='euc'; expected one of \['product'"),
        ({"rpe_mode": "scalar"}, r"rpe_mode='scalar'; expected one of \['contextual', 'bias'\]"),
        ({"rpe_ratio": 0.4}, r"rpe_ratio=0.4; expected a finite number of at least 0.5"),
        ({"rpe_on": "qkv", "rpe_mode": "bias"}, r"values have none\. Use rpe_on='k'"),
    ],
)
def test_impossible_settings(params, words):
    with pytest.raises(ValueError, match=words):
        SelfAttention(**{"width": 12, "n_heads": 3, **params})
