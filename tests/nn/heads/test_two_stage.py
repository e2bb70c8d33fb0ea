"""The two-stage transformer: its variants, any resolution, labels never trained on."""

import copy

import pytest
import torch
from torch.nn import functional as F

from sklearn_mlic.nn.heads.two_stage import TwoStageHead

D, L, V, GRID = 10, 4, 6, (3, 4)
N = GRID[0] * GRID[1]
each_mode = pytest.mark.parametrize("query_mode", ["content", "positional", "fixed"])
each_output = pytest.mark.parametrize("output", ["groupwise", "shared"])


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def make_head(n_labels=L, stir=True, **params):
    sizes = {"width": 16, "n_heads": 4, "n_hidden": 20}
    head = TwoStageHead(D, n_labels, **{**sizes, **params})
    if stir:
        with torch.no_grad():
            for parameter in head.parameters():
                parameter.add_(0.2 * torch.randn_like(parameter))
    return head.eval()


def count(head):
    return sum(parameter.numel() for parameter in head.parameters())


# ---- the encoder


def test_the_encoders_of_the_published_ablation():
    heads = {name: make_head(encoder=name) for name in ("irpe", "standard", "none")}
    tokens = torch.randn(2, N, D)
    assert all(head(tokens, GRID).shape == (2, L) for head in heads.values())
    layer = 4 * (16 * 16 + 16) + 2 * 16 * 20 + 16 + 20 + 4 * 16
    assert count(heads["standard"]) - count(heads["none"]) == layer
    assert count(heads["irpe"]) - count(heads["standard"]) == 49 * 4


def test_no_relative_position_is_the_standard_encoder():
    standard, none = make_head(encoder="standard"), make_head(rpe_on=None)
    none.load_state_dict(standard.state_dict())
    tokens = torch.randn(2, N, D)
    assert torch.equal(none(tokens, GRID), standard(tokens, GRID))


@pytest.mark.parametrize("rpe_on", ["k", "qk", "qkv"])
def test_a_fresh_head_is_that_of_the_standard_encoder(rpe_on):
    head = make_head(stir=False, rpe_on=rpe_on)
    standard = make_head(encoder="standard")
    state = {name: value for name, value in head.state_dict().items() if "tables" not in name}
    standard.load_state_dict(state)
    tokens = torch.randn(2, N, D)
    torch.testing.assert_close(head(tokens, GRID), standard(tokens, GRID))
    tables = [value for name, value in head.named_parameters() if "tables" in name]
    assert len(tables) == len(rpe_on)
    assert not any(table.any() for table in tables)


def test_settings_of_relative_positions_reach_the_encoder():
    head = make_head(
        n_encoders=2,
        rpe_on="qk",
        rpe_method="cross",
        rpe_ratio=2.5,
        rpe_shared=False,
    )
    for layer in head.encoder:
        tables = layer.self_attention.attention.tables
        assert {side: table.shape for side, table in tables.items()} == dict.fromkeys(
            "qk", (4, 22, 4)
        )
    bias = make_head(rpe_mode="bias").encoder[0].self_attention.attention.tables
    assert {side: table.shape for side, table in bias.items()} == {"bias": (1, 49)}


@pytest.mark.parametrize("encoder", ["irpe", "standard", "none"])
def test_places_matter(encoder):
    head, tokens = make_head(encoder=encoder), torch.randn(2, N, D)
    assert not torch.allclose(head(tokens, GRID), head(tokens.flip(1), GRID), atol=1e-4)


