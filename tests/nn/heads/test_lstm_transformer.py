"""The LSTM and transformer head: its size, its readings of a map, and what it attends to."""

import pytest
import torch

from heads import count, stir
from sklearn_mlic.nn.heads.lstm_transformer import LSTMTransformerHead

D, GRID = 6, (3, 4)
SMALL = {"n_units": 8, "n_heads": 2, "n_hidden": 12, "hidden": 10}
READINGS = [
    {"sequence": "pixels"},
    {"sequence": "pixels", "max_side": 2},
    {"sequence": "rows", "grid_size": GRID},
    {"sequence": "channels", "grid_size": GRID},
]
ENDS = [(attend, summary) for attend in ("sequence", "last") for summary in ("last", "mean")]

each_reading = pytest.mark.parametrize("reading", READINGS, ids=str)
each_end = pytest.mark.parametrize(("attend", "summary"), ENDS)


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def make(**params):
    return stir(LSTMTransformerHead(D, 3, **{**SMALL, **params}))


def make_tokens(grid=GRID):
    return torch.randn(5, grid[0] * grid[1], D)


def test_the_published_parts_have_their_size():
    with torch.device("meta"):  # only the shapes
        head = LSTMTransformerHead(n_features=64, n_labels=18)
    assert count(head.lstm) == 99_328
    assert count(head.encoder) == 1_186_048
    assert count(head.classifier) == 129 * 1024 + 18_450


# ---- how a map becomes a sequence


def test_pixels_are_the_tokens_in_their_order():
    tokens = make_tokens()
    assert torch.equal(make().read_sequence(tokens, GRID), tokens)


def test_a_row_is_a_step():
    steps = make(sequence="rows", grid_size=GRID).read_sequence(tokens := make_tokens(), GRID)
    assert steps.shape == (5, 3, 4 * D)
    for row in range(3):
        positions = [tokens[:, row * 4 + column] for column in range(4)]
        assert torch.equal(steps[:, row], torch.cat(positions, dim=1))


def test_a_channel_is_a_step():
    steps = make(sequence="channels", grid_size=GRID).read_sequence(tokens := make_tokens(), GRID)
    assert steps.shape == (5, D, 12)
    for channel in range(D):
        assert torch.equal(steps[:, channel], tokens[:, :, channel])


def test_a_large_map_is_averaged_to_14_rows_and_columns():
    tokens = make_tokens((28, 28))
    blocks = tokens.reshape(5, 14, 2, 14, 2, D).mean(dim=(2, 4)).flatten(1, 2)
    torch.testing.assert_close(make().read_sequence(tokens, (28, 28)), blocks)


@pytest.mark.parametrize(
    ("grid", "max_side", "n_steps"),
    [((12, 16), 14, 12 * 14), ((16, 16), None, 256), ((14, 14), 14, 196), ((1, 20), 14, 14)],
)
def test_no_more_is_averaged_than_max_side_asks(grid, max_side, n_steps):
    assert make(max_side=max_side).read_sequence(make_tokens(grid), grid).shape == (5, n_steps, D)


@pytest.mark.parametrize("grid", [(1, 1), (2, 2), (7, 7), (12, 16), (16, 3)])
def test_pixels_of_any_map_are_read(grid):
    assert torch.isfinite(make()(make_tokens(grid), grid)).all()


def test_the_order_of_the_positions_matters():
    head, tokens = make(), make_tokens()
    assert not torch.allclose(head(tokens, GRID), head(tokens.flip(1), GRID), atol=1e-4)


# ---- what the encoder sees


@each_reading
@each_end
def test_images_do_not_attend_to_each_other(reading, attend, summary):
    head, tokens = make(attend=attend, summary=summary, **reading), make_tokens()
    logits, order = head(tokens, GRID), torch.randperm(5)
    torch.testing.assert_close(head(tokens[order], GRID), logits[order])
    torch.testing.assert_close(head(tokens[:1], GRID), logits[:1])


