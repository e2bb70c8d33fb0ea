"""Where a network runs and in which precision: the two rules behind ``"auto"``."""

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import RLock

import torch
from torch import nn

_TURN = RLock()  # of the threads that draw from torch's generators
PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def resolve_device(device: str = "auto") -> torch.device:
    """Return the device that `device` names; ``"auto"`` is CUDA, else MPS, else the CPU.

    Parameters
    ----------
    device : str, default="auto"
        ``"auto"`` or anything that ``torch.device`` takes.

    Returns
    -------
    torch.device
        A device that is present.

    Raises
    ------
    ValueError
        If the device is unknown or absent on this machine.
    """
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device={device!r} cannot be used on this machine: {error}. "
            f"Use device='auto' or device='cpu'."
        ) from error


def available_device(device: str) -> torch.device:
    """Return the device that `device` names, or the CPU with a warning where it is absent.

    Parameters
    ----------
    device : str
        As a fitted model keeps it, perhaps from another machine.

    Returns
    -------
    torch.device
        A device that is present.
    """
    try:
        return resolve_device(device)
    except ValueError:
        warnings.warn(
            f"device={device!r} is not present here; the model runs on the CPU.",
            UserWarning,
            stacklevel=3,
        )
        return torch.device("cpu")


def resolve_precision(precision: str, device: torch.device, module: nn.Module) -> str:
    """Return the precision to run in; ``"auto"`` follows a rule that depends on no timing.

    ``"auto"`` is bfloat16 autocast on CUDA, and on CPUs with bfloat16 matrix instructions
    (AMX, AVX-512 BF16) for networks dominated by dense convolutions or attention. It is
    float32 elsewhere, and for depthwise networks, whose many memory-bound layers gain
    nothing dependable from it.

    Parameters
    ----------
    precision : {"auto", "fp32", "bf16", "fp16"}
        What was asked for.
    device : torch.device
        Where `module` runs.
    module : nn.Module
        The network whose layers are counted.

    Returns
    -------
    str
        ``"fp32"``, ``"bf16"`` or ``"fp16"``.

    Raises
    ------
    ValueError
        If `precision` is unknown, or ``"fp16"`` away from CUDA.
    """
    if precision == "fp16" and device.type != "cuda":
        raise ValueError(
            f"precision='fp16' needs CUDA, and the device is {device.type!r}. Take 'bf16', which "
            f"needs no scaling of the loss, or 'auto'."
        )
    if precision in PRECISIONS:
        return precision
    if precision != "auto":
        raise ValueError(f"precision={precision!r}; expected 'auto', 'fp32', 'bf16' or 'fp16'.")
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    pays = device.type == "cpu" and _cpu_multiplies_bf16() and not _is_depthwise(module)
    return "bf16" if pays else "fp32"


def available_precision(precision: str, device: torch.device, module: nn.Module) -> str:
    """Return the precision to run in, or float32 with a warning where it is not to be had.

    Parameters
    ----------
    precision : str
        As a fitted model keeps it, perhaps from another machine.
    device : torch.device
        Where `module` runs.
    module : nn.Module
        The network.

    Returns
    -------
    str
        As `resolve_precision` returns it.
    """
    try:
        return resolve_precision(precision, device, module)
    except ValueError:
        warnings.warn(
            f"precision={precision!r} is not to be had on {device.type!r}; the model runs in fp32.",
            UserWarning,
            stacklevel=3,
        )
        return "fp32"


def _cpu_multiplies_bf16() -> bool:
    # Absent before torch 2.10: such versions stay in float32.
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))


def _is_depthwise(module: nn.Module) -> bool:
    """Tell whether a sixth of the weighted layers or more are depthwise convolutions."""
    layers = [m for m in module.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    depthwise = [m for m in layers if isinstance(m, nn.Conv2d) and m.groups == m.in_channels > 1]
    return 6 * len(depthwise) >= max(len(layers), 1)


def autocast(device: torch.device, precision: str) -> AbstractContextManager:
    """Return the context in which a forward pass runs in `precision` on `device`.

    Parameters
    ----------
    device : torch.device
        Where the pass runs.
    precision : {"fp32", "bf16", "fp16"}
        As `resolve_precision` returns it.

    Returns
    -------
    context manager
        ``torch.autocast``, or one that does nothing for float32.
    """
    if precision == "fp32":
        return nullcontext()
    return torch.autocast(device.type, dtype=PRECISIONS[precision])


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Run a block under torch's generators seeded with `seed`; leave them as they were.

    Threads take turns, as they share the generators. On MPS only the CPU's generator is put
    back: torch cannot set the other aside.

    Parameters
    ----------
    seed : int
        For the CPU and for `device`.
    device : torch.device
        Where the block computes.

    Yields
    ------
    None
        While the seed is in force.
    """
    with _TURN, torch.random.fork_rng([device] if device.type == "cuda" else []):
        seed_generators(seed, device)
        yield


def seed_generators(seed: int, device: torch.device) -> None:
    """Seed the CPU's generator and that of `device`; ``torch.manual_seed`` seeds all devices.

    Parameters
    ----------
    seed : int
        For both.
    device : torch.device
        Where something is drawn.
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)
