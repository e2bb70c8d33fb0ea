"""The chain: what each logit sees, the order, and two routes to the same logits."""

import pytest
import torch
from torch import nn

from heads import stir
from sklearn_mlic.nn.heads.chain import ChainHead

D, L = 6, 5
ORDER = [3, 0, 4, 1, 2]

each_size = pytest.mark.parametrize("n_labels", [1, 2, 5, 60])


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def make(n_labels=L, **params):
    """A head whose labels matter to each other."""
    head = stir(ChainHead(D, n_labels, **{"n_vector": 8, "n_units": 7, **params}))
    with torch.no_grad():
        head.vectors.mul_(4)
    return head


def make_tokens():
    return torch.randn(6, 4, D)


def mixed_decisions(head, tokens):
    decided = (head(tokens) >= 0).float()
    assert 0 < decided.mean() < 1  # else the test shows little
    return decided


# ---- two routes


def naive_logits(head, image, values):
    """The logits of one image, label after label; `values` (L,) or None for own decisions."""
    cell = nn.GRUCell(8, 7)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in head.gru.state_dict().items()})
    pooled = image.mean(0) if head.token_reduction == "avg" else image.max(0).values
    state, read = head.first_state[None], head.first_input[None]
    logits = {}
    for label in head.order.tolist():
        state = cell(read, state)
        joint = (head.from_image(pooled) + head.from_state(state[0])).clamp(min=0)
        logits[label] = joint @ head.vectors[label] + head.bias[label]
        probability = logits[label].sigmoid()
        value = (1.0 if probability >= 0.5 else -1.0) if values is None else values[label]
        read = (value * head.vectors[label])[None]
    return torch.stack([logits[label] for label in range(len(logits))])


@pytest.mark.parametrize("pool", ["avg", "max"])
@pytest.mark.parametrize("order", ["frequency", ORDER], ids=str)
def test_the_chain_is_a_loop_over_the_labels(pool, order):
    head, tokens = make(pool=pool, order=order), make_tokens()
    expected = torch.stack([naive_logits(head, image, None) for image in tokens])
    torch.testing.assert_close(head(tokens), expected)
    values = torch.tensor([1.0, -1.0, 0.0, -1.0, 0.4])
    expected = torch.stack([naive_logits(head, image, values) for image in tokens])
    y = torch.tensor([1.0, 0.0, float("nan"), 0.0, 0.7]).expand(6, L)  # 0.7 as mixup makes it
    torch.testing.assert_close(head(tokens, y=y), expected)


@each_size
def test_told_its_own_decisions_it_gives_its_own_logits(n_labels):
    order = torch.randperm(n_labels)
    head, tokens = make(n_labels, order=order), make_tokens()
    own = head(tokens)
    torch.testing.assert_close(head(tokens, y=(own >= 0).float()), own)


def test_in_training_without_labels_it_goes_by_its_own_decisions():
    head, tokens = make(), make_tokens()
    assert torch.equal(head.train()(tokens), head.eval()(tokens))


def test_inference_needs_no_gradients():
    head, tokens = make(), make_tokens()
    with torch.inference_mode():
        logits = head(tokens)
    torch.testing.assert_close(logits, head(tokens))


# ---- what a logit sees


@pytest.mark.parametrize("changed", range(L))
@pytest.mark.parametrize("to", ["other", "unknown"])
def test_a_logit_depends_on_the_labels_before_it_only(changed, to):
    head, tokens = make(order=ORDER), make_tokens()
    y = torch.randint(2, (6, L)).float()
    other = y.clone()
    other[:, changed] = 1 - y[:, changed] if to == "other" else float("nan")
    moved = (head(tokens, y=y) - head(tokens, y=other)).abs().amax(dim=0)
    place = ORDER.index(changed)
    assert (moved[ORDER[: place + 1]] == 0).all()
    assert (moved[ORDER[place + 1 :]] > 1e-5).all()


def test_every_logit_sees_the_image():
    head, tokens = make(), make_tokens()
    y = mixed_decisions(head, tokens)
    moved = (head(tokens, y=y) - head(tokens + 0.1, y=y)).abs()
    assert (moved.amax(dim=0) > 1e-4).all()


