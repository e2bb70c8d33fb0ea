"""The loss of several steps: its weights are what a label's mistake costs."""

import pytest
import torch
from torch.nn import functional as F

from sklearn_mlic.nn.losses import StepLoss
from sklearn_mlic.nn.losses.steps import COSTS

NAN = float("nan")


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def draw(n_rows=12, n_steps=3, n_labels=4):
    logits = 2 * torch.randn(n_rows, n_steps, n_labels)
    y = (torch.rand(n_rows, n_labels) < 0.4).float()
    y[0], y[1] = 0.0, 1.0
    return logits, y


def price(cost, y, v):
    """What a prediction of one row costs, from the definition; v may be probabilities."""
    both = sum(min(a, b) for a, b in zip(y, v, strict=True))
    either = sum(max(a, b) for a, b in zip(y, v, strict=True))
    wrong = [abs(a - b) for a, b in zip(y, v, strict=True)]
    if cost == "f1":
        return 1 - 2 * both / (sum(y) + sum(v)) if either else 0.0
    if cost == "accuracy":
        return 1 - both / either if either else 0.0
    if cost == "subset":
        return min(1.0, sum(wrong))  # 1 for any mistake
    if cost == "hamming":
        return sum(wrong) / len(y)
    # Of a pair that is one above the other: 0 in this order, 1 in the other, 1/2 if even.
    pairs = [(i, j) for i in range(len(y)) for j in range(len(y)) if y[i] > y[j]]
    return sum((1 - v[i] + v[j]) / 2 for i, j in pairs) / len(pairs) if pairs else 0.0


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("binarize", [True, False])
def test_weights_are_the_difference_that_a_label_makes(cost, binarize):
    logits, y = draw()
    loss = StepLoss(cost, binarize=binarize, normalize=False, strength=1.0)
    weights = loss.weights(logits, y)
    assert torch.equal(weights[:, 0], torch.ones_like(y))
    for row, truth in enumerate(y.tolist()):
        for step in (1, 2):
            said = torch.sigmoid(logits[row, step - 1]).tolist()
            said = [float(p >= 0.5) for p in said] if binarize else said
            for label in range(len(truth)):
                off, on = ([*said[:label], v, *said[label + 1 :]] for v in (0.0, 1.0))
                expected = abs(price(cost, truth, off) - price(cost, truth, on))
                assert float(weights[row, step, label]) == pytest.approx(expected, abs=1e-6)


def test_the_defaults_are_soft_and_halfway_to_the_weights_of_f1():
    logits, y = draw()
    spelled = StepLoss("f1", binarize=False, normalize=True, strength=0.5)
    assert torch.equal(StepLoss().weights(logits, y), spelled.weights(logits, y))
    hard = StepLoss(binarize=True).weights(logits, y)
    assert not torch.allclose(hard, spelled.weights(logits, y))


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("binarize", [True, False])
def test_weights_have_a_mean_of_1_at_each_step(cost, binarize):
    logits, y = draw()
    y[2, 1], y[3] = NAN, NAN
    weights = StepLoss(cost, binarize=binarize).weights(logits, y)
    known = ~y.isnan()
    for step in range(3):
        assert float(weights[:, step][known].mean()) == pytest.approx(1.0, abs=1e-5)
        assert not weights[:, step][~known].any()


@pytest.mark.parametrize("cost", COSTS)
def test_strength_goes_from_even_weights_to_those_of_the_cost(cost):
    logits, y = draw()
    y[2, 1] = NAN
    none, half, whole = (StepLoss(cost, strength=s).weights(logits, y) for s in (0.0, 0.5, 1.0))
    assert torch.equal(none, (~y.isnan())[:, None].float().expand_as(none))
    assert torch.allclose(half, (none + whole) / 2)


def test_a_strength_beyond_1_is_refused():
    with pytest.raises(ValueError, match=r"strength=1.5; expected a part, from 0 to 1"):
        StepLoss(strength=1.5)


def test_hamming_weighs_all_labels_alike():
    logits, y = draw()
    assert torch.allclose(StepLoss("hamming").weights(logits, y), torch.ones_like(logits))
    expected = F.binary_cross_entropy_with_logits(logits, y[:, None].expand_as(logits))
    assert torch.allclose(StepLoss("hamming")(logits, y), expected)


@pytest.mark.parametrize("cost", COSTS)
def test_labels_that_are_unknown_are_as_if_they_were_not_there(cost):
    logits, y = draw()
    y[:, 3] = NAN
    loss = StepLoss(cost)
    assert torch.allclose(loss(logits, y), loss(logits[..., :3], y[:, :3]))


@pytest.mark.parametrize("cost", COSTS)
def test_weights_take_no_gradient(cost):
    logits, y = draw()
    logits.requires_grad_()
    loss = StepLoss(cost)
    (slope,) = torch.autograd.grad(loss(logits, y), logits)
    weights = loss.weights(logits, y)
    expected = weights * (torch.sigmoid(logits) - y[:, None]) / logits.numel()
    assert torch.allclose(slope, expected, atol=1e-6)


def test_one_step_is_plain_cross_entropy():
    logits, y = draw()
    expected = F.binary_cross_entropy_with_logits(logits[:, 0], y)
    assert torch.allclose(StepLoss()(logits[:, 0], y), expected)
    assert torch.allclose(StepLoss()(logits[:, :1], y), expected)


def test_the_weight_of_a_row_counts_at_every_step():
    logits, y = draw()
    weight = torch.zeros(12)
    weight[3] = 12.0
    loss = StepLoss("hamming")
    assert torch.allclose(loss(logits, y, weight), loss(logits[3:4], y[3:4]))


def test_where_no_label_makes_a_difference_all_count_alike():
    logits = torch.tensor([[[9.0, -9.0, -9.0], [0.0, 0.0, 0.0]]])
    y = torch.tensor([[0.0, 1.0, 1.0]])  # all are wrong: no one of them decides
    assert StepLoss("subset", binarize=True).weights(logits, y).tolist() == [[[1.0] * 3] * 2]


def test_nothing_known_is_no_loss():
    logits, _ = draw()
    assert StepLoss()(logits, torch.full((12, 4), NAN)) == 0


def test_an_unknown_cost():
    with pytest.raises(ValueError, match="cost='f2'; expected one of"):
        StepLoss("f2")
