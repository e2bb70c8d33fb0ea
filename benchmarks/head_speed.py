"""What relative positions cost: an encoder layer with them against torch's own plain one.

    python benchmarks/head_speed.py

Forward and backward in training, timed in turn on one thread. The memory is what a step holds at
most above what it began with, counted by torch's profiler.
"""

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


BATCH_SIZE, WIDTH, N_HEADS, N_HIDDEN, DROPOUT, N_ROUNDS = 8, 512, 8, 2048, 0.1, 7
plain = torch.nn.TransformerEncoderLayer(WIDTH, N_HEADS, N_HIDDEN, DROPOUT, batch_first=True)
for grid in ((14, 14), (18, 18)):
    tokens = torch.randn(BATCH_SIZE, grid[0] * grid[1], WIDTH)
    first = partial(step, plain, tokens)
    plain_mb = peak_mb(first)
    for rpe_on in (None, "k", "qk", "qkv"):
        attention = SelfAttention(WIDTH, N_HEADS, DROPOUT, rpe_on)
        second = partial(step, EncoderLayer(attention, N_HIDDEN, DROPOUT), tokens, grid)
        timed = in_turn(first, second, N_ROUNDS)
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
