"""What parts of the heads cost, in seconds and in memory.

    python benchmarks/head_speed.py [section ...]

``encoder``: an encoder layer with relative positions against torch's own plain one, forward and
backward in training, timed in turn on one thread. The memory is what a step holds at most above
what it began with, counted by torch's profiler.
"""

import sys
from functools import partial

import torch
from _common import in_turn, report
from torch.profiler import ProfilerActivity, profile

from sklearn_mlic.nn.attention import SelfAttention
from sklearn_mlic.nn.encoder import EncoderLayer

torch.set_num_threads(1)


def step(layer, *inputs):
    layer(*inputs).square().mean().backward()
    layer.zero_grad(set_to_none=True)


def peak_mb(run):
    """The most memory that torch holds at once during a run, above what it held before."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        run()
    held = peak = 0
    events = profiler.profiler.kineto_results.events()
    for event in sorted(events, key=lambda event: event.start_ns()):
        if event.name() == "[memory]":
            held += event.nbytes()
            peak = max(peak, held)
    return peak / 2**20


def encoder(batch_size=8, width=512, n_heads=8, n_hidden=2048, dropout=0.1, n_rounds=7):
    plain = torch.nn.TransformerEncoderLayer(width, n_heads, n_hidden, dropout, batch_first=True)
    for grid in ((14, 14), (18, 18)):
        tokens = torch.randn(batch_size, grid[0] * grid[1], width)
        first = partial(step, plain, tokens)
        plain_mb = peak_mb(first)
        for rpe_on in (None, "k", "qk", "qkv"):
            attention = SelfAttention(width, n_heads, dropout, rpe_on)
            second = partial(step, EncoderLayer(attention, n_hidden, dropout), tokens, grid)
            timed = in_turn(first, second, n_rounds)
            report(
                "training step of an encoder layer against torch's plain one",
                rpe_on=rpe_on,
                tokens=grid[0] * grid[1],
                plain_s=timed["first_s"],
                ours_s=timed["second_s"],
                ratio=timed["ratio"],
                plain_mb=round(plain_mb),
                ours_mb=round(peak_mb(second)),
            )


SECTIONS = {"encoder": encoder}

for name in sys.argv[1:] or SECTIONS:
    SECTIONS[name]()
