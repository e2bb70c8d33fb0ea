"""M3LA's network: what is read when, and what learns from it."""

import math

import pytest
import torch
from torch.nn import functional as F

from literal_m3la import N_LABELS, SIZES, draw, make
from sklearn_mlic.nn.losses import StepLoss
from sklearn_mlic.nn.m3la import ATTENTIONS, M3LA, SELECTORS
from sklearn_mlic.nn.m3la.network import SUMMARIES


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def slope(model, weight):
    """The gradient of a weight after a step of training on random labels."""
    features, present = draw()
    y = (torch.rand(len(features), N_LABELS) < 0.5).float()
    StepLoss()(model.train()(features, present), y).backward()
    return weight.grad


each_selector = pytest.mark.parametrize("selector", SELECTORS)
each_attention = pytest.mark.parametrize("attention", ATTENTIONS)
each_summary = pytest.mark.parametrize("summary", SUMMARIES)
each_way = pytest.mark.parametrize("serial", [False, True])
each_mode = pytest.mark.parametrize("training", [False, True])


# ---- what is read


@each_selector
@each_way
@each_mode
def test_every_block_that_is_there_is_read_once(selector, serial, training):
    features, present = draw()
    model = make(selector=selector, serial=serial).train(training)
    for row, there in zip(model.read(features, present).order.tolist(), present, strict=True):
        n_blocks = int(there.sum())
        assert sorted(row[:n_blocks]) == there.nonzero().flatten().tolist()
        assert row[n_blocks:] == [-1] * (len(SIZES) - n_blocks)


def test_the_fixed_order_is_that_of_the_blocks():
    features, _ = draw()
    assert make(selector="fixed").read(features).order.tolist() == [[0, 1, 2, 3]] * 20


def test_a_fixed_first_block_leaves_the_others_to_be_chosen():
    features, _ = draw(200)
    model = make(first="fixed")
    model.modality.weight.data.mul_(10)
    order = model.read(features).order
    assert (order[:, 0] == 0).all()
    assert len(order[:, 1].unique()) > 1


def test_the_order_depends_on_the_row():
    features, _ = draw(200)
    model = make(selector="straight_through")
    model.modality.weight.data.mul_(10)
    assert len(model.read(features).order.unique(dim=0)) > 1


# ---- what learns


@each_selector
def test_the_order_is_learned_through_a_relaxed_choice_only(selector):
    model = make(selector=selector)
    gradient = slope(model, model.modality.weight)
    learns = selector in ("straight_through", "gumbel", "soft")
    assert (gradient is not None and float(gradient.norm()) > 0) == learns


@each_attention
@each_way
def test_a_gradient_reaches_every_weight(attention, serial):
    model = make(attention=attention, serial=serial)
    slope(model, model.modality.weight)
    idle = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert idle == []


def test_straight_through_reads_what_the_argmax_reads():
    features, present = draw()
    model = make(selector="straight_through").train()
    learned = model.read(features, present)
    model.selector = model.first = SELECTORS["argmax"]().train()
    plain = model.read(features, present)
    assert torch.equal(learned.order, plain.order)
    assert torch.equal(learned.logits, plain.logits)


def test_gumbel_counts_its_choices_in_training_and_keeps_the_number():
    selector = SELECTORS["gumbel"](rate=0.1).train()
    scores, unread = torch.randn(5, 3), torch.ones(5, 3, dtype=torch.bool)
    assert selector.temperature == 1.0
    for _ in range(4):
        weights, chosen = selector(scores, unread)
        assert torch.allclose(weights, chosen.float(), atol=1e-6)
    selector.eval()(scores, unread)
    assert selector.state_dict()["n_choices"] == 4
    assert selector.temperature == pytest.approx(math.exp(-0.4))


@pytest.mark.parametrize(("n_choices", "expected"), [(0, 1.0), (3, math.exp(-0.3)), (10**6, 0.5)])
def test_gumbel_learns_at_a_temperature_that_falls_to_its_limit(n_choices, expected):
    selector = SELECTORS["gumbel"](lowest=0.5, rate=0.1).train()
    selector.n_choices.fill_(n_choices)
    assert selector.temperature == pytest.approx(expected)
    scores = torch.randn(5, 3, requires_grad=True)
    noise = torch.random.get_rng_state()
    weights, _ = selector(scores, torch.ones(5, 3, dtype=torch.bool))
    torch.random.set_rng_state(noise)
    again = F.gumbel_softmax(scores, tau=expected, hard=True)
    (slope,), (wanted,) = (torch.autograd.grad(w[:, 0].sum(), scores) for w in (weights, again))
    assert torch.allclose(slope, wanted, atol=1e-6)


@pytest.mark.parametrize("rate", [0.0, 0.5])
@pytest.mark.parametrize("still", ["inputs", "dropout"])
def test_features_of_blocks_and_states_are_dropped_each(still, rate):
    features, _ = draw()
    model = make(dropout=rate).train()
    getattr(model, still).eval()  # so that the other place alone drops
    assert torch.equal(model(features), model(features)) == (rate == 0)


# ---- labels


