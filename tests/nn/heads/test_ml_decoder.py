"""ML-Decoder: groups, the authors' code in timm, and labels that were never trained on."""

import pytest
import torch
from timm.layers.ml_decoder import MLDecoder

from heads import TRANSFORMER, count, stir
from sklearn_mlic.nn.heads.ml_decoder import GroupLinear, MLDecoderHead

D, V = 12, 6
SIZES = [(1, None, 1), (5, None, 5), (5, 2, 2), (7, 3, 3), (250, None, 84), (5000, None, 100)]


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def make_head(n_labels=3, **params):
    return stir(MLDecoderHead(D, n_labels, **{**TRANSFORMER, **params}))


def make_open_head(n_labels=3, **params):
    return make_head(n_labels, label_vectors=torch.randn(n_labels, V), **params)


# ---- groups of labels


@pytest.mark.parametrize(("n_labels", "n_groups", "used"), SIZES)
def test_every_group_has_a_label(n_labels, n_groups, used):
    head = make_head(n_labels, n_groups=n_groups)
    assert head.queries.shape == (used, 16)
    size = head.output.group_size
    assert head.output.weight.shape == (used, 16, size)
    assert (used - 1) * size < n_labels <= used * size
    assert head(torch.randn(2, 4, D)).shape == (2, n_labels)


def test_the_product_of_all_groups_is_that_of_each():
    output, vectors = stir(GroupLinear(3, 16, 7)), torch.randn(5, 3, 16)
    logits = output(vectors)
    for label in range(7):
        group, place = divmod(label, 3)
        expected = vectors[:, group] @ output.weight[group, :, place] + output.bias[label]
        torch.testing.assert_close(logits[:, label], expected)


@pytest.mark.parametrize("n_labels", [3, 1000])
def test_the_logits_spread_alike_however_large_a_group_is(n_labels):
    """Vectors behind a normalisation are sqrt(width) long, which Xavier's spread undoes."""
    group = GroupLinear(min(100, n_labels), 768, n_labels)
    logits = group(torch.nn.functional.layer_norm(torch.randn(50, len(group.weight), 768), [768]))
    assert 1.2 < logits.std() < 1.6


def test_the_queries_are_drawn_and_not_trained():
    head = make_head()
    assert "queries" in head.state_dict()
    assert "queries" not in dict(head.named_parameters())
    assert not torch.equal(head.queries, make_head().queries)


def test_groups_do_not_look_at_each_other():
    head, tokens = make_head(6, n_groups=3), torch.randn(5, 4, D)
    before = head(tokens)
    head.queries[1] += 1
    moved = (head(tokens) != before).any(0)
    assert moved.tolist() == [False, False, True, True, False, False]


def test_the_order_of_the_tokens_does_not_matter():
    head, tokens = make_head(), torch.randn(5, 49, D)
    torch.testing.assert_close(head(tokens[:, torch.randperm(49)]), head(tokens))


def test_more_layers():
    head = make_head(n_decoders=3)
    assert len(head.layers) == 3
    head(torch.randn(5, 4, D)).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in head.parameters())


# ---- the authors' code


def make_twins(n_labels, n_groups):
    """Ours and timm's at the same weights; its layer first normalises twice the query."""
    theirs = MLDecoder(n_labels, n_groups, decoder_embedding=16, initial_num_features=D).eval()
    # Torch's stack of layers no longer runs a layer without self-attention; there is only one.
    theirs.decoder = layer = theirs.decoder.layers[0]
    ours = make_head(n_labels, n_heads=8, n_hidden=2048, n_groups=n_groups)
    state = {
        "project": theirs.embed_standart,
        "layers.0.attention": layer.multihead_attn,
        "layers.0.feed_forward.0": layer.linear1,
        "layers.0.feed_forward.3": layer.linear2,
        "layers.0.norm_attention": layer.norm2,
        "layers.0.norm_feed_forward": layer.norm3,
    }
    for name, module in state.items():
        ours.get_submodule(name).load_state_dict(module.state_dict())
    with torch.no_grad():
        ours.queries.copy_(layer.norm1(2 * theirs.query_embed.weight))
        ours.output.weight.copy_(theirs.duplicate_pooling)
        ours.output.bias.copy_(theirs.duplicate_pooling_bias)
    return ours, theirs


