"""What ML-Decoder with 5,000 labels costs beside a linear head: time, parameters, memory.

    python benchmarks/ml_decoder_speed.py [n_rounds]

A training step is forward, loss, backward and AdamW, of resnet18 on 16 images of 224 px, on one
CPU thread. The two are timed in turn. Memory is the peak of a process of its own that takes three
steps, which counts what libraries take too.
"""

import subprocess
import sys

import torch
from _common import in_turn, report
from torch import nn

from sklearn_mlic.nn.backbones import make_backbone
from sklearn_mlic.nn.heads.linear import LinearHead
from sklearn_mlic.nn.heads.ml_decoder import MLDecoderHead
from sklearn_mlic.nn.model import ImageModel

HEADS = {"linear": LinearHead, "ml_decoder": MLDecoderHead}
N_LABELS, BATCH_SIZE = 5000, 16
STEPS_OF_MEMORY = 3


def make_step(name):
    """The model, and one training step of it."""
    backbone = make_backbone("resnet18", pretrained=False, image_size=224)
    model = ImageModel(backbone, HEADS[name](backbone.n_features, N_LABELS)).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4)
    loss = nn.BCEWithLogitsLoss()
    image = torch.rand(BATCH_SIZE, 3, 224, 224)
    y = (torch.rand(BATCH_SIZE, N_LABELS) < 0.001).float()

    def step():
        optimiser.zero_grad()
        loss(model(image), y).backward()
        optimiser.step()

    return model, step


def peak_memory(name):
    """MB at the peak of a process that trains with one head."""
    run = [sys.executable, __file__, "--memory-of", name]
    return float(subprocess.run(run, capture_output=True, text=True, check=True).stdout)


def print_peak(name):
    """What the process of one head does."""
    import resource

    _, step = make_step(name)
    for _ in range(STEPS_OF_MEMORY):
        step()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


torch.manual_seed(0)
torch.set_num_threads(1)
if sys.argv[1:2] == ["--memory-of"]:
    print_peak(sys.argv[2])
    sys.exit()

n_rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
models, steps = zip(*(make_step(name) for name in HEADS), strict=True)
for name, model in zip(HEADS, models, strict=True):
    report(
        "size of a resnet18 with 5,000 labels",
        head=name,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        head_parameters=sum(parameter.numel() for parameter in model.head.parameters()),
        peak_memory_mb=peak_memory(name),
    )
report(
    "training step, ml_decoder against linear",
    n_labels=N_LABELS,
    batch_size=BATCH_SIZE,
    target_ratio=1.3,
    **in_turn(*steps, n_rounds),
)
