"""Queries that are labels: who sees whom, and the linear map of each."""

import pytest
import torch

from sklearn_mlic.nn.decoder import GroupwiseLinear, LabelDecoder

D, HIDDEN = 12, 20


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def make_decoder(n_layers=2, n_heads=3, **params):
    return LabelDecoder(D, n_heads, HIDDEN, n_layers, **params).eval()


@pytest.mark.parametrize("self_attention", [False, True, (2,), [1], ()])
def test_labels_see_each_other_only_where_they_may(self_attention):
    decoder, tokens = make_decoder(self_attention=self_attention), torch.randn(2, 6, D)
    queries = torch.randn(4, D)
    other = queries.clone()
    other[0] += 1
    before, after = (decoder(start, tokens)[0] for start in (queries, other))
    assert not torch.allclose(before[:, 0], after[:, 0])
    alone = torch.allclose(before[:, 1:], after[:, 1:], atol=1e-6)
    assert alone == (self_attention in (False, ()))


def test_true_is_every_layer():
    given = [make_decoder(3, self_attention=which) for which in (True, (1, 2, 3), (3, 1, 2, 1))]
    names = [list(decoder.state_dict()) for decoder in given]
    assert names[0] == names[1] == names[2]


@pytest.mark.parametrize("self_attention", [False, True])
def test_the_order_of_labels_does_not_matter(self_attention):
    decoder, tokens = make_decoder(self_attention=self_attention), torch.randn(2, 6, D)
    queries, order = torch.randn(4, D), torch.tensor([2, 0, 3, 1])
    position = torch.randn(4, D)
    vectors, weights = decoder(queries, tokens, position, with_weights=True)
    moved, moved_weights = decoder(queries[order], tokens, position[order], with_weights=True)
    torch.testing.assert_close(moved, vectors[:, order])
    torch.testing.assert_close(moved_weights, weights[:, order])


def test_weights_are_those_of_the_last_layer():
    decoder, queries, tokens = make_decoder(), torch.randn(4, D), torch.randn(2, 6, D)
    _, weights = decoder(queries, tokens, with_weights=True)
    first, _ = decoder.layers["1"](queries.expand(2, -1, -1), tokens)
    _, expected = decoder.layers["2"](first, tokens, with_weights=True)
    torch.testing.assert_close(weights, expected)
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(2, 4))
    assert decoder(queries, tokens)[1] is None


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"n_heads": 5}, r"n_heads=5 does not divide the width of 12"),
        ({"n_layers": 0}, r"n_decoders=0; expected at least 1 layer"),
        ({"self_attention": (3,)}, r"self_attention=\(3,\); expected True, False or .* 1 to 2"),
        ({"self_attention": (0, 1)}, r"self_attention=\(0, 1\); expected True"),
    ],
)
def test_impossible_settings(params, words):
    with pytest.raises(ValueError, match=words):
        make_decoder(**params)


def test_each_label_has_a_linear_map():
    output, vectors = GroupwiseLinear(4, D), torch.randn(2, 4, D)
    logits = output(vectors)
    for label in range(4):
        expected = vectors[:, label] @ output.weight[label] + output.bias[label]
        torch.testing.assert_close(logits[:, label], expected)


def test_the_linear_maps_start_as_published():
    output = GroupwiseLinear(1000, 64)
    for start in (output.weight, output.bias):
        assert 0.12 < start.abs().max() <= 1 / 8
        assert abs(start.mean()) < 0.01
