"""Which parameters decay and learn at what rate, and the rate over the steps of a fit."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from helpers import classifier, coloured
from sklearn_mlic.deep._optimization import Optimization
from sklearn_mlic.nn.backbones import make_backbone
from sklearn_mlic.nn.freezing import freeze
from sklearn_mlic.nn.heads import LinearHead, TwoStageHead
from sklearn_mlic.nn.model import ImageModel

X, Y = coloured(24)


def network(name, frozen=None):
    with torch.random.fork_rng():
        backbone = make_backbone(name, pretrained=False, image_size=32)
    if frozen is not None:
        freeze(backbone, frozen)
    return ImageModel(backbone, LinearHead(backbone.n_features, 3))


def settings_by_name(model, params=None, **settings):
    """The settings of the optimiser's group that each parameter is in."""
    optimizer = Optimization(**settings).make_optimizer(model, params or {})
    names = {parameter: name for name, parameter in model.named_parameters()}
    return {names[p]: group for group in optimizer.param_groups for p in group["params"]}


# ---- groups


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "test_convnext"])
def test_biases_norms_and_positions_do_not_decay(name):
    model = network(name)
    groups = settings_by_name(model, weight_decay=0.1)
    assert set(groups) == {name for name, _ in model.named_parameters()}
    for parameter, group in groups.items():
        ndim = model.get_parameter(parameter).ndim
        kept = ndim < 2 or parameter.endswith(".bias")
        kept |= any(word in parameter for word in ("pos_embed", "cls_token", "reg_token"))
        assert group["weight_decay"] == (0 if kept else 0.1), parameter


def test_a_vit_has_positions_that_do_not_decay():
    groups = settings_by_name(network("test_vit"), weight_decay=0.1)
    assert [n for n in groups if "pos_embed" in n and groups[n]["weight_decay"] == 0]


def test_positions_and_queries_of_a_head_do_not_decay():
    head = TwoStageHead(8, 3, width=16, n_heads=2, n_hidden=32, rpe_on="qk")
    groups = settings_by_name(ImageModel(None, head), weight_decay=0.1)
    kept = {name for name, group in groups.items() if group["weight_decay"] == 0}
    assert {name for name in kept if head.get_parameter(name.removeprefix("head.")).ndim > 1} == {
        "head.queries",
        "head.position.rows",
        "head.position.columns",
        "head.encoder.0.self_attention.attention.tables.q",
        "head.encoder.0.self_attention.attention.tables.k",
    }


def test_the_backbone_learns_at_a_part_of_the_rate():
    groups = settings_by_name(network("test_resnet"), lr=0.5, backbone_lr_scale=0.1)
    for name, group in groups.items():
        assert group["lr"] == pytest.approx(0.05 if name.startswith("backbone") else 0.5)


def test_the_rate_that_is_shown_is_not_the_backbones():
    optimizer = Optimization(lr=0.5, backbone_lr_scale=0.1).make_optimizer(
        network("test_resnet"), {}
    )
    assert optimizer.param_groups[0]["lr"] == 0.5


@pytest.mark.parametrize("frozen", ["backbone", "bn", 1])
def test_frozen_parameters_are_not_in_the_optimizer(frozen):
    model = network("test_resnet", frozen)
    expected = {name for name, p in model.named_parameters() if p.requires_grad}
    assert set(settings_by_name(model)) == expected
    assert len(expected) < len(list(model.parameters()))


# ---- the choice of an optimiser


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ("adamw", torch.optim.AdamW),
        ("sgd", torch.optim.SGD),
        ("lamb", "Lamb"),
        (torch.optim.Adagrad, torch.optim.Adagrad),
    ],
)
def test_an_optimizer_by_name_and_by_class(optimizer, expected):
    made = Optimization(optimizer=optimizer).make_optimizer(network("test_resnet"), {})
    assert expected in (type(made), type(made).__name__)


def test_an_unknown_optimizer_shows_the_nearest():
    with pytest.raises(ValueError, match="Unknown optimizer 'adamv'. Did you mean 'adam"):
        classifier(optimizer="adamv").fit(X, Y)


