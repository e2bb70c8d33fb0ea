"""A network that stops chooses by the share per unit of cost."""

import math
from itertools import pairwise

import pytest
import torch

from literal_m3la import SIZES, draw, make


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


each_mode = pytest.mark.parametrize("training", [False, True])


@pytest.mark.parametrize("selector", ["straight_through", "soft", "argmax"])
@each_mode
def test_where_all_blocks_score_alike_the_cheap_ones_are_read_first(selector, training):
    features, present = draw()
    model = make(serial=True, selector=selector, costs=[3.0, 0.5, 0.0, 20.0]).train(training)
    torch.nn.init.zeros_(model.modality.weight)
    torch.nn.init.zeros_(model.modality.bias)
    for row, there in zip(model.read(features, present).order.tolist(), present, strict=True):
        expected = [k for k in (2, 1, 0, 3) if there[k]]
        assert row == expected + [-1] * (len(SIZES) - len(expected))


@each_mode
@pytest.mark.parametrize("block", range(len(SIZES)))
def test_a_block_made_dearer_is_never_read_earlier(block, training):
    features, present = draw(200)
    model = make(serial=True).train(training)
    read_at = []
    for cost in (2.0, 4.0, 30.0, 300.0):
        costs = [cost if k == block else 2.0 for k in range(len(SIZES))]
        model.cheapness = make(serial=True, costs=costs).cheapness
        order = model.read(features, present).order
        read_at.append((order == block).int().argmax(dim=1))  # 0 where it is missing
    assert all((later >= earlier).all() for earlier, later in pairwise(read_at))
    assert (read_at[-1] > read_at[0]).any()


@pytest.mark.parametrize("cost", [0.0, 7.0])
def test_equal_costs_change_nothing(cost):
    features, present = draw()
    model = make(serial=True).train()
    before = model.read(features, present)
    model.cheapness = make(serial=True, costs=[cost] * 4).cheapness
    after = model.read(features, present)
    assert torch.equal(after.order, before.order)
    assert torch.equal(after.logits, before.logits)


def test_a_choice_weighs_the_share_per_unit_of_cost():
    features, _ = draw()
    costs = torch.tensor([2.0, 1.0, 4.0, 0.5])
    model = make(serial=True, selector="soft", costs=costs.tolist()).train()
    scores, weights = [], []
    model.modality.register_forward_hook(lambda *call: scores.append(call[2]))
    model.selector.register_forward_hook(lambda *call: weights.append(call[2][0]))
    model(features)
    per_cost = scores[0].softmax(dim=1) / costs
    assert torch.allclose(weights[0], per_cost / per_cost.sum(dim=1, keepdim=True), atol=1e-6)


def test_costs_count_as_a_thousandth_of_the_highest_at_least():
    least, cheap = (make(serial=True, costs=[5.0, c, 1.0, 5.0]).cheapness for c in (0.005, 0.0))
    assert torch.allclose(cheap, least)
    assert cheap[1] == pytest.approx(math.log(1000))


def test_states_saved_without_costs_are_loaded_with_them():
    plain, priced = make(serial=True), make(serial=True, costs=[1.0, 2.0, 3.0, 4.0])
    priced.load_state_dict(plain.state_dict())
    plain.load_state_dict(priced.state_dict())
    assert priced.cheapness[0] == pytest.approx(math.log(4))