def test_without_correlation_steps_are_independent_classifiers():
    """W_co starts at zero, which is the network without it."""
    features, present = draw()
    torch.manual_seed(1)
    with_matrix = M3LA(SIZES, N_LABELS, hidden_size=8, label_correlation=True).eval()
    torch.manual_seed(1)
    without = M3LA(SIZES, N_LABELS, hidden_size=8, label_correlation=False).eval()
    for model in (with_matrix, without):
        torch.manual_seed(2)
        torch.nn.init.normal_(model.label.weight)
    assert not with_matrix.label_correlation().any()
    assert torch.equal(
        with_matrix.read(features, present).logits, without.read(features, present).logits
    )


def test_an_entry_of_the_matrix_supports_the_label_of_its_column():
    features, _ = draw()
    model = make()
    before = model.read(features).logits
    model.correlation.weight.data[2, 0] += 5.0
    after = model.read(features).logits
    assert torch.equal(after[:, 0], before[:, 0])
    assert torch.allclose(after[:, 1, :2], before[:, 1, :2])
    assert (after[:, 1, 2] > before[:, 1, 2]).all()


def test_softmax_probabilities_sum_to_1_at_every_step():
    features, present = draw()
    model = make(label_activation="softmax")
    y_prob = torch.sigmoid(model.read(features, present).logits)
    assert torch.allclose(y_prob.sum(dim=2), torch.ones(20, len(SIZES)), atol=1e-5)
    model.label.bias.data[0] = 1e4
    assert torch.isfinite(model.read(features, present).logits).all()


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_labels_start_at_their_frequency(activation):
    y = torch.tensor([[1.0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 0, float("nan")]])
    model = M3LA(SIZES, N_LABELS, label_activation=activation).eval()
    model.set_labels(y)
    y_prob = torch.sigmoid(model(torch.zeros(1, sum(SIZES))))[0]
    frequencies = torch.tensor([3.5 / 5, 1.5 / 5, 0.5 / 4])
    expected = frequencies / (frequencies.sum() if activation == "softmax" else 1.0)
    assert torch.allclose(y_prob, expected, atol=1e-5)


# ---- evaluation


@each_selector
@each_way
def test_evaluation_is_deterministic_and_a_row_is_its_own(selector, serial):
    features, present = draw()
    model = make(selector=selector, serial=serial, dropout=0.5, modality_dropout=0.5)
    together = model(features, present)
    assert torch.equal(model(features, present), together)
    alone = torch.cat([model(features[i : i + 1], present[i : i + 1]) for i in range(20)])
    assert torch.allclose(alone, together, atol=1e-6)
    flipped = model(features.flip(0), present.flip(0)).flip(0)
    assert torch.allclose(flipped, together, atol=1e-6)


def test_the_prediction_is_that_of_the_last_step():
    features, present = draw()
    model = make()
    assert torch.equal(model(features, present), model.read(features, present).logits[:, -1])


# ---- missing blocks


@each_way
@each_summary
def test_what_stands_in_a_missing_block_is_not_seen(serial, summary):
    features, present = draw()
    model = make(serial=serial, summary=summary)
    hidden = present.repeat_interleave(torch.tensor(SIZES), dim=1)
    other = torch.where(hidden, features, 7.0)
    assert torch.equal(model(features, present), model(other, present))
    assert torch.isfinite(model(features, present)).all()


def test_hidden_blocks_change_training_and_never_all_of_a_row():
    features, _ = draw(200)
    model = make(modality_dropout=0.9).train()
    n_read = (model.read(features).order >= 0).sum(dim=1)
    assert n_read.min() == 1
    assert n_read.float().mean() < 2
    assert (model.eval().read(features).order >= 0).all()


# ---- a network that knows only what it has read


def test_a_serial_network_knows_nothing_of_a_block_before_it_is_read():
    features, _ = draw()
    model = make(serial=True)
    before = model.read(features)
    for step in range(1, len(SIZES)):
        # Other numbers in the blocks that come at this step or later.
        late = torch.stack([torch.isin(torch.arange(4), row[step:]) for row in before.order])
        hidden = late.repeat_interleave(torch.tensor(SIZES), dim=1)
        after = model.read(torch.where(hidden, torch.randn_like(features), features))
        assert torch.allclose(after.logits[:, :step], before.logits[:, :step], atol=1e-6)
        assert torch.equal(after.order[:, : step + 1], before.order[:, : step + 1])


# ---- settings


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"selector": "best"}, "selector='best'; expected one of"),
        ({"first": "last"}, "first='last'; expected one of"),
        ({"attention": "dot"}, "attention='dot'; expected one of"),
        ({"summary": "sum"}, "summary='sum'; expected one of"),
        ({"label_activation": "tanh"}, "label_activation='tanh'; expected one of"),
        ({"label_activation": "softmax", "n_labels": 1}, "needs two labels"),
        ({"costs": [1, 1, 1, 1]}, "costs count where a stop .* Set serial=True"),
        ({"costs": [1, 2], "serial": True}, "for 4 block.s.; expected one cost for each"),
        ({"costs": [1, 2, -1, 1], "serial": True}, "expected a number, 0 or more"),
        ({"costs": [1, 2, math.nan, 1], "serial": True}, "expected a number, 0 or more"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        M3LA(SIZES, **{"n_labels": N_LABELS, **settings})
