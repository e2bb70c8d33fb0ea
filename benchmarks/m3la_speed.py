"""M3LA with block projections once an instance, against the printed, zero-padded form.

    python benchmarks/m3la_speed.py

Seconds of a training step (forward and backward of 64 rows) of equal networks on drawn blocks, in
turn, medians; the widths are those of three sets of features. The printed form runs on
torch's own GRUs. One thread.
"""

import sys
from functools import partial
from itertools import product
from pathlib import Path

import torch
from _common import in_turn, report

from sklearn_mlic.nn.losses import StepLoss
from sklearn_mlic.nn.m3la import M3LA

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from literal_m3la import LiteralM3LA

BLOCKS = {
    "3 blocks of 2,116 features": [500, 1040, 576],
    "5 blocks of 2,000 features": [400] * 5,
    "7 blocks of 1,186 features": [256, 225, 64, 144, 75, 128, 294],
    "10 blocks of 3,302 features": [500, 1040, 576, 256, 225, 64, 144, 75, 128, 294],
}
WIDTHS = (128, 256)  # of the states; the second is the default
N_ROWS, N_LABELS, N_STEPS, N_ROUNDS = 64, 5, 5, 5


def main():
    """A line a set of blocks and width."""
    torch.set_num_threads(1)
    for (name, sizes), width in product(BLOCKS.items(), WIDTHS):
        torch.manual_seed(0)
        features = torch.randn(N_ROWS, sum(sizes))
        y = (torch.rand(N_ROWS, N_LABELS) < 0.3).float()
        fast = M3LA(sizes, N_LABELS, hidden_size=width, embedding_size=None).train()
        torch.nn.init.normal_(fast.label.weight)  # from zero nothing would be compared
        literal = LiteralM3LA(fast).train()
        apart = (fast(features) - literal(features)).abs().max().item()
        embedded = M3LA(sizes, N_LABELS, hidden_size=width).train()
        times = [partial(train, model, features, y) for model in (fast, literal, embedded)]
        against, other = in_turn(*times[:2], N_ROUNDS), in_turn(times[2], times[0], 1)
        report(
            f"{name}, width {width}",
            fast_ms=1000 * against["first_s"] / N_STEPS,
            printed_ms=1000 * against["second_s"] / N_STEPS,
            times_faster=against["ratio"],
            embedded_ms=1000 * other["first_s"] / N_STEPS,
            largest_difference=f"{apart:.1e}",
        )


def train(model, features, y):
    """Some steps without the optimiser, whose work is the same for both."""
    loss = StepLoss()
    for _ in range(N_STEPS):
        model.zero_grad()
        loss(model(features), y).backward()


if __name__ == "__main__":
    main()
