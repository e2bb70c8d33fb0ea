"""The running average moves with the weights, soon at first, and copies what is no weight."""

import pytest
import torch
from torch import nn

from sklearn_mlic.nn.average import WeightAverage


def network(value=0.0):
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)
    return model


def fill(model, value):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)


def test_after_one_step_it_is_neither_the_initial_nor_the_raw_weight():
    model = network(0.0)
    average = WeightAverage(model, 0.999)
    fill(model, 1.0)
    average.update(model)
    weight = average.module[0].weight
    assert ((weight > 0) & (weight < 1)).all()


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.9997])
def test_the_decay_warms_up(decay):
    """After t steps it is min(decay, (1 + t) / (10 + t))."""
    model = network(0.0)
    average, expected = WeightAverage(model, decay), 0.0
    for step in range(1, 41):
        fill(model, float(step))
        average.update(model)
        share = min(decay, (1 + step) / (10 + step))
        expected = share * expected + (1 - share) * step
        torch.testing.assert_close(average.module[0].weight, torch.full((2, 2), expected))


def test_equal_weights_average_to_themselves():
    model = network(0.25)
    average = WeightAverage(model, 0.9)
    for _ in range(5):
        average.update(model)
    assert torch.equal(average.module[0].weight, model[0].weight)


def test_buffers_are_copied_and_whole_numbers_stay_whole():
    model = network().train()
    average = WeightAverage(model, 0.9997)
    for _ in range(3):
        model(torch.randn(8, 2))
        average.update(model)
    for name, buffer in model.named_buffers():
        assert torch.equal(average.module.get_buffer(name), buffer), name
    assert average.module[1].num_batches_tracked == 3
    assert average.module[1].num_batches_tracked.dtype == torch.int64


def test_the_average_is_apart_from_the_network():
    """It is in evaluation mode, whatever mode the network trains in, and shares no memory."""
    model = network().train()
    average = WeightAverage(model, 0.9)
    fill(model, 3.0)
    assert not average.module[0].weight.any()
    assert not average.module.training
    assert model.training


def test_it_goes_on_from_its_state():
    model = network(0.0)
    whole, first = WeightAverage(model, 0.999), WeightAverage(model, 0.999)
    for step in range(6):
        fill(model, float(step))
        whole.update(model)
        if step == 3:
            state, first = first.state_dict(), WeightAverage(model, 0.999)
            first.load_state_dict(state)
        first.update(model)
    assert torch.equal(first.module[0].weight, whole.module[0].weight)
