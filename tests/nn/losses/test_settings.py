"""Label counts, numbers of labels, and settings that cannot be."""

import numpy as np
import pytest
import torch

from sklearn_mlic.nn.losses import LOSSES, BinaryCrossEntropy, FocalLoss, MultilabelLoss

LOGITS, Y = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), torch.zeros(6, 4)
Y[::2, ::2] = 1
# A balanced label, a rare one, one that every row has, one that none has.
N_POSITIVE, N_KNOWN = torch.tensor([50, 10, 80, 0]), torch.tensor([100, 90, 80, 100])


def counted(loss):
    loss.set_label_counts(N_POSITIVE, N_KNOWN)
    return loss


@pytest.mark.parametrize(
    ("by_rule", "by_numbers"),
    [
        (BinaryCrossEntropy("balanced"), BinaryCrossEntropy([1, 8, 1, 1])),
        # 1 / parts of positives are 2, 9 and 1, of mean 4.
        (BinaryCrossEntropy(weight="inverse"), BinaryCrossEntropy(weight=[0.5, 2.25, 0.25, 1])),
        (FocalLoss(alpha="inverse"), FocalLoss(alpha=np.array([0.5, 2.25, 0.25, 1]))),
        # Mean count 140 / 3; the mean of its ratios to 50, 10 and 80.
        (FocalLoss(alpha="mean_inverse"), FocalLoss(alpha=[140 / 9 * (0.02 + 0.1 + 0.0125)] * 4)),
    ],
)
def test_numbers_of_the_labels_from_counts(by_rule, by_numbers):
    torch.testing.assert_close(counted(by_rule)(LOGITS, Y), by_numbers(LOGITS, Y))


def test_a_balanced_label_weighs_its_two_values_alike():
    y = torch.tensor([[1.0], [0.0], [0.0], [0.0]])
    loss = BinaryCrossEntropy("balanced")
    loss.set_label_counts(y.sum(0), torch.tensor([4]))
    x = torch.zeros(4, 1, requires_grad=True)
    loss(x, y).backward()
    torch.testing.assert_close(x.grad.sum(), torch.tensor(0.0))


def test_balanced_weights_have_bounds():
    loss = BinaryCrossEntropy("balanced")
    loss.set_label_counts(torch.tensor([1, 99_999]), torch.tensor([100_000, 100_000]))
    expected = BinaryCrossEntropy([100, 0.01])
    torch.testing.assert_close(loss(LOGITS[:, :2], Y[:, :2]), expected(LOGITS[:, :2], Y[:, :2]))


def test_one_weight_is_for_all_labels():
    one, each = BinaryCrossEntropy(pos_weight=3.0), BinaryCrossEntropy(pos_weight=[3.0] * 4)
    torch.testing.assert_close(one(LOGITS, Y), each(LOGITS, Y))


@pytest.mark.parametrize("alpha", ["inverse", "mean_inverse"])
def test_weights_of_counts_without_any_positive(alpha):
    loss = FocalLoss(alpha=alpha)
    loss.set_label_counts(torch.zeros(4), torch.zeros(4))
    assert torch.isfinite(loss(LOGITS, Y))


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_takes_counts_and_epochs(name):
    loss = counted(LOSSES[name]())
    loss.start_epoch(0)
    torch.testing.assert_close(loss(LOGITS, Y), LOSSES[name]()(LOGITS, Y), rtol=0, atol=0)


@pytest.mark.parametrize(
    "loss",
    [
        BinaryCrossEntropy("balanced"),
        BinaryCrossEntropy(weight="inverse"),
        FocalLoss(alpha="inverse"),
        FocalLoss(alpha="mean_inverse"),
    ],
)
def test_counts_that_were_not_given(loss):
    with pytest.raises(RuntimeError, match=r"is made from label counts: call set_label_counts"):
        loss(LOGITS, Y)


@pytest.mark.parametrize(
    ("loss", "name"),
    [
        (BinaryCrossEntropy([1.0, 2.0, 3.0]), "pos_weight"),
        (BinaryCrossEntropy(weight=[1.0, 2.0, 3.0]), "weight"),
        (FocalLoss(alpha=[1.0, 2.0, 3.0]), "alpha"),
    ],
)
def test_numbers_for_other_labels(loss, name):
    with pytest.raises(ValueError, match=f"^{name} has 3 values for 4 labels; give one number"):
        loss(LOGITS, Y)


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("bce", {"pos_weight": "balance"}, r"pos_weight='balance'; expected one of \['balanced'\]"),
        ("bce", {"pos_weight": -1.0}, r"pos_weight=-1.0; expected one number of at least 0"),
        ("bce", {"weight": [1.0, float("nan")]}, r"weight=\[1.0, nan\]; expected one number"),
        ("bce", {"weight": [[1.0]]}, r"weight=\[\[1.0\]\]; expected one number"),
        ("focal", {"gamma": -1}, r"gamma=-1; expected a number of at least 0"),
        ("focal", {"gamma": None}, r"gamma=None; expected a number of at least 0"),
        ("focal", {"smoothing": 1.0}, r"smoothing=1.0; expected a number in \[0, 1\)"),
        ("focal", {"smoothing_mode": "on"}, r"smoothing_mode='on'; expected one of .*'binary'"),
        ("focal", {"alpha": 1.0}, r"alpha=1.0; expected a number in \(0, 1\)"),
        ("focal", {"alpha": "mean"}, r"alpha='mean'; expected one of \['mean_inverse', 'inverse'"),
        ("asymmetric", {"gamma_neg": -1}, r"gamma_neg=-1; expected a number of at least 0"),
        ("asymmetric", {"gamma_pos": float("nan")}, r"gamma_pos=nan; expected a number"),
        ("asymmetric", {"clip": 1}, r"clip=1; expected a number in \[0, 1\)"),
        ("asymmetric", {"clip": None}, r"clip=None; expected a number in \[0, 1\)"),
        ("asymmetric_polynomial", {"clip": -0.1}, r"clip=-0.1; expected a number in \[0, 1\)"),
        ("asymmetric_polynomial", {"alpha2": "1"}, r"alpha2='1'; expected a finite number"),
        ("hill", {"lam": 0.5}, r"lam=0.5; expected a number of at least 1"),
        ("hill", {"margin": -1}, r"margin=-1; expected a number of at least 0"),
        ("splc", {"tau": 0}, r"tau=0; expected a number in \(0, 1\)"),
        ("splc", {"change_epoch": -1}, r"change_epoch=-1; expected a number of at least 0"),
        ("two_way", {"positive_temperature": 0}, r"positive_temperature=0; .* above 0"),
    ],
)
def test_settings_that_cannot_be(name, params, message):
    with pytest.raises(ValueError, match=message):
        LOSSES[name](**params)


def test_the_template_has_no_loss_of_its_own():
    with pytest.raises(NotImplementedError):
        MultilabelLoss()(LOGITS, Y)
