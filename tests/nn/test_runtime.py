"""Where a network runs, in which precision, and that the global generators are left alone."""

import pytest
import timm
import torch
from torch import nn

from sklearn_mlic.nn import runtime
from sklearn_mlic.nn.runtime import (
    autocast,
    available_precision,
    resolve_device,
    resolve_precision,
    seeded,
)

CPU, CUDA, MPS = (torch.device(name) for name in ("cpu", "cuda", "mps"))
DENSE = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3))
DEPTHWISE = nn.Sequential(nn.Conv2d(8, 8, 3, groups=8), nn.Conv2d(8, 16, 1))


@pytest.fixture
def capabilities(monkeypatch):
    """What the CPU claims to multiply; nothing until a test says more."""
    claimed = {}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: claimed, raising=False)
    return claimed


@pytest.fixture
def has(monkeypatch):
    """Set whether CUDA and MPS are present."""

    def has(cuda=False, mps=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return has


# ---- device


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(False, False, "cpu"), (False, True, "mps"), (True, False, "cuda"), (True, True, "cuda")],
)
def test_auto_is_cuda_then_mps_then_cpu(has, cuda, mps, expected):
    has(cuda=cuda, mps=mps)
    assert resolve_device("auto") == torch.device(expected)


def test_a_named_device():
    assert resolve_device("cpu") == CPU


@pytest.mark.parametrize("device", ["tpu", "cuda:99", "mps:7", ""])
def test_a_device_that_is_not_there(device):
    words = f"device='{device}' cannot be used on this machine: .*device='auto' or device='cpu'"
    with pytest.raises(ValueError, match=f"(?s){words}"):
        resolve_device(device)


# ---- precision


@pytest.mark.parametrize("capability", ["amx_bf16", "avx512_bf16"])
@pytest.mark.parametrize(("module", "expected"), [(DENSE, "bf16"), (DEPTHWISE, "fp32")])
def test_on_a_cpu_that_multiplies_bfloat16_dense_nets_use_it(
    capabilities, capability, module, expected
):
    capabilities[capability] = True
    assert resolve_precision("auto", CPU, module) == expected


@pytest.mark.parametrize("claimed", [{}, {"amx_bf16": False, "avx512_bf16": False, "avx2": True}])
def test_without_the_capability_it_is_float32(capabilities, claimed):
    capabilities.update(claimed)
    assert resolve_precision("auto", CPU, DENSE) == "fp32"


def test_an_older_torch_that_tells_nothing(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert resolve_precision("auto", CPU, DENSE) == "fp32"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("test_resnet", "bf16"),
        ("test_vit", "bf16"),
        ("test_convnext", "fp32"),
        ("mobilenetv1_100", "fp32"),
    ],
)
def test_the_rule_on_real_networks(capabilities, name, expected):
    capabilities["amx_bf16"] = True
    network = timm.create_model(name, pretrained=False, num_classes=0)
    assert resolve_precision("auto", CPU, network) == expected


@pytest.mark.parametrize(("supported", "expected"), [(True, "bf16"), (False, "fp32")])
@pytest.mark.parametrize("module", [DENSE, DEPTHWISE])
def test_on_cuda_the_hardware_decides(monkeypatch, supported, expected, module):
    def natively(including_emulation=True):
        return supported or including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", natively)
    assert resolve_precision("auto", CUDA, module) == expected


def test_mps_stays_in_float32(capabilities):
    capabilities["amx_bf16"] = True
    assert resolve_precision("auto", MPS, DENSE) == "fp32"


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("device", [CPU, CUDA, MPS])
def test_what_is_asked_for_is_given(precision, device):
    assert resolve_precision(precision, device, DEPTHWISE) == precision


def test_fp16_is_for_cuda_and_opens_elsewhere_in_fp32():
    assert resolve_precision("fp16", CUDA, DENSE) == "fp16"
    with pytest.raises(ValueError, match="precision='fp16' needs CUDA, and the device is 'cpu'"):
        resolve_precision("fp16", CPU, DENSE)
    with pytest.warns(UserWarning, match="the model runs in fp32"):
        assert available_precision("fp16", CPU, DENSE) == "fp32"


@pytest.mark.parametrize("precision", ["float32", None])
def test_an_unknown_precision(precision):
    with pytest.raises(ValueError, match=f"precision={precision!r}; expected 'auto', 'fp32'"):
        resolve_precision(precision, CPU, DENSE)


def test_a_module_without_weights_is_no_reason_to_fail(capabilities):
    capabilities["amx_bf16"] = True
    assert resolve_precision("auto", CPU, nn.Identity()) == "bf16"


@pytest.mark.parametrize(("precision", "dtype"), list(runtime.PRECISIONS.items()))
def test_autocast_computes_in_the_precision(precision, dtype):
    with autocast(CPU, precision):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype


# ---- seeded


def test_seeded_repeats_and_leaves_the_global_generator_as_found():
    before = torch.random.get_rng_state()
    draws = []
    for seed in (1, 1, 2):
        with seeded(seed, CPU):
            draws.append(torch.rand(3))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    assert torch.equal(torch.random.get_rng_state(), before)


def test_an_error_inside_leaves_it_as_found_too():
    def fail():
        with seeded(1, CPU):
            torch.rand(3)
            raise KeyError("inside")

    before = torch.random.get_rng_state()
    with pytest.raises(KeyError, match="inside"):
        fail()
    assert torch.equal(torch.random.get_rng_state(), before)