def test_a_chain_learns_what_the_image_does_not_show():
    """A second label that is the first one again, where the image says nothing of either."""
    y = torch.randint(2, (64, 1)).float().expand(64, 2)
    head, tokens = ChainHead(D, 2, n_vector=8, n_units=8), torch.ones(64, 1, D)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.02)
    for _ in range(80):
        loss = nn.functional.binary_cross_entropy_with_logits(head(tokens, y=y), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    told = head(tokens, y=y)
    assert torch.equal(told[:, 1] > 0, y[:, 1] > 0.5)
    own = head(tokens)
    assert torch.equal(own[:, 1] > 0, own[:, 0] >= 0)


@pytest.mark.parametrize("n_labels", [1, 3])
@pytest.mark.parametrize("told", [True, False])
def test_a_gradient_reaches_every_parameter(n_labels, told):
    head, tokens = make(n_labels).train(), make_tokens()
    y = torch.randint(2, (6, n_labels)).float() if told else None
    head(tokens, y=y).square().sum().backward()
    for name, parameter in head.named_parameters():
        assert parameter.grad.abs().sum() > 0, name


# ---- the order


def test_labels_of_another_order_of_columns_get_their_own_logits():
    """All that belongs to a label follows it, and not its place."""
    head, twin, tokens = make(order=ORDER), make(), make_tokens()
    columns = torch.tensor([2, 4, 0, 3, 1])  # the twin's column k is the head's columns[k]
    twin.load_state_dict(head.state_dict())
    with torch.no_grad():
        twin.vectors.copy_(head.vectors[columns])
        twin.bias.copy_(head.bias[columns])
        twin.order.copy_(columns.argsort()[head.order])
    torch.testing.assert_close(twin(tokens), head(tokens)[:, columns])
    y = torch.randint(2, (6, L)).float()
    torch.testing.assert_close(twin(tokens, y=y[:, columns]), head(tokens, y=y)[:, columns])


def test_the_most_frequent_label_comes_first_and_ties_go_by_column():
    head = ChainHead(D, 5)
    assert head.order.tolist() == [0, 1, 2, 3, 4]
    y = torch.tensor([[0, 1, 0, 1, 1], [0, 1, 0, 0, 1], [0, 0, 0, 1, 1]]).float()
    head.set_labels(y)
    assert head.order.tolist() == [4, 1, 3, 0, 2]
    assert head.order.dtype == torch.long


def test_a_frequency_is_of_the_rows_where_a_label_is_known():
    head, nan = ChainHead(D, 3), float("nan")
    head.set_labels(torch.tensor([[1, nan, nan], [0, nan, 1], [1, nan, nan], [1, nan, nan]]))
    assert head.order.tolist() == [2, 0, 1]  # 1 of 1, 3 of 4, none known


@pytest.mark.parametrize("order", [ORDER, tuple(ORDER), torch.tensor(ORDER)], ids=type)
def test_a_given_order_stays(order):
    head = ChainHead(D, L, order=order)
    head.set_labels(torch.eye(L))
    assert head.order.tolist() == ORDER


def test_the_order_is_part_of_the_weights():
    head, twin = ChainHead(D, L, order=ORDER), ChainHead(D, L)
    twin.load_state_dict(head.state_dict())
    assert twin.order.tolist() == ORDER


# ---- what cannot be


@pytest.mark.parametrize(
    "order", ["size", [0, 1, 2, 3], [0, 1, 2, 3, 3], [1, 2, 3, 4, 5], [0.0, 1.0, 2.0, 3.0, 4.0]]
)
def test_an_order_that_does_not_name_each_label_once(order):
    words = r"order=.*; expected 'frequency' or the label numbers 0 to 4, each once"
    with pytest.raises(ValueError, match=words):
        ChainHead(D, L, order=order)


def test_labels_of_another_number():
    with pytest.raises(ValueError, match=r"y has shape \(3, 4\); expected \(n, 5\)"):
        ChainHead(D, L).set_labels(torch.zeros(3, 4))


def test_an_unknown_pool():
    with pytest.raises(ValueError, match=r"pool='sum'; expected one of"):
        make(pool="sum")(make_tokens())