@pytest.mark.parametrize("optimizer", ["adamw", torch.optim.AdamW])
def test_wrong_settings_of_the_optimizer_are_named(optimizer):
    words = r"(?s)optimizer.*from \{'momentun': 0\.9.*momentun"
    with pytest.raises(TypeError, match=words):
        classifier(optimizer=optimizer, optimizer_params={"momentun": 0.9}).fit(X, Y)


def test_optimizer_params_arrive_and_net_params_win():
    params = {"eps": 0.25, "betas": (0.5, 0.6)}
    model = classifier(optimizer_params=params, net_params={"optimizer__eps": 0.75}).fit(X, Y)
    group = model.net_.optimizer_.param_groups[0]
    assert group["eps"] == 0.75
    assert tuple(group["betas"]) == (0.5, 0.6)


@pytest.mark.parametrize("name", ["lr", "weight_decay"])
def test_net_params_win_over_rate_and_decay_too(name):
    model = network("test_resnet")
    groups = settings_by_name(model, {name: 0.75}, **{name: 0.5})
    assert groups["head.linear.weight"][name] == 0.75
    assert groups["backbone.trunk.conv1.0.weight"][name] == 0.75


def test_decay_among_optimizer_params_is_not_lost():
    groups = settings_by_name(network("test_resnet"), optimizer_params={"weight_decay": 0.75})
    assert groups["head.linear.weight"]["weight_decay"] == 0.75
    assert groups["head.linear.bias"]["weight_decay"] == 0


@pytest.mark.parametrize(
    "setting",
    [
        {"lr": 0},
        {"lr": "fast"},
        {"lr": math.nan},
        {"backbone_lr_scale": -1},
        {"weight_decay": -0.1},
        {"warmup_epochs": True},
        {"clip_norm": 0},
        {"accumulate": 0},
        {"accumulate": 1.5},
        {"ema_decay": 1.0},
        {"ema_decay": -0.1},
    ],
    ids=str,
)
def test_a_wrong_number_is_named_before_anything_is_read(setting):
    name = next(iter(setting))
    with pytest.raises(ValueError, match=f"{name}=.*; expected"):
        classifier(**setting).fit(X, Y)


@pytest.mark.parametrize(
    "setting",
    [{"lr": np.float32(0.01)}, {"weight_decay": np.int64(0)}, {"clip_norm": np.float32(1)}],
    ids=str,
)
def test_numpy_numbers_are_numbers(setting):
    """A grid made by numpy holds them."""
    assert Optimization(**setting)


# ---- schedules


def rates(n_steps, n_epochs, losses=None, lr=0.8, optimizer=None, **settings):
    """The rate of each step."""
    optimizer = optimizer or torch.optim.AdamW([nn.Parameter(torch.zeros(1))], lr=lr)
    schedule = Optimization(lr=lr, **settings).make_schedule(optimizer, n_steps, n_epochs)
    seen = []
    for epoch in range(n_epochs):
        for _ in range(n_steps):
            seen.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
        schedule.end_epoch(None if losses is None else losses[epoch])
    return np.array(seen), optimizer.param_groups[0]


def test_one_cycle_rises_to_lr_and_falls_and_leaves_the_momentum():
    seen, group = rates(10, 5, schedule="one_cycle")
    peak = seen.argmax()
    assert 0.99 * 0.8 < seen[peak] <= 0.8
    assert (np.diff(seen[: peak + 1]) > 0).all()
    assert (np.diff(seen[peak:]) < 0).all()
    assert seen[0] == pytest.approx(0.8 / 25)
    assert group["lr"] < 1e-4 * 0.8
    assert group["betas"] == (0.9, 0.999)


def test_one_cycle_keeps_the_scale_of_each_group():
    parameters = [nn.Parameter(torch.zeros(1)) for _ in range(2)]
    groups = [{"params": [p], "lr": lr} for p, lr in zip(parameters, (0.8, 0.08), strict=True)]
    optimizer = torch.optim.SGD(groups, lr=0.8)
    schedule = Optimization(schedule="one_cycle").make_schedule(optimizer, 5, 2)
    for _ in range(10):
        assert optimizer.param_groups[1]["lr"] == pytest.approx(
            optimizer.param_groups[0]["lr"] / 10
        )
        optimizer.step()
        schedule.step()


