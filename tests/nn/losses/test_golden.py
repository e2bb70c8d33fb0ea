"""Identities between losses, published values, and other people's implementations."""

import pytest
import torch
from timm.loss import AsymmetricLossMultiLabel
from torchvision.ops import sigmoid_focal_loss

from sklearn_mlic.nn.losses import (
    LOSSES,
    AsymmetricLoss,
    AsymmetricPolynomialLoss,
    BinaryCrossEntropy,
    FocalLoss,
    HillLoss,
    SPLCLoss,
    TwoWayLoss,
)

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = 3 * torch.randn(8, 5, generator=GENERATOR)
Y = (torch.rand(8, 5, generator=GENERATOR) < 0.4).float()
P = torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9])


def agree(first, second, logits=LOGITS, y=Y, **tolerance):
    """The two have the same values and gradients."""
    results = []
    for loss in (first, second):
        x = logits.clone().requires_grad_()
        value = loss(x, y)
        results.append((value, *torch.autograd.grad(value, x)))
    torch.testing.assert_close(*results, **tolerance)


def each_entry(loss, p, y):
    """The loss of single entries of probability `p`, all with the label `y`."""
    x = torch.logit(torch.as_tensor(p, dtype=torch.float32))
    return torch.stack([loss(value[None, None], torch.full((1, 1), float(y))) for value in x])


# ---- cross-entropy


@pytest.mark.parametrize("name", ["bce", "multilabel_soft_margin"])
@pytest.mark.parametrize("theirs", [torch.nn.MultiLabelSoftMarginLoss, torch.nn.BCEWithLogitsLoss])
def test_soft_margin_is_the_mean_of_the_cross_entropy(name, theirs):
    agree(LOSSES[name](), theirs(), rtol=0, atol=1e-7)


def test_cross_entropy_is_its_formula():
    p = torch.sigmoid(LOGITS)
    expected = -(Y * p.log() + (1 - Y) * (1 - p).log())
    torch.testing.assert_close(BinaryCrossEntropy()(LOGITS, Y), expected.mean())
    torch.testing.assert_close(BinaryCrossEntropy(reduction="sum")(LOGITS, Y), expected.sum())


@pytest.mark.parametrize(
    "reduced",
    [
        FocalLoss(gamma=0, smoothing=0, alpha=None),
        AsymmetricLoss(gamma_neg=0, gamma_pos=0, clip=0),
        AsymmetricPolynomialLoss(0, 0, 0, alpha1=1, alpha2=0.5, beta1=1),
        AsymmetricPolynomialLoss(0, 0, 0, alpha1=1, alpha2=0.5, beta1=1, shift_log=False),
    ],
)
def test_each_reduces_to_the_cross_entropy(reduced):
    extreme = torch.tensor([[-1e4, -50, -20, 0, 20, 50, 1e4]])
    for y in (torch.zeros_like(extreme), torch.ones_like(extreme)):
        agree(reduced, BinaryCrossEntropy(), extreme, y)
    agree(reduced, BinaryCrossEntropy())


# ---- focal


@pytest.mark.parametrize("alpha", [0.25, 0.5, 0.9])
@pytest.mark.parametrize("gamma", [1, 2, 2.5])
def test_focal_loss_of_retinanet(alpha, gamma):
    def theirs(logits, y):
        return sigmoid_focal_loss(logits, y, alpha, gamma, "mean")

    agree(FocalLoss(gamma, smoothing=0, alpha=alpha), theirs, rtol=1e-4, atol=1e-7)


