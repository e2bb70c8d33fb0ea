"""The graph of the labels, and the classifiers made over it."""

import pytest
import torch
import torch.nn.functional as F

from heads import stir
from sklearn_mlic.nn.heads.ml_gcn import MLGCNHead, label_graph

D, L = 6, 7
NAN = float("nan")


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def make(n_labels=L, **params):
    return stir(MLGCNHead(D, n_labels, **{"n_vector": 8, "n_hidden": 16, **params}))


def make_labels(n=60, unknown=0.2):
    """Labels that often come in pairs, some of them unknown."""
    y = (torch.rand(n, L) < 0.4).float()
    y[:, 1] = y[:, 0] * (torch.rand(n) < 0.9)
    y[:, 5] = 0  # never there
    return y.masked_fill(torch.rand(n, L) < unknown, NAN)


# ---- the graph


def test_the_graph_of_four_rows_by_hand():
    """Label 0 is there in rows 0, 1; label 1 in rows 0 to 3; label 2 in rows 1, 2."""
    y = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [0, 1, 0, 0]]).float()
    # P(j | i), but for the diagonal: 0 -> 1: 1, 0 -> 2: 1/2; 1 -> 0: 1/2, 1 -> 2: 1/2;
    # 2 -> 0: 1/2, 2 -> 1: 1. Label 3 has no positive.
    expected = torch.tensor(
        [[0.8, 0.1, 0.1, 0.0], [0.1, 0.8, 0.1, 0.0], [0.1, 0.1, 0.8, 0.0], [0, 0, 0, 1.0]]
    )
    torch.testing.assert_close(label_graph(y, 0.4, 0.2), expected)
    # Above 1/2 only what always comes along stays, and half the labels have no neighbour.
    expected = torch.tensor(
        [[0.7, 0.3, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.3, 0.7, 0.0], [0, 0, 0, 1.0]]
    )
    torch.testing.assert_close(label_graph(y, 0.6, 0.3), expected)


def naive_graph(y, threshold, p):
    """The paper's formulas (6) to (8) entry by entry, and the normalisation by degrees."""
    y, n_labels = y.tolist(), y.shape[1]
    edges = torch.zeros(n_labels, n_labels)
    for i in range(n_labels):
        for j in range(n_labels):
            rows = [row for row in y if row[i] == 1 and row[j] == row[j]]
            if i != j and rows and sum(row[j] for row in rows) / len(rows) >= threshold:
                edges[i, j] = 1
    weights = torch.eye(n_labels)
    for i in range(n_labels):
        if edges[i].sum():
            weights[i] = p * edges[i] / edges[i].sum()
            weights[i, i] = 1 - p
    root = weights.sum(dim=1).pow(-0.5).diag()
    return root @ weights @ root


@pytest.mark.parametrize("threshold", [0.3, 0.4, 0.5])
@pytest.mark.parametrize("p", [0.0, 0.2, 0.9])
@pytest.mark.parametrize("unknown", [0.0, 0.3, 1.0])
def test_the_graph_equals_the_formulas(threshold, p, unknown):
    y = make_labels(unknown=unknown)
    torch.testing.assert_close(label_graph(y, threshold, p), naive_graph(y, threshold, p))


def test_a_share_at_the_threshold_is_a_neighbor():
    y = torch.tensor([[1.0, 1.0], [1.0, 0.0]])
    assert label_graph(y, 0.5, 0.2)[0, 1] == pytest.approx(0.2)
    assert label_graph(y, 0.51, 0.2)[0, 1] == 0


def test_the_rows_of_the_graph_sum_to_one():
    graph = label_graph(make_labels(), 0.4, 0.2)
    torch.testing.assert_close(graph.sum(dim=1), torch.ones(L))
    assert (graph >= 0).all()
    off_diagonal = graph - graph.diag().diag()
    assert off_diagonal.sum() > 0  # the labels have neighbours


def test_a_label_without_positives_keeps_itself():
    assert torch.equal(label_graph(make_labels(), 0.4, 0.2)[5], torch.eye(L)[5])


def test_what_is_unknown_is_no_evidence_against():
    y = torch.tensor([[1.0, 1.0], [1.0, NAN], [1.0, NAN]])
    assert label_graph(y, 0.9, 0.2)[0, 1] == pytest.approx(0.2)
    assert label_graph(y.nan_to_num(0.0), 0.9, 0.2)[0, 1] == 0


def test_rows_without_any_known_label_change_nothing():
    y = make_labels()
    more = torch.cat([y, torch.full((9, L), NAN)])
    assert torch.equal(label_graph(more, 0.4, 0.2), label_graph(y, 0.4, 0.2))


def test_the_graph_is_made_once_and_kept_with_the_weights():
    head, twin = make(), make()
    assert torch.equal(head.graph, torch.eye(L))
    head.set_labels(y := make_labels())
    assert torch.equal(head.graph, label_graph(y, 0.4, 0.2))
    twin.load_state_dict(head.state_dict())
    tokens = torch.randn(5, 4, D)
    assert torch.equal(twin(tokens), head(tokens))