@pytest.mark.parametrize(
    ("schedule", "params"),
    [("cosine", {}), ("one_cycle", {})]
    + [("one_cycle", {"pct_start": part}) for part in (0.1, 0.2, 0.25, 1.0)],
)
def test_no_number_of_steps_breaks_a_schedule(schedule, params):
    for n_steps in range(1, 12):
        for warmup in (0, 1, 3):
            settings = {"schedule": schedule, "schedule_params": params, "warmup_epochs": warmup}
            seen, _ = rates(n_steps, 1, **settings)
            assert ((seen > 0) & (seen <= 0.8 + 1e-9)).all()


def test_warmup_is_the_rising_part_of_one_cycle():
    seen, _ = rates(10, 10, schedule="one_cycle", warmup_epochs=4)
    assert abs(int(seen.argmax()) - 40) <= 1


def test_cosine_ends_where_it_is_told():
    seen, group = rates(5, 4, schedule="cosine", schedule_params={"final": 0.25})
    assert seen[0] == 0.8
    assert (np.diff(seen) < 0).all()
    assert seen[10] == pytest.approx(0.8 * (0.25 + 0.75 / 2))  # half way
    assert group["lr"] == pytest.approx(0.2)
    assert rates(5, 4, schedule="cosine")[1]["lr"] == pytest.approx(0)


def test_exponential_falls_after_each_epoch():
    seen, _ = rates(3, 4, schedule="exponential", schedule_params={"gamma": 0.5})
    np.testing.assert_allclose(seen, np.repeat([0.8, 0.4, 0.2, 0.1], 3))


@pytest.mark.parametrize("schedule", ["none", "cosine", "plateau"])
def test_warmup_rises_evenly_to_the_rate(schedule):
    seen, _ = rates(8, 4, losses=[1, 1, 1, 1], schedule=schedule, warmup_epochs=1.5)
    rise = np.diff(seen[:13])
    assert (rise > 0).all()
    np.testing.assert_allclose(rise, rise[0])
    assert seen[12] == pytest.approx(0.8)
    assert seen.max() == pytest.approx(0.8)


def test_none_is_constant():
    seen, _ = rates(3, 4, schedule="none")
    assert set(seen) == {0.8}


def test_a_plateau_bears_two_epochs_and_halves_at_the_next():
    losses = [1.0, 0.9, 0.95, 0.9, 0.91, 0.5, 0.6, 0.6, 0.6, 0.6]
    seen, _ = rates(1, 10, losses=losses, schedule="plateau")
    np.testing.assert_allclose(seen, [0.8] * 5 + [0.4] * 4 + [0.2])


def test_a_plateau_takes_settings():
    seen, _ = rates(
        1,
        4,
        losses=[1, 1, 1, 1],
        schedule="plateau",
        schedule_params={"factor": 0.1, "patience": 0},
    )
    np.testing.assert_allclose(seen, [0.8, 0.8, 0.08, 0.008])


@pytest.mark.parametrize("schedule", ["one_cycle", "plateau", "cosine", "exponential"])
def test_wrong_settings_of_a_schedule_are_named(schedule):
    with pytest.raises((TypeError, ValueError), match="schedule_params=.*oops"):
        classifier(schedule=schedule, schedule_params={"oops": 1}).fit(X, Y)


@pytest.mark.parametrize("schedule", ["one_cycle", "plateau", "cosine", "exponential", "none"])
def test_a_schedule_goes_on_from_its_state(schedule):
    losses = [1.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    expected, _ = rates(3, 6, losses=losses, schedule=schedule, warmup_epochs=1)
    settings = Optimization(lr=0.8, schedule=schedule, warmup_epochs=1)
    optimizer, state, seen = None, None, []
    for epoch in range(6):  # each epoch in a process of its own
        fresh = torch.optim.AdamW([nn.Parameter(torch.zeros(1))], lr=0.8)
        course = settings.make_schedule(fresh, 3, 6)
        if state is not None:
            fresh.load_state_dict(optimizer.state_dict())
            course.load_state_dict(state)
        optimizer = fresh
        for _ in range(3):
            seen.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            course.step()
        course.end_epoch(losses[epoch])
        state = course.state_dict()
    np.testing.assert_array_equal(seen, expected)
