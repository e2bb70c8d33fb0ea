"""The contract of losses, over the whole table: a new line is tested."""

from copy import deepcopy

import pytest
import torch

from sklearn_mlic.nn.losses import LOSSES

NAN = float("nan")

# Settings under which a formula takes another path than at its defaults.
VARIANTS = [
    *((name, {}) for name in LOSSES),
    ("bce", {"pos_weight": 3.0}),
    ("focal", {"gamma": 0.5, "alpha": 0.25, "smoothing": 0.0}),
    ("asymmetric", {"gamma_neg": 0.5, "gamma_pos": 0.5, "detach_focusing": False}),
    ("asymmetric", {"gamma_neg": 0.0, "clip": 0.0}),
    ("asymmetric_polynomial", {"shift_log": False, "beta1": 2.0, "detach_focusing": False}),
    ("hill", {"gamma": 0.5}),
    ("splc", {"change_epoch": 0}),
    ("two_way", {"positive_temperature": 0.5, "negative_temperature": 2.0}),
]
each_loss = pytest.mark.parametrize(("name", "params"), VARIANTS, ids=str)
each_reduction = pytest.mark.parametrize("reduction", ["mean", "sum"])


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def case(n_labels=4, n_samples=6, scale=2.0):
    """Logits and labels; every column has both values where there are rows enough."""
    logits = scale * torch.randn(n_samples, n_labels)
    y = (torch.rand(n_samples, n_labels) < 0.4).float()
    y[0], y[1] = 1.0, 0.0
    return logits, y


def gradient(loss, logits, *args):
    logits = logits.clone().requires_grad_()
    value = loss(logits, *args)
    (slope,) = torch.autograd.grad(value, logits)
    return value.detach(), slope


@each_loss
@each_reduction
@pytest.mark.parametrize("n_labels", [1, 2, 3, 1000])
def test_one_finite_number_with_a_gradient(name, params, reduction, n_labels):
    value, slope = gradient(LOSSES[name](**params, reduction=reduction), *case(n_labels))
    assert value.shape == ()
    assert torch.isfinite(value)
    assert torch.isfinite(slope).all()
    assert slope.abs().sum() > 0