@each_reading
@each_end
def test_the_faster_way_without_gradients_gives_the_same(reading, attend, summary):
    head, tokens = make(attend=attend, summary=summary, **reading), make_tokens()
    with torch.inference_mode():
        fast = head(tokens, GRID)
    torch.testing.assert_close(fast, head(tokens, GRID))


def test_over_the_last_step_alone_attention_is_a_linear_map():
    head, tokens = make(attend="last"), make_tokens()
    _, (state, _) = head.lstm(tokens)
    image = state[0]  # (B, n_units)
    for layer in head.encoder.layers:
        attention, width = layer.self_attn, image.shape[1]
        weight, bias = attention.in_proj_weight[2 * width :], attention.in_proj_bias[2 * width :]
        image = layer.norm1(image + attention.out_proj(image @ weight.T + bias))
        hidden = layer.linear1(image).relu()
        image = layer.norm2(image + layer.linear2(hidden))
    first, _, _, last = head.classifier
    expected = last(first(image).relu())
    torch.testing.assert_close(head(tokens, GRID), expected)


@pytest.mark.parametrize(("attend", "grid"), [("last", GRID), ("sequence", (1, 1))])
def test_over_one_step_queries_and_keys_learn_nothing(attend, grid):
    head = make(attend=attend)
    head(make_tokens(grid), grid).square().sum().backward()
    for layer in head.encoder.layers:
        queries, keys, values = layer.self_attn.in_proj_weight.grad.chunk(3)
        assert max(queries.abs().max(), keys.abs().max()) < 1e-6
        assert values.abs().max() > 1e-3


def test_over_the_sequence_queries_and_keys_learn():
    head = make()
    head(make_tokens(), GRID).square().sum().backward()
    for layer in head.encoder.layers:
        assert all(part.abs().max() > 1e-5 for part in layer.self_attn.in_proj_weight.grad.chunk(3))


def test_of_one_token_every_reading_is_the_same():
    tokens, first = make_tokens((1, 1)), make()
    for attend, summary in ENDS:
        head = make(attend=attend, summary=summary)
        head.load_state_dict(first.state_dict())
        torch.testing.assert_close(head(tokens, (1, 1)), first(tokens, (1, 1)))


@pytest.mark.parametrize("summary", ["last", "mean"])
def test_the_summary_is_of_the_encoded_steps(summary):
    head, tokens = make(summary=summary), make_tokens()
    steps = head.encoder(head.lstm(tokens)[0])
    image = {"last": steps[:, -1], "mean": steps.mean(1)}[summary]
    torch.testing.assert_close(head(tokens, GRID), head.classifier(image))


# ---- what cannot be


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"sequence": "columns"}, r"sequence='columns'; expected one of \['pixels', 'rows'"),
        ({"attend": "all"}, r"attend='all'; expected one of \['sequence', 'last'\]"),
        ({"summary": "max"}, r"summary='max'; expected one of \['last', 'mean'\]"),
        ({"n_heads": 3}, r"n_heads=3 does not divide the width of 8"),
        ({"max_side": 0}, r"max_side=0; expected at least 1, or None"),
        ({"sequence": "rows"}, r"sequence='rows' needs grid_size=\(h, w\).*or use .*'pixels'"),
        ({"sequence": "channels"}, r"sequence='channels' needs grid_size=\(h, w\)"),
    ],
)
def test_impossible_settings(params, words):
    with pytest.raises(ValueError, match=words):
        make(**params)


def test_a_grid_that_does_not_hold_the_tokens():
    with pytest.raises(ValueError, match=r"has 9 places, but an image has 12 tokens"):
        make()(make_tokens(), (3, 3))


@pytest.mark.parametrize("sequence", ["rows", "channels"])
def test_rows_and_channels_are_of_one_size_of_map(sequence):
    head = make(sequence=sequence, grid_size=GRID)
    words = rf"reads '{sequence}' of a map of grid_size=\(3, 4\) and got one of \(4, 3\)"
    with pytest.raises(ValueError, match=words):
        head(make_tokens(), (4, 3))
