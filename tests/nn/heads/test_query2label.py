"""Query2Label, put together by hand from its parts."""

import pytest
import torch

from sklearn_mlic.nn.heads.query2label import Query2LabelHead
from sklearn_mlic.nn.positions import sine_position

D, L, GRID = 10, 4, (3, 4)


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def make_head(**params):
    return Query2LabelHead(D, L, **{"width": 16, "n_heads": 4, "n_hidden": 20, **params}).eval()


def test_positions_and_queries_are_compared_in_every_layer():
    head, tokens = make_head(n_encoders=2, n_decoders=2), torch.randn(2, 12, D)
    memory, position = head.project(tokens), sine_position(GRID, 16, tokens)
    for layer in head.encoder:
        memory = layer(memory, position=position)
    vectors = torch.zeros(2, L, 16)
    for layer in head.decoder.layers.values():
        vectors, weights = layer(vectors, memory, head.queries, position, with_weights=True)
    expected = head.output(head.decoder.norm(vectors))
    torch.testing.assert_close(head(tokens, GRID), expected)
    torch.testing.assert_close(head.label_maps(tokens, GRID), weights)


def test_maps_share_one_look_out_over_the_tokens():
    maps = make_head().label_maps(torch.randn(2, 12, D), GRID)
    assert maps.shape == (2, L, 12)
    assert (maps >= 0).all()
    torch.testing.assert_close(maps.sum(dim=2), torch.ones(2, L))


def test_places_matter():
    head, tokens = make_head(), torch.randn(2, 12, D)
    assert not torch.allclose(head(tokens, GRID), head(tokens.flip(1), GRID))
    assert not torch.allclose(head(tokens, GRID), head(tokens, (4, 3)))


def test_the_published_size():
    """Behind a ResNet-101: 2048 wide, 8192 hidden, 3 layers; about 151 million parameters."""
    with torch.device("meta"):  # only the shapes
        head = Query2LabelHead(2048, 80, width=2048, n_heads=4, n_hidden=8192)
    parts = [head.encoder, head.decoder.layers]
    layer = 4 * 2048 * 2049 + 2 * 2048 * 8192 + 8192 + 2048 + 4 * 2048
    assert sum(p.numel() for part in parts for p in part.parameters()) == 3 * layer
    assert round(3 * layer / 1e6) == 151


def test_impossible_settings():
    with pytest.raises(ValueError, match="width=18; sine positions need a multiple of 4"):
        make_head(width=18, n_heads=2)
    with pytest.raises(ValueError, match="n_heads=3 does not divide the width of 16"):
        make_head(n_heads=3)
    with pytest.raises(ValueError, match=r"grid=\(5, 5\) has 25 places"):
        make_head()(torch.randn(2, 12, D), (5, 5))