def test_focal_loss_of_sure_entries_has_all_its_digits():
    x = torch.tensor([[10.0, 15.0, 20.0]])
    for i, value in enumerate(x[0].double()):
        entropy = torch.nn.functional.softplus(-value)
        expected = entropy * torch.sigmoid(-value)
        loss = FocalLoss(gamma=1, smoothing=0)(x[:, i : i + 1], torch.ones(1, 1))
        torch.testing.assert_close(loss.double(), expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize(("mode", "constant"), [("over_classes", 1 / 5), ("binary", 1 / 2)])
def test_focal_loss_of_smoothed_labels(mode, constant):
    target = 0.9 * Y + 0.1 * constant
    entropy = -(target * LOGITS.sigmoid().log() + (1 - target) * (-LOGITS).sigmoid().log())
    expected = ((1 - torch.exp(-entropy)) ** 2.5 * entropy).mean()
    torch.testing.assert_close(FocalLoss(smoothing_mode=mode)(LOGITS, Y), expected)


def test_the_smoothing_over_18_labels():
    """Positives 0.9056 and negatives 0.0056 are where the loss stands still."""
    targets = torch.tensor([0.1 / 18, 0.9 + 0.1 / 18])
    torch.testing.assert_close(targets, torch.tensor([0.0056, 0.9056]), rtol=0, atol=1e-4)
    x = torch.logit(targets).repeat(9)[None].requires_grad_()
    FocalLoss()(x, torch.tensor([0.0, 1.0]).repeat(9)[None]).backward()
    assert x.grad.abs().max() < 1e-7


# ---- asymmetric


@pytest.mark.parametrize("settings", [(4, 0, 0.05), (4, 1, 0.05), (2, 2, 0), (2, 1, 0.2)])
def test_asymmetric_loss_of_timm(settings):
    """On a row, so that their mean over the batch is the sum."""
    theirs = AsymmetricLossMultiLabel(*settings)
    ours = AsymmetricLoss(*settings, detach_focusing=False, reduction="sum")
    agree(ours, theirs, LOGITS[:1], Y[:1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("detach", [True, False])
@pytest.mark.parametrize("settings", [(4, 0, 0.05), (4, 1, 0), (0.5, 0.5, 0.1)])
def test_the_polynomial_loss_reduces_to_the_asymmetric(settings, detach):
    polynomial = AsymmetricPolynomialLoss(
        *settings, alpha1=1, alpha2=0.5, beta1=1, detach_focusing=detach
    )
    agree(polynomial, AsymmetricLoss(*settings, detach_focusing=detach), rtol=0, atol=0)


def test_a_sure_miss_keeps_its_gradient():
    x = torch.full((1, 1), -50.0, requires_grad=True)
    AsymmetricLoss()(x, torch.ones(1, 1)).backward()
    torch.testing.assert_close(x.grad, torch.full((1, 1), -1.0))


@pytest.mark.parametrize("gamma_neg", [0, 4])
def test_negatives_below_the_margin_cost_nothing(gamma_neg):
    loss = AsymmetricLoss(gamma_neg)
    assert (each_entry(loss, [0.01, 0.04], 0) == 0).all()
    x = torch.logit(torch.tensor([[0.01, 0.04, 0.06]])).requires_grad_()
    loss(x, torch.zeros(1, 3)).backward()
    assert (x.grad[0, :2] == 0).all()
    assert x.grad[0, 2] > 0


def test_detached_focusing_weights_are_constants():
    """The slope is that of the logarithm, times the weight."""
    x = LOGITS.clone().requires_grad_()
    (slope,) = torch.autograd.grad(AsymmetricLoss(2, 1, 0, reduction="sum")(x, Y), x)
    p = torch.sigmoid(LOGITS)
    torch.testing.assert_close(slope, -Y * (1 - p) ** 2 + (1 - Y) * p**3)


GOLDEN_POSITIVE = [2.415085, 1.116473, 0.505647, 0.169175, 0.017861]
GOLDEN_NEGATIVE = {
    2: [0.000128, 0.017980, 0.121062, 0.443550, 1.370669],
    4: [None, 0.001124, 0.024515, 0.187400, 0.990308],
}


def test_golden_positives_of_the_polynomial_loss():
    losses = each_entry(AsymmetricPolynomialLoss(), P, 1)
    torch.testing.assert_close(losses, torch.tensor(GOLDEN_POSITIVE), rtol=0, atol=1e-6)


@pytest.mark.parametrize("gamma_neg", [2, 4])
def test_golden_negatives_of_the_polynomial_loss(gamma_neg):
    losses = each_entry(AsymmetricPolynomialLoss(gamma_neg), P, 0)
    for loss, golden in zip(losses.tolist(), GOLDEN_NEGATIVE[gamma_neg], strict=True):
        assert golden is None or loss == pytest.approx(golden, abs=1e-6)


def test_the_slope_of_positives_vanishes_quadratically():
    x = torch.linspace(-8, 8, 50)[None].requires_grad_()
    AsymmetricPolynomialLoss(reduction="sum")(x, torch.ones(1, 50)).backward()
    miss = torch.sigmoid(-x.detach())
    expected = -(miss**2) * (1 + 2.5 * torch.sigmoid(x.detach()))
    torch.testing.assert_close(x.grad, expected, rtol=1e-3, atol=1e-7)


def test_the_printed_formula_has_no_margin_in_the_logarithm():
    """And the linear term of the negatives is one in p_m."""
    loss = AsymmetricPolynomialLoss(beta1=3, shift_log=False)
    shifted = P - 0.05
    expected = shifted**2 * (-(1 - P).log() + 2 * shifted)
    torch.testing.assert_close(each_entry(loss, P, 0), expected)


# ---- missing labels


def test_hill_is_its_formula():
    late = torch.sigmoid(torch.logit(P) - 1)
    torch.testing.assert_close(each_entry(HillLoss(), P, 1), -((1 - late) ** 2) * late.log())
    torch.testing.assert_close(each_entry(HillLoss(), P, 0), (1.5 - P) * P**2)


def test_hill_lets_sure_negatives_go():
    x = torch.tensor([[-20.0, 0.0, 20.0]], requires_grad=True)
    HillLoss()(x, torch.zeros(1, 3)).backward()
    assert x.grad[0, 1] > 0.05
    assert x.grad[0, [0, 2]].abs().max() < 1e-6


@pytest.mark.parametrize("tau", [0.4, 0.6, 0.8])
@pytest.mark.parametrize("change_epoch", [0, 1, 3])
def test_splc_switches_sure_negatives_from_an_epoch_on(tau, change_epoch):
    loss = SPLCLoss(tau, change_epoch)
    given = -(P**2) * (1 - P).log()
    switched = torch.where(tau < P, -((1 - P) ** 2) * P.log(), given)
    late = torch.sigmoid(torch.logit(P) - 1)
    for epoch in range(5):
        loss.start_epoch(epoch)
        expected = given if epoch < change_epoch else switched
        torch.testing.assert_close(each_entry(loss, P, 0), expected)
        torch.testing.assert_close(each_entry(loss, P, 1), -((1 - late) ** 2) * late.log())


# ---- two-way


def test_two_way_loss_of_timm():
    theirs = pytest.importorskip("timm.loss.two_way_loss").TwoWayLoss
    agree(TwoWayLoss(), theirs())
    agree(TwoWayLoss(2.0, 0.5), theirs(2.0, 0.5))
    y = Y.clone()
    y[0], y[1], y[:, 0], y[:, 1] = 0.0, 1.0, 0.0, 1.0
    agree(TwoWayLoss(), theirs(), y=y)


def test_two_way_loss_of_one_label_ranks_rows():
    """All that a row's direction could compare is missing."""
    logits, y = LOGITS[:, :1], Y[:, :1]
    lowest = -4 * torch.logsumexp(-logits[y == 1] / 4, 0)
    highest = torch.logsumexp(logits[y == 0], 0)
    torch.testing.assert_close(
        TwoWayLoss()(logits, y), torch.nn.functional.softplus(highest - lowest)
    )


def test_two_way_loss_sees_only_known_entries_of_either_direction():
    y = Y.clone()
    y[2, 3], y[4, :], y[:, 1] = float("nan"), float("nan"), float("nan")
    total = 0.0
    for logits, labels in ((LOGITS, y), (LOGITS.T, y.T)):
        terms = []
        for x, label in zip(logits, labels, strict=True):
            if (label == 1).any():
                lowest = -4 * torch.logsumexp(-x[label == 1] / 4, 0)
                terms.append(torch.logsumexp(x[label == 0], 0) - lowest)
        total += torch.nn.functional.softplus(torch.stack(terms)).mean()
    torch.testing.assert_close(TwoWayLoss()(LOGITS, y), total)


def test_two_way_loss_of_rows_and_labels_without_a_positive_is_0():
    assert TwoWayLoss()(LOGITS, torch.zeros_like(Y)) == 0
    assert TwoWayLoss()(LOGITS, torch.ones_like(Y)) == 0
