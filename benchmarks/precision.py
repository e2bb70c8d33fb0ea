"""What bfloat16 gains over float32 on this machine, network by network.

    python benchmarks/precision.py

A training step and a prediction of 16 images of 224 px in both precisions, timed in turn: the
figure is seconds in float32 over seconds in bfloat16. Beside it stands what ``precision="auto"``
takes, by a rule that looks at the hardware and the layers and at no clock.
"""

from functools import partial

import torch
from _common import in_turn, report

from sklearn_mlic.nn.backbones import make_backbone
from sklearn_mlic.nn.heads import LinearHead
from sklearn_mlic.nn.model import ImageModel
from sklearn_mlic.nn.runtime import resolve_device, resolve_precision

NETWORKS = (
    "resnet18",
    "vgg11",
    "convnext_atto",
    "vit_tiny_patch16_224",
    "mobilenetv1_100",
    "efficientnet_b0",
)
DEVICE = resolve_device("auto")
images = torch.randint(0, 256, (16, 224, 224, 3), dtype=torch.uint8).permute(0, 3, 1, 2).to(DEVICE)


def train(model):
    model.train()(image=images).square().mean().backward()
    model.zero_grad(set_to_none=True)
    wait()


def predict(model):
    with torch.inference_mode():
        model.eval()(image=images)
    wait()


def wait():
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()


for name in NETWORKS:
    backbone = make_backbone(name, pretrained=False)
    head = LinearHead(backbone.n_features, 20)
    torch.nn.init.normal_(head.linear.weight, std=0.01)
    models = {}
    for precision in ("bf16", "fp32"):
        model = ImageModel(backbone, head, precision).to(DEVICE, memory_format=torch.channels_last)
        models[precision] = model
    figures = {}
    for what, run in (("train", train), ("predict", predict)):
        timed = in_turn(partial(run, models["bf16"]), partial(run, models["fp32"]), n_rounds=3)
        figures[what] = timed["ratio"]
    report(
        f"fp32 / bf16, {name}",
        auto=resolve_precision("auto", DEVICE, backbone),
        device=DEVICE.type,
        **figures,
    )