@each_loss
@pytest.mark.parametrize("size", [50.0, 200.0, 1e4])
@pytest.mark.parametrize("labels", [0.0, 1.0, 0.3, "mixed"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_finite_on_extreme_logits(name, params, size, labels, dtype):
    logits = torch.tensor([[-size, size, 0.0], [size, -size, 0.0]], dtype=dtype)
    y = torch.tensor([[0.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
    y = y if labels == "mixed" else torch.full((2, 3), labels)
    value, slope = gradient(LOSSES[name](**params), logits, y)
    assert torch.isfinite(value)
    assert torch.isfinite(slope).all()


@each_loss
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_computed_in_float32(name, params, dtype):
    logits, y = case()
    logits, loss = logits.to(dtype), LOSSES[name](**params)
    value = loss(logits, y)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, loss(logits.float(), y), rtol=0, atol=0)
    weight = torch.ones(len(y), dtype=torch.float64)
    assert loss(logits, y.double(), weight).dtype == torch.float32


@each_loss
def test_autocast_changes_nothing(name, params):
    (logits, y), loss = case(), LOSSES[name](**params)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = loss(logits, y)
    torch.testing.assert_close(inside, loss(logits, y), rtol=0, atol=0)


@each_loss
def test_the_gradient_mode_stays(name, params):
    (logits, y), loss = case(), LOSSES[name](**params)
    with torch.no_grad():
        value = loss(logits.requires_grad_(), y)
        assert not torch.is_grad_enabled()
    assert not value.requires_grad
    assert loss(logits, y).requires_grad


# ---- unknown entries


@each_loss
@each_reduction
def test_unknown_entries_count_for_nothing(name, params, reduction):
    """Whatever their logits are, they change neither the loss nor any other gradient."""
    (logits, y), loss = case(), LOSSES[name](**params, reduction=reduction)
    unknown = torch.rand(y.shape) < 0.4
    y[unknown] = NAN
    value, slope = gradient(loss, logits, y)
    assert (slope[unknown] == 0).all()
    assert (slope[~unknown] != 0).any()
    for other in (100.0, -100.0, float("inf"), NAN):
        logits[unknown] = other
        value_2, slope_2 = gradient(loss, logits, y)
        torch.testing.assert_close(value_2, value, rtol=0, atol=0)
        torch.testing.assert_close(slope_2, slope, rtol=0, atol=0)


@each_loss
@each_reduction
def test_unknown_rows_are_rows_left_out(name, params, reduction):
    (logits, y), loss = case(), LOSSES[name](**params, reduction=reduction)
    y[3:] = NAN
    torch.testing.assert_close(loss(logits, y), loss(logits[:3], y[:3]))


@each_loss
@each_reduction
def test_where_nothing_is_known(name, params, reduction):
    loss, (logits, y) = LOSSES[name](**params, reduction=reduction), case()
    value, slope = gradient(loss, logits, torch.full_like(y, NAN))
    assert value == 0
    assert (slope == 0).all()


# ---- weights of rows


@each_loss
@each_reduction
def test_weights_of_one_are_none(name, params, reduction):
    (logits, y), loss = case(), LOSSES[name](**params, reduction=reduction)
    torch.testing.assert_close(loss(logits, y, torch.ones(len(y))), loss(logits, y))


@each_loss
def test_a_weight_is_a_number_of_rows(name, params):
    """In the sum, 0 leaves a row out and 2 doubles it."""
    (logits, y), loss = case(), LOSSES[name](**params, reduction="sum")
    weight = torch.tensor([0, 1, 2, 1, 0, 1])
    rows = torch.repeat_interleave(torch.arange(6), weight)
    torch.testing.assert_close(loss(logits, y, weight), loss(logits[rows], y[rows]))


@each_loss
def test_a_row_of_weight_0_has_no_gradient(name, params):
    _, slope = gradient(LOSSES[name](**params), *case(), torch.tensor([0.0, 1, 1, 1, 1, 1]))
    assert (slope[0] == 0).all()


# ---- sense


@each_loss
def test_the_order_of_rows_and_labels_is_free(name, params):
    (logits, y), loss = case(), LOSSES[name](**params)
    rows, labels = torch.randperm(6), torch.randperm(4)
    for a, b in [(logits[rows], y[rows]), (logits[:, labels], y[:, labels])]:
        torch.testing.assert_close(loss(a, b), loss(logits, y))


@each_loss
@pytest.mark.parametrize("n_labels", [1, 4])
def test_lower_where_logits_are_right(name, params, n_labels):
    _, y = case(n_labels)
    right, loss = 4 * (2 * y - 1), LOSSES[name](**params)
    assert loss(right, y) < loss(-right, y)


@each_loss
def test_following_the_gradient_lowers_the_loss(name, params):
    (logits, y), loss = case(scale=1.0), LOSSES[name](**params)
    before, slope = gradient(loss, logits, y)
    assert loss(logits - 0.1 * slope, y) < before


@each_loss
def test_a_soft_target_near_a_hard_one_costs_nearly_the_same(name, params):
    """As mixup makes them."""
    (logits, y), loss = case(scale=1.0), LOSSES[name](**params)
    soft = y + 1e-6 * (1 - 2 * y)
    torch.testing.assert_close(loss(logits, soft), loss(logits, y), rtol=1e-3, atol=1e-3)


@each_loss
def test_a_copy_is_the_same_loss_and_keeps_no_state(name, params):
    (logits, y), loss = case(), LOSSES[name](**params)
    torch.testing.assert_close(deepcopy(loss)(logits, y), loss(logits, y), rtol=0, atol=0)
    assert not loss.state_dict()
    assert not list(loss.parameters())


# ---- errors


@each_loss
def test_shapes_that_do_not_fit(name, params):
    loss = LOSSES[name](**params)
    with pytest.raises(ValueError, match=r"logits of shape \(5, 1\) and y of shape \(5,\)"):
        loss(torch.zeros(5, 1), torch.zeros(5))
    with pytest.raises(ValueError, match=r"sample_weight of shape \(3,\); .* \(5,\)"):
        loss(torch.zeros(5, 2), torch.zeros(5, 2), torch.ones(3))


@each_loss
def test_an_unknown_reduction(name, params):
    with pytest.raises(ValueError, match=r"reduction='none'; expected one of \['mean', 'sum'\]"):
        LOSSES[name](**params, reduction="none")