# ---- the classifiers


@pytest.mark.parametrize("pool", ["avg", "max"])
def test_logits_are_pooled_tokens_times_classifiers_from_two_convolutions(pool):
    head, tokens = make(pool=pool), torch.randn(5, 4, D)
    head.set_labels(make_labels())
    graph, inner, outer = head.graph, head.inner.weight.T, head.outer.weight.T
    hidden = graph @ head.label_vectors @ inner
    classifiers = graph @ torch.where(hidden > 0, hidden, 0.2 * hidden) @ outer  # (L, D)
    pooled = {"avg": tokens.mean(1), "max": tokens.max(1).values}[pool]
    torch.testing.assert_close(head(tokens), pooled @ classifiers.T)


def test_labels_in_another_order_get_their_own_logits():
    y, tokens, order = make_labels(), torch.randn(5, 4, D), torch.randperm(L)
    vectors = torch.randn(L, 8)
    head, twin = make(label_vectors=vectors), make(label_vectors=vectors[order])
    for name, parameter in twin.named_parameters():  # none of them is of one label
        parameter.data.copy_(head.get_parameter(name))
    head.set_labels(y)
    twin.set_labels(y[:, order])
    torch.testing.assert_close(twin.graph, head.graph[order][:, order])
    torch.testing.assert_close(twin(tokens), head(tokens)[:, order])


def test_neighbors_pull_classifiers_together():
    head = make()
    before = head.make_classifiers()
    head.set_labels(torch.tensor([[1.0] * 2 + [0.0] * 5, [0.0] * 2 + [1.0] * 5]))
    after = head.make_classifiers()
    assert F.cosine_similarity(after[0], after[1], 0) > F.cosine_similarity(before[0], before[1], 0)


@pytest.mark.parametrize("n_labels", [1, 2, 7])
def test_a_gradient_reaches_every_parameter(n_labels):
    head = MLGCNHead(D, n_labels)
    head.set_labels(torch.ones(4, n_labels))
    head(torch.randn(5, 4, D)).square().sum().backward()
    for name, parameter in head.named_parameters():
        assert parameter.grad.abs().sum() > 0, name


def test_one_label_has_the_graph_of_itself():
    head = make(1)
    head.set_labels(torch.tensor([[1.0], [0.0], [NAN]]))
    assert torch.equal(head.graph, torch.ones(1, 1))
    assert head(torch.randn(5, 4, D)).shape == (5, 1)


# ---- the label vectors


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_only_the_direction_of_given_vectors_counts(scale):
    vectors = torch.randn(L, 20)
    head = MLGCNHead(D, L, label_vectors=scale * vectors)
    assert head.label_vectors.shape == (L, 20)
    torch.testing.assert_close(head.label_vectors, F.normalize(vectors, dim=1))


def test_random_vectors_are_of_length_one_and_not_trained():
    head = MLGCNHead(D, L)
    assert head.label_vectors.shape == (L, 300)
    torch.testing.assert_close(head.label_vectors.norm(dim=1), torch.ones(L))
    assert {name for name, _ in head.named_parameters()} == {"inner.weight", "outer.weight"}


@pytest.mark.parametrize("n_features", [16, 512, 2048])
def test_a_fresh_heads_logits_are_small_at_any_width(n_features):
    logits = MLGCNHead(n_features, 80)(torch.randn(8, 49, n_features))
    assert 0.1 < logits.std() < 1.5


# ---- maps


def test_a_label_map_holds_the_logits_of_each_token_alone():
    head, tokens = make(), torch.randn(5, 4, D)
    head.set_labels(make_labels())
    alone = [head(tokens[:, [position]]) for position in range(4)]
    torch.testing.assert_close(head.label_maps(tokens), torch.stack(alone, dim=2))


def test_the_mean_of_a_label_map_is_the_logit_with_average_pooling():
    head, tokens = make(pool="avg"), torch.randn(5, 49, D)
    torch.testing.assert_close(head.label_maps(tokens).mean(dim=2), head(tokens))


# ---- what cannot be


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"label_vectors": torch.zeros(6, 4)}, r"shape \(6, 4\); expected one row a label"),
        ({"label_vectors": torch.zeros(7)}, r"label_vectors has shape \(7,\)"),
        ({"threshold": 0.0}, r"threshold=0.0; expected more than 0 and at most 1"),
        ({"neighbor_weight": 1.0}, r"neighbor_weight=1.0; expected at least 0 and below 1"),
    ],
)
def test_impossible_settings(params, words):
    with pytest.raises(ValueError, match=words):
        MLGCNHead(D, L, **params)


def test_labels_of_another_number():
    with pytest.raises(ValueError, match=r"y has shape \(3, 4\); expected \(n, 7\)"):
        make().set_labels(torch.zeros(3, 4))