def test_a_head_trained_on_one_grid_predicts_on_others():
    tokens = torch.zeros(8, 196, D)
    y = (torch.arange(8)[:, None] >> torch.arange(3) & 1).float()  # all combinations of 3 labels
    tokens[:, 30, :3] = 4 * y  # each label at its feature of one token
    head = make_head(n_labels=3, stir=False, dropout=0.0).train()
    optimizer = torch.optim.Adam(head.parameters(), lr=0.01)
    for _ in range(60):
        loss = F.binary_cross_entropy_with_logits(head(tokens, (14, 14)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.1
    larger = torch.zeros(8, 192, D)
    larger[:, 40, :3] = 4 * y
    with torch.inference_mode():
        assert torch.equal((head.eval()(larger, (12, 16)) > 0).float(), y)


# ---- queries and output


@each_mode
@each_output
def test_a_label_is_scored_by_its_own_query(query_mode, output):
    head, tokens = make_head(query_mode=query_mode, output=output), torch.randn(2, N, D)
    before = head(tokens, GRID)
    with torch.no_grad():
        head.queries[0] += 1
    after = head(tokens, GRID)
    assert not torch.allclose(before[:, 0], after[:, 0])
    torch.testing.assert_close(before[:, 1:], after[:, 1:])


@pytest.mark.parametrize("self_attention", [True, (2,), [1]])
def test_with_self_attention_labels_depend_on_each_other(self_attention):
    head, tokens = make_head(self_attention=self_attention), torch.randn(2, N, D)
    before = head(tokens, GRID)
    with torch.no_grad():
        head.queries[0] += 1
    assert not torch.allclose(before[:, 1:], head(tokens, GRID)[:, 1:])
    block = 4 * (16 * 16 + 16) + 2 * 16
    n_layers = 2 if self_attention is True else 1
    assert count(head) - count(make_head()) == n_layers * block


def test_the_queries_enter_where_the_mode_says():
    tokens = torch.randn(2, N, D)
    content, positional, fixed = (
        make_head(query_mode=mode, encoder="none") for mode in ("content", "positional", "fixed")
    )
    state = content.state_dict()
    positional.load_state_dict(state)
    fixed.load_state_dict(state)
    memory = content.project(tokens) + content.position(GRID)
    start, _ = content.decoder(content.queries, memory)
    torch.testing.assert_close(content(tokens, GRID), content.output(start))
    assert torch.equal(fixed(tokens, GRID), content(tokens, GRID))
    placed, _ = positional.decoder(torch.zeros(L, 16), memory, positional.queries)
    torch.testing.assert_close(positional(tokens, GRID), positional.output(placed))
    trained = {name for name, _ in fixed.named_parameters()}
    assert {name for name, _ in content.named_parameters()} - trained == {"queries"}


def test_a_shared_output_tells_labels_apart_by_their_queries():
    head, tokens = make_head(output="shared"), torch.randn(2, N, D)
    with torch.no_grad():
        head.queries[1] = head.queries[0]
    logits = head(tokens, GRID)
    torch.testing.assert_close(logits[:, 0], logits[:, 1])
    assert not torch.allclose(logits[:, 0], logits[:, 2])


@each_mode
def test_maps_share_one_look_out_over_the_tokens(query_mode):
    maps = make_head(query_mode=query_mode).label_maps(torch.randn(2, N, D), GRID)
    assert maps.shape == (2, L, N)
    assert (maps >= 0).all()
    torch.testing.assert_close(maps.sum(dim=2), torch.ones(2, L))


@pytest.mark.parametrize("grid", [(2, 2), (3, 4)])
@pytest.mark.parametrize("self_attention", [False, True])
@each_output
@each_mode
def test_a_gradient_reaches_every_parameter(grid, self_attention, output, query_mode):
    head = make_head(
        rpe_on="qkv", self_attention=self_attention, output=output, query_mode=query_mode
    ).train()
    head(torch.randn(3, grid[0] * grid[1], D), grid).square().sum().backward()
    for label, parameter in head.named_parameters():
        assert parameter.grad.abs().sum() > 0, label


def test_one_token_leaves_nothing_to_compare():
    """The weights are 1 whatever the positions: their tables get a gradient of zero, not none."""
    head = make_head().train()
    head(torch.randn(3, 1, D), (1, 1)).square().sum().backward()
    still = {name for name, p in head.named_parameters() if p.grad.abs().sum() < 1e-6}
    assert still <= {"encoder.0.self_attention.attention.tables.k"}


def test_a_copy_and_a_loaded_head_compute_the_same():
    head, tokens = make_head(label_vectors=torch.randn(L, V)), torch.randn(2, N, D)
    expected = head(tokens, GRID)
    assert torch.equal(copy.deepcopy(head)(tokens, GRID), expected)
    other = make_head(label_vectors=torch.zeros(L, V))
    other.load_state_dict(head.state_dict())
    assert torch.equal(other(tokens, GRID), expected)


# ---- labels by their vectors


@pytest.fixture
def open_head():
    return make_head(output="shared", label_vectors=torch.randn(L, V))


def test_the_training_vectors_give_the_ordinary_logits(open_head):
    tokens = torch.randn(2, N, D)
    again = open_head(tokens, GRID, label_vectors=open_head.named_queries.label_vectors)
    assert torch.equal(again, open_head(tokens, GRID))


def test_the_order_of_vectors_is_the_order_of_logits(open_head):
    tokens, order = torch.randn(2, N, D), torch.tensor([2, 0, 3, 1])
    moved = open_head(tokens, GRID, label_vectors=open_head.named_queries.label_vectors[order])
    torch.testing.assert_close(moved, open_head(tokens, GRID)[:, order])


@pytest.mark.parametrize("n_labels", [1, 3, 30])
def test_any_number_of_other_labels(open_head, n_labels):
    tokens, vectors = torch.randn(2, N, D), torch.randn(n_labels, V)
    logits = open_head(tokens, GRID, label_vectors=vectors)
    assert logits.shape == (2, n_labels)
    first = open_head(tokens, GRID, label_vectors=vectors[:1])
    torch.testing.assert_close(first, logits[:, :1])


def test_the_length_of_a_vector_says_nothing(open_head):
    tokens, vectors = torch.randn(2, N, D), torch.randn(3, V)
    logits = [open_head(tokens, GRID, label_vectors=scale * vectors) for scale in (1, 10)]
    torch.testing.assert_close(*logits)


def test_queries_made_from_vectors_start_as_large_as_drawn_ones():
    head = make_head(n_labels=500, stir=False, label_vectors=torch.randn(500, 64))
    queries = head.named_queries.linear(F.normalize(head.named_queries.label_vectors))
    assert 0.9 < queries.std() < 1.1


def test_a_groupwise_output_also_takes_vectors_for_its_own_labels():
    head, tokens = make_head(label_vectors=torch.randn(L, V)), torch.randn(2, N, D)
    assert head(tokens, GRID).shape == (2, L)
    with pytest.raises(ValueError, match=r"train it with output='shared' and with label vectors"):
        head(tokens, GRID, label_vectors=torch.randn(3, V))


# ---- errors


def test_other_labels_need_vectors_in_training():
    with pytest.raises(ValueError, match=r"scores only the labels it was trained on\. .*'shared'"):
        make_head(output="shared")(torch.randn(2, N, D), GRID, label_vectors=torch.randn(3, V))


def test_vectors_of_another_encoder(open_head):
    with pytest.raises(ValueError, match=r"has shape \(3, 7\); expected \(K, 6\), from the enc"):
        open_head(torch.randn(2, N, D), GRID, label_vectors=torch.randn(3, 7))


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"encoder": "rpe"}, r"encoder='rpe'; expected one of \['irpe', 'standard', 'none'\]"),
        ({"query_mode": "learned"}, r"query_mode='learned'; expected one of \['content'"),
        ({"output": "linear"}, r"output='linear'; expected one of \['groupwise', 'shared'\]"),
        ({"n_heads": 5}, r"n_heads=5 does not divide the width of 16"),
        ({"n_heads": 5, "encoder": "none"}, r"n_heads=5 does not divide the width of 16"),
        ({"rpe_on": "qkv", "rpe_mode": "bias"}, r"values have none"),
        ({"label_vectors": torch.zeros(3, V)}, r"has shape \(3, 6\); expected .*\(4, V\)"),
        (
            {"label_vectors": torch.zeros(L, V), "query_mode": "fixed"},
            r"query_mode='fixed' draws queries .* use query_mode='content'",
        ),
    ],
)
def test_impossible_settings(params, words):
    with pytest.raises(ValueError, match=words):
        make_head(**params)


def test_tokens_fill_the_grid():
    for run in (make_head(), make_head().label_maps):
        with pytest.raises(ValueError, match=r"grid=\(3, 4\) has 12 places, but .* 13 tokens"):
            run(torch.randn(2, 13, D), GRID)
