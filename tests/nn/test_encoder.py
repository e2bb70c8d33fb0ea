"""Encoder layers are torch's where they are plain, and look at each image alone."""

import pytest
import torch
from torch import nn

from sklearn_mlic.nn.attention import SelfAttention
from sklearn_mlic.nn.encoder import EncoderLayer, SelfAttentionBlock

D, H, HIDDEN, GRID = 12, 3, 20, (3, 4)
each_side = pytest.mark.parametrize("rpe_on", [None, "k", "qk", "qkv"])


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def make_layer(dropout=0.0, **params):
    return EncoderLayer(SelfAttention(D, H, dropout, **params), HIDDEN, dropout)


def torch_layer(layer):
    """torch's layer with the same weights, in training, where it takes no shortcuts."""
    theirs = nn.TransformerEncoderLayer(D, H, HIDDEN, 0.0, batch_first=True)
    attention, feed_forward = layer.self_attention.attention, layer.feed_forward
    parts = [
        (theirs.self_attn.out_proj, attention.out),
        (theirs.linear1, feed_forward[0]),
        (theirs.linear2, feed_forward[3]),
        (theirs.norm1, layer.self_attention.norm),
        (theirs.norm2, layer.norm),
    ]
    for their_part, our_part in parts:
        their_part.load_state_dict(our_part.state_dict())
    with torch.no_grad():
        theirs.self_attn.in_proj_weight.copy_(attention.project.weight)
        theirs.self_attn.in_proj_bias.copy_(attention.project.bias)
    return theirs


@each_side
def test_a_fresh_layer_is_torchs(rpe_on):
    layer, tokens = make_layer(rpe_on=rpe_on), torch.randn(2, 12, D)
    torch.testing.assert_close(layer(tokens, GRID), torch_layer(layer)(tokens))


@each_side
def test_the_output_is_normalised(rpe_on):
    out = make_layer(rpe_on=rpe_on)(torch.randn(2, 12, D), GRID)
    torch.testing.assert_close(out.mean(dim=2), torch.zeros(2, 12), atol=1e-5, rtol=0)
    torch.testing.assert_close(out.var(dim=2, unbiased=False), torch.ones(2, 12), atol=1e-3, rtol=0)


@each_side
def test_images_do_not_see_each_other(rpe_on):
    layer, tokens = make_layer(rpe_on=rpe_on), torch.randn(3, 12, D)
    alone = torch.cat([layer(image[None], GRID) for image in tokens])
    torch.testing.assert_close(alone, layer(tokens, GRID))


@each_side
def test_dropout_acts_in_training_only(rpe_on):
    layer, tokens = make_layer(0.5, rpe_on=rpe_on).eval(), torch.randn(2, 12, D)
    still = layer(tokens, GRID)
    assert torch.equal(layer(tokens, GRID), still)
    assert not torch.allclose(layer.train()(tokens, GRID), still)


def test_the_block_adds_and_normalises():
    block = SelfAttentionBlock(SelfAttention(D, H, 0.0), 0.0)
    tokens, position = torch.randn(2, 12, D), torch.randn(12, D)
    expected = block.norm(tokens + block.attention(tokens, position=position))
    assert torch.equal(block(tokens, position=position), expected)
