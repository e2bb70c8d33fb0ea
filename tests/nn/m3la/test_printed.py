"""The fast form of M3LA is the printed one, also where blocks are missing."""

import pytest
import torch

from literal_m3la import N_LABELS, SIZES, LiteralM3LA, draw, make
from sklearn_mlic.nn.losses import StepLoss
from sklearn_mlic.nn.m3la import ATTENTIONS
from sklearn_mlic.nn.m3la.network import SUMMARIES


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


each_attention = pytest.mark.parametrize("attention", ATTENTIONS)
each_summary = pytest.mark.parametrize("summary", SUMMARIES)
each_mode = pytest.mark.parametrize("training", [False, True])


@pytest.mark.parametrize("selector", ["straight_through", "soft", "fixed"])
@each_mode
@each_attention
@each_summary
def test_the_fast_form_is_the_printed_one(selector, training, attention, summary):
    features, _ = draw()
    model = make(embedding_size=None, selector=selector, attention=attention, summary=summary)
    literal = LiteralM3LA(model)
    model.train(training), literal.train(training)
    assert torch.allclose(model.read(features).logits, literal(features), atol=1e-5)


def test_the_fast_form_has_the_gradient_of_the_printed_one():
    features, _ = draw()
    model = make(embedding_size=None).train()
    literal = LiteralM3LA(model).train()
    y = torch.rand(20, N_LABELS).round()
    StepLoss()(literal(features), y).backward()
    shared = model.modality.weight.grad.clone()
    padded = literal.encoder.weight_ih_l0.grad
    model.zero_grad()
    StepLoss()(model(features), y).backward()
    own = torch.cat([p.weight.grad[:24] for p in model.inputs.projections], dim=1)
    assert torch.allclose(own, padded, atol=1e-5)
    assert torch.allclose(model.modality.weight.grad, shared, atol=1e-5)


@pytest.mark.parametrize("blocks", [[0], [2], [0, 2], [1, 2, 3]])
@each_attention
@each_summary
def test_missing_blocks_are_as_if_they_were_never_there(blocks, attention, summary):
    features, _ = draw()
    model = make(embedding_size=None, attention=attention, summary=summary)
    present = torch.zeros(20, len(SIZES), dtype=torch.bool)
    present[:, blocks] = True
    logits = model.read(features, present).logits
    expected = LiteralM3LA(model)(features, blocks)
    assert torch.allclose(logits[:, : len(blocks)], expected, atol=1e-5)
    assert torch.equal(logits[:, -1], logits[:, len(blocks) - 1])
