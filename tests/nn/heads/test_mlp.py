"""The head with hidden layers."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from heads import count, make_head
from sklearn_mlic.nn.heads import MLPHead

D = 12


def test_hidden_layers_see_each_position_on_its_own():
    head, tokens = make_head("mlp", D, n_tokens=4, hidden=8), torch.randn(5, 4, D)
    first, _, _, last = head.layers
    hidden = (tokens.flatten(1) @ first.weight.T + first.bias).relu()
    torch.testing.assert_close(head(tokens), hidden @ last.weight.T + last.bias)
    assert not torch.allclose(head(tokens), head(tokens.flip(1)))
    assert torch.equal(head.reduce_tokens(tokens), tokens)


def test_one_token_is_the_mean_of_all():
    head, tokens = make_head("mlp", D), torch.randn(5, 4, D)
    torch.testing.assert_close(head(tokens), head(tokens.mean(1, keepdim=True)))
    torch.testing.assert_close(head(tokens), head(tokens.flip(1)))


@pytest.mark.parametrize("hidden", [(), 8, (8,), [8, 6], (8, 6, 4)])
def test_hidden_is_one_width_or_several(hidden):
    head = MLPHead(D, 3, hidden=hidden)
    widths = [D, *([hidden] if isinstance(hidden, int) else hidden), 3]
    linear = [layer for layer in head.layers if isinstance(layer, nn.Linear)]
    made = [(layer.in_features, layer.out_features) for layer in linear]
    assert made == list(pairwise(widths))


def test_another_number_of_tokens_is_an_error():
    words = r"n_tokens=16 tokens an image and got 49\. Pass head_params=\{'n_tokens': 49\}"
    with pytest.raises(ValueError, match=words):
        make_head("mlp", D, n_tokens=16)(torch.randn(5, 49, D))


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        # Cho and Lu's: 18 labels, the map averaged to 4 x 4, or whole at 224 px.
        ({"n_features": 64, "n_tokens": 16, "hidden": 1024}, 1024 * 1024 + 1024 + 18_450),
        ({"n_features": 64, "n_tokens": 784, "hidden": 1024}, 50_176 * 1024 + 1024 + 18_450),
        # Chen, Poon and Yang's
        ({"n_features": 512, "n_tokens": 4, "hidden": 512}, 2048 * 512 + 512 + 513 * 18),
        # VGG-16 has 138,357,544 parameters at 1000 labels, 14,714,688 of them in convolutions.
        (
            {"n_features": 512, "n_tokens": 49, "hidden": (4096, 4096), "n_labels": 1000},
            138_357_544 - 14_714_688,
        ),
    ],
)
def test_the_published_heads_have_their_size(sizes, expected):
    with torch.device("meta"):  # only the shapes
        assert count(MLPHead(**{"n_labels": 18, **sizes})) == expected