@pytest.mark.parametrize(("n_labels", "n_groups"), [(5, 5), (7, 3), (60, 20)])
def test_it_computes_what_the_released_code_does(n_labels, n_groups):
    (ours, theirs), tokens = make_twins(n_labels, n_groups), torch.randn(5, 49, D)
    torch.testing.assert_close(ours(tokens), theirs(tokens), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n_labels", [20, 5000])
def test_it_has_the_published_size(n_labels):
    """Save the queries, which are not trained, and the normalisation of them."""
    theirs = MLDecoder(n_labels, initial_num_features=2048)
    trained = sum(p.numel() for p in theirs.parameters() if p.requires_grad)
    with torch.device("meta"):
        ours = MLDecoderHead(2048, n_labels)
    assert count(ours) == trained - count(theirs.decoder.layers[0].norm1)


# ---- maps


def test_labels_of_a_group_share_a_map():
    head, tokens = make_head(7, n_groups=3), torch.randn(5, 49, D)
    maps = head.label_maps(tokens)
    assert maps.shape == (5, 7, 49)
    torch.testing.assert_close(maps.sum(2), torch.ones(5, 7))
    for first, second in [(0, 2), (3, 5)]:
        assert torch.equal(maps[:, first], maps[:, second])
    assert not torch.allclose(maps[:, 2], maps[:, 3])


def test_a_label_alone_in_its_group_has_a_map_of_its_own():
    for head in (make_head(3), make_open_head(3)):
        maps = head.label_maps(torch.randn(5, 49, D))
        assert maps.shape == (5, 3, 49)
        assert (maps[:, 0] - maps[:, 1]).abs().max() > 1e-4


# ---- labels that were never trained on


def test_the_vectors_trained_on_give_the_logits_of_training():
    head, tokens = make_open_head(), torch.randn(5, 4, D)
    assert torch.equal(head(tokens, label_vectors=head.named_queries.label_vectors), head(tokens))


def test_a_label_has_its_logit_whatever_others_are_asked_for():
    head, tokens = make_open_head(), torch.randn(5, 4, D)
    vectors = torch.cat([torch.randn(4, V), head.named_queries.label_vectors[[1]]])
    logits = head(tokens, label_vectors=vectors)
    assert logits.shape == (5, 5)
    torch.testing.assert_close(logits[:, 4], head(tokens)[:, 1])
    torch.testing.assert_close(head(tokens, label_vectors=vectors[[0]]), logits[:, [0]])


def test_vectors_count_by_their_direction():
    head, tokens, vectors = make_open_head(), torch.randn(5, 4, D), torch.randn(4, V)
    logits = head(tokens, label_vectors=vectors)
    torch.testing.assert_close(head(tokens, label_vectors=7 * vectors), logits)
    assert (logits[:, 0] - logits[:, 1]).abs().max() > 1e-3


def test_its_size_does_not_depend_on_the_labels():
    assert count(make_open_head(3)) == count(make_open_head(200))


def test_a_gradient_reaches_the_map_of_vectors():
    head = make_open_head().train()
    head(torch.randn(5, 4, D)).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in head.parameters())


def test_a_similar_label_gets_a_similar_logit_after_training():
    """Two labels are trained, on tokens that show them; a third between them is asked for."""
    vectors = torch.eye(V)[:2]
    shown = torch.randn(2, 1, D)
    tokens, y = shown.repeat(1, 4, 1), torch.eye(2)
    head = MLDecoderHead(D, 2, **TRANSFORMER, dropout=0, label_vectors=vectors)
    optimiser = torch.optim.Adam(head.parameters(), lr=1e-2)
    for _ in range(60):
        optimiser.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(head(tokens), y).backward()
        optimiser.step()
    near_first = torch.nn.functional.normalize(vectors[[0]] + 0.2 * vectors[[1]])
    logits = head.eval()(tokens, label_vectors=near_first)[:, 0]
    assert logits[0] > 0 > logits[1]


# ---- errors


def test_other_labels_need_vectors_in_training():
    with pytest.raises(ValueError, match="only the labels it was trained on.*a label encoder"):
        make_head()(torch.randn(5, 4, D), label_vectors=torch.randn(2, V))


@pytest.mark.parametrize("shape", [(4, V + 1), (V,)])
def test_vectors_of_another_encoder(shape):
    with pytest.raises(ValueError, match=r"label_vectors has shape .*; expected \(K, 6\)"):
        make_open_head()(torch.randn(5, 4, D), label_vectors=torch.randn(shape))


@pytest.mark.parametrize("shape", [(4, V), (3,)])
def test_vectors_are_one_a_label(shape):
    with pytest.raises(ValueError, match=r"expected one row a label, \(3, V\)"):
        make_head(label_vectors=torch.randn(shape))


def test_groups_and_vectors_exclude_each_other():
    with pytest.raises(ValueError, match="n_groups=2 was given together with label vectors"):
        make_open_head(n_groups=2)


@pytest.mark.parametrize("n_groups", [0, -1, 4])
def test_a_number_of_groups_that_is_none(n_groups):
    with pytest.raises(ValueError, match=rf"n_groups={n_groups}; expected 1 to 3"):
        make_head(n_groups=n_groups)


def test_heads_divide_the_width():
    with pytest.raises(ValueError, match="n_heads=3 does not divide the width of 16"):
        make_head(n_heads=3)


def test_at_least_one_layer():
    with pytest.raises(ValueError, match="n_decoders=0; expected at least 1 layer"):
        make_head(n_decoders=0)
