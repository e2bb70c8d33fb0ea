"""The heads at a size for tests, called as the model calls them."""

import torch

from sklearn_mlic.nn.backbones import make_backbone
from sklearn_mlic.nn.heads import HEADS
from sklearn_mlic.nn.model import ImageModel, head_inputs

TRANSFORMER = {"width": 16, "n_heads": 2, "n_hidden": 32}
SMALL_HEADS = {
    "linear": {},
    "mlp": {"hidden": 32},
    "csra": {},
    "two_stage": TRANSFORMER,
    "query2label": TRANSFORMER,
    "ml_decoder": TRANSFORMER,
    "lstm_transformer": {"n_units": 16, "n_heads": 2, "n_hidden": 32, "hidden": 32},
    "chain": {"n_units": 16},
    "ml_gcn": {"n_vector": 8, "n_hidden": 16},
}


def stir(module):
    """Move a module away from its start, where weights of zero would hide what it does."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return module.eval()


def make_head(name, n_features=12, n_labels=3, **params):
    """A stirred head of small size, in evaluation mode."""
    settings = {**SMALL_HEADS[name], **params}
    return stir(HEADS[name](n_features=n_features, n_labels=n_labels, **settings))


def make_model(name, backbone="test_resnet", n_labels=3, **params):
    """A stirred head on a backbone of random weights, in evaluation mode."""
    trunk = make_backbone(backbone, pretrained=False, image_size=64)
    return ImageModel(trunk, make_head(name, trunk.n_features, n_labels, **params)).eval()


def run(head, tokens, grid=None, **others):
    """The logits of tokens that lie in one row, or in `grid`."""
    others["grid"] = grid or (1, tokens.shape[1])
    return head(tokens, **{k: v for k, v in others.items() if k in head_inputs(head.forward)})


def count(module):
    """The number of parameters."""
    return sum(parameter.numel() for parameter in module.parameters())
